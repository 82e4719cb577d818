
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "plugins/host/spawned_host.h"
#include "schemas/base/test_directory.h"

namespace fs = std::filesystem;
using namespace hob;
using namespace hob::plugins::host;

TEST_CASE("the example plugin counts words in its sandbox") {
  const TestDirectory directory;
  const fs::path root = directory.path();
  std::ofstream(root / "notes.txt") << "milk and\nbread\n";
  wire::HostStart start;
  start.library = HOB_BINARY_DIR "/examples/plugins/count_words/count_words.so";
  start.plugin = "count_words";
  start.config = Json::object();
  start.grants.read = true;
  start.builtin = true;  // so that kernels without Landlock can run the test
  start.roots = {{root, false}};
  SpawnedHost host;
  auto ready = host.start(start);
  if (!ready.ok()) FAIL(ready.error().message());
  CHECK(host.call("count_words", R"({"path": "notes.txt"})")->result == Json{{"words", 3}});
  CHECK(host.call("count_words", R"({"path": "notes.txt", "longest": true})")->result ==
        Json{{"words", 3}, {"longest", "bread"}});
  CHECK(host.call("count_words", R"({"path": "../x"})")->result["kind"] == "denied");
  CHECK(host.call("count_words", R"({"path": "none"})")->result["kind"] == "not_found");
}
