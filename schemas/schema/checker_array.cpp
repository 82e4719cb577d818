#include <algorithm>

#include "schemas/schema/checker.h"
#include "schemas/schema/equal.h"

namespace hob::schema {

using json::Document;

bool Checker::array(const Node& node, const Document& value, Marks* marks) {
  const ArrayRules& rules = node.array;
  const size_t size = value.items.size();
  if (rules.min_items && size < *rules.min_items) {
    return fail(node, "minItems", [&] {
      return "Wanted at least " + std::to_string(*rules.min_items) + " items, got " +
             std::to_string(size) + ".";
    });
  }
  if (rules.max_items && size > *rules.max_items) {
    return fail(node, "maxItems", [&] {
      return "Wanted at most " + std::to_string(*rules.max_items) + " items, got " +
             std::to_string(size) + ".";
    });
  }
  for (size_t i = 0; i < size; ++i) {
    const bool in_prefix = i < rules.prefix.size();
    const Node* item = in_prefix ? rules.prefix[i] : rules.rest;
    if (item == nullptr) break;
    if (!check_at(*item, value.items[i], {{}, i, false})) return false;
    if (marks != nullptr) marks->set(i);
  }
  if (rules.contains != nullptr && !contains(node, value, marks)) return false;
  return !rules.unique || unique(node, value);
}

bool Checker::contains(const Node& node, const Document& value, Marks* marks) {
  const ArrayRules& rules = node.array;
  const size_t least = rules.min_contains.value_or(1);
  size_t found = 0;
  ++quiet_;
  for (size_t i = 0; i < value.items.size() && !gave_up_; ++i) {
    if (!check_at(*rules.contains, value.items[i], {{}, i, false})) continue;
    ++found;
    if (marks != nullptr && rules.contains_evaluates) marks->set(i);
  }
  --quiet_;
  if (gave_up_) return false;
  if (found < least) {
    return fail(node, rules.min_contains ? "minContains" : "contains", [&] {
      return "Wanted at least " + std::to_string(least) + " fitting items, got " +
             std::to_string(found) + ".";
    });
  }
  if (rules.max_contains && found > *rules.max_contains) {
    return fail(node, "maxContains", [&] {
      return "Wanted at most " + std::to_string(*rules.max_contains) + " fitting items, got " +
             std::to_string(found) + ".";
    });
  }
  return true;
}

bool Checker::unique(const Node& node, const Document& value) {
  std::vector<std::pair<size_t, size_t>> hashes;  // hash, position
  hashes.reserve(value.items.size());
  for (size_t i = 0; i < value.items.size(); ++i) hashes.emplace_back(hash(value.items[i]), i);
  std::sort(hashes.begin(), hashes.end());
  for (size_t i = 0; i < hashes.size(); ++i) {
    for (size_t j = i + 1; j < hashes.size() && hashes[j].first == hashes[i].first; ++j) {
      if (!spend(node, 1)) return false;
      const size_t a = hashes[i].second;
      const size_t b = hashes[j].second;
      if (!equal(value.items[a], value.items[b])) continue;
      return fail(node, "uniqueItems", [&] {
        return "Wanted items that all differ, but items " + std::to_string(a) + " and " +
               std::to_string(b) + " are equal.";
      });
    }
  }
  return true;
}

bool Checker::unevaluated_items(const Node& node, const Document& value, Marks& marks) {
  if (node.array.unevaluated == nullptr) return true;
  for (size_t i = 0; i < value.items.size(); ++i) {
    if (marks.seen[i] == 0 && !check_at(*node.array.unevaluated, value.items[i], {{}, i, false}))
      return false;
  }
  marks.all();
  return true;
}

}  // namespace hob::schema
