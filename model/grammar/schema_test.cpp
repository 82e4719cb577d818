#include "model/grammar/schema.h"

#include <catch2/catch.hpp>

#include "model/grammar/schema_check.h"

namespace hob::grammar {
namespace {

using testing::accepts;
using testing::check;
using testing::Compiled;
using testing::compile;

TEST_CASE("any JSON value fits the empty schema, and nothing that is not JSON") {
  for (const char* schema : {"{}", "true", R"({"title":"x","description":"y","examples":[1],"x-own":3})"}) {
    check(schema,
          {"null", "true", "-0.5e1", R"("a\"\u00e9\ud83d\ude00\/")", "[]", "{}", R"({"a":[1,{"b":null}],"":""})", "[ 1 , 2 ]",
           "{\n  \"a\": 1\n}", " 1 ", "\"\xC3\xA9\xE6\x97\xA5\xF0\x9F\x98\x8A\""},
          {"", "nul", "[1,]", "{\"a\":1,}", "{,}", "{\"a\":1,\"a\":2}", R"({"a":1,"\u0061":2})", "\"\n\"", R"("\x")",
           R"("\ud83d")", R"("\ude00")", R"("\ud83dx")", "\"\xC3\"", "\"\x80\"", "'a'", "1 2", "[1 2]", "   1", "+1",
           "{a:1}", "NaN"});
  }
}

TEST_CASE("white space is bounded") {
  const Compiled any = *compile("{}");
  CHECK(accepts(any, "[\n" + std::string(40, ' ') + "1]"));
  CHECK(accepts(any, "{\r\n\t\"a\" :\t1\r\n}\n"));
  CHECK_FALSE(accepts(any, "[" + std::string(20, ' ') + "1]"));
  CHECK_FALSE(accepts(any, "[\n" + std::string(200, ' ') + "1]"));
  CHECK_FALSE(accepts(any, "[\n\n\n1]"));
}

TEST_CASE("objects: declared keys in any order, required ones, others by additionalProperties") {
  check(R"({"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"string"}},"required":["a"],
            "additionalProperties":false})",
        {R"({"a":1})", R"({"b":"x","a":1})", R"({"a":1, "b": ""})", R"({"\u0061":1})"},
        {"{}", R"({"b":"x"})", R"({"a":"x"})", R"({"a":1,"c":2})", R"({"a":1,"a":1})", R"({"a":1,"\u0061":1})", R"({"ab":1})",
         "[]", R"({"\u0062":"x"})"});
  check(R"({"type":"object","properties":{"ab":{"type":"integer"}},"additionalProperties":{"type":"boolean"}})",
        {"{}", R"({"ab":1,"a":true,"abc":false})", R"({"x":true,"ab":2})"},
        {R"({"ab":true})", R"({"a":1})", R"({"x":true,"x":true})", R"({"abc":1})"});
  check(R"({"type":"object","properties":{"a":{}},"minProperties":2,"maxProperties":3,"required":["a"]})",
        {R"({"a":1,"b":2})", R"({"c":1,"b":2,"a":1})"}, {R"({"a":1})", R"({"b":1,"c":2,"d":3})", R"({"a":1,"b":1,"c":1,"d":1})"});
  check(R"({"type":"object","properties":{"a":false,"b":{}}})", {"{}", R"({"b":1})", R"({"c":1})"}, {R"({"a":1})"});
  check(R"({"type":"object","required":["k"],"additionalProperties":{"type":"integer"}})", {R"({"k":1})", R"({"x":2,"k":1})"},
        {"{}", R"({"k":"a"})", R"({"x":1})"});
}

TEST_CASE("more than sixty-four keys are remembered") {
  std::string schema = R"({"type":"object","additionalProperties":false,"required":["k99"],"properties":{)", text = "{";
  for (int i = 0; i < 100; ++i) {
    schema += (i ? ",\"k" : "\"k") + std::to_string(i) + "\":{\"type\":\"integer\"}";
    text += (i ? ",\"k" : "\"k") + std::to_string(99 - i) + "\":1";
  }
  const Compiled compiled = *compile(schema + "}}");
  CHECK(accepts(compiled, text + "}"));
  CHECK_FALSE(accepts(compiled, text + ",\"k5\":1}"));
}

TEST_CASE("arrays: items, prefixItems, counts") {
  check(R"({"type":"array","items":{"type":"integer"},"minItems":1,"maxItems":3})", {"[1]", "[1,2,3]", "[ 1, 2 ]"},
        {"[]", "[1,2,3,4]", "[\"a\"]", "[1,]", "[,1]"});
  check(R"({"prefixItems":[{"type":"integer"},{"type":"string"}],"items":false,"type":"array"})",
        {"[]", "[1]", "[1,\"a\"]"}, {"[\"a\"]", "[1,2]", "[1,\"a\",3]"});
  check(R"({"type":"array","items":[{"const":1}],"additionalItems":{"const":2}})", {"[1,2,2]", "[]", "[1]"}, {"[2]", "[1,1]"});
  check(R"({"type":"array","maxItems":0})", {"[]"}, {"[1]"});
  check(R"({"type":"array","items":{"type":"null"},"minItems":1000,"maxItems":1000})", {}, {"[null]"});
}

TEST_CASE("strings: lengths count code points, escapes count as what they stand for") {
  check(R"({"type":"string","minLength":2,"maxLength":3})",
        {R"("ab")", R"("abc")", "\"\xE6\x97\xA5\xE6\x9C\xAC\"", R"("\ud83d\ude00\u0041")", R"("\n\\x")"},
        {R"("a")", R"("abcd")", "\"\"", R"("\ud83d\ude00")", "\"\xF0\x9F\x98\x8A\""});
  check(R"({"type":"string","maxLength":0})", {"\"\""}, {"\"a\"", R"("\n")"});
}

TEST_CASE("enum and const: every legal spelling of the value, and no other value") {
  check(R"({"enum":["red","reddish","gr\u00e9en","a/b",1,2.5,null,true,[1,{"k":"v"}],{"a":1,"b":[]}]})",
        {R"("red")", R"("reddish")", "\"gr\xC3\xA9""en\"", R"("gr\u00E9en")", R"("\u0072ed")", R"("a\/b")", "1", "1.0", "10e-1",
         "2.5", "25e-1", "null", "true", R"([1,{"k":"v"}])", R"([ 1.0, {"k" : "\u0076"} ])", R"({"b":[],"a":1})"},
        {R"("re")", R"("blue")", R"("redd")", "2", "false", "[1]", R"({"a":1})", "[]", R"({"a":1,"b":[],"c":1})", R"("\u0062")",
         "12", "2.50001", "11"});
  check(R"({"const":"x","type":["string","null"]})", {R"("x")"}, {"null", R"("y")"});
  check(R"({"enum":["a","bbb",5,50],"maxLength":2,"maximum":9})", {R"("a")", "5"}, {R"("bbb")", "50"});
  check(R"({"enum":["\ud83d\ude00"]})", {R"("\ud83d\uDE00")", "\"\xF0\x9F\x98\x80\""}, {R"("\ud83d\ude01")", R"("\ud83d")"});
}

TEST_CASE("unions: types, anyOf, and what must hold together") {
  check(R"({"type":["integer","null"],"minimum":0})", {"0", "7", "null"}, {"-1", "\"a\"", "1.5"});
  check(R"({"anyOf":[{"type":"object","properties":{"kind":{"const":"a"},"n":{"type":"integer"}},"required":["kind","n"]},
                     {"type":"object","properties":{"kind":{"const":"b"},"n":{"type":"string"}},"required":["kind","n"]}]})",
        {R"({"kind":"a","n":1})", R"({"n":"x","kind":"b"})", R"({"n":1,"kind":"a"})"},
        {R"({"kind":"a","n":"x"})", R"({"n":"x","kind":"a"})", R"({"kind":"b"})"});
  check(R"({"allOf":[{"type":"integer"},{"minimum":3},{"maximum":5}],"exclusiveMaximum":5})", {"3", "4"}, {"2", "5", "3.5"});
  check(R"({"type":"object","allOf":[{"properties":{"a":{"type":"number"}}},{"properties":{"a":{"minimum":2}},"required":["a"]}],
            "properties":{"a":{"multipleOf":1}}})",
        {R"({"a":2})", R"({"a":3.0})"}, {R"({"a":1})", R"({"a":2.5})", "{}"});
  check(R"({"type":"integer","anyOf":[{"maximum":2},{"minimum":10}]})", {"1", "11"}, {"5", "1.5"});
  check(R"({"oneOf":[{"type":"string"},{"type":"integer","minimum":5},{"type":"integer","maximum":4},{"type":"null"}]})",
        {"\"a\"", "7", "3", "null"}, {"true", "4.5"});
  check(R"({"oneOf":[{"properties":{"t":{"const":"x"}},"required":["t"],"type":"object"},
                     {"properties":{"t":{"const":"y"}},"required":["t"],"type":"object"}]})",
        {R"({"t":"x"})", R"({"t":"y","z":1})"}, {"{}", R"({"t":"z"})"});
  check(R"({"minimum":5,"exclusiveMinimum":true,"type":"number","$schema":"http://json-schema.org/draft-04/schema#"})", {"5.1"},
        {"5"});
}

TEST_CASE("not: everything else, and nothing that fits") {
  check(R"({"not":{"type":"string"}})", {"1", "null", "[]", "{}", "true"}, {"\"a\""});
  check(R"({"not":{"type":["integer","object"]},"type":["number","null","object"]})", {"1.5", "null", "1e-1"}, {"1", "1.0", "{}", "10e-1"});
  check(R"({"type":"number","not":{"minimum":3}})", {"2", "2.999", "-1e3"}, {"3", "3.0", "4"});
  check(R"({"type":"integer","not":{"minimum":3,"maximum":5}})", {"2", "6"}, {"3", "4", "5"});
  check(R"({"not":{"minimum":3,"exclusiveMinimum":true},"type":"number"})", {"3", "2"}, {"3.1"});
  check(R"({"not":{"enum":[1,2.5,null,true,[1],{"a":1}]},"type":["number","null","boolean","array","object"]})",
        {"2", "1.1", "2.51", "false", "[]", "[2]", "[1,1]", "{}", R"({"a":2})", R"({"a":1,"b":1})", R"({"b":1})"},
        {"1", "1.0", "2.5", "25e-1", "null", "true", "[1]", "[1.0]", R"({"a":1})"});
  check(R"({"type":"string","not":{"minLength":2,"maxLength":3}})", {"\"a\"", "\"abcd\""}, {"\"ab\"", "\"abc\""});
  check(R"({"type":"array","not":{"minItems":2}})", {"[]", "[1]"}, {"[1,2]"});
  check(R"({"type":"array","not":{"prefixItems":[{"type":"integer"},{"type":"null"}]}})", {"[1,1]", "[\"a\"]", "[null,null,3]"},
        {"[]", "[1]", "[1,null]", "[1,null,3]"});
  check(R"({"type":"object","not":{"required":["a","b"]}})", {"{}", R"({"a":1})", R"({"b":1,"c":2})"}, {R"({"a":1,"b":2})"});
  check(R"({"type":"object","not":{"properties":{"a":{"type":"integer"}}}})", {R"({"a":"x"})", R"({"b":1,"a":null})"},
        {"{}", R"({"a":1})", R"({"b":1})"});
  check(R"({"type":"object","not":{"anyOf":[{"required":["a"]},{"minProperties":3}]}})", {"{}", R"({"b":1,"c":2})"},
        {R"({"a":1})", R"({"b":1,"c":2,"d":3})"});
  check(R"({"not":{"not":{"type":"integer"}}})", {"1"}, {"1.5", "\"a\""});
  check(R"({"not":{"allOf":[{"type":"integer"},{"minimum":2}]}})", {"1", "\"a\"", "2.5"}, {"2", "7"});
  check(R"({"type":"integer","not":{"oneOf":[{"minimum":2},{"maximum":5}]}})", {"2", "5"}, {"1", "6"});
  check(R"({"$defs":{"leaf":{"type":"array","items":{"$ref":"#/$defs/leaf"},"minItems":1,"maxItems":1}},"type":"array",
            "maxItems":1,"minItems":1,"items":{"type":"array"},"not":{"prefixItems":[{"minItems":1}]}})", {"[[]]"}, {"[[1]]", "[]"});
}

TEST_CASE("oneOf: exactly one, where branches overlap, too") {
  check(R"({"oneOf":[{"type":"integer"},{"type":"number","minimum":2}]})", {"1", "2.5"}, {"2", "3", "1.5", "\"a\""});
  check(R"({"type":"object","oneOf":[{"required":["a"]},{"required":["b"]},{"required":["c","d"]}]})",
        {R"({"a":1})", R"({"b":1,"c":1})", R"({"c":1,"d":1})"},
        {"{}", R"({"a":1,"b":1})", R"({"a":1,"c":1,"d":1})", R"({"c":1})", R"({"a":1,"b":2,"c":3,"d":4})"});
  check(R"({"oneOf":[{"type":"integer"},{"type":"integer"},{"type":"null"}]})", {"null"}, {"1"});
  check(R"({"oneOf":[{"multipleOf":3},{"multipleOf":5}],"type":"integer"})", {"3", "5", "-9"}, {"0", "15", "1", "30"});
}

TEST_CASE("if, then, else") {
  check(R"({"if":{"type":"integer"},"then":{"minimum":3},"else":{"type":"null"}})", {"3", "null"}, {"2", "\"a\"", "3.5"});
  check(R"({"type":"object","if":{"required":["a"]},"then":{"required":["b"]}})", {"{}", R"({"b":1})", R"({"a":1,"b":1})"},
        {R"({"a":1})"});
  check(R"({"type":"integer","if":{"maximum":5},"else":{"multipleOf":2}})", {"1", "6"}, {"7"});
  check(R"({"type":"integer","if":true,"then":{"maximum":5},"else":false})", {"1"}, {"7"});
  check(R"({"type":"integer","if":{"maximum":5}})", {"1", "7"}, {"1.5"});
}

TEST_CASE("what depends on a key that is there") {
  for (const char* keyword : {"dependentRequired", "dependencies"}) {
    check(std::string(R"({"type":"object",")") + keyword + R"(":{"a":["b","c"],"b":["d"]}})",
          {"{}", R"({"c":1})", R"({"d":1,"c":1,"b":1,"a":1})", R"({"b":1,"d":1})"},
          {R"({"a":1})", R"({"b":1})", R"({"a":1,"b":1,"c":1})", R"({"c":1,"a":1,"d":1})"});
  }
  for (const char* keyword : {"dependentSchemas", "dependencies"}) {
    check(std::string(R"({")") + keyword + R"(":{"a":{"properties":{"n":{"type":"integer"}},"minProperties":2}}})",
          {"1", "{}", R"({"n":"x"})", R"({"a":1,"n":2})", R"({"n":2,"a":1})", R"({"a":1,"z":null})"},
          {R"({"a":1})", R"({"a":1,"n":"x"})", R"({"n":"x","a":1})"});
  }
  check(R"({"type":"object","dependencies":{"a":"b"}})", {R"({"a":1,"b":2})"}, {R"({"a":1})"});
  check(R"({"type":"object","not":{"dependentRequired":{"a":["b"]}}})", {R"({"a":1})"}, {"{}", R"({"a":1,"b":1})", R"({"b":1})"});
  check(R"({"enum":[{"a":1},{"a":1,"b":2},{},3],"dependentRequired":{"a":["b"]},"not":{"const":3}})", {R"({"a":1,"b":2})", "{}"},
        {R"({"a":1})", "3"});
}

TEST_CASE("multipleOf, on decimals and exactly") {
  check(R"({"type":"number","multipleOf":0.01})", {"0", "0.1", "12.34", "-7", "1e2", "5e-2", "1.50", "0.070"},
        {"0.001", "12.345", "1e-3", "0.015"});
  check(R"({"type":"number","multipleOf":0.1,"minimum":0.25,"maximum":0.45})", {"0.3", "0.40"}, {"0.2", "0.25", "0.5", "0.31"});
  check(R"({"type":"integer","multipleOf":7,"minimum":10,"maximum":30})", {"14", "21", "28", "14.0"}, {"7", "15", "35", "10"});
  check(R"({"type":"integer","multipleOf":1.5})", {"3", "0", "-6"}, {"1.5", "1", "2", "4.5"});
  check(R"({"type":"number","allOf":[{"multipleOf":0.4},{"multipleOf":0.6}]})", {"1.2", "2.4", "0"}, {"0.4", "0.6", "1.8"});
  check(R"({"multipleOf":2,"not":{"multipleOf":3},"type":"number"})", {"2", "4", "-8", "2e0", "20"}, {"0", "6", "3", "1", "0.5", "60"});
  check(R"({"type":"number","multipleOf":12})", {"12", "120", "6e1", "3e2"}, {"6", "1e1", "18"});
  check(R"({"divisibleBy":3,"type":"number"})", {"3", "9e5"}, {"4", "1.5"});
  check(R"({"enum":[1,2,3,4.5,6],"multipleOf":1.5})", {"3", "4.5", "6"}, {"1", "2"});
  CHECK_FALSE(compile(R"({"type":"integer","multipleOf":7,"minimum":8,"maximum":13})"));
}

TEST_CASE("additionalProperties that must not hold: some other key, with a value that it refuses") {
  check(R"({"type":"object","not":{"properties":{"a":{}},"additionalProperties":false}})", {R"({"b":1})", R"({"a":1,"c":null,"d":2})"},
        {"{}", R"({"a":1})"});
  check(R"({"type":"object","properties":{"n":{"type":"integer"}},"additionalProperties":{"type":["integer","null"]},
            "not":{"additionalProperties":{"type":"integer"}}})", {R"({"x":null})", R"({"n":1,"x":3,"y":null})", R"({"y":null,"x":3})"},
        {"{}", R"({"n":1})", R"({"x":1,"y":2})", R"({"x":"a"})"});
  check(R"({"type":"object","properties":{"a":{},"b":{},"c":{}},"additionalProperties":false,
            "not":{"properties":{"a":{}},"additionalProperties":{"type":"integer"}}})",
        {R"({"b":null})", R"({"b":1,"c":"x"})", R"({"c":"x","b":1})", R"({"a":0,"b":null,"c":1})", R"({"b":1,"a":null,"c":"x"})"},
        {"{}", R"({"a":null})", R"({"b":1,"c":2})", R"({"d":null})", R"({"b":1,"a":null})"});
  check(R"({"oneOf":[{"type":"object","properties":{"foo":{"type":"string"}},"additionalProperties":false},
                     {"type":"object","properties":{"bar":{"type":"string"}},"additionalProperties":false}]})",
        {R"({"foo":""})", R"({"bar":"x"})"}, {"{}", R"({"foo":"","bar":""})", R"({"foo":1})", R"({"x":1})"});
}

TEST_CASE("contains: some items are of a kind, so many of them") {
  check(R"({"type":"array","contains":{"type":"integer"}})", {"[1]", "[null,1.0]", "[1,2]", "[[1],2]"}, {"[]", "[null]", "[1.5]", "[[1]]"});
  check(R"({"type":"array","contains":{"type":"integer"},"minContains":2,"maxContains":3})",
        {"[1,2]", "[1,null,2]", "[1,2,3,null]"}, {"[1]", "[1,null]", "[1,2,3,4]", "[1,2,3,null,4]"});
  check(R"({"type":"array","contains":{"type":"integer"},"maxContains":1})", {"[1]", "[null,1]"}, {"[]", "[1,1]", "[null]"});
  check(R"({"type":"array","contains":{"type":"integer"},"minContains":0,"maxContains":1})", {"[]", "[1]", "[null]"}, {"[1,1]"});
  check(R"({"type":"array","contains":{"const":1},"minContains":0})", {"[]", "[2]"}, {"1"});
  check(R"({"type":"array","contains":{"minimum":5},"items":{"type":"integer"},"maxItems":2})", {"[5]", "[1,7]"},
        {"[1,2]", "[\"a\"]", "[]", "[1,2,5]"});
  check(R"({"type":"array","prefixItems":[{"type":"integer"},{"type":"string"}],"items":false,"contains":{"type":"string"}})",
        {"[1,\"a\"]"}, {"[1]", "[]", "[1,\"a\",\"b\"]"});
  check(R"({"type":"array","allOf":[{"contains":{"multipleOf":2}},{"contains":{"multipleOf":3}}]})", {"[6]", "[2,3]", "[3,1,2]"},
        {"[2]", "[3]", "[1,5]"});
  check(R"({"type":"array","not":{"contains":{"type":"integer"}}})", {"[]", "[null]", "[1.5,\"a\"]"}, {"[1]", "[null,1]"});
  check(R"({"type":"array","not":{"items":{"type":"integer"}}})", {"[null]", "[1,1.5,2]"}, {"[]", "[1]", "[1,2]"});
  check(R"({"type":"array","not":{"prefixItems":[true],"items":{"type":"integer"}}})", {"[1,null]", "[null,1,1.5]"}, {"[]", "[null]", "[null,1]"});
  check(R"({"type":"array","items":{"type":"integer"},"not":{"items":{"maximum":3}},"maxItems":2})", {"[4]", "[1,5]", "[4,4]"}, {"[]", "[1,2]", "[1,2,5]"});
  check(R"({"enum":[[1],[1,2],["a"]],"contains":{"type":"integer"},"maxContains":1})", {"[1]"}, {"[1,2]", "[\"a\"]"});
  check(R"({"type":"array","contains":{"type":"null"},"maxItems":3,"allOf":[{"not":{"contains":{"type":"string"}}},{"not":{"contains":{"const":1}}}]})",
        {"[null]", "[2,null]"}, {"[1,null]", R"(["a",null])", "[2]", "[]", "[null,2,2,2]"});
  CHECK_FALSE(compile(R"({"type":"array","items":{"type":"string"},"contains":{"type":"integer"}})"));
}

TEST_CASE("references: local, recursive, anchored, beside other keywords") {
  check(R"({"$ref":"#/$defs/tree","$defs":{"tree":{"type":"object","properties":{"v":{"type":"integer"},
            "kids":{"type":"array","items":{"$ref":"#/$defs/tree"}}},"required":["v"],"additionalProperties":false}}})",
        {R"({"v":1})", R"({"v":1,"kids":[{"v":2,"kids":[]},{"v":3}]})"}, {R"({"kids":[]})", R"({"v":1,"kids":[{}]})"});
  check(R"({"definitions":{"a b/~%":{"$anchor":"x","type":"null"}},"anyOf":[{"$ref":"#/definitions/a%20b~1~0%25"},{"$ref":"#x"}]})",
        {"null"}, {"1"});
  check(R"({"$ref":"#/$defs/n","maximum":5,"$defs":{"n":{"type":"integer"}}})", {"5"}, {"6", "1.5"});
  check(R"({"$schema":"http://json-schema.org/draft-07/schema#","$ref":"#/definitions/n","maximum":5,
            "definitions":{"n":{"type":"integer"}}})", {"6"}, {"1.5"});
  check(R"({"$defs":{"a":{"anyOf":[{"$ref":"#/$defs/a"},{"type":"string"}]}},"$ref":"#/$defs/a"})", {"\"x\""}, {"1"});
  check(R"({"type":"array","items":{"anyOf":[{"type":"null"},{"$ref":"#"}]}})", {"[]", "[null,[[null]]]"}, {"[1]"});
  check(R"({"$id":"https://example.org/s","properties":{"p":{"$ref":"https://example.org/s#/$defs/n"}},
            "$defs":{"n":{"type":"null"}},"type":"object"})", {R"({"p":null})"}, {R"({"p":1})"});
}

TEST_CASE("the call dialect: bare keys, quoted strings, no white space, no undeclared arguments") {
  const char* schema = R"({"type":"object","properties":{"path":{"type":"string","maxLength":4},"n":{"type":"integer"},
      "mode":{"enum":["r","rw"]},"any":{}},"required":["path"]})";
  check(schema,
        {"{path:`a`}", "{n:1,path:`a\"{,`}", "{path:``,mode:`rw`}", "{path:`a`,any:{x:[1,`y`],z:null}}", "{path:`\n\t`}",
         "{path:`\xE6\x97\xA5`}"},
        {"{}", "{path:\"a\"}", "{path:a}", "{ path:`a`}", "{path: `a`}", "{path:`abcde`}", "{path:`a`,other:1}",
         "{path:`a`,path:`b`}", "{path:`a`,mode:`w`}", "{\"path\":`a`}", "{path:`a`,}", "{path:`\xE6`}", "{path:`a`"},
        Dialect::gemma);
  check(R"({"type":"object","properties":{"a":{}},"additionalProperties":{"type":"integer"}})",
        {"{b:1,a:`x`}", "{}", "{my-key:1}"}, {"{b:`x`}", "{:1}", "{b:1,b:2}", "{b{:1}"}, Dialect::gemma);
  // That undeclared arguments are left out does not make the branches of a oneOf exclude each other.
  check(R"({"type":"object","oneOf":[{"required":["c"]},{"properties":{"a":{"type":"null"}}}]})",
        {"{}", "{a:null}", "{c:1,a:1}"}, {"{c:1}", "{a:1}", "{c:null,a:null}"}, Dialect::gemma);
  check(R"({"type":"object","oneOf":[{"properties":{"a":{"type":"integer"}},"required":["a"]},
            {"properties":{"b":{"type":"integer"}},"required":["b"]}]})",
        {"{a:1}", "{b:1}"}, {"{}", "{a:1,b:1}", "{b:`x`}"}, Dialect::gemma);
  auto odd = compile(R"({"type":"object","properties":{"a:b":{}}})", Dialect::gemma);
  REQUIRE_FALSE(odd);
  REQUIRE(odd.error().code() == Code::schema_unsupported);
  REQUIRE(odd.error().data()["keyword"] == "properties");
}

TEST_CASE("a keyword that is not enforced is refused with its place") {
  const struct {
    const char* schema;
    const char* pointer;
    const char* keyword;
  } kCases[] = {
      {R"({"type":"string","pattern":"(?=a)."})", "", "pattern"},
      {R"({"type":"string","format":"regex"})", "", "format"},
      {R"({"type":"array","contains":{},"minContains":99999})", "", "contains"},
      {R"({"type":"array","contains":{},"allOf":[{"contains":{"type":"null"}}],"maxItems":3})", "", "contains"},
      {R"({"type":"object","patternProperties":{"(?=a).":{}}})", "", "patternProperties"},
      {R"({"type":"object","propertyNames":{"$ref":"#"}})", "/propertyNames", "propertyNames"},
      {R"({"type":"object","not":{"unevaluatedProperties":false}})", "/not", "unevaluatedProperties"},
      {R"({"enum":[{"a":1}],"unevaluatedProperties":false})", "", "unevaluatedProperties"},
      {R"({"type":"array","unevaluatedItems":false,"anyOf":[{"items":{}},{"contains":{}},{"prefixItems":[]},{"items":false},{"if":{}},
          {"allOf":[]},{"contains":false}]})", "", "anyOf"},
      {R"({"$dynamicRef":"#x"})", "", "$dynamicRef"},
      {R"({"$ref":"https://example.org/other"})", "", "$ref"},
      {R"({"$ref":"#/nowhere"})", "", "$ref"},
      {R"({"$schema":"https://example.org/own"})", "", "$schema"},
      {R"({"$ref":"#"})", "", "$ref"},
      {R"({"type":"object","properties":{"a/b":{"items":[{},{"pattern":"(?=x)."}]}}})", "/properties/a~1b/items/1", "pattern"},
      {R"({"anyOf":[{"type":"null"},{"type":"string","pattern":"(?=x)."}]})", "/anyOf/1", "pattern"},
      {R"({"$defs":{"d":{"pattern":"(?=x)."}},"items":{"$ref":"#/$defs/d"}})", "/$defs/d", "pattern"},
      {R"({"type":"array","items":{"allOf":[{"not":{"pattern":"(?=x)."}}]}})", "/items/allOf/0/not", "pattern"},
      {R"({"type":"object","not":{"patternProperties":{"^a":{"type":"null"}}},"maxProperties":3})", "/not", "patternProperties"},
      {R"({"type":"object","patternProperties":{"^.{1,5000}$":{}}})", "", "patternProperties"},
      {R"({"type":"object","patternProperties":{"1":{},"2":{"type":"null"},"3":{"minimum":1},"4":{"minimum":2},"5":{"minimum":3},
          "6":{"minimum":4},"7":{"minimum":5},"8":{"minimum":6}}})", "", "patternProperties"},
      {R"({"type":"number","multipleOf":1e-19})", "", "multipleOf"},
      {R"({"type":"number","multipleOf":1e30})", "", "multipleOf"},
      {R"({"type":"number","multipleOf":0})", "", "multipleOf"},
      {R"({"type":"object","dependentRequired":{"a":"b"}})", "", "dependentRequired"},
      {R"({"$ref":"#","not":{"$ref":"#"}})", "", "$ref"},
      {R"({"enum":["a"],"pattern":"(?=a)."})", "", "pattern"},
      {R"({"enum":[{"a":"x"}],"properties":{"a":{"pattern":"(?=x)."}}})", "/properties/a", "pattern"},
      {R"({"type":"strin"})", "", "type"},
      {R"({"type":"object","properties":{"a":{"type":"string","required":true}}})", "/properties/a", "required"},
      {R"({"type":"string","minLength":-1})", "", "minLength"},
      {R"({"type":"string","minLength":99999999})", "", "minLength"},
      {R"({"const":1e40})", "", "const"},
      {R"({"extends":{}})", "", "extends"},
      {R"({"disallow":"string"})", "", "disallow"},
  };
  for (const auto& one : kCases) {
    INFO(one.schema);
    auto compiled = compile(one.schema);
    CHECK_FALSE(compiled.ok());
    if (compiled.ok()) continue;
    CHECK(compiled.error().code() == Code::schema_unsupported);
    CHECK(compiled.error().data()["pointer"] == one.pointer);
    CHECK(compiled.error().data()["keyword"] == one.keyword);
  }
}

TEST_CASE("keywords of a type that cannot come, and forms that say nothing, are no reason to refuse") {
  check(R"({"type":"integer","pattern":"x","format":"int32","uniqueItems":true})", {"1"}, {"\"x\""});
  check(R"({"type":"string","format":"my-own","uniqueItems":false,"contentMediaType":"text/html"})", {"\"x\""}, {"1"});
  check(R"({"type":"object","patternProperties":{},"propertyNames":true,"dependencies":{},"if":{}})", {"{}"}, {"1"});
}

TEST_CASE("what nothing fits is unsatisfiable, with a sentence why") {
  const std::pair<const char*, const char*> kCases[] = {
      {"false", "false"},
      {R"({"type":"integer","minimum":5,"maximum":4})", "no integer"},
      {R"({"type":"number","exclusiveMinimum":1,"maximum":1})", "no number"},
      {R"({"type":"string","minLength":3,"maxLength":2})", "minLength"},
      {R"({"type":"array","minItems":3,"maxItems":2})", "minItems"},
      {R"({"type":"array","items":false,"minItems":1})", "false"},
      {R"({"type":"object","properties":{"a":false},"required":["a"]})", "false"},
      {R"({"type":"object","required":["a"],"additionalProperties":false})", "false"},
      {R"({"type":"object","required":["a","b"],"maxProperties":1})", "maxProperties"},
      {R"({"type":"object","minProperties":2,"properties":{"a":{}},"additionalProperties":false})", "minProperties"},
      {R"({"allOf":[{"type":"string"},{"type":"null"}]})", "types"},
      {R"({"enum":[1,2],"type":"string"})", "enum"},
      {R"({"enum":[]})", "enum"},
      {R"({"type":"object","properties":{"a":{"$ref":"#"}},"required":["a"]})", "without end"},
      {R"({"anyOf":[false,{"const":1,"minimum":2}]})", ""},
      {R"({"type":"number","multipleOf":7,"minimum":1,"maximum":6})", "multiple"},
      {R"({"not":{}})", "always does"},
      {R"({"not":{"$ref":"#"}})", "must not"},
      {R"({"$defs":{"a":{"type":"null"}},"$ref":"#/$defs/a","not":{"$ref":"#/$defs/a"}})", ""},
      {R"({"type":"null","not":{"type":"null"}})", "always does"},
  };
  for (const auto& [schema, why] : kCases) {
    INFO(schema);
    auto compiled = compile(schema);
    CHECK_FALSE(compiled.ok());
    if (compiled.ok()) continue;
    INFO(compiled.error().message());
    CHECK(compiled.error().code() == Code::schema_unsatisfiable);
    CHECK(compiled.error().message().find(why) != std::string::npos);
  }
  std::string deep = R"({"type":"null"})";
  for (int i = 0; i < 25; ++i) deep = R"({"type":"array","minItems":1,"items":)" + deep + "}";
  REQUIRE(compile(deep).ok());
  for (int i = 0; i < 24; ++i) deep = R"({"type":"array","minItems":1,"items":)" + deep + "}";
  REQUIRE_FALSE(compile(deep).ok());
}

TEST_CASE("a hostile schema ends with an error, not with the stack or the memory") {
  std::string chain = R"({"$ref":"#/$defs/d0","$defs":{)";
  for (int i = 0; i < 3000; ++i) {
    chain += "\"d" + std::to_string(i) + "\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/d" + std::to_string(i + 1) + "\"}},";
  }
  REQUIRE_FALSE(compile(chain + "\"d3000\":{}}}").ok());
  std::string product = R"({"allOf":[)";
  for (int i = 0; i < 20; ++i) {
    product += std::string(i ? "," : "") + R"({"anyOf":[{"minimum":)" + std::to_string(i) + R"(},{"maximum":)" +
               std::to_string(i) + "}]}";
  }
  REQUIRE_FALSE(compile(product + "]}").ok());
}

}  // namespace
}  // namespace hob::grammar
