// SchemaBuilder: what a set of schemas says of arrays.
#include <algorithm>

#include "model/grammar/schema.h"
#include "model/grammar/schema_error.h"

namespace hob::grammar {

using json::Document;
using Kind = Document::Kind;

Result<void> SchemaBuilder::add_array(const Items& items, Node& out) {
  HOB_TRY(least, count(items, "minItems", "maxItems", true));
  HOB_TRY(most, count(items, "maxItems", "minItems", false));
  ArraySpec spec;
  spec.min_items = least.value_or(0);
  spec.max_items = most.value_or(kUnlimited);
  struct Shape {
    size_t item = 0;  // of the set
    const Document* list = nullptr;
    const Document* rest = nullptr;
    std::string list_pointer, rest_pointer;
  };
  const auto shape_of = [](const Item& item) {
    Shape shape;
    const Document* each = item.schema->find("items");
    shape.list = item.schema->find("prefixItems");
    shape.list_pointer = below(item.pointer, "prefixItems");
    shape.rest = each;
    shape.rest_pointer = below(item.pointer, "items");
    if (!shape.list && each && each->kind == Kind::array) {  // the older form
      shape.list = each;
      shape.list_pointer = below(item.pointer, "items");
      shape.rest = item.schema->find("additionalItems");
      shape.rest_pointer = below(item.pointer, "additionalItems");
    }
    return shape;
  };
  std::vector<Shape> shapes;
  std::vector<Counted> kinds;
  std::vector<std::pair<uint32_t, Item>> failing;  // an item that must not fit
  Items never;                                     // kinds of which no item may be
  size_t longest = 0;
  for (const Item& item : items) {
    Shape shape = shape_of(item);
    if (shape.list && shape.list->kind != Kind::array) {
      return refused(item.pointer, "prefixItems", "prefixItems must be a list of schemas");
    }
    const auto listed = static_cast<uint32_t>(shape.list ? shape.list->items.size() : 0);
    if (!item.denied) {
      longest = std::max<size_t>(longest, listed);
      shape.item = static_cast<size_t>(&item - items.data());
      shapes.push_back(std::move(shape));
    } else if (item.failing == "prefixItems") {
      spec.min_items = std::max(spec.min_items, item.index + 1);
      longest = std::max<size_t>(longest, item.index + 1);
      failing.emplace_back(item.index, Item{&shape.list->items[item.index],
                                            shape.list_pointer + "/" + std::to_string(item.index), true});
    } else if (item.failing == "items" && shape.rest->kind == Kind::boolean) {  // false
      spec.min_items = std::max(spec.min_items, listed + 1);
    } else if (item.failing == "items") {
      longest = std::max<size_t>(longest, listed);
      kinds.push_back({Item{shape.rest, shape.rest_pointer, true}, listed, {1, kUnlimited}});
    }
    HOB_TRY_VOID(add_contains(item, kinds, never));
    const Document* unique = item.denied ? nullptr : item.schema->find("uniqueItems");
    if (!unique || unique->kind != Kind::boolean || !unique->boolean) continue;
    spec.unique = any_unique_ = true;
    unique_ = item.pointer;
  }
  if (spec.min_items > spec.max_items) {
    impossible(items.front().pointer, "minItems is above maxItems");
    return {};
  }
  HOB_TRY(leftovers, left_items(items));
  const auto item_set = [&](size_t index) {
    Items set;
    for (const Shape& shape : shapes) {
      if (shape.list && index < shape.list->items.size()) {
        set.push_back({&shape.list->items[index], shape.list_pointer + "/" + std::to_string(index)});
      } else if (shape.rest) {
        set.push_back({shape.rest, shape.rest_pointer});
      }
    }
    for (const auto& [at, item] : failing) {
      if (at == index) set.push_back(item);
    }
    set.insert(set.end(), never.begin(), never.end());
    for (const Leftover& left : leftovers) {
      const bool known = std::any_of(shapes.begin(), shapes.end(), [&](const Shape& shape) {
        if (std::find(left.parts.begin(), left.parts.end(), shape.item) == left.parts.end()) return false;
        return shape.rest || (shape.list && index < shape.list->items.size());
      });
      if (!known) set.push_back(left.rule);
    }
    return set;
  };
  for (size_t i = 0; i < longest && i < spec.max_items; ++i) {
    HOB_TRY(item, node(item_set(i)));
    spec.prefix.push_back(item);
  }
  HOB_TRY(rest, node(item_set(longest)));
  spec.rest = rest;
  if (!kinds.empty()) {
    const bool limited = spec.max_items != kUnlimited || std::any_of(kinds.begin(), kinds.end(), [](const Counted& kind) {
                           return kind.tally.max != kUnlimited;
                         });
    if (kinds.size() > ArraySpec::kMaxTallies || (kinds.size() > 1 && (limited || !spec.prefix.empty()))) {
      return refused(items.front().pointer, "contains", "several conditions on some of the items are more than can be enforced here");
    }
    for (const Counted& kind : kinds) spec.tallies.push_back(kind.tally);
    for (size_t i = 0; i <= spec.prefix.size(); ++i) {
      const size_t place = i < spec.prefix.size() ? i : longest;
      for (unsigned mask = 0; mask < spec.masks(); ++mask) {
        HOB_TRY(way, counted_item(item_set(place), kinds, place, mask));
        spec.ways.push_back(way);
      }
    }
  }
  out.arrays.push_back(std::move(spec));
  return {};
}

// An item that is of the kinds in `mask`. What no upper limit forbids may be of the others, too.
Result<NodeId> SchemaBuilder::counted_item(Items set, const std::vector<Counted>& kinds, size_t place, unsigned mask) {
  for (size_t i = 0; i < kinds.size(); ++i) {
    const Counted& kind = kinds[i];
    const bool counts = mask >> i & 1;
    if (place < kind.first) {
      if (counts) return kNone;
      continue;
    }
    if (!counts && kind.tally.max == kUnlimited) continue;
    set.push_back(kind.item);
    set.back().denied = counts == kind.item.denied;
  }
  return node(std::move(set));
}

Result<void> SchemaBuilder::add_contains(const Item& item, std::vector<Counted>& kinds, Items& never) {
  const Document* kind = item.schema->find("contains");
  if (!kind || (item.denied && item.failing != "contains" && item.failing != "maxContains")) return {};
  Tally tally{1, kUnlimited};
  if (siblings_of_ref_) {  // the counts are younger than draft 7
    HOB_TRY(least, count({Item{item.schema, item.pointer}}, "minContains", "", true));
    HOB_TRY(most, count({Item{item.schema, item.pointer}}, "maxContains", "", false));
    tally.min = least.value_or(1);
    tally.max = most.value_or(kUnlimited);
  }
  if (item.denied && item.failing == "contains") tally = {0, tally.min - 1};
  if (item.denied && item.failing == "maxContains") tally = {tally.max + 1, kUnlimited};
  if (tally.min > ArraySpec::kMaxTally || (tally.max != kUnlimited && tally.max > ArraySpec::kMaxTally)) {
    return refused(item.pointer, "contains", "so many items cannot be counted; at most " + std::to_string(ArraySpec::kMaxTally));
  }
  if (tally.min == 0 && tally.max == kUnlimited) return {};
  if (tally.min == 0 && tally.max == 0) {  // nothing to count
    never.push_back({kind, below(item.pointer, "contains"), true});
    return {};
  }
  kinds.push_back({Item{kind, below(item.pointer, "contains")}, 0, tally});
  return {};
}

}  // namespace hob::grammar
