#include "model/grammar/keywords.h"

#include <algorithm>
#include <string>

#include "model/grammar/number.h"

namespace hob::grammar {
namespace {

using json::Document;

bool empty_object(const Document& value) { return value.kind == Document::Kind::object && value.members.empty(); }
bool is_true(const Document& value) { return value.kind == Document::Kind::boolean && value.boolean; }
bool is_false(const Document& value) { return value.kind == Document::Kind::boolean && !value.boolean; }
bool says_nothing(const Document& value) { return is_true(value) || empty_object(value); }
bool is_zero(const Document& value) {
  return value.kind == Document::Kind::number && Decimal::parse(value.text).zero();
}
bool is_one(const Document& value) {
  const Decimal one = Decimal::parse("1");
  return value.kind == Document::Kind::number && compare(Decimal::parse(value.text), one) == 0;
}

// Formats of all drafts. Other words are no formats of JSON Schema and assert nothing.
constexpr std::string_view kFormats[] = {
    "date-time", "date", "time", "duration", "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6", "uri",
    "uri-reference", "iri", "iri-reference", "uuid", "uri-template", "json-pointer", "relative-json-pointer", "regex",
    "ip-address", "host-name", "color", "utc-millisec", "phone", "style"};

struct Row {
  std::string_view keyword;
  unsigned types;                    // that it constrains
  bool (*harmless)(const Document&);  // forms that say nothing; null: none
};

bool harmless_format(const Document& value) {
  return value.kind != Document::Kind::string ||
         std::find(std::begin(kFormats), std::end(kFormats), value.text) == std::end(kFormats);
}

constexpr Row kRefused[] = {
    {"not", kEveryType, nullptr},
    {"$dynamicRef", kEveryType, nullptr},
    {"$recursiveRef", kEveryType, nullptr},
    {"extends", kEveryType, nullptr},
    {"disallow", kEveryType, nullptr},
    {"multipleOf", kNumber, is_one},
    {"divisibleBy", kNumber, is_one},
    {"pattern", kString, nullptr},
    {"format", kString, harmless_format},
    {"uniqueItems", kArray, is_false},
    {"contains", kArray, nullptr},
    {"minContains", kArray, is_zero},
    {"maxContains", kArray, nullptr},
    {"unevaluatedItems", kArray, says_nothing},
    {"patternProperties", kObject, empty_object},
    {"propertyNames", kObject, says_nothing},
    {"dependencies", kObject, empty_object},
    {"dependentRequired", kObject, empty_object},
    {"dependentSchemas", kObject, empty_object},
    {"unevaluatedProperties", kObject, says_nothing},
};

}  // namespace

unsigned type_of(const Document& value) {
  switch (value.kind) {
    case Document::Kind::null:
      return kNull;
    case Document::Kind::boolean:
      return kBoolean;
    case Document::Kind::number:
      return kNumber;
    case Document::Kind::string:
      return kString;
    case Document::Kind::array:
      return kArray;
    default:
      return kObject;
  }
}

std::optional<Refusal> refused_keyword(const Document& schema, unsigned types) {
  for (const auto& [name, value] : schema.members) {
    if (name == "if" && (schema.find("then") || schema.find("else"))) {
      return Refusal{"if", "conditional schemas are not enforced; say the cases with anyOf"};
    }
    for (const Row& row : kRefused) {
      if (row.keyword != name || (row.types & types) == 0 || (row.harmless && row.harmless(value))) continue;
      std::string what(row.keyword);
      if (value.kind == Document::Kind::string) what += " \"" + value.text.substr(0, 60) + "\"";
      return Refusal{row.keyword, what + " cannot be enforced while a value is generated; leave it out or say it otherwise"};
    }
  }
  return std::nullopt;
}

}  // namespace hob::grammar
