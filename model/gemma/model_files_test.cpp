#include "model/gemma/model_files.h"

#include <catch2/catch.hpp>
#include <fstream>

namespace hob::gemma {
namespace {

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "hob-files-XXXXXX").string();
    if (!::mkdtemp(name.data())) FAIL("no temporary directory");
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  void touch(const std::string& name) const { std::ofstream(path / name) << "x"; }
  std::filesystem::path path;
};

}  // namespace

TEST_CASE("a directory with config.json is a checkpoint, whatever else lies there") {
  const Folder folder;
  folder.touch("config.json");
  folder.touch("other.gguf");
  const auto found = find_model_files(folder.path);
  REQUIRE(found.ok());
  CHECK(found->directory == folder.path);
  CHECK_FALSE(found->gguf);
}

TEST_CASE("a GGUF file may be named, or be the only one of its directory") {
  const Folder folder;
  folder.touch("one.gguf");
  folder.touch("NOTICE.md");
  const auto file = find_model_files(folder.path / "one.gguf");
  REQUIRE(file.ok());
  CHECK(file->gguf == folder.path / "one.gguf");
  const auto only = find_model_files(folder.path);
  REQUIRE(only.ok());
  CHECK(only->gguf == folder.path / "one.gguf");
  folder.touch("two.gguf");
  const auto which = find_model_files(folder.path);
  REQUIRE_FALSE(which.ok());
  CHECK(which.error().message().find("2 files *.gguf: name one") != std::string::npos);
}

TEST_CASE("what is no model is told apart") {
  const Folder folder;
  folder.touch("notes.txt");
  const auto says = [](const std::filesystem::path& path, const char* what) {
    const auto found = find_model_files(path);
    REQUIRE_FALSE(found.ok());
    INFO(found.error().message());
    CHECK(found.error().message().find(what) != std::string::npos);
  };
  says(folder.path / "nowhere", "there is no such file");
  says(folder.path / "notes.txt", "neither a directory nor");
  says(folder.path, "no config.json and no file *.gguf");
}

}  // namespace hob::gemma
