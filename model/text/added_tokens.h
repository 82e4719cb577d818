// AddedTokens: finds the added tokens (control tokens and the like) in raw text, the longest first.
//
//   for (size_t at = 0; auto hit = added.next(text, at); at = hit->end) { ... }
//
// A byte trie; text without the first byte of any token is skipped quickly. Immutable once built; any thread.
#pragma once

#include <bitset>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "model/text/tokenizer_file.h"

namespace hob::text {

class AddedTokens {
 public:
  struct Hit {
    size_t begin;
    size_t end;
    Token token;
  };

  AddedTokens() = default;
  explicit AddedTokens(const std::vector<AddedToken>& tokens);

  /// The first added token at or after `from`, the longest where several begin at the same place.
  std::optional<Hit> next(std::string_view text, size_t from) const;

 private:
  struct Node {
    std::vector<std::pair<uint8_t, uint32_t>> children;  // sorted by byte once built
    std::optional<Token> token;
  };
  const Node* child(const Node& node, uint8_t byte) const;

  std::vector<Node> nodes_;
  std::bitset<256> first_;
};

}  // namespace hob::text
