// Reads a tree of tokens as text of a language: which tokens can go on inside a string that must be one of its texts?
//
//   LanguageReader reader;
//   uint64_t need = reader.run<true>(tree, 0, language, json, place, room, sink);
//
// The same judgement as Machine's, state by state of the language instead of thread by thread: a byte costs a look into a
// table. `room` is how many characters may still come. A subtree is taken at a blow (with kWhole) where the language can
// read any text of that length, or where all its characters belong to categories that it does not tell apart here. The sink hears
//   here(node, chars)     the node fits, after so many characters begun
//   all(node)             the node fits, and everything below it
//   close(node, chars)    the node's quote ends the string, after so many characters
// and, if it wants to, in place of the first two
//   few(node, place)      the node fits, but no more texts than `enough` go on from there; says whether to look below
// and, if it wants to, beside here()
//   end(node)             a text may be over with the node
// Where the sink hears of few() the language must be explored.
// What run() returns is the least room with which the answer would have been the same. One thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "model/constrain/token_trie.h"
#include "model/grammar/language.h"
#include "model/grammar/machine_text.h"

namespace hob::constrain {

class LanguageReader {
 public:
  /// Characters of these categories need care in JSON: controls, the quote, the backslash (see grammar::category_of).
  static constexpr uint64_t kCareful = 0x3E0;
  /// Where in a text: between two characters, inside one, or inside an escape.
  struct Place {
    uint32_t state = grammar::Language::kStart;
    uint32_t code = 0;  // of the character begun
    uint32_t chars = 0;
    uint16_t hex = 0, high = 0;
    uint8_t utf8 = 0, lex = 0;
  };

  template <bool kWhole, typename Sink>
  uint64_t run(const FlatTrie& tree, uint32_t root, grammar::Language& language, bool json, const Place& start,
               uint32_t room, Sink& sink, uint32_t enough = 0) {
    constexpr bool kFew = requires(const Place& place) { sink.few(uint32_t{}, place); };
    using grammar::kUnlimited;
    const uint64_t careless = json ? ~kCareful : ~uint64_t{0};
    const uint64_t most = room == kUnlimited ? ~uint64_t{0} >> 1 : room;
    const std::vector<FlatTrie::Node>& nodes = tree.nodes();
    const size_t base = nodes[root].depth;
    if (places_.empty()) places_.resize(64);
    places_[0] = start;
    uint64_t need = 0;
    const uint32_t end = nodes[root].end;
    for (uint32_t i = root + 1; i < end;) {
      const FlatTrie::Node& node = nodes[i];
      const size_t depth = node.depth - base;
      if (places_.size() <= depth) places_.resize(2 * depth);
      const Place& from = places_[depth - 1];
      Place& to = places_[depth];
      to = from;
      char32_t character = 0;
      bool whole = false;
      if (from.lex == grammar::plain && from.utf8 == 0 && node.byte < 0x80) {
        if (json && (node.byte < 0x20 || node.byte == '"')) {
          if (node.byte == '"' && language.accepts(from.state)) sink.close(i, from.chars);
          i = node.end;
          continue;
        }
        ++to.chars;
        whole = !json || node.byte != '\\';
        character = node.byte;
        if (!whole) to.lex = grammar::escaped;
      } else {
        const bool beyond = from.lex != grammar::plain || from.utf8 != 0 || language.free(from.state).beyond != kUnlimited;
        if (!beyond || !read(to, node.byte, whole, character)) {
          i = node.end;
          continue;
        }
      }
      uint64_t least = 0;
      if (whole) {
        to.state = language.next(from.state, character);
        least = language.least(to.state);  // unlimited where it is dead
      } else {
        least = least_of(to, language);
      }
      if (least == kUnlimited || to.chars + least > most) {
        i = node.end;
        continue;
      }
      need = std::max(need, to.chars + least);
      if constexpr (kFew) {
        if (!language.endless() && !goes_on(to, language, enough)) {
          i = sink.few(i, to) ? i + 1 : node.end;
          continue;
        }
      }
      // Where a character of several bytes begins, the one character counts with those below.
      const bool begins = !whole && from.lex == grammar::plain && from.utf8 == 0 && node.byte >= 0x80;
      if (kWhole && (whole || begins) && node.end > i + 1) {
        const grammar::Language::Free& free = language.free(whole ? to.state : from.state);
        const uint32_t chars = node.chars + (whole ? 0u : 1u);
        const uint64_t below = tree.categories(i);
        const bool plain = begins ? (below & (FlatTrie::kBroken | (json ? kCareful : 0))) == 0 : json ? node.plain : node.clean;
        uint64_t reach = ~uint64_t{0};
        // Where texts are counted, only those are taken unseen that can go on without end.
        const bool counted = kFew && !language.endless();
        if (chars <= free.safe && plain && (!counted || free.safe == kUnlimited)) {
          reach = uint64_t{to.chars} + node.chars + free.back;
        } else if ((below & ~(free.categories & careless)) == 0 && chars <= free.length &&
                   (!counted || free.length == kUnlimited)) {
          reach = uint64_t{to.chars} + node.chars + free.room;
        }
        if (reach <= most) {
          need = std::max(need, reach);
          sink.all(i);
          i = node.end;
          continue;
        }
      }
      sink.here(i, to.chars);
      if constexpr (requires { sink.end(i); }) {
        if (whole && language.accepts(to.state)) sink.end(i);
      }
      ++i;
    }
    return need;
  }

  /// Reads a byte of a character of several bytes or of an escape: false where it does not fit, `whole` where it ends one.
  static bool read(Place& to, uint8_t byte, bool& whole, char32_t& character) {
    return to.lex == grammar::plain ? read_utf8(to, byte, whole, character) : read_escape(to, byte, whole, character);
  }
  /// The fewest characters to an end after the character that is begun here.
  static uint32_t least_of(const Place& at, grammar::Language& language) {
    if (at.lex == grammar::plain) {
      const grammar::CodeRange range = grammar::begun_character(at.utf8, at.code);
      return language.least_after(at.state, range.first, range.last);
    }
    uint32_t least = grammar::kUnlimited;
    for (const grammar::CodeRange& range : grammar::begun_escape(at.lex, at.hex, at.high)) {
      if (range.first <= range.last) least = std::min(least, language.least_after(at.state, range.first, range.last));
    }
    return least;
  }

 private:
  // Whether more than `enough` texts go on from here.
  static bool goes_on(const Place& at, grammar::Language& language, uint32_t enough) {
    if (at.lex == grammar::plain && at.utf8 == 0) return language.texts(at.state) > enough;
    std::vector<grammar::Language::Span> spans;
    const auto add = [&](const grammar::CodeRange& range) {
      if (range.first <= range.last) spans.push_back({range.first, range.last});
    };
    if (at.lex == grammar::plain) {
      add(grammar::begun_character(at.utf8, at.code));
    } else {
      for (const grammar::CodeRange& range : grammar::begun_escape(at.lex, at.hex, at.high)) add(range);
    }
    return language.endless_after(at.state, spans);
  }

  static bool read_utf8(Place& to, uint8_t byte, bool& whole, char32_t& character) {
    const bool first = to.utf8 == 0;
    to.utf8 = grammar::next_utf8(to.utf8, byte);
    if (to.utf8 == 255) return false;
    if (first) ++to.chars;
    to.code = first ? grammar::lead_bits(byte) : to.code << 6 | (byte & 0x3Fu);
    whole = to.utf8 == 0;
    if (!whole) return true;
    character = to.code;
    to.code = 0;
    return true;
  }

  static bool read_escape(Place& to, uint8_t byte, bool& whole, char32_t& character) {
    const auto complete = [&](uint32_t code) {
      whole = true;
      character = code;
      to.lex = grammar::plain;
      to.hex = to.high = 0;
      return true;
    };
    if (to.lex == grammar::escaped) {
      if (byte == 'u') {
        to.lex = grammar::unit0;
        return true;
      }
      const size_t at = grammar::kEscapeNames.find(static_cast<char>(byte));
      if (at == std::string_view::npos) return false;
      return complete(static_cast<unsigned char>(grammar::kEscapeValues[at]));
    }
    if (to.lex == grammar::pair_slash || to.lex == grammar::pair_u) {
      if (byte != (to.lex == grammar::pair_slash ? '\\' : 'u')) return false;
      ++to.lex;
      return true;
    }
    const int digit = grammar::hex_value(byte);
    if (digit < 0) return false;
    const uint8_t was = to.lex++;
    to.hex = static_cast<uint16_t>(to.hex << 4 | digit);
    if (was != grammar::unit3 && was != grammar::low3) return true;
    const uint32_t unit = to.hex;
    to.hex = 0;
    if (was == grammar::low3) {
      if (unit < 0xDC00 || unit > 0xDFFF) return false;
      return complete(0x10000 + ((uint32_t{to.high} - 0xD800) << 10) + (unit - 0xDC00));
    }
    if (unit < 0xD800 || unit > 0xDFFF) return complete(unit);
    if (unit > 0xDBFF) return false;
    to.high = static_cast<uint16_t>(unit);
    return true;  // lex is pair_slash
  }

  std::vector<Place> places_;
};

}  // namespace hob::constrain
