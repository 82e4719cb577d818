// The saved sample of real schemas with labelled instances (JSONSchemaBench): no invalid instance passes, no valid one is
// refused among the schemas that compile. Prints the share that does. Skipped, and said so, where the data is absent:
// HOB_TEST_DATA, else shared/data beside the repository.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include "model/constrain/step.h"
#include "model/constrain/test_vocabulary.h"
#include "schemas/base/json.h"

namespace hob::constrain {
namespace {

using namespace testing;

std::filesystem::path data() {
  if (const char* place = std::getenv("HOB_TEST_DATA")) return place;
  return std::filesystem::path(HOB_SOURCE_DIR) / ".." / "shared" / "data";
}

// As Python's json.dumps writes it, non-ASCII kept.
void print(const json::Document& value, std::string& out) {
  const bool object = value.kind == json::Document::Kind::object;
  if (!object && value.kind != json::Document::Kind::array) {
    out += json::dump(value);
    return;
  }
  out += object ? "{" : "[";
  bool first = true;
  for (const auto& [name, member] : value.members) {
    out += (first ? "" : ", ") + json::dump(Json(name)) + ": ";
    print(member, out);
    first = false;
  }
  for (const json::Document& item : value.items) {
    out += first ? "" : ", ";
    print(item, out);
    first = false;
  }
  out += object ? "}" : "]";
}

bool passes(const std::shared_ptr<const CompiledStep>& step, std::string_view text) {
  Matcher m(step);
  std::vector<Event> events;
  for (const Token token : trie()->spell(text)) {
    if (!m.accept(token, events).ok()) return false;
  }
  return m.can_stop();
}

TEST_CASE("the saved schemas judge their instances rightly") {
  const std::filesystem::path folder = data() / "jsonschemabench";
  if (!std::filesystem::is_directory(folder)) {
    std::cerr << "skipped: the saved JSONSchemaBench sample is not at " << folder << "\n";
    return;
  }
  size_t schemas = 0, compiled = 0, valid = 0, invalid = 0;
  std::map<std::string, size_t> refused;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (file.path().extension() != ".json") continue;
    std::ifstream in(file.path());
    std::stringstream content;
    content << in.rdbuf();
    auto parsed = json::parse_document(content.str(), {64u << 20, 256});
    REQUIRE(parsed.ok());
    ++schemas;
    StepSpec spec;
    spec.stop_ids = {kEos};
    spec.response_schema = *parsed->find("schema");
    auto step = compile(trie(), spec);
    if (!step) {
      const std::string code = step.error().code() == Code::schema_unsatisfiable ? "(unsatisfiable)" : "";
      ++refused[code + step.error().data().value("keyword", "")];
      if (!code.empty() || std::getenv("HOB_SHOW_REFUSALS")) std::cerr << file.path().filename() << ": " << step.error().message() << "\n";
      continue;
    }
    ++compiled;
    for (const json::Document& test : parsed->find("tests")->items) {
      const bool good = test.find("valid")->boolean;
      const json::Document& instance = *test.find("data");
      std::string text;
      print(instance, text);
      const bool spaced = passes(*step, text), compact = passes(*step, json::dump(instance));
      INFO(file.path().filename().string() << ": " << text.substr(0, 2000));
      CHECK(spaced == compact);
      CHECK(spaced == good);
      (good ? valid : invalid) += 1;
    }
  }
  std::cerr << "saved schemas: " << compiled << " of " << schemas << " compile; " << valid << " valid and " << invalid
            << " invalid instances walked; refused by keyword:";
  for (const auto& [keyword, count] : refused) std::cerr << " " << keyword << " " << count;
  std::cerr << "\n";
  CHECK(compiled > 0);
}

}  // namespace
}  // namespace hob::constrain
