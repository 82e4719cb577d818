// Ids and texts of the `tokenizers` package (scripts/fixtures/make_tokenizer.py), both ways.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "model/text/detokenizer.h"
#include "model/text/tokenizer.h"
#include "schemas/base/json.h"
#include "schemas/base/utf8.h"

using namespace hob;
using namespace hob::text;

namespace {

const std::string kFixtures = HOB_SOURCE_DIR "/tests/fixtures/tokenizer/";

Json read_json(const std::string& path) {
  std::ifstream file(path);
  std::stringstream all;
  all << file.rdbuf();
  auto parsed = json::parse(all.str(), json::kModelFile);
  if (!parsed) FAIL(path << ": " << parsed.error().message());
  return *parsed;
}

Tokenizer load(const std::string& path) {
  auto tokenizer = Tokenizer::load(path);
  if (!tokenizer) FAIL(tokenizer.error().message());
  return std::move(tokenizer).value();
}

void check_goldens(const Tokenizer& tokenizer, const Json& goldens) {
  size_t controls_seen = 0;
  for (const Json& one : goldens["cases"]) {
    const std::string text = one["s"];
    INFO(json::dump(one["s"]));
    const std::vector<Token> match = one["match"];
    REQUIRE(tokenizer.encode(text, Control::match) == match);
    const std::vector<Token> plain = one.value("text", match);
    REQUIRE(tokenizer.encode(text, Control::as_text) == plain);
    for (const Token token : plain) REQUIRE_FALSE(tokenizer.is_special(token));
    const std::string decoded = one.value("decoded", text);
    REQUIRE(tokenizer.decode(match, Specials::keep) == decoded);
    REQUIRE(tokenizer.decode(match, Specials::skip) == one.value("skipped", decoded));
    for (const Token token : match) controls_seen += tokenizer.is_special(token) ? 1 : 0;
  }
  CHECK(controls_seen > 100);
}

}  // namespace

TEST_CASE("ids and decoded texts are those of the reference, in many scripts") {
  const Json goldens = read_json(kFixtures + "goldens.json");
  CHECK(goldens["cases"].size() >= 2000);
  check_goldens(load(kFixtures + "vocabulary.json"), goldens);
}

TEST_CASE("added tokens that are mere text are read in text from outside, across the borders of pieces too") {
  const Tokenizer tokenizer = load(kFixtures + "vocabulary.json");
  const std::vector<Token> whole = tokenizer.encode("a<unused3>b", Control::match);
  REQUIRE(whole.size() == 3);
  CHECK_FALSE(tokenizer.is_special(whole[1]));
  CHECK(tokenizer.encode("a<unused3>b", Control::as_text) == whole);
  CHECK(tokenizer.encode(std::vector<Piece>{{"a<unu", true}, {"sed3>", false}, {"b", true}}) == whole);
  const auto forged = tokenizer.encode(std::vector<Piece>{{"<|tu", true}, {"rn>", false}, {"<unused3>", false}});
  CHECK(forged.back() == whole[1]);
  for (const Token token : forged) CHECK_FALSE(tokenizer.is_special(token));
}

TEST_CASE("the built-in model's tokenizer gives the ids of the reference") {
  const std::string path = HOB_SOURCE_DIR "/model/tiny/checkpoint/tokenizer.json";
  if (!std::filesystem::exists(path)) return;  // a source package without the checkpoint
  check_goldens(load(path), read_json(kFixtures + "tiny.json"));
}

TEST_CASE("streams of ids, broken bytes among them, decode as in the reference") {
  const Tokenizer tokenizer = load(kFixtures + "vocabulary.json");
  const Json goldens = read_json(kFixtures + "goldens.json");
  size_t valid = 0;
  for (const Json& one : goldens["streams"]) {
    const std::vector<Token> ids = one["ids"];
    INFO(json::dump(one["ids"]));
    const std::string keep = one["keep"];
    REQUIRE(tokenizer.decode(ids, Specials::keep) == keep);
    REQUIRE(tokenizer.decode(ids, Specials::skip) == one["skip"].get<std::string>());
    for (const Specials specials : {Specials::keep, Specials::skip}) {
      Detokenizer stream(tokenizer, specials);
      std::string text;
      for (const Token id : ids) {
        const std::string part = stream.push(id);
        REQUIRE(utf8::valid(part));
        text += part;
      }
      text += stream.finish();
      REQUIRE(utf8::valid(text));
      const std::string whole = tokenizer.decode(ids, specials);
      if (whole.find("\uFFFD") == std::string::npos) {
        REQUIRE(text == whole);
        ++valid;
      }
    }
  }
  CHECK(valid > 200);
}

TEST_CASE("every golden string streams back as it was") {
  const Tokenizer tokenizer = load(kFixtures + "vocabulary.json");
  const Json goldens = read_json(kFixtures + "goldens.json");
  for (const Json& one : goldens["cases"]) {
    const std::vector<Token> ids = one["match"];
    Detokenizer stream(tokenizer, Specials::keep);
    std::string text;
    for (const Token id : ids) {
      const std::string part = stream.push(id);
      REQUIRE(utf8::valid(part));
      text += part;
    }
    text += stream.finish();
    REQUIRE(text == one.value("decoded", one["s"].get<std::string>()));
  }
}

TEST_CASE("merges may be written as pairs or as text") {
  const Tokenizer pairs = load(kFixtures + "hand.json");
  const Tokenizer text = load(kFixtures + "merges_as_text.json");
  for (const char* sample : {"the world is hello", "Hello world", "call:the{true}", "\n\n  the"}) {
    CHECK(pairs.encode(sample, Control::match) == text.encode(sample, Control::match));
  }
  CHECK(pairs.fingerprint() != text.fingerprint());
  CHECK(pairs.fingerprint().size() == 32);
}
