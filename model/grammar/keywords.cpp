#include "model/grammar/keywords.h"

#include <algorithm>
#include <string>

#include "model/grammar/number.h"
#include "model/grammar/schema_error.h"

namespace hob::grammar {
namespace {

using json::Document;


struct Row {
  std::string_view keyword;
  unsigned types;                    // that it constrains
  bool (*harmless)(const Document&);  // forms that say nothing; null: none
};

constexpr Row kRefused[] = {
    {"extends", kEveryType, nullptr},
    {"disallow", kEveryType, nullptr},
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

Result<Types> types_of(const Document& schema, const std::string& pointer) {
  const Document* type = schema.find("type");
  if (!type) return Types{};
  Types types{0, false, false};
  bool number = false;
  const auto add = [&](const Document& name) -> bool {
    static constexpr std::pair<std::string_view, unsigned> kNames[] = {
        {"null", kNull}, {"boolean", kBoolean}, {"number", kNumber}, {"integer", kNumber},
        {"string", kString}, {"array", kArray}, {"object", kObject}};
    for (const auto& [word, bit] : kNames) {
      if (name.kind != Document::Kind::string || name.text != word) continue;
      types.set |= bit;
      number = number || word == "number";
      return true;
    }
    return false;
  };
  const bool list = type->kind == Document::Kind::array && !type->items.empty();
  const bool good = list ? std::all_of(type->items.begin(), type->items.end(), add) : add(*type);
  if (!good) return refused(pointer, "type", "type must be a type's name or a list of them");
  types.integer = (types.set & kNumber) != 0 && !number;
  return types;
}

Result<Types> types_of_failure(const Document& schema, std::string_view keyword, const std::string& pointer) {
  if (keyword != "type") return Types{types_of_keyword(keyword), false, false};
  HOB_TRY(held, types_of(schema, pointer));
  Types types{kEveryType & ~held.set, false, held.integer};
  if (held.integer) types.set |= kNumber;
  return types;
}

unsigned types_of_keyword(std::string_view keyword) {
  static constexpr std::pair<std::string_view, unsigned> kTable[] = {
      {"minimum", kNumber}, {"maximum", kNumber}, {"exclusiveMinimum", kNumber}, {"exclusiveMaximum", kNumber},
      {"multipleOf", kNumber}, {"divisibleBy", kNumber}, {"minLength", kString}, {"maxLength", kString},
      {"pattern", kString}, {"format", kString}, {"minItems", kArray}, {"maxItems", kArray}, {"prefixItems", kArray},
      {"items", kArray}, {"additionalItems", kArray}, {"uniqueItems", kArray}, {"contains", kArray},
      {"minContains", kArray}, {"maxContains", kArray}, {"unevaluatedItems", kArray}, {"properties", kObject},
      {"patternProperties", kObject}, {"additionalProperties", kObject}, {"propertyNames", kObject},
      {"required", kObject}, {"minProperties", kObject}, {"maxProperties", kObject}, {"dependencies", kObject},
      {"dependentRequired", kObject}, {"dependentSchemas", kObject}, {"unevaluatedProperties", kObject}};
  for (const auto& [word, types] : kTable) {
    if (word == keyword) return types;
  }
  return kEveryType;
}

std::optional<Refusal> refused_keyword(const Document& schema, unsigned types) {
  for (const auto& [name, value] : schema.members) {
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
