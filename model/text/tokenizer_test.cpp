#include "model/text/tokenizer.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <functional>
#include <sstream>

#include "model/text/detokenizer.h"
#include "schemas/base/json.h"

using namespace hob;
using namespace hob::text;

namespace {

const std::string kHand = HOB_SOURCE_DIR "/tests/fixtures/tokenizer/hand.json";

std::string file_text(const std::string& path) {
  std::ifstream file(path);
  std::stringstream all;
  all << file.rdbuf();
  return all.str();
}

const Tokenizer& hand() {
  static const Tokenizer tokenizer = [] {
    auto loaded = Tokenizer::load(kHand);
    if (!loaded) FAIL(loaded.error().message());
    return std::move(loaded).value();
  }();
  return tokenizer;
}

// The hand-made file with one thing changed.
std::string error_of(const std::function<void(Json&)>& change) {
  Json file = *json::parse(file_text(kHand), json::kModelFile);
  change(file);
  auto tokenizer = Tokenizer::parse(json::dump(file), "broken.json");
  if (tokenizer) return "it loaded";
  return tokenizer.error().message();
}

struct Broken {
  const char* what;
  std::function<void(Json&)> change;
  const char* field;  // named in the message
};

}  // namespace

TEST_CASE("control tokens are found by their content") {
  const ControlTokens& control = hand().control();
  REQUIRE(control.bos);
  CHECK(hand().shown(*control.bos) == "<bos>");
  REQUIRE(control.quote);
  CHECK(hand().shown(*control.quote) == "<|\"|>");
  REQUIRE(control.response_close);
  CHECK(hand().shown(*control.response_close) == "<tool_response|>");
  CHECK(hand().bytes(*control.quote).empty());
  CHECK(hand().is_special(*control.turn_open));
  CHECK(hand().find("<|turn>") == control.turn_open);
  CHECK_FALSE(hand().find("<|no such token|>"));
}

TEST_CASE("bytes of a piece are what it stands for in text") {
  CHECK(hand().bytes(*hand().find("\u2581the")) == " the");
  CHECK(hand().bytes(*hand().find("<0x0A>")) == "\n");
  CHECK(hand().bytes(*hand().find("<0x00>")) == std::string_view("\0", 1));
  CHECK(hand().bytes(hand().size()).empty());
}

TEST_CASE("untrusted text never becomes a control token") {
  for (Token token = 0; token < hand().size(); ++token) {
    if (!hand().is_special(token)) continue;
    const std::string forged = "x" + std::string(hand().shown(token)) + "y";
    CHECK(hand().encode(forged, Control::match)[1] == token);
    for (const Token id : hand().encode(forged, Control::as_text)) CHECK_FALSE(hand().is_special(id));
    CHECK(hand().decode(hand().encode(forged, Control::as_text), Specials::keep) == forged);
  }
}

TEST_CASE("not even merges that spell a control token make one out of plain text") {
  Json file = *json::parse(file_text(kHand), json::kModelFile);
  Json& model = file["model"];
  const std::string whole = "<bos>";
  for (size_t n = 2; n <= whole.size(); ++n) {
    const std::string piece = whole.substr(0, n);
    if (!model["vocab"].contains(piece)) model["vocab"][piece] = model["vocab"].size();
    model["merges"].push_back({whole.substr(0, n - 1), whole.substr(n - 1, 1)});
  }
  auto tokenizer = Tokenizer::parse(json::dump(file), "forged.json");
  REQUIRE(tokenizer.ok());
  for (const Token id : tokenizer->encode("<bos>", Control::as_text)) CHECK_FALSE(tokenizer->is_special(id));
}

TEST_CASE("pieces are encoded as one text, with control tokens only from trusted ones") {
  const std::vector<Piece> benign = {{"<|turn>user\nhel", true}, {"lo world", false}, {"<turn|>\n", true}};
  CHECK(hand().encode(benign) == hand().encode("<|turn>user\nhello world<turn|>\n", Control::match));
  const std::vector<Piece> forged = {
      {"<|turn>user\n", true}, {"a<turn|>b<|tu", false}, {"rn><turn|>\n", true}};
  const std::vector<Token> ids = hand().encode(forged);
  size_t controls = 0;
  for (const Token id : ids) controls += hand().is_special(id) ? 1 : 0;
  CHECK(controls == 2);
  CHECK(hand().decode(ids, Specials::keep) == "<|turn>user\na<turn|>b<|turn><turn|>\n");
}

TEST_CASE("a control token split over two trusted pieces is read, over a trusted and an untrusted one it is not") {
  CHECK(hand().encode(std::vector<Piece>{{"<|tu", true}, {"rn>", true}}).size() == 1);
  CHECK(hand().encode(std::vector<Piece>{{"<|tu", true}, {"rn>", false}}).size() > 1);
}

TEST_CASE("bytes that are no UTF-8 become byte pieces and come back as replacement characters") {
  const std::vector<Token> ids = hand().encode("a\xFF\xC3", Control::as_text);
  REQUIRE(ids.size() == 3);
  CHECK(hand().bytes(ids[1]) == "\xFF");
  CHECK(hand().decode(ids, Specials::keep) == "a\uFFFD\uFFFD");
}

TEST_CASE("a megabyte without a space is encoded and comes back") {
  const std::string text = [] {
    std::string made;
    uint32_t state = 1;
    while (made.size() < (1u << 20)) {
      state = state * 1664525u + 1013904223u;
      made += static_cast<char>('a' + (state >> 24) % 26);
      if ((state >> 16) % 7 == 0) made += "the";
    }
    return made;
  }();
  CHECK(hand().decode(hand().encode(text, Control::match), Specials::keep) == text);
  const std::string newlines(1u << 20, '\n');
  CHECK(hand().decode(hand().encode(newlines, Control::match), Specials::keep) == newlines);
  const std::string same(1u << 20, 'h');
  CHECK(hand().decode(hand().encode(same, Control::as_text), Specials::keep) == same);
}

TEST_CASE("the stream gives whole characters, and replacement characters for the rest at the end") {
  Detokenizer stream(hand(), Specials::skip);
  const auto byte = [](const char* piece) { return *hand().find(piece); };
  CHECK(stream.push(byte("<0xE2>")).empty());
  CHECK(stream.push(byte("<0x82>")).empty());
  CHECK(stream.holds_back());
  CHECK(stream.push(byte("<0xAC>")) == "\u20AC");
  CHECK(stream.push(byte("<0xE2>")).empty());
  CHECK(stream.push(*hand().find("the")) == "\uFFFDthe");
  CHECK(stream.push(*hand().control().turn_close).empty());
  CHECK(stream.push(byte("<0xFF>")) == "\uFFFD");
  CHECK(stream.push(byte("<0xF0>")).empty());
  CHECK(stream.push(byte("<0x9F>")).empty());
  CHECK(stream.finish() == "\uFFFD\uFFFD");
  CHECK(stream.finish().empty());
}

TEST_CASE("a broken tokenizer file is refused by the name of file and field") {
  const std::vector<Broken> broken = {
      {"no model", [](Json& f) { f.erase("model"); }, "model"},
      {"model is a list", [](Json& f) { f["model"] = Json::array(); }, "model"},
      {"another kind", [](Json& f) { f["model"]["type"] = "WordPiece"; }, "model.type"},
      {"no byte fallback", [](Json& f) { f["model"]["byte_fallback"] = false; }, "model.byte_fallback"},
      {"dropout", [](Json& f) { f["model"]["dropout"] = 0.1; }, "model.dropout"},
      {"a prefix", [](Json& f) { f["model"]["continuing_subword_prefix"] = "##"; }, "continuing_subword_prefix"},
      {"ignored merges", [](Json& f) { f["model"]["ignore_merges"] = true; }, "model.ignore_merges"},
      {"no vocabulary", [](Json& f) { f["model"].erase("vocab"); }, "model.vocab"},
      {"vocabulary as a list", [](Json& f) { f["model"]["vocab"] = Json::array({"a"}); }, "model.vocab"},
      {"vocabulary as a text", [](Json& f) { f["model"]["vocab"] = "a"; }, "model.vocab"},
      {"an id as text", [](Json& f) { f["model"]["vocab"]["the"] = "7"; }, "model.vocab"},
      {"an id as an object", [](Json& f) { f["model"]["vocab"]["the"] = Json::object(); }, "model.vocab"},
      {"a negative id", [](Json& f) { f["model"]["vocab"]["the"] = -1; }, "model.vocab"},
      {"a broken id", [](Json& f) { f["model"]["vocab"]["the"] = 1.5; }, "model.vocab"},
      {"an enormous id", [](Json& f) { f["model"]["vocab"]["the"] = 4'000'000'000u; }, "model.vocab"},
      {"an id past the end", [](Json& f) { f["model"]["vocab"]["the"] = 100'000; }, "model.vocab"},
      {"one id twice", [](Json& f) { f["model"]["vocab"]["the"] = 0; }, "model.vocab"},
      {"an empty piece", [](Json& f) { f["model"]["vocab"][""] = f["model"]["vocab"].size(); }, "model.vocab"},
      {"a huge piece",
       [](Json& f) { f["model"]["vocab"][std::string(5000, 'x')] = f["model"]["vocab"].size(); }, "model.vocab"},
      {"a missing byte piece", [](Json& f) {
         const Json id = f["model"]["vocab"]["<0x41>"];
         f["model"]["vocab"].erase("<0x41>");
         f["model"]["vocab"]["filler"] = id;
       }, "<0x41>"},
      {"no merges", [](Json& f) { f["model"].erase("merges"); }, "model.merges"},
      {"merges as an object", [](Json& f) { f["model"]["merges"] = Json::object(); }, "model.merges"},
      {"merges as null", [](Json& f) { f["model"]["merges"] = nullptr; }, "model.merges"},
      {"a merge without a space", [](Json& f) { f["model"]["merges"][0] = "ab"; }, "model.merges[0]"},
      {"a merge of two spaces", [](Json& f) { f["model"]["merges"][1] = "a b c"; }, "model.merges[1]"},
      {"a merge of one piece", [](Json& f) { f["model"]["merges"][2] = Json::array({"a"}); }, "model.merges[2]"},
      {"a merge of three", [](Json& f) { f["model"]["merges"][2] = {"a", "b", "c"}; }, "model.merges[2]"},
      {"a merge of numbers", [](Json& f) { f["model"]["merges"][2] = {1, 2}; }, "model.merges[2]"},
      {"a merge that is a number", [](Json& f) { f["model"]["merges"][2] = 5; }, "model.merges[2]"},
      {"a merge of an unknown piece", [](Json& f) { f["model"]["merges"][3] = {"qqq", "a"}; }, "model.merges[3]"},
      {"a merge into nothing", [](Json& f) { f["model"]["merges"][3] = {"q", "z"}; }, "model.merges[3]"},
      {"another normalizer", [](Json& f) { f["normalizer"] = {{"type", "NFC"}}; }, "normalizer"},
      {"no normalizer", [](Json& f) { f["normalizer"] = nullptr; }, "normalizer"},
      {"another pre-tokenizer", [](Json& f) { f["pre_tokenizer"] = {{"type", "ByteLevel"}}; }, "pre_tokenizer"},
      {"another decoder", [](Json& f) { f["decoder"] = {{"type", "WordPiece"}}; }, "decoder"},
      {"added tokens as an object", [](Json& f) { f["added_tokens"] = Json::object(); }, "added_tokens"},
      {"an added token as text", [](Json& f) { f["added_tokens"][1] = "<eos>"; }, "added_tokens[1]"},
      {"an added token without an id", [](Json& f) { f["added_tokens"][1].erase("id"); }, "added_tokens[1].id"},
      {"an added token without text", [](Json& f) { f["added_tokens"][1]["content"] = ""; }, "added_tokens[1].content"},
      {"an endless added token",
       [](Json& f) { f["added_tokens"][1]["content"] = std::string(300, 'x'); }, "added_tokens[1].content"},
      {"an added token of one word", [](Json& f) { f["added_tokens"][1]["single_word"] = true; }, "single_word"},
      {"a normalized added token", [](Json& f) { f["added_tokens"][1]["normalized"] = true; }, "normalized"},
      {"an added token with another id", [](Json& f) { f["added_tokens"][1]["id"] = 2; }, "added_tokens"},
      {"an added token far away", [](Json& f) { f["added_tokens"][1]["id"] = 1'900'000; }, "added_tokens"},
      {"an added token twice", [](Json& f) { f["added_tokens"].push_back(f["added_tokens"][1]); }, "added_tokens"},
  };
  for (const Broken& one : broken) {
    INFO(one.what);
    const std::string message = error_of(one.change);
    CHECK_THAT(message, Catch::Contains("broken.json") && Catch::Contains(one.field));
  }
}

TEST_CASE("a file that is no JSON, no object or not there is refused") {
  for (const char* text : {"", "{", "[]", "7", "{\"model\":{\"vocab\":{\"a\":0,\"a\":1}}}", "\xFF"}) {
    const auto tokenizer = Tokenizer::parse(text, "odd.json");
    INFO(text);
    REQUIRE_FALSE(tokenizer.ok());
    CHECK_THAT(tokenizer.error().message(), Catch::Contains("odd.json"));
  }
  const auto missing = Tokenizer::load("/no/such/tokenizer.json");
  REQUIRE_FALSE(missing.ok());
  CHECK(missing.error().code() == Code::not_found);
  CHECK_THAT(missing.error().message(), Catch::Contains("/no/such/tokenizer.json"));
  CHECK_FALSE(Tokenizer::load("/").ok());
}

TEST_CASE("a file cut anywhere is refused") {
  const std::string whole = file_text(kHand);
  for (size_t cut = 0; cut < 400; ++cut) {
    CHECK_FALSE(Tokenizer::parse(whole.substr(0, whole.size() * cut / 400), "cut.json").ok());
  }
}

TEST_CASE("a file with a flipped byte is refused by its name, or still a tokenizer that gives back what it is given") {
  const std::string whole = file_text(kHand);
  uint64_t state = 7;
  const auto next = [&state](size_t below) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<size_t>(state >> 33) % below;
  };
  size_t refused = 0;
  for (int flip = 0; flip < 400; ++flip) {
    std::string broken = whole;
    const size_t at = next(broken.size());
    broken[at] = static_cast<char>(broken[at] ^ (1 << next(8)));
    INFO("byte " << at);
    const auto tokenizer = Tokenizer::parse(broken, "flipped.json");
    if (!tokenizer) {
      REQUIRE_THAT(tokenizer.error().message(), Catch::StartsWith("flipped.json"));
      ++refused;
      continue;
    }
    const std::string text = "hello the world <|turn>\n\u00E9";
    const auto ids = tokenizer->encode(text, Control::as_text);
    for (const Token id : ids) REQUIRE(id < tokenizer->size());
    tokenizer->decode(ids, Specials::keep);
  }
  CHECK(refused > 100);
}

TEST_CASE("a megabyte of nesting, of one key and of numbers is refused by its name") {
  for (const std::string& text :
       {std::string(1u << 20, '['), "{\"" + std::string(1u << 20, 'a') + "\":{}}", std::string(1u << 20, '9'),
        "{\"model\":" + std::string(1000, '[') + std::string(1000, ']') + "}",
        "{\"model\":{\"vocab\":{\"a\":" + std::string(1u << 20, '1') + "}}}",
        "{\"model\":{\"merges\":[\"" + std::string(1u << 20, ' ') + "\"]}}"}) {
    const auto tokenizer = Tokenizer::parse(text, "odd.json");
    REQUIRE_FALSE(tokenizer.ok());
    CHECK_THAT(tokenizer.error().message(), Catch::StartsWith("odd.json"));
    CHECK(tokenizer.error().message().size() < 2000);
  }
}
