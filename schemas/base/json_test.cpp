#include "schemas/base/json.h"

#include <catch2/catch.hpp>

#include "schemas/base/document.h"

namespace hob::json {
namespace {

constexpr Limits kSmall{1024, 4};

TEST_CASE("a value keeps its key order and its numbers") {
  const auto value = parse(R"( {"b":1,"a":[true,null,-0.5,18446744073709551615,"\u00e9\ud83d\ude00"]} )", kWire);
  REQUIRE(value.ok());
  CHECK(dump(*value) == "{\"b\":1,\"a\":[true,null,-0.5,18446744073709551615,\"é😀\"]}");
}

TEST_CASE("a document keeps number lexemes") {
  const std::string text = R"({"big":12345678901234567890123,"huge":1e400,"one":1.0})";
  const auto value = parse_document(text, kWire);
  REQUIRE(value.ok());
  CHECK(dump(*value) == text);
  CHECK_FALSE(parse(R"([1e400])", kWire).ok());
}

TEST_CASE("an integer without a minus is unsigned, as nlohmann has it") {
  CHECK(parse("7", kWire)->is_number_unsigned());
  CHECK(parse("-7", kWire)->is_number_integer());
  CHECK_FALSE(parse("-7", kWire)->is_number_unsigned());
  CHECK(parse("9223372036854775808", kWire)->get<uint64_t>() == 9223372036854775808u);
  CHECK(parse("-9223372036854775808", kWire)->get<int64_t>() == INT64_MIN);
}

TEST_CASE("a duplicate key is refused with its place") {
  const auto value = parse(R"({"a":1,"b":{"a":1},"a":2})", kWire);
  REQUIRE(!value.ok());
  CHECK(value.error().code() == Code::parse_error);
  CHECK(value.error().data().at("offset") == 19);
}

TEST_CASE("depth is limited while reading") {
  CHECK(parse("[[[[1]]]]", kSmall).ok());
  CHECK_FALSE(parse("[[[[[1]]]]]", kSmall).ok());
  const std::string deep(4'000'000, '[');
  CHECK_FALSE(parse(deep, {8u << 20, 64}).ok());
  CHECK_FALSE(parse(std::string(2000, ' ') + "1", kSmall).ok());
  CHECK_FALSE(parse("[1,2,3,4]", {100, 4, 3}).ok());
}

TEST_CASE("what is not JSON is refused") {
  const std::string bad[] = {
      "",       "{",        "[1,]",     "{\"a\"}",      "{\"a\":}", "01",      "-",         "1.",        ".5",     "1e",
      "+1",     "nul",      "True",     "\"a",          "\"\\x\"",  "\"\\u12", "\"\\ud800\"", "\"\\udc00\"", "'a'",    "1 2",
      "[1 2]",  "{a:1}",    "NaN",      "Infinity",     "\"\t\"",   "\xEF\xBB\xBF" "1",   "[1}",       "{\"a\":1]",
      "\"\xC0\xAF\"", "\"\xED\xA0\x80\"", "\"\xF4\x90\x80\x80\"", "\"\xE2\x82\"", "\"\xFF\"", "\"\\ud800\\u0041\"", "// x\n1", "--1", "1.e3", "{\"a\":1,}",
  };
  for (const std::string& text : bad) {
    INFO(text);
    const auto value = parse(text, kWire);
    REQUIRE(!value.ok());
    CHECK(value.error().code() == Code::parse_error);
    CHECK_FALSE(parse_document(text, kWire).ok());
  }
}

TEST_CASE("every cut of a valid text is refused") {
  const std::string text = R"({"a":[1.5e-3,"x\n\u0041é",{"b":false}],"c":null})";
  REQUIRE(parse(text, kWire).ok());
  for (size_t n = 0; n < text.size(); ++n) CHECK_FALSE(parse(text.substr(0, n), kWire).ok());
}

TEST_CASE("canonical text is the same for equal values") {
  CHECK(canonical(*parse(R"({"b":1.0,"a":[2,{"y":0,"x":""}]})", kWire)) == R"({"a":[2,{"x":"","y":0}],"b":1})");
}

TEST_CASE("deep nesting inside the limit does not move earlier values") {
  std::string text;
  for (int i = 0; i < 60; ++i) text += "{\"k" + std::to_string(i) + "\":[1,";
  text += "2";
  for (int i = 0; i < 60; ++i) text += "]}";
  CHECK_FALSE(parse(text, kWire).ok());
  const auto value = parse(text, kModelFile.max_depth > 120 ? kModelFile : Limits{1u << 20, 130});
  REQUIRE(value.ok());
  CHECK(dump(*value) == text);
}

TEST_CASE("a key that stands twice is found among few and among thousands, however it is spelled") {
  for (const int count : {1, 11, 12, 13, 40, 5000}) {
    std::string text = "{";
    for (int key = 0; key < count; ++key) text += "\"k" + std::to_string(key) + "\":0,";
    INFO(count);
    CHECK(parse(text + "\"other\":0}", kModelFile).ok());
    for (const char* twice : {"\"k0\":0}", "\"\\u006b0\":0}"}) {
      const auto parsed = parse(text + twice, kModelFile);
      REQUIRE_FALSE(parsed.ok());
      CHECK_THAT(parsed.error().message(), Catch::Contains("\"k0\" stands twice"));
    }
    const std::string last = "\"k" + std::to_string(count - 1) + "\":0}";
    CHECK_FALSE(parse(text + last, kModelFile).ok());
  }
}

}  // namespace
}  // namespace hob::json
