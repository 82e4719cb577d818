#include "daemon/plugin/catalog.h"

#include "daemon/plugin/test_folder.h"

namespace hob::plugin {
namespace {

CatalogOptions options_of(const TestFolder& folder) {
  CatalogOptions options;
  options.directories = {folder.path()};
  options.reserved = {"remember", "recall"};
  return options;
}

std::string reason_of(const Catalog& catalog, const std::string& name) {
  for (const auto& info : catalog.others()) {
    if (info.name == name) return info.state + ": " + info.reason.value_or("");
  }
  return "";
}

TEST_CASE("plugins are found by name, and what is broken is listed with its reason beside them") {
  TestFolder folder;
  folder.add_plugin("b", test_manifest("b", "tool_b"));
  folder.add_plugin("a", test_manifest("a", "tool_a"));
  folder.write("broken/plugin.json", "{");
  folder.write("empty/other.txt", "");
  folder.write("README.md", "no plugin");
  std::filesystem::create_symlink(folder.path() + "/a", folder.path() + "/link");
  const Catalog catalog = Catalog::scan(options_of(folder));
  REQUIRE(catalog.plugins().size() == 2);
  CHECK(catalog.plugins()[0].found.manifest.name == "a");
  CHECK(catalog.of_tool("tool_b") == &catalog.plugins()[1]);
  CHECK(catalog.of_tool("tool_c") == nullptr);
  CHECK(catalog.others().size() == 3);
  CHECK(reason_of(catalog, "broken").find("refused") == 0);
  CHECK(reason_of(catalog, "empty").find("There is no") != std::string::npos);
  CHECK(reason_of(catalog, "link").find("symbolic link") != std::string::npos);
}

TEST_CASE("a name that is taken refuses the later plugin and leaves the earlier alone") {
  TestFolder first, second;
  first.add_plugin("files", test_manifest("files", "read_file"));
  second.add_plugin("evil", test_manifest("evil", "read_file"));
  second.add_plugin("files", test_manifest("files", "other_tool"));
  second.add_plugin("memory", test_manifest("memory", "recall"));
  CatalogOptions options = options_of(first);
  options.config.directories = {second.path(), second.path() + "/nowhere"};
  const Catalog catalog = Catalog::scan(options);
  REQUIRE(catalog.plugins().size() == 1);
  CHECK(catalog.of_tool("read_file")->found.directory == first.path() + "/files");
  CHECK(reason_of(catalog, "evil").find("read_file already, of the plugin files") != std::string::npos);
  CHECK(reason_of(catalog, "files").find("a plugin with the name files already") != std::string::npos);
  CHECK(reason_of(catalog, "memory").find("belongs to hobd") != std::string::npos);
  CHECK(reason_of(catalog, second.path() + "/nowhere").find("There is no") != std::string::npos);
}

TEST_CASE("rights are what is needed and granted, and the network only with the owner's word") {
  const wire::Needs all{true, true, true, true};
  const wire::Needs usual = granted(all, std::nullopt);
  CHECK((usual.read && usual.write && usual.exec && !usual.network));
  const wire::Needs cut = granted({true, true, false, true}, wire::Needs{true, false, true, true});
  CHECK((cut.read && !cut.write && !cut.exec && cut.network));
}

TEST_CASE("the owner's configuration switches plugins off, cuts their rights and hands them settings") {
  TestFolder folder;
  Json needy = test_manifest("needy", "tool_needy");
  needy["needs"]["read"] = true;
  needy["needs"]["write"] = true;
  folder.add_plugin("needy", needy);
  folder.add_plugin("off", test_manifest("off", "tool_off"));
  CatalogOptions options = options_of(folder);
  options.config.plugins["off"].enabled = false;
  options.config.plugins["needy"].grants = wire::Needs{true, false, false, false};
  options.config.plugins["needy"].settings["digits"] = 4;
  const Catalog catalog = Catalog::scan(options);
  REQUIRE(catalog.plugins().size() == 1);
  CHECK(catalog.plugins()[0].grants.read);
  CHECK_FALSE(catalog.plugins()[0].grants.write);
  CHECK(catalog.plugins()[0].settings["digits"] == 4);
  CHECK(reason_of(catalog, "off").find("disabled") == 0);
  CHECK(catalog.of_tool("tool_off") == nullptr);
}

}  // namespace
}  // namespace hob::plugin
