// The public JSON Schema Test Suite through the automaton: a schema is enforced or refused by keyword, and what is enforced
// judges every case as the suite does. Skipped, and said so, where the data is absent: HOB_TEST_DATA/json-schema-test-suite,
// else shared/data beside the repository. `format.json` is left out: there formats assert nothing, here they do.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include "model/grammar/machine.h"
#include "model/grammar/schema.h"
#include "schemas/base/json.h"

namespace hob::grammar {
namespace {

namespace fs = std::filesystem;
using json::Document;

fs::path root() {
  const char* place = std::getenv("HOB_TEST_DATA");
  return (place ? fs::path(place) : fs::path(HOB_SOURCE_DIR) / ".." / "shared" / "data") / "json-schema-test-suite" / "tests";
}

Document load(const fs::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return json::parse_document(text.str(), {4u << 20, 64}).value();
}

bool accepts(const Machine& machine, NodeId node, std::string_view text) {
  Threads now{machine.start(node)}, next;
  for (const char c : text) {
    machine.step(now, static_cast<unsigned char>(c), next);
    if (next.empty()) return false;
    std::swap(now, next);
  }
  return Machine::done(now);
}

struct Score {
  size_t groups = 0, enforced = 0, cases = 0, right = 0, wrong = 0;
  std::map<std::string, size_t> refused;  // cases, by keyword
};

void run(const Document& group, const char* draft, const std::string& file, Score& score) {
  Document schema = *group.find("schema");
  if (schema.kind == Document::Kind::object && !schema.find("$schema")) {
    Document name;
    name.kind = Document::Kind::string;
    name.text = draft;
    schema.members.insert(schema.members.begin(), {"$schema", std::move(name)});
  }
  const auto& tests = group.find("tests")->items;
  ++score.groups;
  score.cases += tests.size();
  auto ir = std::make_shared<Ir>();
  SchemaBuilder builder(*ir, Dialect::json);
  auto node = builder.add(schema);
  bool nothing = false;
  if (node) {
    ir->settle();
    nothing = !builder.check();
  } else {
    score.refused[node.error().data().value("keyword", "")] += tests.size();
    if (std::getenv("HOB_SHOW_REFUSALS")) std::cerr << file << ": " << node.error().message() << "\n";
    return;
  }
  ++score.enforced;
  const Machine machine(ir, Dialect::json);
  for (const Document& test : tests) {
    const bool fits = !nothing && accepts(machine, *node, json::dump(*test.find("data")));
    const bool right = fits == test.find("valid")->boolean;
    INFO(file << ": " << group.find("description")->text << ": " << test.find("description")->text << ": "
              << json::dump(*test.find("data")));
    CHECK(right);
    ++(right ? score.right : score.wrong);
  }
}

TEST_CASE("the public test suite: enforced rightly or refused by name") {
  if (!fs::is_directory(root())) {
    std::cerr << "skipped: no JSON Schema Test Suite at " << root() << "\n";
    return;
  }
  for (const auto& [folder, draft] : {std::pair("draft2020-12", "https://json-schema.org/draft/2020-12/schema"),
                                      std::pair("draft7", "http://json-schema.org/draft-07/schema#")}) {
    Score score;
    for (const auto& entry : fs::directory_iterator(root() / folder)) {
      if (entry.path().extension() != ".json" || entry.path().filename() == "format.json") continue;
      const Document groups = load(entry.path());
      for (const Document& group : groups.items) run(group, draft, entry.path().filename().string(), score);
    }
    std::cerr << folder << ": " << score.enforced << " of " << score.groups << " schemas enforced; of " << score.cases
              << " cases " << score.right << " judged rightly, " << score.wrong << " wrongly; refused by keyword:";
    for (const auto& [keyword, count] : score.refused) std::cerr << " " << (keyword.empty() ? "(none)" : keyword) << " " << count;
    std::cerr << "\n";
    CHECK(score.wrong == 0);
    CHECK(score.enforced > 0);
  }
}

}  // namespace
}  // namespace hob::grammar
