// SchemaBuilder: whether two alternatives can be told apart for sure, which is what oneOf needs. "No" may only mean that
// it cannot be seen.
#include <algorithm>

#include "model/grammar/language.h"
#include "model/grammar/schema.h"
#include "schemas/base/utf8.h"

namespace hob::grammar {
namespace {

constexpr int kDeepest = 4;

bool apart(const NumberRange& a, const NumberRange& b) {
  const auto below = [](const NumberRange& x, const NumberRange& y) {  // all of x below all of y
    if (!x.high || !y.low) return false;
    const int order = compare(x.high->value, y.low->value);
    return order < 0 || (order == 0 && (x.high->exclusive || y.low->exclusive));
  };
  return below(a, b) || below(b, a);
}

bool apart(const StringSpec& a, const StringSpec& b, Languages& languages) {
  const auto lengths_fit = [&](const std::string& text, const StringSpec& spec) {
    const size_t length = utf8::length(text);
    return spec.min_length <= length && length <= spec.max_length &&
           (spec.language == kNoLanguage || languages.matches(spec.language, text));
  };
  if (!a.literals.empty()) {
    return std::none_of(a.literals.begin(), a.literals.end(), [&](const std::string& text) {
      return b.literals.empty() ? lengths_fit(text, b)
                                : std::find(b.literals.begin(), b.literals.end(), text) != b.literals.end();
    });
  }
  if (!b.literals.empty()) return apart(b, a, languages);
  if (a.language != kNoLanguage && b.language != kNoLanguage) {
    const auto none = languages.empty(languages.both(a.language, b.language));
    if (none && *none) return true;
  }
  return a.max_length < b.min_length || b.max_length < a.min_length;
}

template <typename List, typename Apart>
bool all_apart(const List& a, const List& b, Apart apart) {
  return std::all_of(a.begin(), a.end(), [&](const auto& x) {
    return std::all_of(b.begin(), b.end(), [&](const auto& y) { return apart(x, y); });
  });
}

}  // namespace

bool SchemaBuilder::disjoint(const Node& a, const Node& b, int depth) const {
  if ((a.null && b.null) || (a.yes && b.yes) || (a.no && b.no) || depth > kDeepest) return false;
  const auto numbers = [](const NumberSpec& x, const NumberSpec& y) {
    return all_apart(x.ranges, y.ranges, [](const auto& p, const auto& q) { return apart(p, q); });
  };
  const auto strings = [&](const StringSpec& x, const StringSpec& y) { return apart(x, y, ir_.languages()); };
  const auto arrays = [&](const ArraySpec& x, const ArraySpec& y) { return disjoint(x, y, depth); };
  const auto objects = [&](const ObjectSpec& x, const ObjectSpec& y) { return disjoint(x, y, depth); };
  return all_apart(a.numbers, b.numbers, numbers) && all_apart(a.strings, b.strings, strings) &&
         all_apart(a.arrays, b.arrays, arrays) && all_apart(a.objects, b.objects, objects);
}

bool SchemaBuilder::disjoint(NodeId a, NodeId b, int depth) const {
  if (unfinished_.count(a) || unfinished_.count(b)) return false;  // not known yet
  return disjoint(ir_.nodes[a], ir_.nodes[b], depth + 1);
}

bool SchemaBuilder::disjoint(const ArraySpec& a, const ArraySpec& b, int depth) const {
  if (a.max_items < b.min_items || b.max_items < a.min_items) return true;
  // Items that both must have, and whose nodes exclude each other.
  const size_t both = std::max(a.min_items, b.min_items);
  for (size_t i = 0; i < both && i <= std::max(a.prefix.size(), b.prefix.size()); ++i) {
    const NodeId x = a.item(i), y = b.item(i);
    if (x == kNone || y == kNone || disjoint(x, y, depth)) return true;
  }
  return false;
}

bool SchemaBuilder::disjoint(const ObjectSpec& a, const ObjectSpec& b, int depth) const {
  const auto split = [&](const ObjectSpec& x, const ObjectSpec& y) {
    for (size_t i = 0; i < x.names.size(); ++i) {
      if (!x.properties[i].required) continue;
      const auto at = std::lower_bound(y.names.begin(), y.names.end(), x.names[i]);
      const bool named = at != y.names.end() && *at == x.names[i];
      NodeId other = kNone;
      if (named) {
        other = y.properties[static_cast<size_t>(at - y.names.begin())].node;
      } else if (const KeyClass* of = ir_.class_of(y, x.names[i])) {
        other = of->node;
      }
      // What one must have, the other cannot have, or not with such a value. That the dialect leaves a key out says nothing of
      // what the schema takes, and that is what oneOf counts.
      if (other == kNone && y.reticent) continue;
      if (other == kNone || disjoint(x.properties[i].node, other, depth)) return true;
    }
    return false;
  };
  if (split(a, b) || split(b, a)) return true;
  const auto required = [](const ObjectSpec& spec) {
    return std::any_of(spec.properties.begin(), spec.properties.end(), [](const Property& one) { return one.required; });
  };
  const bool some = a.min_properties > 0 || b.min_properties > 0 || required(a) || required(b);
  return some && !a.reticent && !b.reticent && !shares_key(a, b, depth) && !shares_key(b, a, depth);
}

// Whether some key of `a` may be one of `b`, with a value that fits both; names of `b` are looked at the other way round.
bool SchemaBuilder::shares_key(const ObjectSpec& a, const ObjectSpec& b, int depth) const {
  for (size_t i = 0; i < a.names.size(); ++i) {
    const auto at = std::lower_bound(b.names.begin(), b.names.end(), a.names[i]);
    NodeId other = kNone;
    if (at != b.names.end() && *at == a.names[i]) {
      other = b.properties[static_cast<size_t>(at - b.names.begin())].node;
    } else if (const KeyClass* of = ir_.class_of(b, a.names[i])) {
      other = of->node;
    }
    if (other != kNone && !disjoint(a.properties[i].node, other, depth)) return true;
  }
  Languages& all = ir_.languages();
  for (const KeyClass& x : a.others) {
    for (const KeyClass& y : b.others) {
      if (disjoint(x.node, y.node, depth)) continue;
      if (x.language == kNoLanguage || y.language == kNoLanguage) return true;
      const auto none = all.empty(all.both(x.language, y.language));
      if (!none || !*none) return true;
    }
  }
  return false;
}

}  // namespace hob::grammar
