#include "plugins/host/library_file.h"

#include <elf.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "schemas/base/sha256.h"

namespace hob::plugins::host {
namespace {

#if defined(__x86_64__)
constexpr unsigned kMachine = EM_X86_64;
#elif defined(__aarch64__)
constexpr unsigned kMachine = EM_AARCH64;
#else
#error "Name this machine's ELF number here."
#endif

Error refused(Code code, const std::string& path, const char* reason, const std::string& why) {
  return Error(code, path + " is not loaded: " + why + ".").with("reason", std::string_view(reason));
}

Result<std::string> contents(int fd, size_t size, const std::string& path) {
  std::string bytes(size, '\0');
  for (size_t done = 0; done < size;) {
    ssize_t n = ::pread(fd, bytes.data() + done, size - done, static_cast<off_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return refused(Code::invalid_params, path, "unreadable", "it could not be read whole");
    done += static_cast<size_t>(n);
  }
  return bytes;
}

/// The whole of [offset, offset + size) lies in the file.
bool inside(uint64_t offset, uint64_t size, uint64_t file) { return offset <= file && size <= file - offset; }

Result<void> check_elf(std::string_view bytes, const std::string& path) {
  auto bad = [&](const char* reason, const std::string& why) {
    return refused(Code::invalid_params, path, reason, why);
  };
  Elf64_Ehdr head;
  if (bytes.size() < SELFMAG || std::memcmp(bytes.data(), ELFMAG, SELFMAG) != 0)
    return bad("not_elf", "it is not an ELF file");
  if (bytes.size() < sizeof head) return bad("truncated", "its ELF header is cut off");
  std::memcpy(&head, bytes.data(), sizeof head);
  if (head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_ident[EI_DATA] != ELFDATA2LSB || head.e_machine != kMachine)
    return bad("wrong_machine", "it was built for another machine");
  if (head.e_type != ET_DYN) return bad("not_library", "it is an ELF file and not a shared object");
  if (head.e_phentsize != sizeof(Elf64_Phdr) || head.e_phnum == 0 ||
      !inside(head.e_phoff, uint64_t{head.e_phnum} * sizeof(Elf64_Phdr), bytes.size()))
    return bad("truncated", "its program headers are cut off");
  // Where sections are told (stripping may remove them), they end the file: the loader would not miss them, we do.
  if (head.e_shoff != 0 && !inside(head.e_shoff, uint64_t{head.e_shnum} * head.e_shentsize, bytes.size()))
    return bad("truncated", "its end is cut off");
  for (unsigned i = 0; i < head.e_phnum; ++i) {
    Elf64_Phdr segment;
    std::memcpy(&segment, bytes.data() + head.e_phoff + i * sizeof segment, sizeof segment);
    if (segment.p_type != PT_LOAD && segment.p_type != PT_DYNAMIC) continue;
    if (!inside(segment.p_offset, segment.p_filesz, bytes.size()))
      return bad("truncated", "a segment reaches beyond the end of the file");
  }
  return {};
}

}  // namespace

Result<UniqueFd> open_library(const std::string& path, const std::string& sha256) {
  auto denied = [&](const char* reason, const std::string& why) {
    return refused(Code::tool_denied, path, reason, why);
  };
  size_t slash = path.rfind('/');
  if (path.empty() || path.front() != '/' || slash + 1 == path.size())
    return refused(Code::invalid_params, path, "not_absolute", "its path must be absolute");
  auto ours = [](uid_t owner) { return owner == 0 || owner == ::geteuid(); };

  UniqueFd directory(::open(path.substr(0, slash + 1).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return refused(Code::not_found, path, "missing", "its directory cannot be opened");
  struct stat status {};
  if (::fstat(directory.get(), &status) != 0 || !ours(status.st_uid))
    return denied("directory_owner", "its directory belongs to another user");
  if ((status.st_mode & S_IWOTH) != 0) return denied("directory_writable", "everyone can write to its directory");

  UniqueFd file(::openat(directory.get(), path.c_str() + slash + 1, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file) {
    if (errno == ELOOP) return denied("symlink", "it is a symbolic link");
    if (errno == EACCES) return denied("unreadable", "it may not be read");
    return refused(Code::not_found, path, "missing", "there is no such file");
  }
  if (::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode))
    return denied("not_regular", "it is not a regular file");
  if (!ours(status.st_uid)) return denied("owner", "it belongs to another user");
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
    return denied("writable", "others than its owner can write to it (chmod go-w)");
  if (status.st_size < 0 || static_cast<uint64_t>(status.st_size) > kMaxLibraryBytes)
    return refused(Code::invalid_params, path, "too_large", "it is over 256 MiB");
  HOB_TRY(bytes, contents(file.get(), static_cast<size_t>(status.st_size), path));
  HOB_TRY_VOID(check_elf(bytes, path));
  if (!sha256.empty() && sha256_hex(bytes) != sha256)
    return denied("changed", "its contents are not the ones that were approved");
  return file;
}

}  // namespace hob::plugins::host
