// Vocabulary: the pieces of a tokenizer, by id and by text.
//
//   std::string_view text = vocabulary.text(106);       // "<turn|>"
//   std::optional<Token> id = vocabulary.find("▁the");  // as tokenizer.json spells it
//
// All text lies in one block and the index is one flat table, because the real vocabulary has 262,144 pieces and is
// loaded at every start. Immutable once built; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hob::text {

/// The id of a piece.
using Token = uint32_t;

/// Many short strings in one block.
class StringList {
 public:
  void add(std::string_view text) {
    chars_.append(text);
    ends_.push_back(static_cast<uint32_t>(chars_.size()));
  }
  std::string_view operator[](size_t at) const {
    const uint32_t begin = at == 0 ? 0 : ends_[at - 1];
    return std::string_view(chars_).substr(begin, ends_[at] - begin);
  }
  /// Has the processor fetch where a text ends, and its first characters, before they are asked for.
  void prefetch_end(size_t at) const { __builtin_prefetch(&ends_[at]); }
  void prefetch_text(size_t at) const { __builtin_prefetch(chars_.data() + (at == 0 ? 0 : ends_[at - 1])); }
  size_t size() const { return ends_.size(); }
  size_t bytes() const { return chars_.size(); }
  void reserve(size_t strings, size_t bytes) {
    ends_.reserve(strings);
    chars_.reserve(bytes);
  }

 private:
  std::string chars_;
  std::vector<uint32_t> ends_;
};

/// A quick hash of a text; the same on every machine of the same byte order.
uint64_t hash_text(std::string_view text);

class Vocabulary {
 public:
  Vocabulary() = default;
  /// `texts[id]` is the text of piece `id`. Texts are unique: the second of two equal ones cannot be found.
  explicit Vocabulary(StringList texts);

  uint32_t size() const { return static_cast<uint32_t>(texts_.size()); }
  std::string_view text(Token token) const { return texts_[token]; }
  /// No two pieces have the same text.
  bool unique() const { return unique_; }
  std::optional<Token> find(std::string_view text) const;
  /// `ids[i]` is the id of `texts[i]`, or kAbsent. Faster than one after the other: the look-ups wait for memory
  /// together.
  static constexpr Token kAbsent = ~Token{0};
  void find_all(std::span<const std::string_view> texts, std::span<Token> ids) const;

 private:
  size_t slot_of(std::string_view text, uint64_t hash) const;

  StringList texts_;
  std::vector<uint64_t> slots_;  // upper half: of the hash; lower half: id + 1, 0 is free; a power of two long
  bool unique_ = true;
};

}  // namespace hob::text
