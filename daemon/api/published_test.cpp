// The schema comes out of the binary: the published copy is generated from the structs, and this test compares them.
#include <catch2/catch.hpp>
#include <fstream>

#include "daemon/api/house.h"
#include "schemas/base/fd.h"

namespace hob::api {
namespace {

TEST_CASE("the published OpenRPC document is the one that the structs print") {
  const std::string path = HOB_SOURCE_DIR "/schemas/wire/published/openrpc.json";
  const std::string now = json::pretty(openrpc()) + "\n";
  const auto published = read_file(path, 16u << 20);
  if (!published || *published != now) std::ofstream(path + ".actual") << now;
  INFO("accept a change with: mv " << path << ".actual " << path);
  CHECK((published.ok() && *published == now));
}

TEST_CASE("every method of the first turn is offered, each with a schema for its result") {
  const Json document = openrpc();
  std::set<std::string> names;
  for (const Json& method : document.at("methods")) {
    names.insert(method.at("name"));
    CHECK(method.at("result").contains("schema"));
  }
  for (const char* name :
       {"initialize", "ping", "rpc.discover", "session/new", "session/load", "session/list", "session/get", "session/delete",
        "turn/start", "turn/cancel", "turn/get", "turn/wait", "events/subscribe", "events/read", "events/unsubscribe",
        "approval/list", "approval/respond", "tools/list", "tools/call", "plugin/list", "model/status", "generate",
        "schema/check", "memory/put", "memory/search", "daemon/status", "daemon/shutdown"}) {
    INFO(name);
    CHECK(names.contains(name));
  }
}

}  // namespace
}  // namespace hob::api
