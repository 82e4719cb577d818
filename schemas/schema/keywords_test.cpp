// Every keyword by example, without any outside data: what fits, what does not, and which keyword
// says so.
#include <catch2/catch.hpp>
#include <vector>

#include "schemas/schema/validator.h"

namespace {

using namespace hob::schema;
using hob::json::Document;

struct Group {
  const char* schema;
  const char* keyword;  // of the violation of each value in `bad`
  std::vector<const char*> good;
  std::vector<const char*> bad;
};

Document read(const char* text) {
  auto document = hob::json::parse_document(text, hob::json::kGenerated);
  REQUIRE(document.ok());
  return std::move(document).value();
}

int run(const std::vector<Group>& groups, Draft draft) {
  Options options;
  options.draft = draft;
  int cases = 0;
  for (const Group& group : groups) {
    INFO(group.schema);
    const auto validator = Validator::compile(read(group.schema), options);
    if (!validator) FAIL(validator.error().message());
    for (const char* text : group.good) {
      INFO(text);
      const auto violation = validator->validate(read(text));
      INFO((violation ? to_string(*violation) : ""));
      CHECK_FALSE(violation);
      ++cases;
    }
    for (const char* text : group.bad) {
      INFO(text);
      const auto violation = validator->validate(read(text));
      REQUIRE(violation);
      CHECK(violation->keyword == group.keyword);
      ++cases;
    }
  }
  return cases;
}

}  // namespace

TEST_CASE("values of any kind: type, enum, const, true and false") {
  run(
      {
          {"true", "", {"1", "{}"}, {}},
          {"{}", "", {"null", "[]"}, {}},
          {"false", "false", {}, {"null", "{}"}},
          {R"({"type":"null"})", "type", {"null"}, {"0", "\"\"", "false"}},
          {R"({"type":"boolean"})", "type", {"true", "false"}, {"0", "null"}},
          {R"({"type":"integer"})",
           "type",
           {"1", "1.0", "1e3", "-0", "123456789012345678901234567890", "1e400"},
           {"1.5", "1e-1", "\"1\""}},
          {R"({"type":"number"})", "type", {"1", "1.5", "1e400"}, {"\"1\"", "true"}},
          {R"({"type":"string"})", "type", {"\"\""}, {"1", "[]"}},
          {R"({"type":["object","array"]})", "type", {"{}", "[]"}, {"1", "null"}},
          {R"({"type":["integer","null"]})", "type", {"2", "null"}, {"2.5"}},
          {R"({"enum":[1,"a",null,{"x":[1]}]})",
           "enum",
           {"1.0", "\"a\"", "null", R"({"x":[1e0]})"},
           {"2", "\"b\"", R"({"x":[2]})", "false"}},
          {R"({"enum":[]})", "enum", {}, {"1"}},
          {R"({"const":{"a":1,"b":2}})",
           "const",
           {R"({"b":2.0,"a":1})"},
           {R"({"a":1})", R"({"a":1,"b":2,"c":3})"}},
          {R"({"const":12345678901234567890})",
           "const",
           {"12345678901234567890"},
           {"12345678901234567891"}},
          {R"({"const":0.1})", "const", {"0.10", "1e-1"}, {"0.1000000000000000055511151231257827"}},
          {R"({"const":false})", "const", {"false"}, {"0", "null"}},
      },
      Draft::draft_2020_12
  );
}

TEST_CASE("numbers: bounds and multiples are exact") {
  run(
      {
          {R"({"minimum":-2})", "minimum", {"-2", "0", "\"x\""}, {"-3", "-2.0000000000000000001"}},
          {R"({"maximum":1e400})",
           "maximum",
           {"1e400", "9e399"},
           {"1e401", "1.0000000000000000000001e400"}},
          {R"({"exclusiveMinimum":0})", "exclusiveMinimum", {"1e-400"}, {"0", "-0.0"}},
          {R"({"exclusiveMaximum":12345678901234567890})",
           "exclusiveMaximum",
           {"12345678901234567889"},
           {"12345678901234567890"}},
          {R"({"multipleOf":0.1})", "multipleOf", {"0.3", "1", "0", "-0.7"}, {"0.35"}},
          {R"({"multipleOf":0.01})", "multipleOf", {"19.99", "4.35"}, {"0.0075"}},
          {R"({"type":"integer","multipleOf":3})", "multipleOf", {"3", "9e0", "-6"}, {"4"}},
      },
      Draft::draft_2020_12
  );
}

TEST_CASE("strings: lengths count characters, patterns are not anchored") {
  run(
      {
          {R"({"minLength":2})",
           "minLength",
           {"\"ab\"", "\"\xc3\xa9\xc3\xa9\"", "1"},
           {"\"a\"", "\"\xf0\x9f\x90\xb2\""}},
          {R"({"maxLength":2.0})",
           "maxLength",
           {"\"\xf0\x9f\x90\xb2\xf0\x9f\x90\xb2\""},
           {"\"abc\""}},
          {R"({"pattern":"^\\d{4}$"})", "pattern", {"\"2024\"", "2"}, {"\"20245\"", "\"2024\\n\""}},
          {R"({"pattern":"b"})", "pattern", {"\"abc\""}, {"\"ac\""}},
          {R"({"format":"date"})", "format", {"\"2024-02-29\"", "1"}, {"\"2023-02-29\""}},
          {R"({"format":"our-own"})", "", {"\"anything\""}, {}},
          {R"({"contentEncoding":"base64","title":"x","x-unknown":{"type":1}})", "", {"\"%\""}, {}},
      },
      Draft::draft_2020_12
  );
}

TEST_CASE("lists: items, prefixItems, contains, lengths, uniqueItems") {
  run(
      {
          {R"({"items":{"type":"integer"}})", "type", {"[]", "[1,2]", "{}"}, {"[1,\"x\"]"}},
          {R"({"prefixItems":[{"type":"integer"},{"type":"string"}]})",
           "type",
           {"[]", "[1]", "[1,\"a\",null]"},
           {"[\"a\"]", "[1,2]"}},
          {R"({"prefixItems":[true],"items":false})", "items", {"[]", "[1]"}, {"[1,2]"}},
          {R"({"minItems":1})", "minItems", {"[1]", "\"\""}, {"[]"}},
          {R"({"maxItems":1})", "maxItems", {"[]", "[1]"}, {"[1,2]"}},
          {R"({"contains":{"const":1}})", "contains", {"[1]", "[0,1]", "3"}, {"[]", "[2]"}},
          {R"({"contains":{"const":1},"minContains":2,"maxContains":3})",
           "minContains",
           {"[1,1]", "[1,1,1,2]"},
           {"[1]"}},
          {R"({"contains":{"const":1},"maxContains":1})", "maxContains", {"[1]"}, {"[1,1]"}},
          {R"({"contains":false,"minContains":0})", "", {"[]", "[1]"}, {}},
          {R"({"minContains":5})", "", {"[]"}, {}},
          {R"({"uniqueItems":true})",
           "uniqueItems",
           {"[1,true,\"1\",[1],{\"a\":1}]", "[0,false,null,\"\"]"},
           {"[1,1.0]", R"([{"a":1,"b":2},{"b":2,"a":1}])", "[[1],[1]]"}},
          {R"({"uniqueItems":false})", "", {"[1,1]"}, {}},
          {R"({"prefixItems":[true],"contains":{"type":"string"},"unevaluatedItems":false})",
           "unevaluatedItems",
           {"[\"a\"]", "[1,\"a\"]"},
           {"[\"x\",2]"}},
          {R"({"allOf":[{"prefixItems":[true]}],"unevaluatedItems":{"type":"integer"}})",
           "type",
           {"[\"a\",1]"},
           {"[\"a\",\"b\"]"}},
          {R"({"if":{"prefixItems":[{"const":1}]},"then":{"items":true},"unevaluatedItems":false})",
           "unevaluatedItems",
           {"[1,2,3]"},
           {"[2]"}},
      },
      Draft::draft_2020_12
  );
}

TEST_CASE("objects: properties, names, dependencies, counts") {
  run(
      {
          {R"({"properties":{"a":{"type":"integer"}}})",
           "type",
           {"{}", R"({"a":1,"b":"x"})", "[]"},
           {R"({"a":"x"})"}},
          {R"({"properties":{"a":true},"additionalProperties":false})",
           "additionalProperties",
           {"{}", R"({"a":1})"},
           {R"({"b":1})"}},
          {R"({"properties":{"a":true},"patternProperties":{"^x-":{"type":"string"}},"additionalProperties":{"type":"integer"}})",
           "type",
           {R"({"a":null,"x-b":"s","c":1})"},
           {R"({"x-b":1})", R"({"c":"s"})"}},
          {R"({"patternProperties":{"a":{"minimum":1},"b":{"minimum":2}}})",
           "minimum",
           {R"({"ab":2})"},
           {R"({"ab":1})"}},
          {R"({"propertyNames":{"maxLength":2}})", "maxLength", {R"({"ab":1})"}, {R"({"abc":1})"}},
          {R"({"propertyNames":{"pattern":"^[a-z]+$"}})", "pattern", {"{}"}, {R"({"A":1})"}},
          {R"({"required":["a","b"]})",
           "required",
           {R"({"b":1,"a":2})", "1"},
           {"{}", R"({"a":1})"}},
          {R"({"minProperties":1})", "minProperties", {R"({"a":1})"}, {"{}"}},
          {R"({"maxProperties":1})", "maxProperties", {"{}"}, {R"({"a":1,"b":2})"}},
          {R"({"dependentRequired":{"a":["b"]}})",
           "dependentRequired",
           {"{}", R"({"b":1})", R"({"a":1,"b":2})"},
           {R"({"a":1})"}},
          {R"({"dependentSchemas":{"a":{"required":["c"]}}})",
           "required",
           {R"({"b":1})", R"({"a":1,"c":1})"},
           {R"({"a":1})"}},
          {R"({"dependencies":{"a":["b"],"c":{"maxProperties":1}}})",
           "dependencies",
           {R"({"c":1})", R"({"a":1,"b":1})"},
           {R"({"a":1})"}},
          {R"({"properties":{"constructor":{"type":"number"}}})",
           "type",
           {"{}"},
           {R"({"constructor":"x"})"}},
          {R"({"unevaluatedProperties":false,"allOf":[{"properties":{"a":true}}],"properties":{"b":true}})",
           "unevaluatedProperties",
           {R"({"a":1,"b":2})"},
           {R"({"a":1,"c":2})"}},
          {R"({"unevaluatedProperties":false,"anyOf":[{"properties":{"a":{"const":1}},"required":["a"]},{"properties":{"b":true}}]})",
           "unevaluatedProperties",
           {R"({"a":1,"b":2})", R"({"b":2})"},
           {R"({"a":2})"}},
          {R"({"unevaluatedProperties":{"type":"integer"},"$ref":"#/$defs/x","$defs":{"x":{"properties":{"a":true}}}})",
           "type",
           {R"({"a":"s","b":1})"},
           {R"({"b":"s"})"}},
          {R"({"unevaluatedProperties":false,"anyOf":[{"properties":{"a":true},"minProperties":2},true]})",
           "unevaluatedProperties",
           {"{}", R"({})"},
           {R"({"a":1})"}},
          {R"({"unevaluatedProperties":false,"not":{"properties":{"a":{"const":1}},"required":["a"]}})",
           "unevaluatedProperties",
           {"{}"},
           {R"({"a":2})"}},
          {R"({"properties":{"p":{"properties":{"a":true},"unevaluatedProperties":false}}})",
           "unevaluatedProperties",
           {R"({"p":{"a":1},"q":2})"},
           {R"({"p":{"b":1}})"}},
      },
      Draft::draft_2020_12
  );
}

TEST_CASE("logic: allOf, anyOf, oneOf, not, if") {
  run(
      {
          {R"({"allOf":[{"minimum":1},{"maximum":3}]})", "maximum", {"2"}, {"4"}},
          {R"({"anyOf":[{"type":"string"},{"minimum":5}]})",
           "anyOf",
           {"\"x\"", "5", "null"},
           {"4"}},
          {R"({"oneOf":[{"multipleOf":2},{"multipleOf":3}]})", "oneOf", {"2", "9"}, {"6", "5"}},
          {R"({"not":{"type":"string"}})", "not", {"1"}, {"\"x\""}},
          {R"({"not":{"not":{"type":"string"}}})", "not", {"\"x\""}, {"1"}},
          {R"({"if":{"minimum":10},"then":{"multipleOf":10},"else":{"type":"integer"}})",
           "multipleOf",
           {"20", "3"},
           {"25"}},
          {R"({"if":{"minimum":10},"else":{"type":"integer"}})", "type", {"10.5", "3"}, {"3.5"}},
          {R"({"then":false,"else":false})", "", {"1"}, {}},
          {R"({"oneOf":[{"properties":{"kind":{"const":"a"}},"required":["kind"]},{"properties":{"kind":{"const":"b"}},"required":["kind"]}]})",
           "oneOf",
           {R"({"kind":"a"})", R"({"kind":"b"})"},
           {R"({"kind":"c"})", "{}"}},
      },
      Draft::draft_2020_12
  );
}

TEST_CASE("references: local, anchored, identified, recursive and dynamic") {
  run(
      {
          {R"({"$ref":"#/$defs/a","$defs":{"a":{"type":"integer"}}})", "type", {"1"}, {"\"x\""}},
          {R"({"$ref":"#/definitions/a","definitions":{"a":{"type":"integer"}}})",
           "type",
           {"1"},
           {"\"x\""}},
          {R"({"$ref":"#/$defs/a","maximum":5,"$defs":{"a":{"type":"integer"}}})",
           "maximum",
           {"5"},
           {"6"}},
          {R"({"$ref":"#here","$defs":{"a":{"$anchor":"here","type":"integer"}}})",
           "type",
           {"1"},
           {"\"x\""}},
          {R"({"$id":"https://example.com/root","$ref":"part","$defs":{"a":{"$id":"part","type":"integer"}}})",
           "type",
           {"1"},
           {"\"x\""}},
          {R"({"$id":"https://example.com/root","$ref":"/part#/$defs/b","$defs":{"a":{"$id":"/part","$defs":{"b":{"type":"integer"}}}}})",
           "type",
           {"1"},
           {"\"x\""}},
          {R"({"$id":"urn:example:root","$ref":"urn:example:root#/$defs/a","$defs":{"a":{"type":"integer"}}})",
           "type",
           {"1"},
           {"\"x\""}},
          {R"({"$ref":"#/$defs/a~1b~0c%20d","$defs":{"a/b~c d":{"type":"integer"}}})",
           "type",
           {"1"},
           {"\"x\""}},
          {R"({"$ref":"#/x-own/0","x-own":[{"type":"integer"}]})", "type", {"1"}, {"\"x\""}},
          {R"({"properties":{"next":{"$ref":"#"}},"additionalProperties":false})",
           "additionalProperties",
           {R"({"next":{"next":{}}})"},
           {R"({"next":{"nxt":{}}})"}},
          {R"({"$defs":{"node":{"type":"object","properties":{"kids":{"type":"array","items":{"$ref":"#/$defs/node"}}}}},"$ref":"#/$defs/node"})",
           "type",
           {R"({"kids":[{"kids":[]}]})"},
           {R"({"kids":[{"kids":[1]}]})"}},
          {R"({"$id":"https://example.com/strict","$dynamicAnchor":"node","$ref":"tree","unevaluatedProperties":false,
          "$defs":{"t":{"$id":"tree","$dynamicAnchor":"node","properties":{"kids":{"items":{"$dynamicRef":"#node"}}}}}})",
           "unevaluatedProperties",
           {R"({"kids":[{"kids":[]}]})"},
           {R"({"kids":[{"kid":[]}]})"}},
          {R"({"$dynamicRef":"#a","$defs":{"a":{"$anchor":"a","type":"integer"}}})",
           "type",
           {"1"},
           {"\"x\""}},
          {R"({"properties":{"$ref":{"type":"integer"}}})",
           "type",
           {R"({"$ref":1})"},
           {R"({"$ref":"x"})"}},
          {R"({"enum":[{"$ref":"#/nowhere"}]})", "enum", {R"({"$ref":"#/nowhere"})"}, {"1"}},
      },
      Draft::draft_2020_12
  );
}

TEST_CASE("draft 7 keeps its own keywords") {
  run(
      {
          {R"({"items":[{"type":"integer"}],"additionalItems":{"type":"string"}})",
           "type",
           {"[]", "[1,\"a\"]"},
           {"[\"a\"]", "[1,2]"}},
          {R"({"items":{"type":"integer"},"additionalItems":false})",
           "type",
           {"[1,2,3]"},
           {"[\"a\"]"}},
          {R"({"items":[true],"additionalItems":false})", "additionalItems", {"[1]"}, {"[1,2]"}},
          {R"({"dependencies":{"a":["b"]}})", "dependencies", {"{}"}, {R"({"a":1})"}},
          {R"({"dependencies":{"a":false}})", "false", {R"({"b":1})"}, {R"({"a":1})"}},
          {R"({"dependentRequired":{"a":["b"]},"prefixItems":[false],"unevaluatedProperties":false})",
           "",
           {R"({"a":1})", "[1]"},
           {}},
          {R"({"$ref":"#/definitions/a","maximum":1,"definitions":{"a":{"type":"integer"}}})",
           "type",
           {"5"},
           {"\"x\""}},
          {R"({"allOf":[{"$ref":"#here"}],"definitions":{"a":{"$id":"#here","type":"integer"}}})",
           "type",
           {"1"},
           {"\"x\""}},
          {R"({"contains":{"const":1}})", "contains", {"[1]"}, {"[]"}},
          {R"({"if":{"const":1},"then":false})", "then", {"2"}, {"1"}},
          {R"({"$schema":"https://json-schema.org/draft/2020-12/schema","prefixItems":[{"type":"integer"}]})",
           "type",
           {"[1]"},
           {"[\"a\"]"}},
      },
      Draft::draft_7
  );
}

TEST_CASE("draft 2019-09 keeps its own keywords") {
  run(
      {
          {R"({"items":[true],"additionalItems":false})", "additionalItems", {"[1]"}, {"[1,2]"}},
          {R"({"prefixItems":[false]})", "", {"[1]"}, {}},
          {R"({"dependentRequired":{"a":["b"]}})", "dependentRequired", {"{}"}, {R"({"a":1})"}},
          {R"({"contains":{"const":1},"maxContains":1})", "maxContains", {"[1]"}, {"[1,1]"}},
          {R"({"contains":{"const":1},"unevaluatedItems":false})", "unevaluatedItems", {}, {"[1]"}},
          {R"({"properties":{"next":{"$recursiveRef":"#"}},"additionalProperties":false})",
           "additionalProperties",
           {R"({"next":{}})"},
           {R"({"next":{"x":1}})"}},
          {R"({"$id":"https://example.com/strict","$recursiveAnchor":true,"$ref":"tree","unevaluatedProperties":false,
          "$defs":{"t":{"$id":"tree","$recursiveAnchor":true,"properties":{"kids":{"items":{"$recursiveRef":"#"}}}}}})",
           "unevaluatedProperties",
           {R"({"kids":[{"kids":[]}]})"},
           {R"({"kids":[{"kid":[]}]})"}},
          {R"({"$ref":"#/$defs/a","maximum":1,"$defs":{"a":{"type":"integer"}}})",
           "maximum",
           {"1"},
           {"5"}},
      },
      Draft::draft_2019_09
  );
}
