// The public JSON Schema Test Suite, when its data is at hand:
// HOB_TEST_DATA/json-schema-test-suite.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include "schemas/schema/validator.h"

namespace {

namespace fs = std::filesystem;
using hob::json::Document;
using namespace hob::schema;

constexpr hob::json::Limits kLimits{4u << 20, 64};

fs::path suite_root() {
  const char* data = std::getenv("HOB_TEST_DATA");
  return fs::path(data != nullptr ? data : HOB_SOURCE_DIR "/../shared/data") /
         "json-schema-test-suite";
}

Document load(const fs::path& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  auto document = hob::json::parse_document(text.str(), kLimits);
  if (!document) FAIL(path.string() + ": " + document.error().message());
  return std::move(document).value();
}

/// What the metaschemas say about the few keywords that the suite asks of them, in our words.
constexpr const char* kMetaschema2020 = R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://json-schema.org/draft/2020-12/schema",
  "$dynamicAnchor": "meta", "type": ["object", "boolean"],
  "properties": {"minLength": {"type": "integer", "minimum": 0}, "type": {"type": ["string", "array"]},
    "$defs": {"additionalProperties": {"$dynamicRef": "#meta"}}}})";
constexpr const char* kMetaschema7 = R"({
  "$schema": "http://json-schema.org/draft-07/schema#", "$id": "http://json-schema.org/draft-07/schema#",
  "type": ["object", "boolean"],
  "properties": {"minLength": {"type": "integer", "minimum": 0}, "type": {"type": ["string", "array"]},
    "definitions": {"additionalProperties": {"$ref": "#"}}}})";

Registry known_documents() {
  Registry known;
  const auto add = [&](const std::string& uri, Document document) {
    if (auto added = known.add(uri, std::move(document)); !added) FAIL(added.error().message());
  };
  add("https://json-schema.org/draft/2020-12/schema",
      hob::json::parse_document(kMetaschema2020, kLimits).value());
  add("http://json-schema.org/draft-07/schema",
      hob::json::parse_document(kMetaschema7, kLimits).value());
  const fs::path root = suite_root() / "remotes";
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.path().extension() != ".json") continue;
    add("http://localhost:1234/" + entry.path().lexically_relative(root).generic_string(),
        load(entry.path()));
  }
  return known;
}

struct Score {
  int passed = 0;
  std::map<std::string, int> unlike;  // by file: verdict differs, or the schema is refused
};

void run_file(const fs::path& path, const Options& options, bool show, Score& score) {
  const Document groups = load(path);
  for (const Document& group : groups.items) {
    const auto validator = Validator::compile(*group.find("schema"), options);
    for (const Document& test : group.find("tests")->items) {
      const bool valid = test.find("valid")->boolean;
      const auto violation =
          validator.ok() ? validator->validate(*test.find("data")) : std::nullopt;
      if (validator.ok() && violation.has_value() != valid) {
        ++score.passed;
        continue;
      }
      ++score.unlike[path.filename().string()];
      if (!show) continue;
      std::cout << path.filename().string() << ": " << group.find("description")->text << ": "
                << test.find("description")->text << ": wanted " << (valid ? "valid" : "invalid")
                << ", got "
                << (!validator  ? validator.error().message()
                    : violation ? to_string(*violation)
                                : "valid")
                << "\n";
    }
  }
}

bool present() {
  if (fs::is_directory(suite_root() / "tests")) return true;
  std::cout << "skipped: no JSON Schema Test Suite at " << suite_root() << " (set HOB_TEST_DATA)\n";
  return false;
}

Score run_folder(const fs::path& folder, Options options, bool show) {
  const Registry known = known_documents();
  options.known = &known;
  Score score;
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  for (const fs::path& file : files) run_file(file, options, show, score);
  return score;
}

}  // namespace

TEST_CASE("every required test of draft 2020-12 passes") {
  if (!present()) return;
  Options options;
  options.format_assertion = false;
  const Score score = run_folder(suite_root() / "tests/draft2020-12", options, true);
  CHECK(score.unlike.empty());
  CHECK(score.passed == 1299);
}

TEST_CASE("every required test of draft 7 passes") {
  if (!present()) return;
  Options options;
  options.draft = Draft::draft_7;
  options.format_assertion = false;
  const Score score = run_folder(suite_root() / "tests/draft7", options, true);
  CHECK(score.unlike.empty());
  CHECK(score.passed == 927);
}

TEST_CASE("the optional tests of formats pass") {
  if (!present()) return;
  for (const auto& [folder, draft] :
       {std::pair("draft2020-12", Draft::draft_2020_12), std::pair("draft7", Draft::draft_7)}) {
    Options options;
    options.draft = draft;
    const Score score =
        run_folder(suite_root() / "tests" / folder / "optional/format", options, true);
    CHECK(score.unlike.empty());
    CHECK(score.passed == (draft == Draft::draft_7 ? 676 : 764));
  }
}

TEST_CASE(
    "the other optional tests pass, except that contentMediaType and contentEncoding are "
    "annotations"
) {
  if (!present()) return;
  for (const auto& [folder, draft] :
       {std::pair("draft2020-12", Draft::draft_2020_12), std::pair("draft7", Draft::draft_7)}) {
    Options options;
    options.draft = draft;
    const Score score =
        run_folder(suite_root() / "tests" / folder / "optional", options, draft != Draft::draft_7);
    if (draft == Draft::draft_7) {
      CHECK(score.unlike == std::map<std::string, int>{{"content.json", 4}});
      CHECK(score.passed == 114);
    } else {
      CHECK(score.unlike.empty());
      CHECK(score.passed == 162);
    }
  }
}
