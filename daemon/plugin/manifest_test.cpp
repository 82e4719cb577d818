#include "daemon/plugin/manifest.h"

#include "daemon/plugin/test_folder.h"

namespace hob::plugin {
namespace {

std::string why_not(const Json& manifest) {
  auto parsed = parse_manifest(json::dump(manifest));
  return parsed ? "" : parsed.error().message();
}

bool says(const std::string& text, const std::string& part) {
  INFO(text);
  return text.find(part) != std::string::npos;
}

TEST_CASE("a plain manifest is read, with its tools' schemas as they were written") {
  const Json manifest = test_manifest("my-plugin", "do_it");
  auto parsed = parse_manifest(json::dump(manifest));
  REQUIRE(parsed.ok());
  CHECK(parsed->name == "my-plugin");
  CHECK(json::dump(parsed->tools.at(0).parameters) == json::dump(manifest["tools"][0]["parameters"]));
  CHECK_FALSE(parsed->needs.write);
}

TEST_CASE("a manifest with odd names, unknown keys or schemas that cannot be enforced is refused with the reason") {
  const Json good = test_manifest("plugin", "do_it");
  CHECK(why_not(good).empty());
  const auto with = [&](const char* pointer, Json value) {
    Json changed = good;
    changed[Json::json_pointer(pointer)] = std::move(value);
    return why_not(changed);
  };
  for (const char* name : {"", "Plugin", "1plugin", "../up", "a b", "pl\u00fcgin"}) CHECK_FALSE(with("/name", name).empty());
  for (const char* name : {"Do", "do-it", "_do", "do it", "do\nit"}) CHECK_FALSE(with("/tools/0/name", name).empty());
  for (const char* name : {"../lib.so", "/etc/lib.so", ".hidden", ".."}) {
    CHECK(says(with("/library", name), "\"library\" must be"));
  }
  CHECK(says(with("/nedes", Json::object()), "nedes"));
  CHECK(says(with("/tools/0/kind", "explode"), "explode"));
  CHECK(says(with("/tools/0/description", "ansi \x1b[31m"), "control characters"));
  CHECK(says(with("/tools/0/parameters", Json::array()), "parameters must be the JSON Schema of an object"));
  CHECK(says(with("/tools/0/parameters/type", "string"), "parameters must be"));
  CHECK(says(with("/tools/0/parameters/properties/act/pattern", "(?=x)"), "The tool do_it: parameters"));
  CHECK(says(with("/tools/0/parameters/$ref", "https://example.com/s.json"), "The tool do_it: parameters"));
  CHECK(says(with("/tools/0/result", "text"), "result must be"));
  CHECK(says(with("/tools/1", test_tool("do_it")), "two tools"));
  CHECK(says(with("/tools", Json::array()), "/tools"));
  CHECK_FALSE(parse_manifest("{").ok());
  CHECK_FALSE(parse_manifest(R"({"name":"a","name":"b"})").ok());
}

TEST_CASE("the hash changes with any byte of the library and any value of the manifest, not with its spaces") {
  TestFolder folder;
  const Json manifest = test_manifest("plugin", "do_it");
  const std::string directory = folder.add_plugin("plugin", manifest);
  auto first = read_plugin(directory);
  REQUIRE(first.ok());
  CHECK(first->library == directory + "/lib.so");
  CHECK(first->hash.size() == 64);
  CHECK(check_unchanged(*first).ok());

  folder.write("plugin/plugin.json", json::dump(manifest));
  CHECK(read_plugin(directory)->hash == first->hash);
  CHECK(check_unchanged(*first).ok());

  folder.write("plugin/lib.so", "Bytes");
  CHECK(read_plugin(directory)->hash != first->hash);
  auto changed = check_unchanged(*first);
  REQUIRE_FALSE(changed.ok());
  CHECK(says(changed.error().message(), "have changed"));

  folder.write("plugin/lib.so", "bytes");
  Json other = manifest;
  other["tools"][0]["description"] = "Does other things.";
  folder.write("plugin/plugin.json", json::dump(other));
  CHECK(read_plugin(directory)->hash != first->hash);
  CHECK_FALSE(check_unchanged(*first).ok());
}

TEST_CASE("files that others could change, links and things that are no files are refused") {
  TestFolder folder;
  const Json manifest = test_manifest("plugin", "do_it");
  const std::string directory = folder.add_plugin("plugin", manifest);
  const auto reason = [&] {
    auto read = read_plugin(directory);
    return read ? "" : read.error().message();
  };
  REQUIRE(reason().empty());
  for (const char* name : {"", "/plugin.json", "/lib.so"}) {
    const std::string path = directory + name;
    struct stat before {};
    REQUIRE(::stat(path.c_str(), &before) == 0);
    for (const mode_t extra : {020, 002}) {
      ::chmod(path.c_str(), before.st_mode | extra);
      CHECK(says(reason(), "can be written by others"));
    }
    ::chmod(path.c_str(), before.st_mode);
    if (::geteuid() == 0) {
      REQUIRE(::chown(path.c_str(), 12345, 12345) == 0);
      CHECK(says(reason(), "belongs to user 12345"));
      REQUIRE(::chown(path.c_str(), 0, 0) == 0);
    }
  }
  REQUIRE(reason().empty());

  std::filesystem::rename(directory + "/lib.so", directory + "/real.so");
  std::filesystem::create_symlink("real.so", directory + "/lib.so");
  CHECK(says(reason(), "symbolic link"));
  std::filesystem::remove(directory + "/lib.so");
  REQUIRE(::mkfifo((directory + "/lib.so").c_str(), 0600) == 0);
  CHECK(says(reason(), "not a regular file"));
  std::filesystem::remove(directory + "/lib.so");
  CHECK(says(reason(), "There is no"));

  std::filesystem::create_symlink(directory, folder.path() + "/link");
  auto link = read_plugin(folder.path() + "/link");
  REQUIRE_FALSE(link.ok());
  CHECK(says(link.error().message(), "symbolic link"));
}

}  // namespace
}  // namespace hob::plugin
