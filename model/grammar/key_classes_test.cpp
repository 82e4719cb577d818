// Keys by pattern and by name: patternProperties, propertyNames, and both denied.
#include <catch2/catch.hpp>

#include "model/grammar/schema_check.h"

namespace hob::grammar {
namespace {

using testing::check;
using testing::Compiled;
using testing::compile;
using testing::reads;

TEST_CASE("patternProperties: keys by pattern, each with what every pattern that matches says") {
  check(R"({"type":"object","patternProperties":{"^a":{"type":"integer"},"b$":{"minimum":3}},"additionalProperties":false})",
        {"{}", R"({"a":1,"ab":3})", R"({"xb":"y","ax":2})", R"({"\u0061":1})", R"({"a":1,"\u0061b":4,"b":3})"},
        {R"({"ab":1})", R"({"a":"x"})", R"({"xb":2})", R"({"x":1})", R"({"a":1,"\u0061":2})", R"({"\u0062x":1})", R"({"ab":"x"})"});
  check(R"({"type":"object","properties":{"ab":{"type":"integer"},"z":{}},"patternProperties":{"^a":{"minimum":3}},
            "additionalProperties":{"type":"null"},"required":["ab"]})",
        {R"({"ab":3})", R"({"z":1,"x":null,"ab":4,"a":"s"})"}, {R"({"ab":2})", R"({"ab":"x"})", R"({"ab":3,"x":1})", R"({"a":5})", R"({"ab":3,"aa":1})"});
  check(R"({"type":"object","patternProperties":{"^[a-c]$":{"type":"integer"}},"additionalProperties":false,"minProperties":2,"maxProperties":2})",
        {R"({"a":1,"c":2})", R"({"\u0063":1,"b":2})"}, {R"({"a":1})", R"({"a":1,"b":1,"c":1})", R"({"a":1,"a":1})", R"({"d":1,"a":2})"});
  check(R"({"type":"object","patternProperties":{"^[0-9]{3}$":{}},"additionalProperties":false})", {R"({"012":1,"999":2})"},
        {R"({"01":1})", R"({"0123":1})", R"({"012":1,"012":1})"});
  check(R"({"type":"object","patternProperties":{"^x-":{}},"properties":{"a":{"type":"null"}}})", {R"({"x-1":1,"y":2,"a":null})"},
        {R"({"a":1})"});
  check(R"({"type":"object","allOf":[{"patternProperties":{"^a":{"type":"integer"}}},{"patternProperties":{"^a":{"minimum":2},"c":{"type":"null"}}}],
            "additionalProperties":{"type":["integer","null"]}})", {R"({"a":2,"c":null,"q":1})"}, {R"({"a":1})", R"({"ac":2})", R"({"ac":null})", R"({"q":"x"})"});
  check(R"({"type":"object","patternProperties":{"é|日":{"type":"null"}},"additionalProperties":{"type":"integer"}})",
        {"{\"\xC3\xA9\":null,\"x\":1}", R"({"\u00e9":null})", "{\"a\xE6\x97\xA5\":null}"}, {"{\"\xC3\xA9\":1}", R"({"\u65e5":1})"});
  check(R"({"enum":[{"ab":1},{"b":1},{"ab":"x"}],"patternProperties":{"^a":{"type":"integer"}},"propertyNames":{"minLength":2}})",
        {R"({"ab":1})"}, {R"({"b":1})", R"({"ab":"x"})"});
}

TEST_CASE("propertyNames: which keys there may be, declared ones too") {
  check(R"({"type":"object","propertyNames":{"maxLength":2}})", {"{}", R"({"ab":1})", R"({"\u00e9a":1})"}, {R"({"abc":1})"});
  check(R"({"type":"object","propertyNames":{"enum":["a","b"]},"minProperties":2})", {R"({"b":1,"a":1})"}, {R"({"a":1})", R"({"a":1,"c":1})"});
  check(R"({"type":"object","propertyNames":{"pattern":"^[a-z]+$"},"properties":{"A":{},"b":{"type":"null"}},"patternProperties":{"^c":{"type":"integer"}}})",
        {R"({"b":null,"c":1,"d":"x"})"}, {R"({"A":1})", R"({"b":1})", R"({"c":"x"})", R"({"d1":1})"});
  check(R"({"type":"object","propertyNames":false})", {"{}"}, {R"({"a":1})"});
  CHECK_FALSE(compile(R"({"type":"object","propertyNames":{"enum":["a","b"]},"minProperties":3})"));
  CHECK_FALSE(compile(R"({"type":"object","propertyNames":{"maxLength":3},"required":["long"]})"));
}

TEST_CASE("rules for keys that must not hold: some key breaks them") {
  check(R"({"type":"object","not":{"patternProperties":{"^a":{"type":"integer"}}}})", {R"({"a":"x"})", R"({"b":1,"ab":null,"a":1})"},
        {"{}", R"({"a":1})", R"({"b":"x"})", R"({"a":1,"b":"x"})"});
  check(R"({"type":"object","not":{"propertyNames":{"maxLength":2}}})", {R"({"abc":1})", R"({"a":1,"abc":2})"}, {"{}", R"({"ab":1})"});
  check(R"({"type":"object","not":{"patternProperties":{"^a":true},"properties":{"b":true},"additionalProperties":{"type":"integer"}}})",
        {R"({"c":"x"})", R"({"a":"x","c":null})"}, {"{}", R"({"a":"x"})", R"({"b":"x"})", R"({"c":1})"});
  check(R"({"oneOf":[{"type":"object","patternProperties":{"^a":{"type":"integer"}}},{"type":"object","required":["b"]}]})",
        {"{}", R"({"a":1})", R"({"b":1,"a":"x"})"}, {R"({"a":"x"})", R"({"b":1})", R"({"b":1,"a":1})"});
}

TEST_CASE("objects without a common key are told apart, as oneOf asks") {
  check(R"({"oneOf":[{"type":"object","patternProperties":{"^[0-9]+x$":{}},"additionalProperties":false,"minProperties":1,"maxProperties":9},
                     {"type":"object","patternProperties":{"^[a-z]+$":{}},"additionalProperties":false,"minProperties":1,"maxProperties":9}]})",
        {R"({"1x":1})", R"({"a":1,"b":2})"}, {"{}", R"({"1x":1,"a":2})"});
  check(R"({"oneOf":[{"type":"object","patternProperties":{"^[0-9]+x$":{}},"additionalProperties":false},
                     {"type":"object","patternProperties":{"^[a-z]+$":{}},"additionalProperties":false}]})",
        {R"({"1x":1})", R"({"a":1,"b":2})"}, {"{}", R"({"1x":1,"a":2})"});
}

TEST_CASE("keys are never begun that cannot end as new ones") {
  const auto step = [](const Compiled& schema, const std::string& text, char next) { return reads(schema, text + next); };
  const Compiled mixed = *compile(R"({"type":"object","patternProperties":{"^(x*|b|é|ac*[0-9]{3})$":{}},"additionalProperties":false})");
  CHECK(step(mixed, R"({"b":1,")", 'x'));
  CHECK_FALSE(step(mixed, R"({"b":1,")", 'b'));
  CHECK_FALSE(step(mixed, "{\"\xC3\xA9\":1,\"", '\xC3'));
  CHECK_FALSE(step(mixed, "{\"\xC3\xA9\":1,\"\\u00", 'e'));
  CHECK(step(mixed, "{\"\xC3\xA9\":1,\"\\u00", '6'));
  const Compiled large = *compile(R"({"type":"object","patternProperties":{"^[0-9][01]{7}$":{}},"additionalProperties":false})");
  std::string text = "{";
  for (int i = 0; i < 256; ++i) {
    std::string bits;
    for (int b = 6; b >= 0; --b) bits.push_back((i >> b & 1) != 0 ? '1' : '0');
    text += "\"" + std::to_string(i / 128) + bits + "\":1,";
  }
  CHECK_FALSE(step(large, text + "\"", '0'));
  CHECK_FALSE(step(large, text + "\"", '1'));
  CHECK(step(large, text + "\"", '2'));
  const Compiled few = *compile(R"({"type":"object","patternProperties":{"^[01]{7}$":{}},"additionalProperties":false})");
  text = "{";
  for (int i = 0; i < 128; ++i) {
    text += std::string(i ? ",\"" : "\"");
    for (int b = 6; b >= 0; --b) text.push_back((i >> b & 1) != 0 ? '1' : '0');
    text += "\":1";
  }
  CHECK(step(few, text, '}'));
  CHECK_FALSE(step(few, text, ','));
}

}  // namespace
}  // namespace hob::grammar
