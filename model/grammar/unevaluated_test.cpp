// unevaluatedProperties and unevaluatedItems: what no schema that holds speaks of.
#include <catch2/catch.hpp>

#include "model/grammar/schema_check.h"

namespace hob::grammar {
namespace {

using testing::check;

TEST_CASE("unevaluatedProperties: members that no schema which holds speaks of") {
  check(R"({"type":"object","allOf":[{"properties":{"a":{}}}],"properties":{"b":{}},"unevaluatedProperties":false})",
        {"{}", R"({"b":1,"a":2})"}, {R"({"c":1})"});
  check(R"({"type":"object","unevaluatedProperties":{"type":"null"},"anyOf":[{"properties":{"a":{"const":1}},"required":["a"]},
            {"properties":{"b":{"const":2}},"required":["b"]}]})",
        {R"({"a":1})", R"({"a":1,"b":2})", R"({"b":2,"a":null})", R"({"b":2,"c":null})"}, {"{}", R"({"a":1,"b":3})", R"({"b":2,"a":2})", R"({"a":1,"c":1})"});
  check(R"({"type":"object","unevaluatedProperties":false,"if":{"properties":{"a":{"const":1}},"required":["a"]},
            "then":{"properties":{"b":{}}},"else":{"properties":{"c":{}}}})",
        {R"({"a":1,"b":2})", R"({"c":2})", "{}"}, {R"({"a":1,"c":2})", R"({"b":2})", R"({"a":2})", R"({"a":2,"c":1})"});
  check(R"({"type":"object","unevaluatedProperties":false,"if":{"properties":{"a":{"const":1}},"required":["a"]}})", {R"({"a":1})", "{}"},
        {R"({"a":2})", R"({"b":1})"});
  check(R"({"type":"object","not":{"not":{"properties":{"a":{}}}},"unevaluatedProperties":false})", {"{}"}, {R"({"a":1})"});
  check(R"({"type":"object","$ref":"#/$defs/base","properties":{"b":{}},"unevaluatedProperties":false,
            "$defs":{"base":{"patternProperties":{"^a":{"type":"integer"}}}}})", {R"({"a1":1,"b":"x"})"}, {R"({"a1":"x"})", R"({"c":1})"});
  check(R"({"type":"object","allOf":[{"properties":{"a":{}},"unevaluatedProperties":false}],"properties":{"b":{}}})", {R"({"a":1})"},
        {R"({"b":1})"});
  check(R"({"type":"object","dependentSchemas":{"a":{"properties":{"b":{}}}},"properties":{"a":{}},"unevaluatedProperties":false})",
        {R"({"a":1,"b":2})", "{}"}, {R"({"b":2})"});
  check(R"({"$schema":"http://json-schema.org/draft-07/schema#","type":"object","unevaluatedProperties":false})", {R"({"b":2})"}, {"1"});
}

TEST_CASE("unevaluatedItems: items that no schema which holds speaks of") {
  check(R"({"type":"array","prefixItems":[{}],"allOf":[{"prefixItems":[true,{"type":"integer"}]}],"unevaluatedItems":false})",
        {"[]", "[1,2]"}, {"[1,2,3]", "[1,null]"});
  check(R"({"type":"array","anyOf":[{"prefixItems":[{"const":1}]},{"prefixItems":[true,{"const":2}]}],"unevaluatedItems":{"type":"null"}})",
        {"[1]", "[1,2]", "[5,2]", "[1,null]", "[]", "[1,2,null]"}, {"[1,3]", "[5,3]", "[5,2,7]"});
  check(R"({"type":"array","contains":{"type":"string"},"unevaluatedItems":{"type":"integer"}})", {R"(["a",1])", R"([2,"b","c"])"},
        {"[1]", R"(["a",null])"});
  check(R"({"type":"array","allOf":[{"items":true}],"unevaluatedItems":false})", {"[1,2]"}, {"1"});
  check(R"({"type":"array","if":{"contains":{"const":"a"}},"then":{"if":{"contains":{"const":"b"}},"then":{"if":{"contains":{"const":"c"}}}},
            "unevaluatedItems":false})", {"[]", R"(["a","a"])", R"(["a","b","a"])", R"(["c","a","b"])"},
        {R"(["b"])", R"(["c"])", R"(["a","c"])", R"(["b","c"])", R"(["a","b","x"])"});
}

}  // namespace
}  // namespace hob::grammar
