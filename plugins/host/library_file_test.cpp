#include "plugins/host/library_file.h"
#include "schemas/base/test_directory.h"

#include <elf.h>
#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "schemas/base/json.h"

namespace fs = std::filesystem;
using namespace hob;
using hob::plugins::host::open_library;

namespace {

struct Folder {
  TestDirectory directory;
  fs::path path = directory.path();
  Result<UniqueFd> open(const std::string& bytes) const {
    fs::path file = path / "x.so";
    std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
    fs::permissions(file, fs::perms(0644));
    return open_library(file, "");
  }
};

/// The smallest thing that passes: a header and one segment that is the file.
std::string elf(uint64_t offset, uint64_t size, uint64_t headers = sizeof(Elf64_Ehdr), uint16_t count = 1) {
  Elf64_Ehdr head{};
  std::memcpy(head.e_ident, ELFMAG, SELFMAG);
  head.e_ident[EI_CLASS] = ELFCLASS64;
  head.e_ident[EI_DATA] = ELFDATA2LSB;
  head.e_type = ET_DYN;
#if defined(__x86_64__)
  head.e_machine = EM_X86_64;
#else
  head.e_machine = EM_AARCH64;
#endif
  head.e_phoff = headers;
  head.e_phentsize = sizeof(Elf64_Phdr);
  head.e_phnum = count;
  Elf64_Phdr segment{};
  segment.p_type = PT_LOAD;
  segment.p_offset = offset;
  segment.p_filesz = size;
  std::string out(reinterpret_cast<const char*>(&head), sizeof head);
  return out.append(reinterpret_cast<const char*>(&segment), sizeof segment);
}

}  // namespace

TEST_CASE("segments and headers must lie inside the file, whatever the sums do") {
  Folder folder;
  const uint64_t whole = sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr), most = ~uint64_t{0};
  CHECK(folder.open(elf(0, whole)).ok());
  for (const std::string& bytes :
       {elf(0, whole + 1), elf(whole, 1), elf(most, 1), elf(1, most), elf(most, most), elf(0, whole, most),
        elf(0, whole, whole), elf(0, whole, sizeof(Elf64_Ehdr), 0), elf(0, whole, sizeof(Elf64_Ehdr), 2),
        elf(0, whole, sizeof(Elf64_Ehdr), 65535)}) {
    auto file = folder.open(bytes);
    REQUIRE_FALSE(file.ok());
    CHECK(file.error().data()["reason"] == "truncated");
  }
}

TEST_CASE("a program is not a library") {
  Folder folder;
  std::string bytes = elf(0, 1);
  bytes[16] = ET_EXEC;
  CHECK(folder.open(bytes).error().data()["reason"] == "not_library");
}
