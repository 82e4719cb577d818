// Bpe: byte-pair merging of one stretch of text.
//
//   std::vector<Token> ids;
//   bpe.encode("▁the cat", ids);        // spaces may be written as spaces or as U+2581
//
// The text is cut where no merge can ever join the two characters (a table of the character pairs that occur inside
// merged pieces says where), so most stretches are words or runs of newlines. Short stretches are merged by
// scanning, long ones with a heap over a linked list, so a megabyte without a space takes n log n steps. The result
// is that of the plain rule: repeatedly merge the adjacent pair with the lowest rank, the leftmost of equals.
// Characters outside the vocabulary, and bytes that are not UTF-8, become byte pieces.
// Immutable once built; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "model/text/tokenizer_file.h"
#include "model/text/vocabulary.h"
#include "schemas/base/result.h"

namespace hob::text {

class Bpe {
 public:
  Bpe() = default;
  /// `forbidden(id)` pieces (control tokens) never come out, whatever the merges say. Of equal ranks (no `ranks`: the place
  /// of each merge) the leftmost goes first; merges of one rank must have one result.
  static Result<Bpe> build(
      const Vocabulary& vocabulary, const StringList& merges, const std::vector<bool>& forbidden,
      std::span<const uint32_t> ranks = {}
  );

  void encode(std::string_view text, std::vector<Token>& out) const;

  /// The piece of this byte ("<0x0A>").
  Token byte_piece(uint8_t byte) const { return bytes_[byte]; }

 private:
  struct Merge {
    uint64_t pair = kNoPair;  // left << 32 | right
    uint32_t rank = 0;
    Token result = 0;
  };
  struct Symbol;
  static constexpr uint64_t kNoPair = ~uint64_t{0};
  static constexpr Token kNone = ~Token{0};

  const Merge* find_merge(Token left, Token right) const;
  void set_character(char32_t character, Token token);
  Token character(char32_t character) const;
  void allow_inside(std::string_view piece);
  bool may_join(char32_t left, char32_t right) const;
  void merge_short(std::vector<Token>& symbols, size_t begin) const;
  void merge_long(std::vector<Token>& symbols, size_t begin) const;
  void finish_stretch(std::vector<Token>& symbols, size_t begin) const;

  std::array<Token, 256> bytes_{};
  std::vector<Merge> merges_;            // open addressing, at most half full
  std::vector<uint16_t> character_pages_;  // code point >> 8 -> page + 1
  std::vector<Token> characters_;        // pages of 256
  std::vector<uint64_t> joins_;          // bits: these two characters may stand inside one piece
  bool joins_everything_ = false;
};

}  // namespace hob::text
