// References inside a document: what $id, $anchor, $dynamicAnchor and pointers name, and what is not followed.
#include <catch2/catch.hpp>

#include "model/grammar/schema_check.h"
#include "model/grammar/schema_uri.h"

namespace hob::grammar {
namespace {

using testing::check;
using testing::compile;

TEST_CASE("relative references are resolved as RFC 3986 says") {
  const std::pair<const char*, const char*> kCases[] = {
      {"g", "http://a/b/c/g"},       {"./g", "http://a/b/c/g"},     {"g/", "http://a/b/c/g/"},   {"/g", "http://a/g"},
      {"//g", "http://g"},           {"?y", "http://a/b/c/d;p?y"},  {"g?y", "http://a/b/c/g?y"}, {"#s", "http://a/b/c/d;p?q#s"},
      {"g#s", "http://a/b/c/g#s"},   {"", "http://a/b/c/d;p?q"},    {".", "http://a/b/c/"},      {"..", "http://a/b/"},
      {"../g", "http://a/b/g"},      {"../..", "http://a/"},        {"../../g", "http://a/g"},   {"../../../g", "http://a/g"},
      {"g;x=1/../y", "http://a/b/c/y"}, {"urn:x:y", "urn:x:y"},     {"http://h/../p", "http://h/p"},
  };
  for (const auto& [reference, whole] : kCases) {
    INFO(reference);
    CHECK(resolve_uri("http://a/b/c/d;p?q", reference) == whole);
  }
  CHECK(resolve_uri("", "a.json#x") == "a.json#x");
  CHECK(resolve_uri("a/b", "c") == "a/c");
  CHECK(resolve_uri("urn:uuid:1", "#x") == "urn:uuid:1#x");
  CHECK(without_fragment("urn:uuid:1#x") == "urn:uuid:1");
}

TEST_CASE("a schema inside with an $id is a document of its own") {
  check(R"({"type":"object","properties":{"a":{"$ref":"#/$defs/n"},"b":{"$id":"http://x/inner","type":"string"}},
            "$defs":{"n":{"type":"null"}}})", {R"({"a":null,"b":"x"})"}, {R"({"a":1})", R"({"b":null})"});
  check(R"({"items":{"$id":"http://x/inner","$defs":{"a":{"type":"null"}},"type":"array","items":{"$ref":"#/$defs/a"}},
            "$defs":{"a":{"type":"integer"}},"type":"array"})", {"[[null]]"}, {"[[1]]"});
  check(R"({"$id":"http://x/root.json","type":"array","prefixItems":[{"$ref":"inner.json"},{"$ref":"/inner.json#/$defs/t"},
            {"$ref":"http://x/inner.json#here"},{"$ref":"root.json#/$defs/n"}],
            "$defs":{"n":{"type":"null"},"i":{"$id":"inner.json","type":"integer","$defs":{"t":{"type":"string"},"h":{"$anchor":"here","type":"boolean"}}}}})",
        {R"([1,"a",true,null])"}, {R"(["a"])", "[1,1]", R"([1,"a",1])", R"([1,"a",true,1])"});
  check(R"({"$id":"urn:uuid:deadbeef-1234","properties":{"foo":{"$ref":"urn:uuid:deadbeef-1234#/$defs/bar"}},"type":"object",
            "$defs":{"bar":{"type":"string"}}})", {R"({"foo":"x"})"}, {R"({"foo":1})"});
  check(R"({"$defs":{"a":{"enum":[{"$id":"http://x/e","type":"null"}]},"b":{"$id":"http://x/e","type":"string"}},"$ref":"http://x/e"})",
        {"\"x\""}, {"null", R"({"$id":"http://x/e","type":"null"})"});
  check(R"({"type":"array","items":{"$ref":"#/unknown/0"},"unknown":[{"$ref":"#/$defs/n"}],"$defs":{"n":{"type":"null"}}})", {"[null]"}, {"[1]"});
}

TEST_CASE("the older drafts: $id with a fragment is an anchor, and nothing counts beside $ref") {
  const std::string draft = R"({"$schema":"http://json-schema.org/draft-07/schema#",)";
  check(draft + R"("definitions":{"a":{"$id":"#foo","type":"integer"}},"allOf":[{"$ref":"#foo"}]})", {"1"}, {"\"x\""});
  check(draft + R"("$id":"http://localhost/base/","definitions":{"foo":{"$id":"http://localhost/base/foo.json","type":"string"},
            "x":{"$id":"http://localhost/foo.json","type":"number"}},"allOf":[{"$id":"http://localhost/","$ref":"foo.json"}]})",
        {"\"a\""}, {"1"});
}

TEST_CASE("before draft 6 an $id is an id") {
  check(R"({"$schema":"http://json-schema.org/draft-04/schema#","id":"http://x/a","definitions":{"b":{"id":"b","type":"null"},"c":{"id":"#c"}},
            "type":"array","items":{"anyOf":[{"$ref":"b"},{"allOf":[{"$ref":"#c"},{"type":"integer"}]}]}})", {"[null,1]"}, {R"(["x"])"});
}

TEST_CASE("a dynamic reference means the first schema with the anchor that was met on the way") {
  check(R"({"$id":"http://x/strict","$dynamicAnchor":"node","$ref":"tree","unevaluatedX":false,"required":["data"],
            "$defs":{"tree":{"$id":"tree","$dynamicAnchor":"node","type":"object","properties":{"data":true,
            "children":{"type":"array","items":{"$dynamicRef":"#node"}}}}}})",
        {R"({"data":1,"children":[{"data":2}]})"}, {R"({"data":1,"children":[{}]})", "{}"});
  check(R"({"$id":"http://x/r","type":"array","items":{"$dynamicRef":"#items"},"$defs":{"foo":{"$dynamicAnchor":"items","type":"string"}}})",
        {R"(["a"])"}, {"[1]"});
  check(R"({"type":"array","items":{"$dynamicRef":"#/$defs/n"},"$defs":{"n":{"$anchor":"n","type":"null"}}})", {"[null]"}, {"[1]"});
  check(R"({"$recursiveAnchor":true,"type":"object","additionalProperties":{"$recursiveRef":"#"}})", {R"({"a":{"b":{}}})"}, {R"({"a":1})"});
  // One list, met on two ways.
  check(R"({"$id":"http://x/main","type":"object","properties":{"n":{"$ref":"numbers"},"t":{"$ref":"texts"},"any":{"$ref":"list"}},
            "$defs":{"list":{"$id":"list","type":"array","items":{"$dynamicRef":"#item"},"$defs":{"d":{"$dynamicAnchor":"item","type":"boolean"}}},
            "numbers":{"$id":"numbers","$ref":"list","$defs":{"i":{"$dynamicAnchor":"item","type":"integer"}}},
            "texts":{"$id":"texts","$ref":"list","$defs":{"i":{"$dynamicAnchor":"item","type":"string"}}}}})",
        {R"({"n":[1],"t":["a"],"any":[true]})"}, {R"({"n":["a"]})", R"({"n":[true]})", R"({"t":[1]})", R"({"any":[1]})", R"({"any":["a"]})"});
  // What is met first stays, however deep; what is left again is not met.
  check(R"({"$id":"http://x/main","$ref":"outer","$defs":{
            "outer":{"$id":"outer","$dynamicAnchor":"n","type":"object","properties":{"v":{"type":"integer"},"next":{"$ref":"inner"}},"required":["v"]},
            "inner":{"$id":"inner","$dynamicAnchor":"n","type":"object","properties":{"w":{"type":"null"},"deep":{"$dynamicRef":"#n"}}}}})",
        {R"({"v":1,"next":{"w":null,"deep":{"v":2,"next":{"deep":{"v":3}}}}})"}, {R"({"v":1,"next":{"deep":{"w":null}}})", R"({"v":1,"next":{"w":1}})"});
  check(R"({"$id":"http://x/main","if":{"$id":"first","$defs":{"t":{"$dynamicAnchor":"t","type":"number"}}},
            "then":{"$id":"second","$ref":"start","$defs":{"t":{"$dynamicAnchor":"t","type":"null"}}},
            "$defs":{"s":{"$id":"start","$dynamicRef":"inside#t"},"i":{"$id":"inside","$dynamicAnchor":"t","type":"string"}}})",
        {"null"}, {"1", "\"a\""});
  check(R"({"$id":"http://x/main","not":{"$ref":"two"},"$defs":{"two":{"$id":"two","$ref":"one","$defs":{"t":{"$dynamicAnchor":"t","const":1}}},
            "one":{"$id":"one","$dynamicRef":"#t","$defs":{"t":{"$dynamicAnchor":"t","type":"string"}}}}})", {"2", "\"a\""}, {"1"});
  check(R"({"$ref":"one","$defs":{"one":{"$id":"one","$recursiveAnchor":true,"type":"array","items":{"$recursiveRef":"#"}},
            "two":{"$id":"two","$recursiveAnchor":true}}})", {"[[]]"}, {"[1]"});
  check(R"({"type":"object","properties":{"a":{"$ref":"one"},"b":{"$ref":"two"}},"$defs":{
            "one":{"$id":"one","$recursiveAnchor":true,"anyOf":[{"type":"integer"},{"type":"array","items":{"$recursiveRef":"#"}}]},
            "two":{"$id":"two","$recursiveAnchor":true,"anyOf":[{"type":"null"},{"$ref":"one"}]}}})",
        {R"({"a":[[1]],"b":[[null,1]]})"}, {R"({"a":[null]})", R"({"b":["x"]})"});
}

TEST_CASE("what cannot be followed is refused with the reference") {
  const std::pair<const char*, const char*> kCases[] = {
      {R"({"$ref":"http://x/elsewhere"})", "$ref"},
      {R"({"$id":"http://x/a","$ref":"b#/c"})", "$ref"},
      {R"({"$ref":"#/$defs/%4"})", "$ref"},
      {R"({"$ref":"#nowhere"})", "$ref"},
      {R"({"$ref":1})", "$ref"},
      {R"({"$recursiveRef":"#"})", "$ref"},
      {R"({"$id":"http://x/r","$ref":"two","$defs":{"one":{"$id":"one","$dynamicAnchor":"n","$dynamicRef":"#n"},
          "two":{"$id":"two","$dynamicAnchor":"n","$ref":"one"}}})", "$ref"},
  };
  for (const auto& [schema, keyword] : kCases) {
    INFO(schema);
    auto compiled = compile(schema);
    REQUIRE_FALSE(compiled.ok());
    CHECK(compiled.error().code() == Code::schema_unsupported);
    CHECK(compiled.error().data()["keyword"] == keyword);
  }
}

}  // namespace
}  // namespace hob::grammar
