#include "model/text/vocabulary.h"

#include <bit>
#include <cstring>

namespace hob::text {

uint64_t hash_text(std::string_view text) {
  uint64_t hash = 0x9E3779B97F4A7C15ull ^ (text.size() * 0xD6E8FEB86659FD93ull);
  const auto mix = [&hash](uint64_t word) {
    hash = (hash ^ word) * 0xBF58476D1CE4E5B9ull;
    hash ^= hash >> 29;
  };
  size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    uint64_t word;
    std::memcpy(&word, text.data() + at, 8);
    mix(word);
  }
  if (at < text.size()) {
    uint64_t word = 0;
    std::memcpy(&word, text.data() + at, text.size() - at);
    mix(word);
  }
  hash *= 0x94D049BB133111EBull;
  return hash ^ (hash >> 32);
}

Vocabulary::Vocabulary(StringList texts) : texts_(std::move(texts)) {
  slots_.assign(std::bit_ceil(texts_.size() * 2 + 2), 0);
  const size_t mask = slots_.size() - 1;
  for (uint32_t id = 0; id < texts_.size(); ++id) {
    size_t slot = hash_text(texts_[id]) & mask;
    while (slots_[slot] != 0 && texts_[slots_[slot] - 1] != texts_[id]) slot = (slot + 1) & mask;
    if (slots_[slot] == 0) slots_[slot] = id + 1;
  }
}

std::optional<Token> Vocabulary::find(std::string_view text) const {
  if (slots_.empty()) return std::nullopt;
  const size_t mask = slots_.size() - 1;
  for (size_t slot = hash_text(text) & mask; slots_[slot] != 0; slot = (slot + 1) & mask) {
    if (texts_[slots_[slot] - 1] == text) return slots_[slot] - 1;
  }
  return std::nullopt;
}

}  // namespace hob::text
