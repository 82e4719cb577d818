#include "model/grammar/rules.h"

#include <algorithm>
#include <map>

namespace hob::grammar {
namespace {

constexpr char32_t kLastCharacter = 0x10FFFF;

}  // namespace

uint32_t Rules::class_of(char32_t c) const {
  const auto after = std::upper_bound(bounds.begin(), bounds.end(), c);
  return classes[static_cast<size_t>(after - bounds.begin()) - 1];
}

void Rules::find_classes() {
  // A character's class is the set of sets that have it. Surrogates are no characters.
  std::map<char32_t, std::vector<uint32_t>> edges;
  edges[0];
  edges[0xD800];
  edges[0xE000];
  std::vector<const CharSet*> sets;
  const CharSet word = *char_class('w');
  for (const Terminal& terminal : terminals) {
    for (const CharSet* set : terminal.expressions->sets(terminal.root)) sets.push_back(set);
    if (terminal.expressions->looks_around(terminal.root)) sets.push_back(&word);
  }
  const auto before = [](const CharSet* a, const CharSet* b) { return *a < *b; };
  const auto same = [](const CharSet* a, const CharSet* b) { return *a == *b; };
  std::sort(sets.begin(), sets.end(), before);
  sets.erase(std::unique(sets.begin(), sets.end(), same), sets.end());
  for (uint32_t i = 0; i < sets.size(); ++i) {
    for (const auto& [first, last] : sets[i]->ranges()) {
      edges[first].push_back(i);
      if (last < kLastCharacter) edges[last + 1].push_back(i);
    }
  }
  std::map<std::vector<uint32_t>, uint32_t> known;
  std::vector<uint32_t> inside;
  for (auto edge = edges.begin(); edge != edges.end(); ++edge) {
    for (const uint32_t i : edge->second) {
      const auto place = std::lower_bound(inside.begin(), inside.end(), i);
      if (place != inside.end() && *place == i) {
        inside.erase(place);
      } else {
        inside.insert(place, i);
      }
    }
    bounds.push_back(edge->first);
    if (edge->first == 0xD800) {
      classes.push_back(kNone);
      continue;
    }
    const char32_t end = std::next(edge) == edges.end() ? kLastCharacter + 1 : std::next(edge)->first;
    const auto [found, fresh] = known.emplace(inside, static_cast<uint32_t>(representatives.size()));
    classes.push_back(found->second);
    if (fresh) {
      representatives.push_back(edge->first);
      single.push_back(end == edge->first + 1);
    } else {
      single[found->second] = false;
    }
  }
}

size_t Rules::bytes() const {
  size_t total = sizeof(*this) + start->bytes() + bounds.capacity() * 8;
  for (const Terminal& terminal : terminals) total += terminal.expressions->bytes() + terminal.language->bytes();
  return total;
}

}  // namespace hob::grammar
