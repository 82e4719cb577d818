// Random walks under schemas, in both dialects, judged by the validator that shares nothing with
// the grammar: nothing is a dead end, nothing that comes out is invalid, and from anywhere the end
// can be reached. Over a fixed list and, where it is, the saved sample of real schemas
// (HOB_TEST_DATA, else shared/data beside the repository). HOB_CAMPAIGN=walks takes 100,000 walks,
// HOB_SEED plays the same ones again.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <random>
#include <sstream>

#include "model/constrain/test_vocabulary.h"
#include "model/constrain/walk.h"
#include "tests/fuzz/judged_step.h"
#include "tests/fuzz/schemas.h"

namespace hob::fuzz {
namespace {

using namespace constrain;
using constrain::testing::trie;
using grammar::Dialect;

constexpr int kTokens = 150;  // of a walk; then it is completed

struct Named {
  std::string name;
  json::Document schema;
};

struct Tally {
  size_t schemas = 0, answers = 0, arguments = 0, walks = 0, tokens = 0, finished = 0,
         completed = 0, wrong = 0;
};

std::vector<Named> fixed() {
  std::vector<Named> out;
  for (const char* text : kSchemas)
    out.push_back({text, json::parse_document(text, json::kSchema).value()});
  return out;
}

/// Every `step`th schema of the saved sample; none where it is absent.
std::vector<Named> saved(size_t step) {
  const char* const place = std::getenv("HOB_TEST_DATA");
  const std::filesystem::path data = place != nullptr
                                         ? std::filesystem::path(place)
                                         : std::filesystem::path(HOB_SOURCE_DIR) / "../shared/data";
  const std::filesystem::path folder = data / "jsonschemabench";
  std::vector<std::filesystem::path> files;
  std::error_code absent;
  for (const auto& file : std::filesystem::directory_iterator(folder, absent)) {
    if (file.path().extension() == ".json") files.push_back(file.path());
  }
  if (files.empty()) std::cout << "walks: the saved schemas are not at " << folder << "\n";
  std::sort(files.begin(), files.end());
  std::vector<Named> out;
  for (size_t i = 0; i < files.size(); i += step) {
    std::ifstream in(files[i]);
    std::stringstream content;
    content << in.rdbuf();
    auto parsed = json::parse_document(content.str(), {64u << 20, 256});
    REQUIRE(parsed.ok());
    out.push_back({files[i].filename().string(), *parsed->find("schema")});
  }
  return out;
}

/// One of the allowed tokens; half of the time a short one, since those move structure on.
Token choose(const std::vector<uint64_t>& bits, std::mt19937_64& random) {
  std::vector<Token> allowed, shorter;
  for (Token token = 0; token < trie()->size(); ++token) {
    if (!get_bit(bits, token)) continue;
    allowed.push_back(token);
    if (trie()->vocabulary().bytes[token].size() < 2 && token < testing::kFirstOrdinary + 128)
      shorter.push_back(token);
  }
  REQUIRE_FALSE(allowed.empty());
  const std::vector<Token>& from = random() % 2 == 0 && !shorter.empty() ? shorter : allowed;
  return from[random() % from.size()];
}

std::optional<std::string> walk(
    const JudgedStep& step, std::mt19937_64& random, std::string& written, Tally& tally
) {
  Matcher matcher(step.step);
  std::vector<Event> events;
  ++tally.walks;
  // Some are cut early: the end must be near from everywhere.
  const int most = random() % 4 == 0 ? static_cast<int>(random() % 20) : kTokens;
  for (int n = 0; n < most && !matcher.finished(); ++n) {
    const Token token = choose(mask_of(matcher), random);
    written += trie()->vocabulary().special[token] ? "~" : trie()->vocabulary().bytes[token];
    if (auto read = matcher.accept(token, events); !read)
      return "an allowed token is refused: " + read.error().message();
    ++tally.tokens;
  }
  ++(matcher.finished() ? tally.finished : tally.completed);
  return matcher.finished() ? step.judge(events) : step.judge_completed(matcher, events);
}

Tally walk_all(const std::vector<Named>& schemas, size_t walks, uint64_t seed) {
  Tally tally;
  size_t left = 2 * schemas.size();
  for (const Named& one : schemas) {
    ++tally.schemas;
    for (const Dialect dialect : {Dialect::json, Dialect::gemma}) {
      // What a schema that does not compile leaves is taken by those after it.
      const size_t each = (walks - std::min(walks, tally.walks)) / left-- + 1;
      const auto step = JudgedStep::make(one.schema, dialect);
      if (!step) continue;
      ++(dialect == Dialect::json ? tally.answers : tally.arguments);
      std::mt19937_64 random(seed);
      for (size_t i = 0; i < each; ++i) {
        std::string written;
        const auto wrong = walk(*step, random, written, tally);
        if (!wrong) continue;
        if (++tally.wrong > 20) continue;
        FAIL_CHECK(
            one.name << (dialect == Dialect::json ? " (answer)" : " (arguments)") << ", walk " << i
                     << ": " << *wrong << "\nwritten: " << written
        );
      }
    }
  }
  return tally;
}

TEST_CASE("random walks end valid, however long, in both dialects", "[campaign]") {
  const char* const campaign = std::getenv("HOB_CAMPAIGN");
  const bool full = campaign != nullptr && std::string(campaign) == "walks";
  const char* const given = std::getenv("HOB_SEED");
  const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : 17;
  std::cout << "walks campaign: HOB_SEED=" << seed << "\n";
  for (const bool real : {false, true}) {
    const std::vector<Named> schemas = real ? saved(full ? 1 : 40) : fixed();
    const Tally tally =
        walk_all(schemas, full ? (real ? 80'000 : 30'000) : (real ? 60 : 240), seed);
    std::cout << "walks campaign: " << (real ? "saved schemas: " : "fixed list: ") << tally.answers
              << " of " << tally.schemas << " compile as an answer, " << tally.arguments
              << " as arguments; " << tally.walks << " walks, " << tally.tokens << " tokens, "
              << tally.finished << " came to an end, " << tally.completed << " were completed, "
              << tally.wrong << " wrong\n";
    CHECK(tally.wrong == 0);
    if (!real) CHECK(tally.finished > tally.walks / 10);
  }
}

}  // namespace
}  // namespace hob::fuzz
