// SchemaBuilder: enum and const. Each listed value is tried against the other schemas of the set and becomes the type
// that only it fits: a literal string, a range of one number, a tuple, an object with all keys required.
#include <algorithm>
#include <functional>

#include "model/grammar/keywords.h"
#include "model/grammar/language.h"
#include "model/grammar/schema.h"
#include "model/grammar/schema_error.h"
#include "schemas/base/utf8.h"

namespace hob::grammar {
namespace {

using json::Document;
using Kind = Document::Kind;

constexpr int kMaxNesting = 64;

bool equal(const Document& a, const Document& b) {
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case Kind::null:
      return true;
    case Kind::boolean:
      return a.boolean == b.boolean;
    case Kind::number:
      return compare(Decimal::parse(a.text), Decimal::parse(b.text)) == 0;
    case Kind::string:
      return a.text == b.text;
    case Kind::array:
      return std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(), equal);
    default:
      return a.members.size() == b.members.size() && std::all_of(a.members.begin(), a.members.end(), [&](const auto& m) {
        const Document* other = b.find(m.first);
        return other && equal(m.second, *other);
      });
  }
}

bool has_type(const Document& value, const Document& type) {
  if (type.kind == Kind::array) {
    return std::any_of(type.items.begin(), type.items.end(), [&](const Document& one) { return has_type(value, one); });
  }
  const std::string& name = type.text;
  switch (value.kind) {
    case Kind::null:
      return name == "null";
    case Kind::boolean:
      return name == "boolean";
    case Kind::number:
      return name == "number" || (name == "integer" && Decimal::parse(value.text).integral());
    case Kind::string:
      return name == "string";
    case Kind::array:
      return name == "array";
    default:
      return name == "object";
  }
}

// `value` against a bound; a missing or odd bound holds (odd ones are refused where types are built).
bool within(const Document& schema, const Decimal& value) {
  const auto order = [&](const char* keyword) -> std::optional<int> {
    const Document* bound = schema.find(keyword);
    if (!bound || bound->kind != Kind::number) return std::nullopt;
    return compare(value, Decimal::parse(bound->text));
  };
  const auto strict = [&](const char* keyword) {
    const Document* flag = schema.find(keyword);
    return flag && flag->kind == Kind::boolean && flag->boolean;
  };
  if (const auto o = order("minimum"); o && (*o < 0 || (*o == 0 && strict("exclusiveMinimum")))) return false;
  if (const auto o = order("maximum"); o && (*o > 0 || (*o == 0 && strict("exclusiveMaximum")))) return false;
  if (const auto o = order("exclusiveMinimum"); o && *o <= 0) return false;
  if (const auto o = order("exclusiveMaximum"); o && *o >= 0) return false;
  for (const char* keyword : {"multipleOf", "divisibleBy"}) {
    const Document* divisor = schema.find(keyword);
    if (!divisor || divisor->kind != Kind::number) continue;
    const Decimal step = Decimal::parse(divisor->text);
    if (!step.zero() && !multiple_of(value, step)) return false;
  }
  return true;
}

bool counted(const Document& schema, const char* least, const char* most, size_t count) {
  const Decimal value = Decimal::parse(std::to_string(count));
  const Document* low = schema.find(least);
  const Document* high = schema.find(most);
  if (low && low->kind == Kind::number && compare(value, Decimal::parse(low->text)) < 0) return false;
  return !(high && high->kind == Kind::number && compare(value, Decimal::parse(high->text)) > 0);
}

}  // namespace

Result<void> SchemaBuilder::constants(const Items& items, Node& out) {
  const Item* source = nullptr;
  std::string_view keyword;
  for (const Item& item : items) {
    if (source) break;
    if (item.denied) continue;
    for (const char* name : {"const", "enum"}) {
      if (source || !item.schema->find(name)) continue;
      source = &item;
      keyword = name;
    }
  }
  const Document& listed = *source->schema->find(keyword);
  if (keyword == "enum" && listed.kind != Kind::array) {
    return refused(source->pointer, "enum", "enum must be a list of values");
  }
  const size_t count = keyword == "const" ? 1 : listed.items.size();
  bool any = false;
  for (size_t i = 0; i < count; ++i) {
    const Document& value = keyword == "const" ? listed : listed.items[i];
    bool fits = true;
    for (const Item& item : items) {
      if (!fits) break;
      // Where its choices are made, what they add is in the set.
      bool whole = item.denied;
      if (!whole) {
        HOB_TRY(open, choice(item));
        whole = open.has_value();
      }
      HOB_TRY(good, whole ? admits(*item.schema, item.pointer, value, 0) : admits_direct(*item.schema, item.pointer, value, 0));
      fits = good != item.denied;
    }
    if (!fits) continue;
    any = true;
    HOB_TRY_VOID(add_constant(value, source->pointer, keyword, out));
  }
  if (!any) impossible(source->pointer, "no value of " + std::string(keyword) + " fits the rest of the schema");
  return {};
}

Result<void> SchemaBuilder::add_constant(const Document& value, const std::string& pointer, std::string_view keyword,
                                         Node& out) {
  switch (value.kind) {
    case Kind::null:
      out.null = true;
      return {};
    case Kind::boolean:
      (value.boolean ? out.yes : out.no) = true;
      return {};
    case Kind::number: {
      const Decimal number = Decimal::parse(value.text);
      auto range = NumberRange::make(number.integral(), Bound{number, false}, Bound{number, false});
      if (!range || number.point > 20) {
        return refused(pointer, keyword, "the number " + value.text.substr(0, 60) + " has more than 20 digits or 18 decimals");
      }
      out.numbers.push_back({{std::move(*range)}});
      return {};
    }
    case Kind::string:
      out.strings.push_back({0, kUnlimited, {value.text}});
      return {};
    case Kind::array: {
      ArraySpec spec;
      spec.min_items = spec.max_items = static_cast<uint32_t>(value.items.size());
      for (const Document& item : value.items) {
        HOB_TRY(id, constant_node(item, pointer, keyword));
        spec.prefix.push_back(id);
      }
      out.arrays.push_back(std::move(spec));
      return {};
    }
    default: {
      ObjectSpec spec;
      std::map<std::string, NodeId> members;
      for (const auto& [name, member] : value.members) {
        if (dialect_ == Dialect::gemma && !bare_key(name)) return unwritable_key(pointer, keyword, name);
        HOB_TRY(id, constant_node(member, pointer, keyword));
        members[name] = id;
      }
      for (const auto& [name, id] : members) {
        spec.names.push_back(name);
        spec.properties.push_back({id, true});
      }
      for (const auto& [name, member] : value.members) {
        spec.declared.push_back(
            static_cast<uint32_t>(std::lower_bound(spec.names.begin(), spec.names.end(), name) - spec.names.begin()));
      }
      out.objects.push_back(std::move(spec));
      return {};
    }
  }
}

Result<NodeId> SchemaBuilder::constant_node(const Document& value, const std::string& pointer, std::string_view keyword) {
  if (const auto found = constants_.find(&value); found != constants_.end()) return found->second;
  Node made;
  HOB_TRY_VOID(add_constant(value, pointer, keyword, made));
  const auto id = static_cast<NodeId>(ir_.nodes.size());
  ir_.nodes.push_back(std::move(made));
  constants_.emplace(&value, id);
  return id;
}

Result<bool> SchemaBuilder::admits(const Document& schema, const std::string& pointer, const Document& value, int depth) {
  if (schema.kind == Kind::boolean) return schema.boolean;
  if (schema.kind != Kind::object) return refused(pointer, "", "a schema must be an object or a boolean");
  if (depth > kMaxNesting || ++work_ > 200'000) return refused(pointer, "enum", "the listed values take too long to check");
  for (const std::string_view keyword : kReferences) {
    if (!schema.find(keyword) || (!siblings_of_ref_ && keyword != kReferences[0])) continue;
    std::string where;
    HOB_TRY(target, resolve({&schema, pointer}, keyword, where));
    HOB_TRY(good, admits(*target, where, value, depth + 1));
    if (!good || (!siblings_of_ref_ && keyword == kReferences[0])) return good;
  }
  for (const char* keyword : {"allOf", "anyOf", "oneOf"}) {
    const Document* branches = schema.find(keyword);
    if (!branches) continue;
    size_t fit = 0;
    for (size_t i = 0; i < branches->items.size(); ++i) {
      const std::string where = pointer + "/" + keyword + "/" + std::to_string(i);
      HOB_TRY(good, admits(branches->items[i], where, value, depth + 1));
      fit += good ? 1 : 0;
    }
    const bool good = keyword[1] == 'l' ? fit == branches->items.size() : keyword[1] == 'n' && keyword[0] == 'a' ? fit > 0
                                                                                                             : fit == 1;
    if (!good) return false;
  }
  HOB_TRY(good, admits_choices(schema, pointer, value, depth));
  return good ? admits_direct(schema, pointer, value, depth) : Result<bool>(false);
}

Result<bool> SchemaBuilder::admits_choices(const Document& schema, const std::string& pointer, const Document& value,
                                           int depth) {
  if (const Document* no = schema.find("not")) {
    HOB_TRY(good, admits(*no, below(pointer, "not"), value, depth + 1));
    if (good) return false;
  }
  const Document* condition = conditions_ ? schema.find("if") : nullptr;
  if (condition && (schema.find("then") || schema.find("else"))) {
    HOB_TRY(holds, admits(*condition, below(pointer, "if"), value, depth + 1));
    const char* then = holds ? "then" : "else";
    if (const Document* next = schema.find(then)) {
      HOB_TRY(good, admits(*next, below(pointer, then), value, depth + 1));
      if (!good) return false;
    }
  }
  if (value.kind != Kind::object) return true;
  for (const std::string_view keyword : {"dependentRequired", "dependentSchemas", "dependencies"}) {
    const Document* rules = schema.find(keyword);
    if (!rules) continue;
    for (const auto& [name, rule] : rules->members) {
      if (!value.find(name)) continue;
      if (keyword != "dependentRequired" && rule.kind != Kind::array && rule.kind != Kind::string) {
        HOB_TRY(good, admits(rule, below(below(pointer, keyword), name), value, depth + 1));
        if (!good) return false;
        continue;
      }
      HOB_TRY(needed, needed_names(rule, pointer, keyword));
      for (const std::string& need : needed) {
        if (!value.find(need)) return false;
      }
    }
  }
  return true;
}

Result<bool> SchemaBuilder::admits_direct(const Document& schema, const std::string& pointer, const Document& value,
                                          int depth) {
  if (auto refusal = refused_keyword(schema, type_of(value))) return refused(pointer, refusal->keyword, refusal->why);
  for (const char* keyword : {"unevaluatedProperties", "unevaluatedItems"}) {
    if (value.kind != (keyword[11] == 'P' ? Kind::object : Kind::array) || !unevaluated(schema, keyword)) continue;
    return refused(pointer, keyword, std::string(keyword) + " is not enforced on values that enum or const list");
  }
  if (const Document* type = schema.find("type"); type && !has_type(value, *type)) return false;
  if (const Document* one = schema.find("const"); one && !equal(*one, value)) return false;
  if (const Document* some = schema.find("enum")) {
    // Mostly it is one of these very values, which may be many.
    const std::less<const Document*> before;
    const Document* const first = some->items.data();
    const bool listed = !before(&value, first) && before(&value, first + some->items.size());
    const auto same = [&](const Document& other) { return equal(other, value); };
    if (!listed && std::none_of(some->items.begin(), some->items.end(), same)) return false;
  }
  switch (value.kind) {
    case Kind::number:
      return within(schema, Decimal::parse(value.text));
    case Kind::string:
      return admits_string(schema, pointer, value);
    case Kind::array:
      return admits_array(schema, pointer, value, depth);
    case Kind::object:
      return admits_object(schema, pointer, value, depth);
    default:
      return true;
  }
}

Result<bool> SchemaBuilder::admits_string(const Document& schema, const std::string& pointer, const Document& value) {
  if (!counted(schema, "minLength", "maxLength", utf8::length(value.text))) return false;
  for (const char* keyword : {"pattern", "format"}) {
    HOB_TRY(language, language_of(schema, pointer, keyword));
    if (language != kNoLanguage && !ir_.languages().matches(language, value.text)) return false;
  }
  return true;
}

Result<bool> SchemaBuilder::admits_array(const Document& schema, const std::string& pointer, const Document& value,
                                         int depth) {
  if (!counted(schema, "minItems", "maxItems", value.items.size())) return false;
  const Document* unique = schema.find("uniqueItems");
  if (unique && unique->kind == Kind::boolean && unique->boolean) {
    for (size_t i = 0; i < value.items.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (++work_ > kMaxWork) return refused(pointer, "uniqueItems", "the listed values take too long to check");
        if (equal(value.items[i], value.items[j])) return false;
      }
    }
  }
  const Document* list = schema.find("prefixItems");
  const Document* rest = schema.find("items");
  if (!list && rest && rest->kind == Kind::array) {
    list = rest;
    rest = schema.find("additionalItems");
  }
  if (const Document* kind = schema.find("contains")) {
    size_t met = 0;
    for (const Document& item : value.items) {
      HOB_TRY(good, admits(*kind, pointer + "/contains", item, depth + 1));
      met += good ? 1 : 0;
    }
    const bool counts = siblings_of_ref_;
    if (met == 0 && !(counts && schema.find("minContains"))) return false;
    if (counts && !counted(schema, "minContains", "maxContains", met)) return false;
  }
  for (size_t i = 0; i < value.items.size(); ++i) {
    const Document* item = list && i < list->items.size() ? &list->items[i] : rest;
    if (!item) continue;
    HOB_TRY(good, admits(*item, pointer + "/items", value.items[i], depth + 1));
    if (!good) return false;
  }
  return true;
}

Result<bool> SchemaBuilder::admits_object(const Document& schema, const std::string& pointer, const Document& value,
                                          int depth) {
  if (!counted(schema, "minProperties", "maxProperties", value.members.size())) return false;
  if (const Document* needed = schema.find("required")) {
    for (const Document& name : needed->items) {
      if (!value.find(name.text)) return false;
    }
  }
  const Document* properties = schema.find("properties");
  const Document* other = schema.find("additionalProperties");
  const Document* patterns = schema.find("patternProperties");
  const Document* names = schema.find("propertyNames");
  for (const auto& [name, member] : value.members) {
    const Document* own = properties ? properties->find(name) : nullptr;
    bool spoken = own != nullptr;
    if (own) {
      HOB_TRY(good, admits(*own, below(below(pointer, "properties"), name), member, depth + 1));
      if (!good) return false;
    }
    for (size_t i = 0; patterns && i < patterns->members.size(); ++i) {
      const auto& [text, rule] = patterns->members[i];
      auto language = ir_.languages().pattern(text);
      if (!language) return refused(pointer, "patternProperties", language.error().message());
      if (!ir_.languages().matches(*language, name)) continue;
      spoken = true;
      HOB_TRY(good, admits(rule, below(below(pointer, "patternProperties"), text), member, depth + 1));
      if (!good) return false;
    }
    if (!spoken && other) {
      HOB_TRY(good, admits(*other, below(pointer, "additionalProperties"), member, depth + 1));
      if (!good) return false;
    }
    if (!names) continue;
    Document text;
    text.kind = Kind::string;
    text.text = name;
    HOB_TRY(good, admits(*names, below(pointer, "propertyNames"), text, depth + 1));
    if (!good) return false;
  }
  return true;
}

}  // namespace hob::grammar
