// SchemaBuilder: what a set of schemas says of objects.
#include <algorithm>

#include "model/grammar/language.h"
#include "model/grammar/schema.h"
#include "model/grammar/schema_error.h"

namespace hob::grammar {
namespace {

using json::Document;
using Kind = Document::Kind;

const Document& never() {
  static const Document document = [] {
    Document made;
    made.kind = Kind::boolean;
    return made;
  }();
  return document;
}

}  // namespace

Result<void> SchemaBuilder::add_object(const Items& items, Node& out) {
  HOB_TRY(least, count(items, "minProperties", "maxProperties", true));
  HOB_TRY(most, count(items, "maxProperties", "minProperties", false));
  ObjectSpec spec;
  spec.min_properties = least.value_or(0);
  spec.max_properties = most.value_or(kUnlimited);
  if (spec.min_properties > spec.max_properties) {
    impossible(items.front().pointer, "minProperties is above maxProperties");
    return {};
  }
  std::vector<std::string> order;
  std::map<std::string, bool> required;  // every name that is spoken of
  bool declares = false, speaks_of_others = false;
  std::vector<std::pair<std::string, Item>> parts;  // of a denied schema: members that fail in their values, or are not there
  for (const Item& item : items) {
    if (item.denied) {
      if (item.failing == "properties") {
        const auto& [name, schema] = item.schema->find("properties")->members[item.index];
        if (required.emplace(name, true).second) order.push_back(name);
        required[name] = true;
        parts.emplace_back(name, Item{&schema, below(below(item.pointer, "properties"), name), true});
      } else if (item.failing == "required") {
        const std::string& name = item.schema->find("required")->items[item.index].text;
        if (required.emplace(name, false).second) order.push_back(name);
        parts.emplace_back(name, Item{&never(), item.pointer});
      }
      continue;
    }
    if (const Document* properties = item.schema->find("properties")) {
      if (properties->kind != Kind::object) return refused(item.pointer, "properties", "properties must be an object");
      for (const auto& [name, schema] : properties->members) {
        declares = true;
        if (required.emplace(name, false).second) order.push_back(name);
      }
    }
    speaks_of_others = speaks_of_others || item.schema->find("additionalProperties") ||
                       unevaluated(*item.schema, "unevaluatedProperties");
  }
  HOB_TRY(keys, read_keys(items, spec.max_properties != kUnlimited));
  for (const std::string& name : keys.witness_not) {
    if (required.emplace(name, false).second) order.push_back(name);
  }
  for (const Item& item : items) {
    const Document* names = item.denied ? nullptr : item.schema->find("required");
    if (!names || (names->kind == Kind::boolean && !names->boolean)) continue;
    if (names->kind != Kind::array) return refused(item.pointer, "required", "required must be a list of names");
    for (const Document& name : names->items) {
      if (name.kind != Kind::string) return refused(item.pointer, "required", "required must be a list of names");
      if (required.emplace(name.text, true).second) order.push_back(name.text);
      required[name.text] = true;
    }
  }
  std::vector<Cell> cells;
  if (!keys.base && keys.patterns.empty() && keys.witness_language == kNoLanguage) {
    cells.push_back({kNoLanguage, {}, keys.witness != nullptr});
  } else {
    HOB_TRY(parted, part_keys(keys, items.front().pointer));
    cells = std::move(parted);
  }
  spec.reticent = dialect_ == Dialect::gemma && declares && !speaks_of_others;
  HOB_TRY_VOID(add_classes(items, keys, std::move(cells), !spec.reticent, spec));
  HOB_TRY_VOID(name_few_keys(spec, required, order, items.front().pointer));
  Languages& all = ir_.languages();
  for (const auto& [name, must] : required) {
    if (dialect_ == Dialect::gemma && !bare_key(name)) return unwritable_key(items.front().pointer, "properties", name);
    Cell cell;
    for (const LanguageId pattern : keys.patterns) cell.hits.push_back(all.matches(pattern, name));
    Items set = rules_of(items, keys, cell, &name);
    for (const auto& [part, item] : parts) {
      if (part == name) set.push_back(item);
    }
    if (keys.base && !all.matches(*keys.base, name)) set.push_back({&never(), items.front().pointer + "/propertyNames"});
    HOB_TRY(value, node(set));
    spec.names.push_back(name);
    spec.properties.push_back({value, must});
    if (!keys.witness || std::find(keys.witness_not.begin(), keys.witness_not.end(), name) != keys.witness_not.end()) continue;
    if (keys.witness_language != kNoLanguage && !all.matches(keys.witness_language, name)) continue;
    if (keys.witness_value) set.push_back(*keys.witness_value);
    HOB_TRY(one, node(std::move(set)));
    spec.properties.back().witness = one;
  }
  for (const std::string& name : order) {
    spec.declared.push_back(
        static_cast<uint32_t>(std::lower_bound(spec.names.begin(), spec.names.end(), name) - spec.names.begin()));
  }
  HOB_TRY_VOID(limit_classes(spec, items.front().pointer));
  spec.wants_witness = keys.witness != nullptr;
  size_t must = 0;
  for (const Property& property : spec.properties) must += property.required ? 1 : 0;
  if (must > spec.max_properties) impossible(items.front().pointer, "more keys are required than maxProperties allows");
  if (spec.others.empty() && spec.properties.size() < spec.min_properties) {
    impossible(items.front().pointer, "fewer keys are allowed than minProperties asks for");
  }
  out.objects.push_back(std::move(spec));
  return {};
}

}  // namespace hob::grammar
