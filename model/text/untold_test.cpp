#include "model/text/untold.h"

#include <catch2/catch.hpp>

#include "schemas/base/json.h"

namespace hob::text {
namespace {

std::string pointers(const std::string& schema) {
  const auto parsed = json::parse_document(schema, json::kSchema);
  REQUIRE(parsed.ok());
  std::string out;
  for (const Untold& one : untold_keywords(*parsed)) {
    CHECK_FALSE(one.message.empty());
    out += (out.empty() ? "" : " ") + one.pointer;
  }
  return out;
}

TEST_CASE("a schema that a declaration can tell whole has nothing untold") {
  CHECK(pointers("{}").empty());
  CHECK(pointers("true").empty());
  CHECK(pointers(R"({"$schema":"x","type":"object","required":["a"],"additionalProperties":false,"properties":{
    "a":{"type":["string","null"],"description":"A","enum":["x","y"]},"b":{"type":"array","items":{"const":3}},
    "c":{"$ref":"#/$defs/c"},"d":{"anyOf":[{"type":"integer"},{"type":"null"}]}},
    "$defs":{"c":{"type":"object","properties":{"x":{"nullable":true}}}}})").empty());
}

TEST_CASE("what a declaration cannot tell is named by its pointer, behind references and in unions too") {
  CHECK(pointers(R"({"properties":{"a":{"type":"integer","minimum":1,"maximum":9}}})") ==
        "/properties/a/minimum /properties/a/maximum");
  CHECK(pointers(R"({"properties":{"a/b~":{"pattern":"x"}}})") == "/properties/a~1b~0/pattern");
  CHECK(pointers(R"({"properties":{"a":{"items":{"minLength":2}}}})") == "/properties/a/items/minLength");
  CHECK(pointers(R"({"properties":{"a":{"items":false}}})") == "/properties/a/items");
  CHECK(pointers(R"({"properties":{"a":{"additionalProperties":{"type":"string"}}}})") ==
        "/properties/a/additionalProperties");
  CHECK(pointers(R"({"properties":{"a":{"oneOf":[{"type":"string"},{"multipleOf":2}]}}})") ==
        "/properties/a/oneOf/1/multipleOf");
  CHECK(pointers(R"({"properties":{"a":{"$ref":"#/$defs/x"},"b":{"$ref":"#/$defs/x"}},"$defs":{"x":{"format":"date"},
    "unused":{"format":"date"}}})") == "/$defs/x/format");
  CHECK(pointers(R"({"properties":{"a":{"$ref":"https://example.com/x"},"b":{"$ref":"#/nowhere"}}})") ==
        "/properties/a/$ref /properties/b/$ref");
  CHECK(pointers(R"({"properties":{"a":{"anyOf":[{"properties":{"x":{}}},{"properties":{"y":{}}}]}}})") ==
        "/properties/a/anyOf");
  CHECK(pointers(R"({"description":"top","not":{"type":"null"},"default":{}})") == "/description /not /default");
}

TEST_CASE("nesting deeper than is told, circles and endless lists end") {
  CHECK(pointers(R"({"properties":{"a":{"$ref":"#"}},"minProperties":1})") == "/minProperties");
  std::string deep = R"({"minimum":1})";
  for (int at = 0; at < 20; ++at) deep = R"({"items":)" + deep + "}";
  const auto parsed = json::parse_document(deep, json::kSchema);
  const auto lines = untold_keywords(*parsed);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].keyword.empty());
  Json wide;
  for (int at = 0; at < 500; ++at) wide["properties"]["p" + std::to_string(at)] = {{"minimum", 1}};
  const auto many = untold_keywords(json::to_document(wide));
  REQUIRE(many.size() == 200);
  CHECK(many.back().message.find("ends here") != std::string::npos);
}

}  // namespace
}  // namespace hob::text
