// CharSet: a set of code points, as sorted ranges that neither touch nor overlap.
//
//   CharSet word = char_class('w').value();
//   word.invert();                       // every other character
//
// Surrogates are no characters and are in no set. Pure values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace hob::grammar {

class CharSet {
 public:
  using Range = std::pair<char32_t, char32_t>;  // both ends are in it

  CharSet() = default;
  CharSet(std::initializer_list<Range> ranges);
  static CharSet all() { return CharSet{{0, 0x10FFFF}}; }
  static CharSet of(std::string_view ascii);

  const std::vector<Range>& ranges() const { return ranges_; }
  bool empty() const { return ranges_.empty(); }
  bool contains(char32_t c) const;
  void add(char32_t first, char32_t last) { ranges_.emplace_back(first, last); }  // then tidy()
  void add(const CharSet& other);                                                // then tidy()
  void tidy();
  CharSet inverted() const;
  CharSet with(const CharSet& other) const;
  CharSet intersected(const CharSet& other) const;
  bool operator==(const CharSet& other) const { return ranges_ == other.ranges_; }
  bool operator<(const CharSet& other) const { return ranges_ < other.ranges_; }

 private:
  std::vector<Range> ranges_;
};

/// What ECMA-262 means by \d \w \s, \D \W \S and (as '.') by the dot; nothing for another letter.
std::optional<CharSet> char_class(char letter);

/// \p{name}: general categories, Script=..., Any, ASCII. Nothing when the property is not known here.
std::optional<CharSet> unicode_property(std::string_view name);

}  // namespace hob::grammar
