// JSON Schemas put together from choices, each byte one: they are JSON and mostly schemas, so that
// the bytes go into what they say.
#include "schemas/base/json.h"
#include "tests/fuzz/schema_promises.h"
#include "tests/fuzz/target.h"

namespace hob::fuzz {
namespace {

constexpr std::array<const char*, 6> kNames{"a", "b", "c", "ab", "", "é"};
constexpr std::array<const char*, 7> kTypes{"null",   "boolean", "integer", "number",
                                            "string", "array",   "object"};
constexpr std::array<const char*, 14> kPatterns{
    "^a",         "b$",      "^[ab]+$",  "^$",  ".",          "a|b",   "^(a|ab)*$",
    "^\\d{1,3}$", "^[^a]*$", "^.{2,3}$", "\\s", "^\\w+-\\d$", "[é-ü]", "^a?b?c?$"};
constexpr std::array<const char*, 8> kFormats{"date", "time", "date-time", "email",
                                              "ipv4", "uuid", "uri",       "unknown"};
constexpr std::array<const char*, 12> kNumbers{
    "0", "1", "2", "3", "-1", "0.5", "2.5", "-0.0", "1e2", "100", "12345678901234567890", "0.001"};
constexpr std::array<const char*, 12> kValues{"null",  "true", "false", "0",   "1",  "1.0",
                                              "\"a\"", "\"\"", "[]",    "[1]", "{}", R"({"a":1})"};

class Builder {
 public:
  explicit Builder(std::string_view bytes) : choices_(bytes) {}

  Json schema(int depth) {
    const unsigned kind = choices_.byte();
    if (depth > 4 || (depth > 0 && choices_.over()))
      return Json{{"type", kTypes[kind % kTypes.size()]}};
    if (kind % 16 == 15) return kind >= 128;
    Json out = Json::object();
    for (unsigned count = kind % 5; count > 0; --count) keyword(out, depth + 1);
    return out;
  }

  Json whole() {
    Json out = schema(0);
    if (out.is_object() && choices_.byte() % 4 == 0) out["$defs"] = Json{{"d", schema(1)}};
    return out;
  }

 private:
  template <typename List>
  const char* one(const List& list) {
    return list[choices_.below(list.size())];
  }
  Json number() { return Json::parse(one(kNumbers)); }
  Json value() { return Json::parse(one(kValues)); }
  Json count() { return choices_.below(5); }
  Json list(int depth) {
    Json out = Json::array();
    for (size_t count = 1 + choices_.below(3); count > 0; --count) out.push_back(schema(depth));
    return out;
  }
  Json names() {
    Json out = Json::array();
    const size_t first = choices_.below(kNames.size());
    for (size_t i = choices_.below(3); i > 0; --i)
      out.push_back(kNames[(first + i) % kNames.size()]);
    return out;
  }

  void keyword(Json& out, int depth) {
    switch (choices_.below(40)) {
      case 0:
        out["type"] = one(kTypes);
        break;
      case 1:
        out["type"] = Json::array({one(kTypes)});
        break;
      case 2:
        out["enum"] = Json::array();
        for (size_t i = choices_.below(4); i > 0; --i) out["enum"].push_back(value());
        break;
      case 3:
        out["const"] = value();
        break;
      case 4:
        out["minimum"] = number();
        break;
      case 5:
        out["maximum"] = number();
        break;
      case 6:
        out["exclusiveMinimum"] = number();
        break;
      case 7:
        out["exclusiveMaximum"] = number();
        break;
      case 8:
        out["multipleOf"] = number();
        break;
      case 9:
        out["minLength"] = count();
        break;
      case 10:
        out["maxLength"] = count();
        break;
      case 11:
        out["pattern"] = one(kPatterns);
        break;
      case 12:
        out["format"] = one(kFormats);
        break;
      case 13:
      case 14:
      case 15:
        out["properties"][one(kNames)] = schema(depth);
        break;
      case 16:
        out["required"] = names();
        break;
      case 17:
        out["additionalProperties"] = schema(depth);
        break;
      case 18:
        out["patternProperties"][one(kPatterns)] = schema(depth);
        break;
      case 19:
        out["propertyNames"] = schema(depth);
        break;
      case 20:
        out["minProperties"] = count();
        break;
      case 21:
        out["maxProperties"] = count();
        break;
      case 22:
        out["dependentRequired"][one(kNames)] = names();
        break;
      case 23:
        out["dependentSchemas"][one(kNames)] = schema(depth);
        break;
      case 24:
        out["items"] = schema(depth);
        break;
      case 25:
        out["prefixItems"] = list(depth);
        break;
      case 26:
        out["minItems"] = count();
        break;
      case 27:
        out["maxItems"] = count();
        break;
      case 28:
        out["contains"] = schema(depth);
        break;
      case 29:
        out["minContains"] = count();
        break;
      case 30:
        out["maxContains"] = count();
        break;
      case 31:
        out["uniqueItems"] = choices_.byte() % 2 == 0;
        break;
      case 32:
        out["allOf"] = list(depth);
        break;
      case 33:
        out["anyOf"] = list(depth);
        break;
      case 34:
        out["oneOf"] = list(depth);
        break;
      case 35:
        out["not"] = schema(depth);
        break;
      case 36:
        out["if"] = schema(depth);
        out[choices_.byte() % 2 == 0 ? "then" : "else"] = schema(depth);
        break;
      case 37:
        out["$ref"] = choices_.byte() % 2 == 0 ? "#/$defs/d" : "#";
        break;
      case 38:
        out["unevaluatedProperties"] = schema(depth);
        break;
      default:
        out["unevaluatedItems"] = schema(depth);
    }
  }

  Choices choices_;
};

void run(std::string_view bytes) {
  const std::string text = json::dump(Builder(bytes.substr(0, 256)).whole());
  const auto schema = json::parse_document(text, json::kSchema);
  expect(schema.ok(), "what was put together is JSON");
  try {
    check_schema(*schema);
  } catch (const Broken& what) {
    broken(std::string(what.what()) + "\nschema: " + text);
  }
}

std::vector<std::string> seeds() {
  // Choices cannot be read off a schema, so these are runs of bytes, all alike and all different.
  std::vector<std::string> out;
  for (int step = 1; step < 40; step += 2) {
    std::string one;
    for (int i = 0; i < 64; ++i) one += static_cast<char>((i * step + step) % 251);
    out.push_back(one);
  }
  return out;
}

const Target kTarget({"schema_choices", run, seeds, 4000});

}  // namespace
}  // namespace hob::fuzz
