// TokenSet: tokens that a mask allows, as a list where they are few, else as bits.
#pragma once

#include <span>
#include <vector>

#include "model/constrain/token_trie.h"

namespace hob::constrain {

struct TokenSet {
  std::vector<Token> few;  // where few are allowed
  Bits many;               // where many are

  TokenSet() = default;
  explicit TokenSet(std::span<const uint64_t> bits);
  size_t bytes() const { return few.capacity() * sizeof(Token) + many.capacity() * sizeof(uint64_t); }
};

}  // namespace hob::constrain
