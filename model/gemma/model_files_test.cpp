#include "model/gemma/model_files.h"

#include <catch2/catch.hpp>

#include "schemas/base/test_directory.h"

namespace hob::gemma {

TEST_CASE("a directory with config.json is a checkpoint, whatever else lies there") {
  const TestDirectory folder;
  folder.write("config.json", "x");
  folder.write("other.gguf", "x");
  const auto found = find_model_files(folder.path());
  REQUIRE(found.ok());
  CHECK(found->directory == folder.path());
  CHECK_FALSE(found->gguf);
}

TEST_CASE("a GGUF file may be named, or be the only one of its directory") {
  const TestDirectory folder;
  folder.write("one.gguf", "x");
  folder.write("NOTICE.md", "x");
  const auto file = find_model_files(folder.file("one.gguf"));
  REQUIRE(file.ok());
  CHECK(file->gguf == folder.file("one.gguf"));
  const auto only = find_model_files(folder.path());
  REQUIRE(only.ok());
  CHECK(only->gguf == folder.file("one.gguf"));
  folder.write("two.gguf", "x");
  const auto which = find_model_files(folder.path());
  REQUIRE_FALSE(which.ok());
  CHECK(which.error().message().find("2 files *.gguf: name one") != std::string::npos);
}

TEST_CASE("what is no model is told apart") {
  const TestDirectory folder;
  folder.write("notes.txt", "x");
  const auto says = [](const std::filesystem::path& path, const char* what) {
    const auto found = find_model_files(path);
    REQUIRE_FALSE(found.ok());
    INFO(found.error().message());
    CHECK(found.error().message().find(what) != std::string::npos);
  };
  says(folder.file("nowhere"), "there is no such file");
  says(folder.file("notes.txt"), "neither a directory nor");
  says(folder.path(), "no config.json and no file *.gguf");
}

}  // namespace hob::gemma
