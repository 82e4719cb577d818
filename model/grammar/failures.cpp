// SchemaBuilder: how a schema can fail. The values that do not fit a schema are the union, over its assertions, of those
// that make this one assertion fail; what the rest of the set excludes already is left out, so that few ways remain.
#include <algorithm>

#include "model/grammar/keywords.h"
#include "model/grammar/language.h"
#include "model/grammar/number.h"
#include "model/grammar/schema.h"
#include "model/grammar/schema_error.h"

namespace hob::grammar {
namespace {

using json::Document;
using Kind = Document::Kind;

constexpr size_t kMaxPairs = 16;  // branches of a denied oneOf

bool says_nothing(const Document& schema) {
  return (schema.kind == Kind::boolean && schema.boolean) || (schema.kind == Kind::object && schema.members.empty());
}
bool is_zero(const Document& value) { return value.kind == Kind::number && Decimal::parse(value.text).zero(); }

bool lists(const Document& names, const std::string& name) {
  return names.kind == Kind::array && std::any_of(names.items.begin(), names.items.end(), [&](const Document& one) {
           return one.kind == Kind::string && one.text == name;
         });
}

}  // namespace

Result<std::vector<SchemaBuilder::Way>> SchemaBuilder::failures(const Item& item, const Items& items) {
  const Document& schema = *item.schema;
  work_ += schema.members.size() + items.size();
  if (work_ > kMaxWork) return refused(item.pointer, "not", "the schema unfolds to too many combinations");
  Types known;
  for (const Item& other : items) {
    if (other.denied && other.failing.empty()) continue;
    HOB_TRY(one, other.denied ? types_of_failure(*other.schema, other.failing, other.pointer)
                              : types_of(*other.schema, other.pointer));
    known.set &= one.set;
    known.integer = known.integer || one.integer;
    known.fraction = known.fraction || one.fraction;
  }
  const auto must_have = [&](const std::string& name) {
    return std::any_of(items.begin(), items.end(), [&](const Item& other) {
      const Document* names = other.denied ? nullptr : other.schema->find("required");
      return names && lists(*names, name);
    });
  };
  const auto must_lack = [&](const std::string& name) {
    return std::any_of(items.begin(), items.end(), [&](const Item& other) {
      return other.denied && other.failing == "required" && other.schema->find("required")->items[other.index].text == name;
    });
  };
  std::vector<Way> ways;
  const auto add = [&](const Document& more, std::string pointer, bool denied) {
    ways.emplace_back().adds.push_back(branch(item, more, std::move(pointer), denied));
  };
  const auto atom = [&](std::string_view keyword, size_t index = 0) {
    Way& way = ways.emplace_back();
    way.failing = keyword;
    way.index = static_cast<uint32_t>(index);
  };
  for (const std::string_view keyword : kReferences) {
    if (!schema.find(keyword) || (!siblings_of_ref_ && keyword != kReferences[0])) continue;
    std::string where;
    HOB_TRY(target, resolve(item, keyword, where));
    add(*target, where, true);
    if (!siblings_of_ref_ && keyword == kReferences[0]) return ways;
  }
  if (auto refusal = refused_keyword(schema, known.set)) return refused(item.pointer, refusal->keyword, refusal->why);
  const auto list_of_schemas = [&](const Document& value, std::string_view keyword) -> Result<void> {
    if (value.kind == Kind::array && !value.items.empty()) return {};
    return refused(item.pointer, keyword, std::string(keyword) + " must be a list of schemas");
  };
  for (const auto& [keyword, value] : schema.members) {
    if ((types_of_keyword(keyword) & known.set) == 0) continue;
    const std::string place = below(item.pointer, keyword);
    const auto each = [&](size_t i) { return place + "/" + std::to_string(i); };
    if (keyword == "allOf") {
      HOB_TRY_VOID(list_of_schemas(value, keyword));
      for (size_t i = 0; i < value.items.size(); ++i) add(value.items[i], each(i), true);
    } else if (keyword == "anyOf" || keyword == "oneOf") {
      HOB_TRY_VOID(list_of_schemas(value, keyword));
      Way none;
      for (size_t i = 0; i < value.items.size(); ++i) none.adds.push_back(branch(item, value.items[i], each(i), true));
      ways.push_back(std::move(none));
      if (keyword == "anyOf") continue;
      if (value.items.size() > kMaxPairs) return refused(item.pointer, "oneOf", "a oneOf of so many branches cannot be denied");
      for (size_t i = 0; i < value.items.size(); ++i) {
        for (size_t j = i + 1; j < value.items.size(); ++j) {
          Way& two = ways.emplace_back();
          two.adds.push_back(branch(item, value.items[i], each(i)));
          two.adds.push_back(branch(item, value.items[j], each(j)));
        }
      }
    } else if (keyword == "not") {
      add(value, place, false);
    } else if (keyword == "if") {
      if (!conditions_) continue;
      for (const bool holds : {true, false}) {
        const char* then = holds ? "then" : "else";
        const Document* branch_of = schema.find(then);
        if (!branch_of) continue;
        Way& way = ways.emplace_back();
        way.adds.push_back(branch(item, value, place, !holds));
        way.adds.push_back(branch(item, *branch_of, below(item.pointer, then), true));
      }
    } else if (keyword == "type") {
      HOB_TRY(held, types_of_failure(schema, keyword, item.pointer));
      unsigned left = held.set & known.set;
      if (held.fraction && known.integer) left &= ~unsigned{kNumber};
      if (left != 0) atom("type");
    } else if (keyword == "enum" || keyword == "const") {
      HOB_TRY_VOID(constant_failures(item, keyword, ways));
    } else if (keyword == "required") {
      if (value.kind == Kind::boolean) continue;
      if (value.kind != Kind::array) return refused(item.pointer, "required", "required must be a list of names");
      for (size_t i = 0; i < value.items.size(); ++i) {
        if (value.items[i].kind != Kind::string) return refused(item.pointer, "required", "required must be a list of names");
        if (!must_have(value.items[i].text)) atom("required", i);
      }
    } else if (keyword == "properties") {
      if (value.kind != Kind::object) return refused(item.pointer, keyword, "properties must be an object");
      for (size_t i = 0; i < value.members.size(); ++i) {
        if (!says_nothing(value.members[i].second) && !must_lack(value.members[i].first)) atom("properties", i);
      }
    } else if (keyword == "patternProperties") {
      if (value.kind != Kind::object) return refused(item.pointer, keyword, "patternProperties must be an object");
      for (size_t i = 0; i < value.members.size(); ++i) {
        if (!says_nothing(value.members[i].second)) atom(keyword, i);
      }
    } else if (keyword == "uniqueItems") {
      if (value.kind == Kind::boolean && !value.boolean) continue;
      return refused(item.pointer, keyword, "uniqueItems cannot be denied: two equal items cannot be asked for");
    } else if (keyword == "unevaluatedProperties" || keyword == "unevaluatedItems") {
      if (!unevaluated(schema, keyword)) continue;
      return refused(item.pointer, keyword, keyword + " cannot be denied; say with properties or items what must not hold");
    } else if (keyword == "additionalProperties" || keyword == "propertyNames") {
      if (!says_nothing(value)) atom(keyword);
    } else if (keyword == "prefixItems" || (keyword == "items" && value.kind == Kind::array)) {
      if (keyword == "items" && schema.find("prefixItems")) continue;
      HOB_TRY_VOID(list_of_schemas(value, keyword));
      for (size_t i = 0; i < value.items.size(); ++i) {
        if (!says_nothing(value.items[i])) atom("prefixItems", i);
      }
    } else if (keyword == "items" || keyword == "additionalItems") {
      const Document* list = schema.find("items");
      if (keyword == "additionalItems" && (!list || list->kind != Kind::array || schema.find("prefixItems"))) continue;
      if (!says_nothing(value)) atom("items");
    } else if (keyword == "contains") {
      const Document* least = siblings_of_ref_ ? schema.find("minContains") : nullptr;
      if (!least || !is_zero(*least)) atom("contains");
      if (siblings_of_ref_ && schema.find("maxContains")) atom("maxContains");
    } else if (keyword == "dependentRequired" || keyword == "dependentSchemas" || keyword == "dependencies") {
      HOB_TRY_VOID(dependency_failures(item, keyword, ways));
    } else if (keyword == "minLength" || keyword == "minItems" || keyword == "minProperties") {
      if (!is_zero(value)) atom(keyword);
    } else if (keyword == "pattern") {
      atom(keyword);
    } else if (keyword == "format") {
      if (value.kind != Kind::string) continue;
      auto language = ir_.languages().format(value.text);
      if (!language) return refused(item.pointer, keyword, language.error().message());
      if (*language != kNoLanguage) atom(keyword);
    } else if (keyword == "minimum" || keyword == "maximum" || keyword == "maxLength" || keyword == "maxItems" ||
               keyword == "maxProperties" || keyword == "multipleOf" || keyword == "divisibleBy" ||
               ((keyword == "exclusiveMinimum" || keyword == "exclusiveMaximum") && value.kind == Kind::number)) {
      atom(keyword);
    }
  }
  return ways;
}

Result<void> SchemaBuilder::dependency_failures(const Item& item, std::string_view keyword, std::vector<Way>& out) {
  const Document& rules = *item.schema->find(keyword);
  if (rules.kind != Kind::object) return refused(item.pointer, keyword, std::string(keyword) + " must be an object");
  for (const auto& [name, rule] : rules.members) {
    const std::string place = below(below(item.pointer, keyword), name);
    const auto way = [&, &name = name](const Document& failing) {
      Way& made = out.emplace_back();
      made.adds.push_back(branch(item, *present(rules, name), place));
      made.adds.push_back(branch(item, failing, place, true));
    };
    if (keyword == "dependentSchemas" || (keyword == "dependencies" && rule.kind != Kind::array && rule.kind != Kind::string)) {
      way(rule);
      continue;
    }
    HOB_TRY(needed, needed_names(rule, item.pointer, keyword));
    for (const std::string& need : needed) {
      if (need != name) way(*present(rules, need));
    }
  }
  return {};
}

// Plain values are left out where types are built; an array or an object fails as a schema of its own does.
Result<void> SchemaBuilder::constant_failures(const Item& item, std::string_view keyword, std::vector<Way>& out) {
  const Document& value = *item.schema->find(keyword);
  if (keyword == "enum" && value.kind != Kind::array) return refused(item.pointer, keyword, "enum must be a list of values");
  Way way;
  way.failing = keyword;
  const auto take = [&](const Document& one) {
    if (one.kind != Kind::array && one.kind != Kind::object) return;
    way.adds.push_back(branch(item, *only(one), below(item.pointer, keyword), true));
  };
  if (keyword == "const") {
    take(value);
  } else {
    for (const Document& one : value.items) take(one);
  }
  out.push_back(std::move(way));
  return {};
}

const Document* SchemaBuilder::only(const Document& value) {
  const Document*& known = only_[&value];
  if (known) return known;
  const auto text = [](std::string_view content, Kind kind) {
    Document document;
    document.kind = kind;
    document.text = content;
    return document;
  };
  const auto constant = [](const Document& one) {
    Document document;
    document.kind = Kind::object;
    document.members.emplace_back("const", one);
    return document;
  };
  Document& made = own_.emplace_back();
  made.kind = Kind::object;
  const bool array = value.kind == Kind::array;
  const size_t size = array ? value.items.size() : value.members.size();
  made.members.emplace_back("type", text(array ? "array" : "object", Kind::string));
  for (const char* bound : {"min", "max"}) {
    made.members.emplace_back(std::string(bound) + (array ? "Items" : "Properties"), text(std::to_string(size), Kind::number));
  }
  Document parts;
  parts.kind = array ? Kind::array : Kind::object;
  if (array) {
    for (const Document& one : value.items) parts.items.push_back(constant(one));
  } else {
    Document names;
    names.kind = Kind::array;
    for (const auto& [name, member] : value.members) {
      names.items.push_back(text(name, Kind::string));
      parts.members.emplace_back(name, constant(member));
    }
    made.members.emplace_back("required", std::move(names));
  }
  if (size > 0) made.members.emplace_back(array ? "prefixItems" : "properties", std::move(parts));
  return known = &made;
}

}  // namespace hob::grammar
