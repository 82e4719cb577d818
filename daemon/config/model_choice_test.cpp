#include "daemon/config/model_choice.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "daemon/config/config.h"
#include "schemas/base/test_directory.h"

namespace hob::config {
namespace {

std::string changed(std::string_view yaml, const std::string& path) {
  const auto made = with_model_path(yaml, path, "hob.yaml");
  if (!made) FAIL(made.error().message());
  CHECK(parse(*made, "hob.yaml")->model.path == path);
  return *made;
}

std::string text_of(const std::string& file) {
  std::stringstream out;
  out << std::ifstream(file).rdbuf();
  return out.str();
}

}  // namespace

TEST_CASE("the path of the model is changed, and every comment stays") {
  CHECK(changed("# mine\nmodel:  # the big one\n  dtype: f32\n  path: /old  # was good\n\nlimits:\n  max_tokens: 5\n", "/new") ==
        "# mine\nmodel:  # the big one\n  dtype: f32\n  path: \"/new\"  # was good\n\nlimits:\n  max_tokens: 5\n");
  CHECK(changed("model:\n    threads: 2", "/new") == "model:\n    path: \"/new\"\n    threads: 2");
  CHECK(changed("limits:\n  max_tokens: 5", "/new") == "limits:\n  max_tokens: 5\nmodel:\n  path: \"/new\"\n");
  CHECK(changed("", "/new") == "model:\n  path: \"/new\"\n");
  CHECK(changed("# nothing yet\n", "/new") == "# nothing yet\nmodel:\n  path: \"/new\"\n");
  CHECK(changed("model:\n  path: \"/old\"", "") == "model:\n  path: \"\"");
}

TEST_CASE("any path can be written") {
  for (const std::string path : {"/a b", "/quote\"s", "/back\\slash", "/# no comment", "/{x}: y", "/\u00e9\U0001F600", "/'", "/%&*!|>@`"}) {
    INFO(path);
    changed("model:\n  path: /old\n", path);
    changed(changed("limits:\n  max_tokens: 5\n", path), "/other");
  }
}

TEST_CASE("a file that cannot be changed safely is refused with the lines to write") {
  for (const char* yaml : {"model: {path: /old}\n", "{model: {path: /old}}\n", "\"model\":\n  path: /old\n",
                           "model:\n  path: >\n    /old\n    er\n", "model:\n  \"path\": /old\n"}) {
    INFO(yaml);
    const auto refused = with_model_path(yaml, "/new", "hob.yaml");
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().message().find("hob.yaml: ") == 0);
    CHECK(refused.error().message().find("by hand:\nmodel:\n  path: \"/new\"") != std::string::npos);
  }
  const auto broken = with_model_path("model: [\n", "/new", "hob.yaml");
  REQUIRE_FALSE(broken.ok());
  CHECK(broken.error().message().find("not YAML") != std::string::npos);
}

TEST_CASE("the choice is written to disk with the file's mode, through a link, and into a directory that was not there") {
  const TestDirectory folder;
  const std::string fresh = folder.file("config");
  REQUIRE(choose_model(fresh, "/m").ok());
  CHECK(load(fresh)->model.path == "/m");
  struct stat info {};
  REQUIRE(::stat((fresh + "/hob.yaml").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);

  std::filesystem::create_directory(folder.file("linked"));
  folder.write("real.yaml", "# kept\n");
  ::chmod((folder.file("real.yaml")).c_str(), 0644);
  std::filesystem::create_symlink("../real.yaml", folder.file("linked/hob.yaml"));
  REQUIRE(choose_model(folder.file("linked"), "/m").ok());
  CHECK(std::filesystem::is_symlink(folder.file("linked/hob.yaml")));
  CHECK(text_of(folder.file("real.yaml")) == "# kept\nmodel:\n  path: \"/m\"\n");
  REQUIRE(::stat((folder.file("real.yaml")).c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0644);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 3);  // no leftovers
}

TEST_CASE("a configuration that does not make sense is left as it is") {
  const TestDirectory folder;
  folder.write("hob.yaml", "nonsense: 1\n");
  ::chmod((folder.file("hob.yaml")).c_str(), 0600);
  CHECK_FALSE(choose_model(folder.path(), "/m").ok());
  CHECK(text_of(folder.file("hob.yaml")) == "nonsense: 1\n");
}

}  // namespace hob::config
