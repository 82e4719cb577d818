// Schemas that between them use every keyword: seeds of the schema targets, grammars of the mask
// target and of the walks. All of them can be enforced, as an answer and, where objects fit, as
// arguments.
#pragma once

#include <array>

namespace hob::fuzz {

inline constexpr std::array kSchemas{
    "true",
    R"({"type":["integer","null","boolean"],"minimum":-3,"exclusiveMaximum":12})",
    R"({"type":"number","multipleOf":0.5,"maximum":2.5})",
    R"({"type":"string","minLength":1,"maxLength":4})",
    R"({"type":"string","pattern":"^(a|b-)+c?$","maxLength":6})",
    R"({"type":"string","format":"date"})",
    R"({"enum":["red","re",1,null,[1],{"a":1}]})",
    R"({"const":{"a":[true,"x\"y"]}})",
    R"({"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer","minimum":0}},"required":["age"]})",
    R"({"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"null"}},"additionalProperties":false,"minProperties":1})",
    R"({"type":"object","patternProperties":{"^x":{"type":"integer"}},"additionalProperties":{"type":"boolean"},"maxProperties":3})",
    R"({"type":"object","propertyNames":{"pattern":"^[a-c]{1,3}$"},"additionalProperties":{"type":"null"}})",
    R"({"type":"object","properties":{"a":true,"b":{"type":"integer"}},"dependentRequired":{"a":["b"]},"additionalProperties":false})",
    R"({"type":"object","properties":{"kind":{"const":"a"},"n":{"type":"integer"}},"dependentSchemas":{"n":{"required":["kind"]}}})",
    R"({"type":"array","items":{"type":"integer"},"minItems":1,"maxItems":3})",
    R"({"type":"array","prefixItems":[{"type":"boolean"},{"type":"string"}],"items":false})",
    R"({"type":"array","items":{"type":["integer","null"]},"contains":{"type":"null"},"maxContains":2})",
    R"({"type":"array","items":{"enum":["a","b","ab",1]},"uniqueItems":true})",
    R"({"allOf":[{"type":"object","required":["x"]},{"properties":{"x":{"type":"number"}}}]})",
    R"({"anyOf":[{"type":"object","properties":{"kind":{"const":"a"},"v":{"type":"integer"}},"required":["kind","v"]},{"type":"object","properties":{"kind":{"const":"b"}},"required":["kind"]}]})",
    R"({"oneOf":[{"type":"integer","minimum":5},{"type":"integer","maximum":3},{"type":"string","maxLength":2}]})",
    R"({"not":{"anyOf":[{"type":"string"},{"type":"object"},{"const":1}]}})",
    R"({"type":"object","properties":{"a":{"type":"boolean"},"b":{"type":"integer"}},"required":["a"],"additionalProperties":false,"if":{"properties":{"a":{"const":true}}},"then":{"required":["b"]}})",
    R"({"$defs":{"t":{"type":"object","properties":{"v":{"type":"integer"},"next":{"$ref":"#/$defs/t"}},"required":["v"],"additionalProperties":false}},"$ref":"#/$defs/t"})",
    R"({"$schema":"http://json-schema.org/draft-07/schema#","definitions":{"a":{"type":"string","enum":["é","日本"]}},"type":"object","properties":{"a":{"$ref":"#/definitions/a"}},"required":["a"]})",
    R"({"type":"object","properties":{"a":{"type":"integer"}},"anyOf":[{"properties":{"b":{"type":"null"}}}],"unevaluatedProperties":false})",
    R"({"type":"array","prefixItems":[{"type":"integer"}],"unevaluatedItems":{"type":"boolean"}})",
    R"({"type":"object","properties":{"list":{"type":"array","items":{"type":"object","properties":{"id":{"type":"string"},"tags":{"type":"array","items":{"type":"string"}}},"required":["id"]}}},"required":["list"]})",
};

}  // namespace hob::fuzz
