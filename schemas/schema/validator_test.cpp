#include "schemas/schema/validator.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <vector>

namespace {

using namespace hob::schema;
using hob::json::Document;

Document read(const std::string& text) {
  auto document = hob::json::parse_document(text, hob::json::kSchema);
  REQUIRE(document.ok());
  return std::move(document).value();
}

Validator compiled(const std::string& schema) {
  auto validator = Validator::compile(read(schema));
  if (!validator) FAIL(validator.error().message());
  return std::move(validator).value();
}

Violation violation(const std::string& schema, const std::string& value) {
  auto found = compiled(schema).validate(read(value));
  REQUIRE(found);
  return *found;
}

/// [[[...]]]
Document nested(size_t depth) {
  Document value;
  for (size_t i = 0; i < depth; ++i) {
    Document outer;
    outer.kind = Document::Kind::array;
    outer.items.push_back(std::move(value));
    value = std::move(outer);
  }
  return value;
}

}  // namespace

TEST_CASE("the first violation names the place, the keyword and what arrived") {
  const Violation found =
      violation(R"({"properties":{"age":{"type":"integer"}}})", R"({"age":"old"})");
  CHECK(found.instance == "/age");
  CHECK(found.schema == "/properties/age/type");
  CHECK(found.keyword == "type");
  CHECK(found.sentence == "Wanted a whole number, got the string \"old\".");
  CHECK(to_string(found) == "At /age: Wanted a whole number, got the string \"old\".");
}

TEST_CASE("pointers are escaped and lead through references") {
  const Violation found = violation(
      R"({"properties":{"a/b":{"items":{"$ref":"#/$defs/n~0"}}},"$defs":{"n~":{"minimum":3}}})",
      R"({"a/b":[5,2]})"
  );
  CHECK(found.instance == "/a~1b/1");
  CHECK(found.schema == "/$defs/n~0/minimum");
  CHECK(found.sentence == "Wanted a number not below 3, got the number 2.");
}

TEST_CASE("sentences tell what to do") {
  CHECK(
      violation(R"({"required":["name"]})", "{}").sentence == "The property \"name\" is missing."
  );
  CHECK(
      violation(R"({"enum":["a","b"]})", "\"c\"").sentence ==
      "Wanted one of \"a\", \"b\", got the string \"c\"."
  );
  const Violation extra =
      violation(R"({"properties":{"a":true},"additionalProperties":false})", R"({"b":1})");
  CHECK(extra.sentence == "The property \"b\" is not allowed here.");
  CHECK(extra.instance == "/b");
  CHECK(extra.keyword == "additionalProperties");
}

TEST_CASE("a value that fits no choice is told the nearest") {
  const Violation found = violation(
      R"({"anyOf":[{"type":"string"},{"properties":{"n":{"type":"integer"}}}]})", R"({"n":"x"})"
  );
  CHECK(found.keyword == "anyOf");
  CHECK(found.instance.empty());
  CHECK_THAT(found.sentence, Catch::Contains("At /n: Wanted a whole number"));
}

TEST_CASE("a long value is cut in the sentence, between characters") {
  std::string text = "\"";
  for (int i = 0; i < 500; ++i) text += "\xc3\xa9";
  const Violation found = violation(R"({"type":"null"})", text + "\"");
  CHECK(found.sentence.size() < 120);
  CHECK_THAT(found.sentence, Catch::EndsWith("\xc3\xa9...."));
}

TEST_CASE("what cannot be enforced is refused with pointer and keyword") {
  struct Refusal {
    const char* schema;
    const char* pointer;
    const char* keyword;
  };
  const Refusal kRefusals[] = {
      {R"(1)", "", ""},
      {R"({"properties":{"a":1}})", "/properties/a", ""},
      {R"({"properties":[]})", "", "properties"},
      {R"({"type":"text"})", "", "type"},
      {R"({"type":[]})", "", "type"},
      {R"({"items":[{}]})", "", "items"},
      {R"({"items":{"minLength":-1}})", "/items", "minLength"},
      {R"({"maxItems":1.5})", "", "maxItems"},
      {R"({"maxItems":1e400})", "", "maxItems"},
      {R"({"minimum":"1"})", "", "minimum"},
      {R"({"minimum":1e99999999999999999999})", "", "minimum"},
      {R"({"exclusiveMinimum":true})", "", "exclusiveMinimum"},
      {R"({"multipleOf":0})", "", "multipleOf"},
      {R"({"multipleOf":-1})", "", "multipleOf"},
      {R"({"multipleOf":1.2345678901234567891})", "", "multipleOf"},
      {R"({"allOf":[]})", "", "allOf"},
      {R"({"anyOf":{}})", "", "anyOf"},
      {R"({"oneOf":[1]})", "/oneOf/0", ""},
      {R"({"not":[]})", "/not", ""},
      {R"({"enum":1})", "", "enum"},
      {R"({"required":"a"})", "", "required"},
      {R"({"required":[1]})", "", "required"},
      {R"({"uniqueItems":1})", "", "uniqueItems"},
      {R"({"dependentRequired":{"a":{}}})", "", "dependentRequired"},
      {R"({"dependencies":[]})", "", "dependencies"},
      {R"({"format":1})", "", "format"},
      {R"({"pattern":"("})", "", "pattern"},
      {R"({"$defs":{"a/b":{"pattern":"(?=x)y"}}})", "/$defs/a~1b", "pattern"},
      {R"({"patternProperties":{"(a)\\1":true}})", "", "patternProperties"},
      {R"({"$ref":1})", "", "$ref"},
      {R"({"$ref":"#/$defs/none"})", "", "$ref"},
      {R"({"$ref":"#none"})", "", "$ref"},
      {R"({"$ref":"#/%zz"})", "", "$ref"},
      {R"({"$ref":"#/type","type":"string"})", "", "$ref"},
      {R"({"$ref":"https://example.com/elsewhere"})", "", "$ref"},
      {R"({"$dynamicRef":"#none"})", "", "$dynamicRef"},
      {R"({"$schema":"http://json-schema.org/draft-04/schema#"})", "", "$schema"},
      {R"({"$schema":"https://example.com/own"})", "", "$schema"},
      {R"({"$id":"a#b"})", "", "$id"},
      {R"({"$id":1})", "", "$id"},
      {R"({"$defs":{"a":{"$anchor":"x"},"b":{"$anchor":"x"}}})", "/$defs/a", "$anchor"},
      {R"({"$defs":{"a":{"$id":"x"},"b":{"$id":"x"}}})", "/$defs/a", "$id"},
      {R"({"$ref":"#"})", "", "$ref"},
      {R"({"allOf":[{"$ref":"#/$defs/a"}],"$defs":{"a":{"anyOf":[true,{"$ref":"#/$defs/a"}]}}})",
       "/$defs/a", "$ref"},
  };
  for (const Refusal& refusal : kRefusals) {
    INFO(refusal.schema);
    const auto validator = Validator::compile(read(refusal.schema));
    REQUIRE_FALSE(validator.ok());
    CHECK(validator.error().code() == hob::Code::schema_unsupported);
    CHECK(validator.error().data()["pointer"] == refusal.pointer);
    CHECK(validator.error().data()["keyword"] == refusal.keyword);
  }
}

TEST_CASE("known documents may be referred to, and only a used one can hurt") {
  Registry known;
  REQUIRE(known.add("https://example.com/name", read(R"({"type":"string","minLength":2})")).ok());
  REQUIRE(known.add("https://example.com/bad", read(R"({"pattern":"("})")).ok());
  REQUIRE(known.add("https://example.com/worse", read(R"({"$defs":{"a":{"$id":"x#y"}}})")).ok());
  CHECK_FALSE(known.add("https://example.com/name", read("true")).ok());
  CHECK_FALSE(known.add("name", read("true")).ok());
  CHECK_FALSE(known.add("https://example.com/a#b", read("true")).ok());
  Options options;
  options.known = &known;
  const auto validator =
      Validator::compile(read(R"({"items":{"$ref":"https://example.com/name"}})"), options);
  REQUIRE(validator.ok());
  const auto found = validator->validate(read(R"(["a"])"));
  REQUIRE(found);
  CHECK(found->schema == "https://example.com/name#/minLength");
  const auto bad = Validator::compile(read(R"({"$ref":"https://example.com/bad"})"), options);
  REQUIRE_FALSE(bad.ok());
  CHECK(bad.error().data()["pointer"] == "https://example.com/bad#");
  CHECK_FALSE(Validator::compile(read(R"({"$ref":"https://example.com/worse"})"), options).ok());
}

TEST_CASE(
    "a metaschema without the validation vocabulary switches its keywords off, an unknown required "
    "one refuses"
) {
  Registry known;
  const std::string start =
      R"({"$schema":"https://json-schema.org/draft/2020-12/schema","$vocabulary":{)";
  REQUIRE(known
              .add(
                  "https://example.com/loose",
                  read(start + R"("https://json-schema.org/draft/2020-12/vocab/applicator":true}})")
              )
              .ok());
  REQUIRE(
      known
          .add("https://example.com/odd", read(start + R"("https://example.com/vocab/odd":true}})"))
          .ok()
  );
  Options options;
  options.known = &known;
  const auto loose = Validator::compile(
      read(R"({"$schema":"https://example.com/loose","properties":{"a":false,"b":{"minimum":9}}})"),
      options
  );
  REQUIRE(loose.ok());
  CHECK_FALSE(loose->validate(read(R"({"b":1})")));
  CHECK(loose->validate(read(R"({"a":1})")));
  CHECK_FALSE(Validator::compile(read(R"({"$schema":"https://example.com/odd"})"), options).ok());
}

TEST_CASE("format is an annotation when asked") {
  Options options;
  options.format_assertion = false;
  const auto validator = Validator::compile(read(R"({"format":"date"})"), options);
  CHECK_FALSE(validator->validate(read("\"x\"")));
}

TEST_CASE("a dynamic ring ends the check with a limit, and not() does not turn that into a fit") {
  for (const char* schema :
       {R"({"$dynamicAnchor":"a","$dynamicRef":"#a"})",
        R"({"not":{"$dynamicRef":"#a"},"$dynamicAnchor":"a"})",
        R"({"$dynamicAnchor":"a","anyOf":[{"$dynamicRef":"#a"},true]})"}) {
    INFO(schema);
    CHECK(violation(schema, "1").keyword == "limit");
  }
}

TEST_CASE("a schema that doubles the work at each level ends with a limit") {
  std::string schema = R"({"$ref":"#/$defs/a0","$defs":{)";
  for (int i = 0; i < 40; ++i) {
    const std::string next = R"({"$ref":"#/$defs/a)" + std::to_string(i + 1) + R"("})";
    schema += R"("a)" + std::to_string(i) + R"(":{"anyOf":[)" + next + "," + next + "]},";
  }
  const Violation found = violation(schema + R"("a40":false}})", "1");
  CHECK(found.keyword == "limit");
}

TEST_CASE("a long chain of references is followed up to a limit") {
  const auto chain = [](int length) {
    std::string schema = R"({"$ref":"#/$defs/a0","$defs":{)";
    for (int i = 0; i < length; ++i) {
      schema += R"("a)" + std::to_string(i) + R"(":{"allOf":[{"$ref":"#/$defs/a)" +
                std::to_string(i + 1) + R"("}]},)";
    }
    return schema + R"("a)" + std::to_string(length) + R"(":{"type":"null"}}})";
  };
  CHECK(violation(chain(200), "1").keyword == "type");
  CHECK(violation(chain(2000), "1").keyword == "limit");
}

TEST_CASE("values and schemas nested too deep are refused, not followed") {
  CHECK(compiled("true").validate(nested(5'000))->keyword == "limit");
  CHECK_FALSE(compiled(R"({"items":{"$ref":"#"}})").validate(nested(150)));
  Document schema = read("{}");
  for (int i = 0; i < 300; ++i) {
    Document outer = read("{}");
    outer.members.emplace_back("items", std::move(schema));
    outer.kind = Document::Kind::object;
    schema = std::move(outer);
  }
  const auto deep = Validator::compile(schema);
  REQUIRE_FALSE(deep.ok());
  CHECK_THAT(deep.error().message(), Catch::Contains("too deep"));
}

TEST_CASE("many large patterns in one schema are refused") {
  std::string schema = R"({"patternProperties":{)";
  for (int i = 0; i < 400; ++i)
    schema += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\\\\p{L}{100}\":true";
  CHECK_FALSE(Validator::compile(read(schema + "}}")).ok());
}

TEST_CASE("large lists and objects are checked in time that grows with their size") {
  std::string list = "[";
  std::string object = "{";
  for (int i = 0; i < 20'000; ++i) {
    list += (i == 0 ? "" : ",") + std::to_string(i);
    object += (i == 0 ? "\"k" : ",\"k") + std::to_string(i) + "\":1";
  }
  CHECK_FALSE(
      compiled(R"({"uniqueItems":true,"items":{"type":"integer"}})").validate(read(list + "]"))
  );
  CHECK(compiled(R"({"uniqueItems":true})").validate(read(list + ",19999.0]")));
  CHECK_FALSE(
      compiled(R"({"required":["k1","k2","k19999"],"unevaluatedProperties":{"type":"integer"}})")
          .validate(read(object + "}"))
  );
}

TEST_CASE("a validator takes Json too, outlives what it was made from and serves several threads") {
  std::optional<Validator> validator;
  {
    const hob::Json schema = {{"properties", {{"n", {{"maximum", 3}}}}}};
    validator = Validator::compile(schema).value();
  }
  CHECK_FALSE(validator->validate(hob::Json{{"n", 3}}));
  CHECK(validator->validate(hob::Json{{"n", 3.5}}));
  std::vector<std::thread> threads;
  std::atomic<int> wrong = 0;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, copy = *validator] {
      for (int i = 0; i < 200; ++i)
        wrong += copy.validate(hob::Json{{"n", i}}).has_value() == (i <= 3) ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}
