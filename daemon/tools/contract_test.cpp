// What every manifest in the tree and hobd's own tools declare, against the prompt contract: the model was trained on
// these bytes.
#include <catch2/catch.hpp>
#include <filesystem>
#include <map>

#include "daemon/tools/memory_tools.h"
#include "daemon/tools/order.h"
#include "schemas/base/fd.h"

namespace hob::tools {
namespace {

Json file(const std::string& path) {
  auto text = read_file(path, 1u << 20);
  REQUIRE(text.ok());
  auto json = json::parse(*text, json::kManifest);
  REQUIRE(json.ok());
  return *json;
}

std::string declaration(const Json& name, const Json& description, const Json& parameters) {
  Json out = Json::object();
  out["name"] = name;
  out["description"] = description;
  out["parameters"] = parameters;
  return json::dump(out);
}

TEST_CASE("each declared tool is the contract's, byte for byte, and none of the contract's is missing") {
  std::map<std::string, std::string> declared;
  for (const auto& entry : std::filesystem::directory_iterator(HOB_SOURCE_DIR "/plugins")) {
    const std::string path = entry.path().string() + "/plugin.json";
    if (!std::filesystem::exists(path)) continue;
    const Json manifest = file(path);
    for (const Json& tool : manifest["tools"]) {
      declared[tool["name"]] = declaration(tool["name"], tool["description"], tool["parameters"]);
    }
  }
  const SystemClock clock;
  SeededRandom random(1);
  for (const auto& tool : make_memory_tools({}, clock, random)->list()) {
    declared[tool.name] = declaration(tool.name, tool.description, tool.input_schema);
  }
  std::vector<std::string> order;
  const Json contract = file(HOB_SOURCE_DIR "/tests/fixtures/prompt-contract.json");
  for (const Json& tool : contract["tools"]) {
    INFO(tool["name"]);
    order.push_back(tool["name"]);
    CHECK(declared[tool["name"]] == declaration(tool["name"], tool["description"], tool["parameters"]));
  }
  CHECK(order == contract_order());
}

}  // namespace
}  // namespace hob::tools
