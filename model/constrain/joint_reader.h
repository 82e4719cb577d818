// Reads a tree of tokens as text that may be of any of several languages, in JSON, in one walk.
//
//   JointReader reader(tree, languages);
//   reader.run(states, place, sink);         // the states that the languages are in, at the same place of one text
//
// What LanguageReader does for one language, for keys that may be of several classes: a subtree is taken at a blow where any
// of them can read it, so most of what one language would walk through is never seen where another is free there. The
// languages must be endless ones (Language::endless), and lengths are not looked at. The sink hears
//   here(node)            the node fits one of them
//   all(node)             and so does everything below it
//   close(node, which)    the node's quote ends a text of languages[which]
// One thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/constrain/language_reader.h"

namespace hob::constrain {

class JointReader {
 public:
  JointReader(const FlatTrie& tree, std::vector<grammar::Language*> languages) : tree_(tree), languages_(std::move(languages)) {}

  template <typename Sink>
  void run(std::span<const uint32_t> start, const LanguageReader::Place& place, Sink& sink) {
    using grammar::Language;
    const std::vector<FlatTrie::Node>& nodes = tree_.nodes();
    const size_t count = languages_.size();
    states_.assign(start.begin(), start.end());
    places_.assign(1, place);
    for (uint32_t i = 1; i < nodes.size();) {
      const FlatTrie::Node& node = nodes[i];
      if (places_.size() <= node.depth) {
        places_.resize(2 * size_t{node.depth});
        states_.resize(places_.size() * count);
      }
      const LanguageReader::Place& from = places_[node.depth - 1u];
      LanguageReader::Place& to = places_[node.depth];
      const uint32_t* const before = &states_[(node.depth - 1u) * count];
      uint32_t* const after = &states_[node.depth * count];
      to = from;
      const bool between = from.lex == grammar::plain && from.utf8 == 0;
      bool whole = false, fits = true;
      char32_t character = 0;
      if (between && node.byte < 0x80) {
        if (node.byte == '"') {
          for (size_t k = 0; k < count; ++k) {
            if (languages_[k]->accepts(before[k])) sink.close(i, k);
          }
        }
        fits = node.byte >= 0x20 && node.byte != '"';
        whole = node.byte != '\\';
        character = node.byte;
        if (!whole) to.lex = grammar::escaped;
      } else {
        fits = LanguageReader::read(to, node.byte, whole, character);
      }
      bool alive = false;
      for (size_t k = 0; fits && k < count; ++k) {
        after[k] = whole ? languages_[k]->next(before[k], character) : before[k];
        if (!whole && after[k] != Language::kDead) {
          to.state = after[k];
          if (LanguageReader::least_of(to, *languages_[k]) == grammar::kUnlimited) after[k] = Language::kDead;
        }
        alive = alive || languages_[k]->least(after[k]) != grammar::kUnlimited;
      }
      if (!alive) {
        i = node.end;
        continue;
      }
      if (node.end > i + 1 && takes_all(i, whole, between, after)) {
        sink.all(i);
        i = node.end;
        continue;
      }
      sink.here(i);
      ++i;
    }
  }

 private:
  // Whether one of the languages can read all that is below. Where a character of several bytes begins, it counts with
  // those below; elsewhere inside a character nothing is taken.
  bool takes_all(uint32_t at, bool whole, bool between, const uint32_t* states) const {
    const FlatTrie::Node& node = tree_.nodes()[at];
    const bool begins = !whole && between && node.byte >= 0x80;
    if (!whole && !begins) return false;
    const uint64_t below = tree_.categories(at);
    const bool plain = begins ? (below & (FlatTrie::kBroken | LanguageReader::kCareful)) == 0 : node.plain;
    const uint32_t chars = node.chars + (whole ? 0u : 1u);
    for (size_t k = 0; k < languages_.size(); ++k) {
      if (states[k] == grammar::Language::kDead) continue;
      const grammar::Language::Free& free = languages_[k]->free(states[k]);
      if (plain && chars <= free.safe) return true;
      if ((below & ~(free.categories & ~LanguageReader::kCareful)) == 0 && chars <= free.length) return true;
    }
    return false;
  }

  const FlatTrie& tree_;
  const std::vector<grammar::Language*> languages_;
  std::vector<LanguageReader::Place> places_;  // by depth
  std::vector<uint32_t> states_;               // by depth, then language
};

}  // namespace hob::constrain
