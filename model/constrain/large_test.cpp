// What is large without being hostile: thousands of values, long texts, a schema of nearly a megabyte, one that describes
// itself, a hundred tools at once.
#include "model/constrain/step_testing.h"
#include "schemas/base/document.h"

namespace hob::constrain {
namespace {

using namespace testing;

json::Document document(const std::string& text) {
  auto out = json::parse_document(text, json::kSchema);
  REQUIRE(out.ok());
  return *std::move(out);
}

bool answers(Matcher m, std::string_view text) {
  std::vector<Event> events;
  return write(m, text, events) && m.can_stop();
}

TEST_CASE("an enum of 5,383 values takes each of them and nothing between") {
  std::string schema = "{\"enum\":[";
  for (int i = 0; i < 5383; ++i) schema += (i ? ",\"" : "\"") + std::string(1, static_cast<char>('a' + i % 7)) + "-" + std::to_string(i) + "\"";
  StepSpec spec = base_spec();
  spec.response_schema = document(schema + "]}");
  const Matcher m = matcher(spec);
  for (int i = 0; i < 5383; i += 97) {
    const std::string value = "\"" + std::string(1, static_cast<char>('a' + i % 7)) + "-" + std::to_string(i) + "\"";
    CHECK(answers(m, value));
  }
  CHECK_FALSE(answers(m, "\"a-5383\""));
  CHECK_FALSE(answers(m, "\"b-0\""));
  CHECK_FALSE(answers(m, "\"a-\""));
}

TEST_CASE("a schema of 900 kB is enforced to its last property") {
  std::string properties, padding(200, 'd');
  constexpr int kCount = 3600;
  for (int i = 0; i < kCount; ++i) {
    properties += (i ? ",\"key" : "\"key") + std::to_string(i) + "\":{\"type\":\"integer\",\"minimum\":" + std::to_string(i) + ",\"description\":\"" + padding + "\"}";
  }
  const std::string schema = "{\"type\":\"object\",\"properties\":{" + properties + "},\"required\":[\"key3599\"],\"additionalProperties\":false}";
  REQUIRE(schema.size() > 900'000);
  StepSpec spec = base_spec();
  spec.response_schema = document(schema);
  const Matcher m = matcher(spec);
  CHECK(answers(m, "{\"key7\": 7, \"key3599\": 3599}"));
  CHECK(answers(m, "{\"key3599\": 3599, \"key1800\": 5000}"));
  CHECK_FALSE(answers(m, "{\"key7\": 7}"));                    // the required one is missing
  CHECK_FALSE(answers(m, "{\"key3599\": 3598}"));              // below its minimum
  CHECK_FALSE(answers(m, "{\"key3599\": 3599, \"key3600\": 1}"));
}

TEST_CASE("a hundred tools at once are told apart by name, each with its own arguments") {
  StepSpec spec = base_spec();
  spec.choice = Choice::required;
  for (int i = 0; i < 100; ++i) {
    const std::string n = std::to_string(i);
    spec.tools.push_back({"tool_" + n, document("{\"type\":\"object\",\"properties\":{\"a" + n + "\":{\"type\":\"integer\",\"maximum\":" + n + "}},\"required\":[\"a" + n + "\"],\"additionalProperties\":false}")});
  }
  const Matcher fresh = matcher(spec);
  const auto calls = [&](const std::string& text) {
    Matcher m = fresh;
    std::vector<Event> events;
    REQUIRE(m.accept(kCallOpen, events).ok());
    return write(m, text, events) && m.accept(kCallClose, events).ok();
  };
  for (int i = 0; i < 100; ++i) {
    const std::string n = std::to_string(i);
    CHECK(calls("call:tool_" + n + "{a" + n + ":" + n + "}"));
    CHECK_FALSE(calls("call:tool_" + n + "{a" + n + ":" + std::to_string(i + 1) + "}"));
    CHECK_FALSE(calls("call:tool_" + n + "{a" + std::to_string((i + 1) % 100) + ":0}"));
  }
  CHECK_FALSE(calls("call:tool_100{a100:0}"));
}

TEST_CASE("a text of 65,536 characters fits its limit, and not one more") {
  StepSpec spec = base_spec();
  spec.response_schema = document(R"({"type":"string","maxLength":65536})");
  Matcher m = matcher(spec);
  std::vector<Event> events;
  REQUIRE(m.accept(kFirstOrdinary + '"', events).ok());
  for (int i = 0; i < 65'535; ++i) REQUIRE(m.accept(kFirstOrdinary + 'x', events).ok());
  CHECK(write(m, "\xe6\x97\xa5", events));  // one character, three bytes
  Matcher longer = m;
  CHECK_FALSE(write(longer, "x", events));
  CHECK(write(m, "\"", events));
  CHECK(m.can_stop());
}

TEST_CASE("a least length that is the greatest leaves one, beside a pattern too") {
  StepSpec spec = base_spec();
  spec.response_schema = document(R"({"type":"string","minLength":5,"maxLength":5,"pattern":"^a(bc|b)*a$"})");
  const Matcher m = matcher(spec);
  CHECK(answers(m, "\"abcba\""));
  CHECK(answers(m, "\"abbba\""));
  CHECK_FALSE(answers(m, "\"abba\""));
  CHECK_FALSE(answers(m, "\"abbbba\""));
  CHECK_FALSE(answers(m, "\"abbbb\""));
}

TEST_CASE("a schema for schemas takes itself") {
  const std::string schema =
      R"({"type":["object","boolean"],"properties":{"type":{"anyOf":[{"$ref":"#/$defs/name"},{"type":"array","items":{"$ref":"#/$defs/name"},"minItems":1,"uniqueItems":true}]},)"
      R"("properties":{"type":"object","additionalProperties":{"$ref":"#"}},"additionalProperties":{"$ref":"#"},"items":{"$ref":"#"},"anyOf":{"type":"array","items":{"$ref":"#"},"minItems":1},)"
      R"("$ref":{"type":"string","pattern":"^#"},"$defs":{"type":"object","additionalProperties":{"$ref":"#"}},"enum":{"type":"array"},"pattern":{"type":"string"},)"
      R"("minItems":{"type":"integer","minimum":0},"minimum":{"type":"number"},"uniqueItems":{"type":"boolean"},"format":{"type":"string"}},"additionalProperties":false,)"
      R"("$defs":{"name":{"enum":["object","boolean","array","string","integer","number","null"]}}})";
  StepSpec spec = base_spec();
  spec.response_schema = document(schema);
  const Matcher m = matcher(spec);
  CHECK(answers(m, schema));
  CHECK(answers(m, "true"));
  CHECK_FALSE(answers(m, R"({"type":"thing"})"));
  CHECK_FALSE(answers(m, R"({"items":{"items":{"minItems":-1}}})"));
  CHECK_FALSE(answers(m, R"({"type":["array","array"]})"));
}

}  // namespace
}  // namespace hob::constrain
