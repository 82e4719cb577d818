// SchemaBuilder: what $id, $anchor and their like name, and what $ref points at, inside the document. Nothing is fetched.
#include <algorithm>

#include "model/grammar/keywords.h"
#include "model/grammar/schema.h"
#include "model/grammar/schema_error.h"
#include "model/grammar/schema_uri.h"

namespace hob::grammar {
namespace {

using json::Document;
using Kind = Document::Kind;

// Where schemas stand in a schema; what stands elsewhere is a value, and an $id in it names nothing.
enum class Holds { nothing, schema, list, map };
Holds holds(std::string_view keyword) {
  for (const std::string_view one : {"additionalProperties", "additionalItems", "items", "contains", "not", "if", "then", "else",
                                     "propertyNames", "unevaluatedItems", "unevaluatedProperties", "contentSchema"}) {
    if (keyword == one) return Holds::schema;
  }
  for (const std::string_view one : {"allOf", "anyOf", "oneOf", "prefixItems"}) {
    if (keyword == one) return Holds::list;
  }
  for (const std::string_view one :
       {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"}) {
    if (keyword == one) return Holds::map;
  }
  return Holds::nothing;
}

const std::string* text_of(const Document& schema, std::string_view keyword) {
  const Document* value = schema.find(keyword);
  return value && value->kind == Kind::string ? &value->text : nullptr;
}

// Reads %41 and the like; false where an escape is broken.
bool unescape(std::string_view raw, std::string& out) {
  for (size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '%') {
      out.push_back(raw[i]);
      continue;
    }
    const auto digit = [&](size_t at) {
      const size_t found = at < raw.size() ? std::string_view("0123456789abcdefABCDEF").find(raw[at]) : 99;
      return found < 16 ? static_cast<int>(found) : found < 22 ? static_cast<int>(found) - 6 : -1;
    };
    if (digit(i + 1) < 0 || digit(i + 2) < 0) return false;
    out.push_back(static_cast<char>(digit(i + 1) * 16 + digit(i + 2)));
    i += 2;
  }
  return true;
}

}  // namespace

// Notes to which resource each schema belongs, and what names it. Iterative depth is that of the document, which is limited.
void SchemaBuilder::find_names(const Document& schema, const std::string& pointer, uint32_t resource) {
  if (schema.kind != Kind::object) return;
  const bool alone = !siblings_of_ref_ && schema.find("$ref");  // then what stands beside says nothing
  const std::string* id = alone ? nullptr : text_of(schema, id_keyword_);
  if (id && !siblings_of_ref_ && !id->empty() && (*id)[0] == '#') {  // the older form of $anchor
    anchors_.emplace(resources_[resource].uri + *id, Place{&schema, pointer});
    id = nullptr;
  }
  if (id && (&schema != root_ || resources_.size() == 1)) {
    const std::string uri = without_fragment(resolve_uri(resources_[resource].uri, *id));
    if (&schema == root_) {
      resources_[0].uri = uri;
    } else {
      resources_.push_back({uri, {&schema, pointer}, resource});
      resource = static_cast<uint32_t>(resources_.size() - 1);
    }
  }
  resource_of_.emplace(&schema, resource);
  if (siblings_of_ref_) {
    if (const std::string* name = text_of(schema, "$anchor")) {
      anchors_.emplace(resources_[resource].uri + "#" + *name, Place{&schema, pointer});
    }
    if (const std::string* name = text_of(schema, "$dynamicAnchor")) {
      anchors_.emplace(resources_[resource].uri + "#" + *name, Place{&schema, pointer});
      dynamic_[*name].push_back({resource, {&schema, pointer}});
    }
    const Document* recursive = schema.find("$recursiveAnchor");
    if (recursive && recursive->kind == Kind::boolean && recursive->boolean && resources_[resource].place.schema == &schema) {
      dynamic_[""].push_back({resource, {&schema, pointer}});
    }
  }
  for (const auto& [keyword, value] : schema.members) {
    const Holds what = holds(keyword);
    if (what == Holds::nothing) continue;
    const std::string place = below(pointer, keyword);
    if (what == Holds::map) {
      for (const auto& [name, member] : value.members) find_names(member, below(place, name), resource);
    } else {
      find_names(value, place, resource);
      for (size_t i = 0; i < value.items.size(); ++i) {
        find_names(value.items[i], place + "/" + std::to_string(i), resource);
      }
    }
  }
}

uint32_t SchemaBuilder::resource_of(const Document& schema) const {
  const auto found = resource_of_.find(&schema);
  return found == resource_of_.end() ? 0 : found->second;
}

Result<const Document*> SchemaBuilder::resolve(const Item& item, std::string_view keyword, std::string& pointer) {
  const Document& reference = *item.schema->find(keyword);
  if (reference.kind != Kind::string) return refused(item.pointer, keyword, std::string(keyword) + " must be a string");
  const auto unresolved = [&](const std::string& why) {
    return refused(item.pointer, keyword, std::string(keyword) + " \"" + reference.text + "\" " + why);
  };
  const uint32_t here = resource_of(*item.schema);
  const size_t hash = std::min(reference.text.find('#'), reference.text.size());
  uint32_t resource = here;
  if (hash > 0) {
    const std::string uri = without_fragment(resolve_uri(resources_[here].uri, reference.text.substr(0, hash)));
    resource = 0;
    while (resource < resources_.size() && resources_[resource].uri != uri) ++resource;
    if (resource == resources_.size()) return unresolved("points outside this schema; only local references are followed");
  }
  std::string fragment;
  if (hash < reference.text.size() && !unescape(std::string_view(reference.text).substr(hash + 1), fragment)) {
    return unresolved("has a broken percent escape");
  }
  Place place = resources_[resource].place;
  if (!fragment.empty() && fragment[0] != '/') {
    const auto found = anchors_.find(resources_[resource].uri + "#" + fragment);
    if (found == anchors_.end()) return unresolved("names an anchor that is not there");
    place = found->second;
  }
  if (!fragment.empty() && fragment[0] == '/') {
    if (!walk(fragment, resource, place)) return unresolved("points at nothing");
  } else if (keyword == "$dynamicRef" && !fragment.empty()) {
    place = first_met(*item.schema, fragment, place);
  } else if (keyword == "$recursiveRef") {
    place = first_met(*item.schema, "", place);
  }
  pointer = place.pointer;
  return seen_from(*item.schema, *place.schema, item.pointer, keyword);
}

// Follows a JSON Pointer from a place.
bool SchemaBuilder::walk(const std::string& fragment, uint32_t resource, Place& place) {
  for (size_t from = 1; from <= fragment.size();) {
    const size_t to = std::min(fragment.find('/', from), fragment.size());
    std::string token;
    for (size_t i = from; i < to; ++i) {
      if (fragment[i] == '~' && i + 1 < to && (fragment[i + 1] == '0' || fragment[i + 1] == '1')) {
        token.push_back(fragment[++i] == '0' ? '~' : '/');
      } else {
        token.push_back(fragment[i]);
      }
    }
    const Document* next = nullptr;
    const Document& at = *place.schema;
    if (at.kind == Kind::object) next = at.find(token);
    if (at.kind == Kind::array && !token.empty() && token.size() < 8 &&
        token.find_first_not_of("0123456789") == std::string::npos) {
      const auto index = static_cast<size_t>(std::stoul(token));
      if (index < at.items.size()) next = &at.items[index];
    }
    if (!next) return false;
    place = {next, below(place.pointer, token)};
    from = to + 1;
  }
  // A schema at a place where none is looked for belongs to the resource that the pointer began in.
  if (place.schema->kind == Kind::object && resource_of_.find(place.schema) == resource_of_.end()) {
    find_names(*place.schema, place.pointer, resource);
  }
  return true;
}

}  // namespace hob::grammar
