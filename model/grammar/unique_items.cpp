// SchemaBuilder: uniqueItems. What the machine needs to never begin an item that can only end as one that is there: texts
// whose states are known, arrays and objects that can always grow, and enough values for the items that must come.
#include <algorithm>

#include "model/grammar/language.h"
#include "model/grammar/schema.h"
#include "model/grammar/schema_error.h"
#include "model/grammar/unique_values.h"

namespace hob::grammar {
namespace {

constexpr size_t kMaxTextStates = 20'000;

}  // namespace

Result<void> SchemaBuilder::check_unique() {
  if (!any_unique_) return {};
  ir_.settle();
  for (NodeId id = 0; id < ir_.nodes.size(); ++id) {
    for (size_t i = 0; i < ir_.nodes[id].arrays.size(); ++i) {
      if (ir_.nodes[id].arrays[i].unique) HOB_TRY_VOID(check_unique(ir_.nodes[id].arrays[i]));
    }
  }
  return {};
}

Result<void> SchemaBuilder::check_unique(ArraySpec& spec) {
  const auto no = [&](const std::string& why) { return refused(unique_, "uniqueItems", "uniqueItems " + why); };
  if (!spec.tallies.empty()) return no("is not enforced together with contains");
  std::vector<NodeId> places = spec.prefix;
  if (spec.rest != kNone) places.push_back(spec.rest);
  for (const NodeId place : places) {
    for (StringSpec& text : ir_.nodes[place].strings) {
      const bool free = text.language == kNoLanguage;
      if (!text.literals.empty() || (free && text.max_length == kUnlimited) || text.differing != kNoLanguage) continue;
      Languages& all = ir_.languages();
      text.differing = all.sized(free ? all.everything() : text.language, text.min_length, text.max_length);
      const auto seen = all.at(text.differing).explore(kMaxTextStates);
      if (!seen) return no("is not enforced on texts of so many states; use a smaller repetition or length");
    }
    for (const ArraySpec& item : ir_.nodes[place].arrays) {
      const bool grows = item.max_items == kUnlimited && item.tallies.empty() && item.rest != kNone &&
                         ir_.nodes[item.rest].min_depth < kImpossible && (!item.unique || !value_hashes(ir_, item.rest));
      if (!grows) return no("is not enforced on items that are arrays of limited length");
    }
    for (const ObjectSpec& item : ir_.nodes[place].objects) {
      const bool grows = item.max_properties == kUnlimited &&
                         std::any_of(item.others.begin(), item.others.end(), [&](const KeyClass& other) {
                           return other.keys == kUnlimited && ir_.nodes[other.node].min_depth < kImpossible;
                         });
      if (!grows) return no("is not enforced on items that are objects without room for other members (additionalProperties false)");
    }
  }
  if (spec.min_items < 2) return {};
  std::vector<NodeId> wanted(spec.prefix.begin(), spec.prefix.begin() + static_cast<ptrdiff_t>(std::min<size_t>(spec.prefix.size(), spec.min_items)));
  if (wanted.size() < spec.min_items) wanted.push_back(spec.rest);
  const bool alike = std::all_of(wanted.begin(), wanted.end(), [&](NodeId one) { return one == wanted[0]; });
  size_t finite = 0;
  for (const NodeId one : wanted) finite += value_hashes(ir_, one) ? 1 : 0;
  if (finite == 0) return {};
  if (!alike) return no("with minItems is not enforced where items at several places have few values");
  if (value_hashes(ir_, wanted[0])->size() >= spec.min_items) return {};
  impossible(unique_, "uniqueItems leaves fewer items than minItems asks for");
  spec.prefix.clear();
  spec.rest = kNone;
  return {};
}

}  // namespace hob::grammar
