#include "model/text/vocabulary.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "schemas/base/result.h"

namespace hob::text {
namespace {

constexpr uint64_t kId = 0xFFFFFFFF;  // the lower half of a slot

}  // namespace

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
  slots_.assign(std::bit_ceil(texts_.size() * 3 / 2 + 2), 0);
  for (uint32_t id = 0; id < texts_.size(); ++id) {
    const uint64_t hash = hash_text(texts_[id]);
    uint64_t& slot = slots_[slot_of(texts_[id], hash)];
    unique_ = unique_ && slot == 0;
    if (slot == 0) slot = (hash & ~kId) | (uint64_t{id} + 1);
  }
}

// The slot of this text, or the free one where it would go.
size_t Vocabulary::slot_of(std::string_view text, uint64_t hash) const {
  const size_t mask = slots_.size() - 1;
  size_t slot = hash & mask;
  for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
    if ((slots_[slot] ^ hash) >> 32 == 0 && texts_[(slots_[slot] & kId) - 1] == text) break;
  }
  return slot;
}

std::optional<Token> Vocabulary::find(std::string_view text) const {
  if (slots_.empty()) return std::nullopt;
  const uint64_t slot = slots_[slot_of(text, hash_text(text))];
  if (slot == 0) return std::nullopt;
  return static_cast<Token>((slot & kId) - 1);
}

void Vocabulary::find_all(std::span<const std::string_view> texts, std::span<Token> ids) const {
  HOB_CHECK(texts.size() == ids.size(), "as many ids as texts");
  if (slots_.empty()) {
    std::fill(ids.begin(), ids.end(), kAbsent);
    return;
  }
  // A table and texts of megabytes do not fit a core's cache: each step asks for what the next one will read.
  constexpr size_t kTogether = 64;
  std::array<uint64_t, kTogether> hashes{};
  const size_t mask = slots_.size() - 1;
  for (size_t begin = 0; begin < texts.size(); begin += kTogether) {
    const size_t count = std::min(kTogether, texts.size() - begin);
    for (size_t at = 0; at < count; ++at) {
      hashes[at] = hash_text(texts[begin + at]);
      __builtin_prefetch(&slots_[hashes[at] & mask]);
    }
    const auto each_guess = [&](auto&& visit) {
      for (size_t at = 0; at < count; ++at) {
        const uint64_t slot = slots_[hashes[at] & mask];
        if (slot != 0) visit((slot & kId) - 1);
      }
    };
    each_guess([this](size_t id) { texts_.prefetch_end(id); });
    each_guess([this](size_t id) { texts_.prefetch_text(id); });
    for (size_t at = 0; at < count; ++at) {
      const uint64_t slot = slots_[slot_of(texts[begin + at], hashes[at])];
      ids[begin + at] = slot == 0 ? kAbsent : static_cast<Token>((slot & kId) - 1);
    }
  }
}

}  // namespace hob::text
