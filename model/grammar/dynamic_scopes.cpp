// SchemaBuilder: $dynamicRef and $recursiveRef. Which schema is meant depends on the resources entered on the way here: the
// first of them that has the anchor. All ways are known while a schema is compiled, so a schema that is reached with other
// anchors on the way than where it stands is copied, once for each set of them, and the copy remembers what was met.
#include <algorithm>

#include "model/grammar/schema.h"
#include "model/grammar/schema_error.h"

namespace hob::grammar {

using json::Document;
using Kind = Document::Kind;

namespace {

size_t parts(const Document& document) {
  size_t count = 1;
  for (const Document& item : document.items) count += parts(item);
  for (const auto& [name, member] : document.members) count += parts(member);
  return count;
}

}  // namespace

// Only names that several resources have, and not the whole: it is on every way, and first.
SchemaBuilder::Scope SchemaBuilder::entered(Scope scope, uint32_t resource) const {
  for (const auto& one : dynamic_) {
    const auto& places = one.second;
    const auto in = [&places](uint32_t which) {
      return std::any_of(places.begin(), places.end(), [which](const Dynamic& place) { return place.resource == which; });
    };
    if (places.size() > 1 && !in(0) && in(resource)) scope.emplace(one.first, resource);
  }
  return scope;
}

SchemaBuilder::Scope SchemaBuilder::scope_of(const Document& schema) const {
  if (const auto copy = copy_scopes_.find(&schema); copy != copy_scopes_.end()) return copy->second;
  std::vector<uint32_t> way{resource_of(schema)};
  while (way.back() != 0) way.push_back(resources_[way.back()].outer);
  Scope scope;
  for (; !way.empty(); way.pop_back()) scope = entered(std::move(scope), way.back());
  return scope;
}

SchemaBuilder::Place SchemaBuilder::first_met(const Document& from, const std::string& name, const Place& place) const {
  const auto found = dynamic_.find(name);
  if (found == dynamic_.end()) return place;
  const auto& places = found->second;
  const auto at = [&](const auto& is) { return std::find_if(places.begin(), places.end(), is); };
  if (at([&](const Dynamic& one) { return one.place.schema == place.schema; }) == places.end()) return place;  // as $ref
  const Scope scope = scope_of(from);
  const auto met = scope.find(name);
  const uint32_t first = met == scope.end() ? 0 : met->second;
  const auto meant = at([&](const Dynamic& one) { return one.resource == first; });
  return meant == places.end() ? place : meant->place;
}

Result<const Document*> SchemaBuilder::seen_from(const Document& from, const Document& target, const std::string& pointer,
                                                 std::string_view keyword) {
  if (dynamic_.empty() || target.kind != Kind::object) return &target;
  Scope scope = entered(scope_of(from), resource_of(target));
  if (scope == scope_of(target)) return &target;
  if (const auto known = copies_.find({&target, scope}); known != copies_.end()) return known->second;
  work_ += parts(target);
  if (work_ > kMaxWork) return refused(pointer, keyword, "dynamic references meet too many schemas on their ways");
  const Document& copy = own_.emplace_back(target);
  note_copy(target, copy, std::move(scope));
  return &copy;
}

void SchemaBuilder::note_copy(const Document& original, const Document& copy, Scope scope) {
  if (const auto known = resource_of_.find(&original); known != resource_of_.end()) {
    const uint32_t resource = known->second;
    scope = entered(std::move(scope), resource);
    resource_of_.emplace(&copy, resource);
    copy_scopes_.emplace(&copy, scope);
    copies_.emplace(std::make_pair(&original, scope), &copy);
  }
  for (size_t i = 0; i < original.items.size(); ++i) note_copy(original.items[i], copy.items[i], scope);
  for (size_t i = 0; i < original.members.size(); ++i) note_copy(original.members[i].second, copy.members[i].second, scope);
}

}  // namespace hob::grammar
