#include "model/text/structured_type.h"

#include <catch2/catch.hpp>

#include "model/text/declaration.h"
#include "model/text/lowering.h"

using namespace hob;
using namespace hob::text;

namespace {

const Tokenizer& hand() {
  static const Tokenizer tokenizer = [] {
    auto loaded = Tokenizer::load(HOB_SOURCE_DIR "/tests/fixtures/tokenizer/hand.json");
    if (!loaded) FAIL(loaded.error().message());
    return std::move(loaded).value();
  }();
  return tokenizer;
}

std::string type_of(std::string_view schema) {
  const auto parsed = json::parse(schema, json::kSchema);
  REQUIRE(parsed.ok());
  return structured_type(*parsed).value_or("no type");
}

std::string declared(std::string_view schema) {
  const auto parsed = json::parse_document(schema, json::kSchema);
  REQUIRE(parsed.ok());
  json::Document function;
  function.kind = json::Document::Kind::object;
  json::Document name;
  name.kind = json::Document::Kind::string;
  name.text = "f";
  function.members.emplace_back("name", name);
  function.members.emplace_back("parameters", lower_parameters(*parsed));
  Pieces out;
  const auto written = write_declaration(function, out);
  if (!written) return written.error().message();
  std::string text = out.text();
  for (size_t at = text.find(kQuote); at != std::string::npos; at = text.find(kQuote)) text.replace(at, kQuote.size(), "'");
  const std::string head = "declaration:f{description:'',parameters:{properties:{";
  REQUIRE(text.starts_with(head));
  return text.substr(head.size());
}

}  // namespace

TEST_CASE("the contract's example is written as it stands there") {
  const Json schema = *json::parse(
      R"({"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer"},)"
      R"("tags":{"type":"array","items":{"type":"string"}},"mood":{"enum":["good","bad"]}},)"
      R"("required":["name","age","mood"]})",
      json::kSchema
  );
  CHECK(
      structured_line(schema, hand()) ==
      R"(Answer with JSON: {"name": string, "age": integer, "tags"?: [string], "mood": "good" | "bad"})"
  );
}

TEST_CASE("types of all kinds have a notation") {
  CHECK(type_of(R"({"type":"boolean"})") == "boolean");
  CHECK(type_of(R"({})") == "any");
  CHECK(type_of("true") == "any");
  CHECK(type_of(R"({"type":["string","null"]})") == "string | null");
  CHECK(type_of(R"({"anyOf":[{"type":"integer"},{"type":"array","items":{"const":1}}]})") == "integer | [1]");
  CHECK(type_of(R"({"type":"array"})") == "[any]");
  CHECK(type_of(R"({"type":"integer","description":"in years","minimum":0})") == "integer (in years)");
  CHECK(type_of(R"({"$defs":{"c":{"type":"string"}},"type":"object","properties":{"a":{"$ref":"#/$defs/c"}}})") ==
        R"({"a"?: string})");
  CHECK(type_of(R"({"type":"object","additionalProperties":false})") == "{}");
}

TEST_CASE("what the notation cannot say falls back to the schema itself") {
  CHECK(type_of("false") == "no type");
  for (const char* schema :
       {R"({"type":"object","properties":{"next":{"$ref":"#"}}})", R"({"type":"array","prefixItems":[{"type":"string"}]})",
        R"({"allOf":[{"type":"string"}]})", R"({"type":"object"})", R"({"type":"object","additionalProperties":{"type":"integer"}})",
        R"({"type":"object","properties":{"a":{}},"required":["b"]})", R"({"$ref":"https://x.org/y"})", R"({"$ref":"#/no"})",
        R"({"type":"date"})"}) {
    INFO(schema);
    CHECK(type_of(schema) == "no type");
    const Json parsed = *json::parse(schema, json::kSchema);
    CHECK(structured_line(parsed, hand()) == std::string("Answer with JSON: ") + schema);
  }
}

TEST_CASE("a type of more than 400 tokens falls back to the schema itself") {
  Json schema = Json{{"type", "object"}, {"properties", Json::object()}};
  for (int at = 0; at < 300; ++at) schema["properties"]["key" + std::to_string(at)] = Json{{"type", "string"}};
  CHECK(structured_type(schema).has_value());
  CHECK(structured_line(schema, hand()) == "Answer with JSON: " + json::dump(schema));
}

TEST_CASE("references that multiply stop early") {
  Json schema = Json{{"$ref", "#/$defs/d0"}, {"$defs", Json::object()}};
  for (int at = 0; at < 20; ++at) {
    const Json next = Json{{"$ref", "#/$defs/d" + std::to_string(at + 1)}};
    schema["$defs"]["d" + std::to_string(at)] = Json{{"type", "object"}, {"properties", {{"a", next}, {"b", next}}}};
  }
  schema["$defs"]["d20"] = Json{{"type", "string"}};
  CHECK_FALSE(structured_type(schema).has_value());
}

TEST_CASE("schemas are lowered to what a declaration can say") {
  CHECK(declared(R"({"properties":{"a":{"type":["string","null"]}}})") == "a:{nullable:true,type:'STRING'}},type:'OBJECT'}}");
  CHECK(declared(R"({"properties":{"a":{"anyOf":[{"type":"integer"},{"type":"null"}]}}})") ==
        "a:{nullable:true,type:'INTEGER'}},type:'OBJECT'}}");
  CHECK(declared(R"({"properties":{"a":{"enum":["x","y"]}}})") == "a:{enum:['x','y'],type:'STRING'}},type:'OBJECT'}}");
  CHECK(declared(R"({"properties":{"a":{"const":"x"}}})") == "a:{enum:['x'],type:'STRING'}},type:'OBJECT'}}");
  CHECK(declared(R"({"properties":{"a":{"enum":[1,2],"description":"Size"}}})") ==
        "a:{description:'Size. One of 1, 2.',type:'INTEGER'}},type:'OBJECT'}}");
  CHECK(declared(R"({"properties":{"a":{"type":["string","integer"]}}})") ==
        "a:{description:'Type: string or integer.',type:'STRING'}},type:'OBJECT'}}");
  CHECK(declared(R"({"$defs":{"p":{"type":"object","properties":{"x":{"type":"number"}}}},"properties":{"a":{"$ref":"#/$defs/p"}}})") ==
        "a:{properties:{x:{type:'NUMBER'}},type:'OBJECT'}},type:'OBJECT'}}");
  CHECK(declared(R"({"properties":{"a":{"type":"object","additionalProperties":true,"title":"T"}}})") ==
        "a:{properties:{},type:'OBJECT'}},type:'OBJECT'}}");
  CHECK(declared(R"({"properties":{"a":{"type":"array","items":{"type":"string","minLength":2,"description":null}}}})") ==
        "a:{items:{type:'STRING'},type:'ARRAY'}},type:'OBJECT'}}");
  CHECK(declared(R"({"properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false})") ==
        "a:{type:'STRING'}},required:['a'],type:'OBJECT'}}");
}

TEST_CASE("the properties of a union's parts are told as those of one object") {
  const std::string parts =
      R"([{"$ref":"#/$defs/p"},{"properties":{"y":{"type":"string"},"x":{"type":"string"}},"required":["y","x"]}])";
  const std::string defs = R"("$defs":{"p":{"properties":{"x":{"type":"number"}},"required":["x"]}})";
  CHECK(declared("{" + defs + R"(,"properties":{"a":{"allOf":)" + parts + "}}}") ==
        "a:{properties:{x:{type:'NUMBER'},y:{type:'STRING'}},required:['x','y'],type:'OBJECT'}},type:'OBJECT'}}");
  CHECK(declared("{" + defs + R"(,"properties":{"a":{"anyOf":)" + parts + "}}}") ==
        "a:{properties:{x:{type:'NUMBER'},y:{type:'STRING'}},required:['x'],type:'OBJECT'}},type:'OBJECT'}}");
}

TEST_CASE("a schema whose every part refers back to the whole is lowered in little time") {
  Json schema{{"anyOf", Json::array()}};
  for (int at = 0; at < 100; ++at) {
    schema["anyOf"].push_back({{"$ref", "#"}});
    schema["properties"]["p" + std::to_string(at)] = {{"$ref", "#"}};
  }
  CHECK(declared(json::dump(schema)).size() < 20'000'000);
}

TEST_CASE("a schema that refers to itself is lowered to a finite declaration") {
  const std::string text = declared(R"({"properties":{"a":{"$ref":"#"}}})");
  CHECK(text.size() > 10);
  CHECK(text.size() < 20'000);
}

TEST_CASE("an empty schema declares nothing") {
  CHECK(lower_parameters(json::Document{}).kind == json::Document::Kind::null);
  json::Document empty;
  empty.kind = json::Document::Kind::object;
  CHECK(lower_parameters(empty).kind == json::Document::Kind::null);
}
