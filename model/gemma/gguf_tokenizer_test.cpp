#include "model/gemma/gguf_tokenizer.h"

#include <catch2/catch.hpp>
#include <functional>

#include "model/gemma/config.h"
#include "model/gemma/gguf_maker.h"

namespace hob::gemma {
namespace {

using Make = GgufMaker;
using text::Control;
using text::Token;

const std::filesystem::path kFixtures = std::filesystem::path(HOB_SOURCE_DIR) / "tests/fixtures";

text::Tokenizer load(const std::filesystem::path& path) {
  auto out = load_tokenizer(path);
  if (!out) FAIL(out.error().message());
  return *std::move(out);
}

Json json_of(const std::filesystem::path& path) {
  const auto text = read_small_file(path, 8u << 20);
  if (!text) FAIL(text.error().message());
  return *json::parse(*text, json::kModelFile);
}

Result<text::Tokenizer> made(const GgufMaker& maker) {
  HOB_TRY(file, maker.open());
  return gguf_tokenizer(file);
}

}  // namespace

TEST_CASE("pieces with scores give the ids that sentencepiece gives") {
  const auto tokenizer = load(kFixtures / "gemma/gguf/scored.gguf");
  const Json goldens = json_of(kFixtures / "gemma/gguf/goldens.json");
  const Json& cases = goldens.at("scored").at("cases");
  CHECK(cases.size() > 800);
  for (const Json& one : cases) {
    const auto text = one.at("s").get<std::string>();
    INFO(json::dump(one));
    const auto ids = tokenizer.encode(text, Control::as_text);
    CHECK(ids == one.at("ids").get<std::vector<Token>>());
    CHECK(ids.empty() == text.empty());
  }
}

TEST_CASE("pieces with merges give the ids that the tokenizer.json of the same vocabulary gives") {
  const auto tokenizer = load(kFixtures / "gemma/gguf/merged.gguf");
  const auto twin = text::Tokenizer::load((kFixtures / "tokenizer/vocabulary.json").string());
  REQUIRE(twin.ok());
  CHECK(tokenizer.size() == twin->size());
  CHECK(tokenizer.control().turn_close == twin->control().turn_close);
  const Json goldens = json_of(kFixtures / "tokenizer/goldens.json");
  for (const Json& one : goldens.at("cases")) {
    const auto text = one.at("s").get<std::string>();
    INFO(json::dump(one));
    CHECK(tokenizer.encode(text, Control::match) == one.at("match").get<std::vector<Token>>());
    CHECK(tokenizer.encode(text, Control::as_text) == one.value("text", one.at("match")).get<std::vector<Token>>());
  }
}

TEST_CASE("runs of spaces join the marks beside them, also where added tokens are read") {
  const auto tokenizer = load(kFixtures / "gemma/gguf/scored.gguf");
  for (const char* text : {"\u2581  x", "a  \u2581 b", "   ", " \u2581  \u2581 y"}) {
    INFO(text);
    CHECK(tokenizer.encode(text, Control::match) == tokenizer.encode(text, Control::as_text));
  }
}

TEST_CASE("text cannot spell a control piece of a GGUF vocabulary") {
  const auto tokenizer = made(GgufMaker::gemma3().tokenizer({"<", "b", "o", "s", ">", "<b", "<bo", "<bos"}));
  REQUIRE(tokenizer.ok());
  CHECK(tokenizer->encode("<bos>", Control::match) == std::vector<Token>{2});
  CHECK(tokenizer->encode("<bos>", Control::as_text) == std::vector<Token>{5 + 256 + 7, 5 + 256 + 4});
  CHECK(tokenizer->is_special(2));
  CHECK(tokenizer->control().bos == Token{2});
}

TEST_CASE("of two ways to join, the joined piece with the higher score goes first, the leftmost of equals") {
  const auto tokenizer = made(GgufMaker::gemma3().tokenizer({"bc", "ab", "a", "b", "c", "aa", "aaa"}));
  REQUIRE(tokenizer.ok());
  const Token first = 5 + 256;
  CHECK(tokenizer->encode("abc", Control::as_text) == std::vector<Token>{first + 2, first});
  CHECK(tokenizer->encode("aba", Control::as_text) == std::vector<Token>{first + 1, first + 2});
  CHECK(tokenizer->encode("aaa", Control::as_text) == std::vector<Token>{first + 6});
  CHECK(tokenizer->encode("aaaa", Control::as_text) == std::vector<Token>{first + 5, first + 5});
}

TEST_CASE("GGUF tokenizers that lie are refused by the key") {
  struct Lie {
    std::string why;
    std::function<void(GgufMaker&)> tell;
    std::string names;
  };
  const auto set = [](const std::string& key, Make::Value value) {
    return [=](GgufMaker& m) { m.set("tokenizer.ggml." + key, value); };
  };
  const auto drop = [](const std::string& key) { return [=](GgufMaker& m) { m.drop("tokenizer.ggml." + key); }; };
  const auto pieces = [](const std::vector<std::string>& more) { return [=](GgufMaker& m) { m.tokenizer(more); }; };
  const size_t count = 5 + 256 + 2;
  std::vector<float> scores(count, -1.0f);
  scores[262] = std::numeric_limits<float>::quiet_NaN();
  std::vector<int32_t> types(count, 1);
  types[3] = 7;
  std::vector<int32_t> below(count, 1);
  below[9] = -1;
  const std::vector<Lie> lies{
    {"another kind", set("model", Make::text("gpt2")), "tokenizer.ggml.model"},
    {"no kind", drop("model"), "tokenizer.ggml.model"},
    {"a kind that is a number", set("model", Make::u32(1)), "tokenizer.ggml.model"},
    {"a space before each text", set("add_space_prefix", Make::flag(true)), "tokenizer.ggml.add_space_prefix"},
    {"nothing said of spaces", drop("add_space_prefix"), "tokenizer.ggml.add_space_prefix"},
    {"spaces as a number", set("add_space_prefix", Make::u32(0)), "tokenizer.ggml.add_space_prefix"},
    {"no pieces", drop("tokens"), "tokenizer.ggml.tokens"},
    {"pieces that are numbers", set("tokens", Make::u32s({1, 2})), "tokenizer.ggml.tokens"},
    {"one piece that is no list", set("tokens", Make::text("a")), "tokenizer.ggml.tokens"},
    {"an empty piece", pieces({"a", ""}), "tokenizer.ggml.tokens"},
    {"a piece twice", pieces({"a", "a"}), "tokenizer.ggml.tokens"},
    {"a piece that is not UTF-8", pieces({"a", "\xFF\xFE"}), "tokenizer.ggml.tokens"},
    {"a piece of 5,000 bytes", pieces({"a", std::string(5000, 'x')}), "tokenizer.ggml.tokens"},
    {"no scores", drop("scores"), "tokenizer.ggml.scores"},
    {"fewer scores than pieces", set("scores", Make::f32s({1, 2})), "tokenizer.ggml.scores"},
    {"a score that is no number", set("scores", Make::f32s(scores)), "tokenizer.ggml.scores"},
    {"scores that are texts", set("scores", Make::texts({"1"})), "tokenizer.ggml.scores"},
    {"no types", drop("token_type"), "tokenizer.ggml.token_type"},
    {"fewer types than pieces", set("token_type", Make::i32s({1})), "tokenizer.ggml.token_type"},
    {"a type that there is not", set("token_type", Make::i32s(types)), "tokenizer.ggml.token_type"},
    {"a type below zero", set("token_type", Make::i32s(below)), "tokenizer.ggml.token_type"},
    {"merges that are not there", set("model", Make::text("gemma4")), "tokenizer.ggml.merges"},
    {"a merge of one piece", [](GgufMaker& m) {
       m.set("tokenizer.ggml.model", Make::text("gemma4")).set("tokenizer.ggml.merges", Make::texts({"ab"}));
     }, "tokenizer.ggml.merges"},
    {"a merge of pieces that there are not", [](GgufMaker& m) {
       m.set("tokenizer.ggml.model", Make::text("gemma4")).set("tokenizer.ggml.merges", Make::texts({"x y"}));
     }, "merges[0]"},
    {"a merge into a piece that there is not", [](GgufMaker& m) {
       m.set("tokenizer.ggml.model", Make::text("gemma4")).set("tokenizer.ggml.merges", Make::texts({"b a"}));
     }, "merges[0]"},
  };
  const GgufMaker honest = GgufMaker::gemma3().tokenizer({"a", "b"});
  REQUIRE(made(honest).ok());
  for (const Lie& lie : lies) {
    INFO(lie.why);
    GgufMaker maker = honest;
    lie.tell(maker);
    const auto refused = made(maker);
    REQUIRE_FALSE(refused.ok());
    INFO(refused.error().message());
    CHECK(refused.error().message().starts_with("made.gguf: "));
    CHECK(refused.error().message().find(lie.names) != std::string::npos);
  }
}

TEST_CASE("a vocabulary without all byte pieces is refused") {
  GgufMaker maker = GgufMaker::gemma3().tokenizer({"a"});
  maker.set("tokenizer.ggml.tokens", Make::texts({"a", "b"})).set("tokenizer.ggml.scores", Make::f32s({0, -1}));
  maker.set("tokenizer.ggml.token_type", Make::i32s({1, 1}));
  const auto refused = made(maker);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message().find("<0x00>") != std::string::npos);
}

}  // namespace hob::gemma
