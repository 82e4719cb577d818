#include "daemon/config/yaml.h"

#include <catch2/catch.hpp>

namespace hob::config::yaml {
namespace {

Json value_of(const std::string& text) {
  auto document = parse(text, "f");
  if (!document) FAIL(document.error().message());
  return document->value;
}

std::string error_of(const std::string& text) {
  auto document = parse(text, "f");
  return document ? "" : document.error().message();
}

TEST_CASE("values are those of the core schema") {
  CHECK(value_of("a: 1\nb: -2\nc: 0x1f\nd: 0o17\ne: 1.5\nf: -1e3\ng: .5\nh: 18446744073709551615\n") ==
        Json({{"a", 1}, {"b", -2}, {"c", 31}, {"d", 15}, {"e", 1.5}, {"f", -1000.0}, {"g", 0.5}, {"h", 18446744073709551615u}}));
  CHECK(value_of("a: true\nb: FALSE\nc: ~\nd: null\ne:\n") ==
        Json({{"a", true}, {"b", false}, {"c", nullptr}, {"d", nullptr}, {"e", nullptr}}));
  CHECK(value_of("[yes, on, 1.2.3, +, -, ., e5, 1e, 0xZZ, 12a, '5', \"true\", .inf]") ==
        Json({"yes", "on", "1.2.3", "+", "-", ".", "e5", "1e", "0xZZ", "12a", "5", "true", ".inf"}));
  CHECK(value_of("text: |\n  one\n  two\n")["text"] == "one\ntwo\n");
  CHECK(value_of("") == Json::object());
  CHECK(value_of("# only a comment\n") == Json::object());
  CHECK(value_of("---\na: {b: [1, {c: d}]}\n...\n") == Json({{"a", {{"b", {1, {{"c", "d"}}}}}}}));
}

TEST_CASE("every value knows its line and column") {
  const auto document = parse("model:\n  threads: 4\n  list:\n    - x\n    - {a/b: 1}\n", "f");
  REQUIRE(document);
  const auto at = [&](const char* pointer) {
    const auto place = document->place(pointer);
    return std::to_string(place.line) + ":" + std::to_string(place.column);
  };
  CHECK(at("/model") == "1:1");
  CHECK(at("/model/threads") == "2:3");
  CHECK(at("/model/list/1/a~1b") == "5:8");
  CHECK(at("/model/missing/deep") == "1:1");
  CHECK(at("/else") == "1:1");
}

TEST_CASE("what configuration does not need is refused by name and place") {
  CHECK(error_of("a: &x 1\n") == "f:1:4: anchors (&name) are not used in configuration; write the value out");
  CHECK(error_of("a: [1]\nb: *x\n").find("f:2:") == 0);
  CHECK(error_of("a: !!int 3\n").find("f:1:4: tags") == 0);
  CHECK(error_of("a: !custom {}\n").find("tags") != std::string::npos);
  CHECK(error_of("a: 1\nb: 2\na: 3\n") == "f:3:1: the key \"a\" is there twice");
  CHECK(error_of("? [1, 2]\n: x\n").find("a key must be text") != std::string::npos);
  CHECK(error_of("a: 1\n---\nb: 2\n").find("second document") != std::string::npos);
  CHECK(error_of("a: 99999999999999999999\n").find("64 bits") != std::string::npos);
  CHECK(error_of("a: -9223372036854775809\n").find("64 bits") != std::string::npos);
  CHECK(error_of("a: 1e999\n").find("too large") != std::string::npos);
  CHECK(error_of("a: \xff\n") == "f:1:4: the file is not UTF-8");
  CHECK(error_of(std::string("a: 1\nb: \0\n", 10)) == "f:2:4: the file has a NUL byte");
}

TEST_CASE("a billion laughs, a tower of brackets and a flood of values end in an error") {
  std::string laughs = "a0: &a0 [lol]\n";
  for (int i = 1; i < 20; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    laughs += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + before + ", " + before + "]\n";
  }
  CHECK(error_of(laughs).find("anchors") != std::string::npos);
  for (const size_t depth : {size_t{33}, size_t{600}, size_t{100'000}, size_t{1'000'000}}) {
    INFO(depth);
    CHECK_FALSE(error_of(std::string(depth, '[')).empty());
  }
  CHECK(error_of(std::string(33, '[') + std::string(33, ']')).find("32 levels") != std::string::npos);
  CHECK(error_of(std::string(32, '[') + std::string(32, ']')).empty());
  std::string nested;
  for (int i = 0; i < 2000; ++i) nested += std::string(static_cast<size_t>(i % 500), ' ') + "a:\n";
  CHECK_FALSE(error_of(nested).empty());
  std::string flood = "[";
  for (int i = 0; i < 30'000; ++i) flood += "1,";
  CHECK(error_of(flood + "1]").find("20000 values") != std::string::npos);
  CHECK(error_of(std::string(2u << 20, ' ')).find("bytes") != std::string::npos);
}

}  // namespace
}  // namespace hob::config::yaml
