#include "schemas/base/key_set.h"

#include <functional>

namespace hob::json {
namespace {

constexpr size_t kFew = 12;
constexpr size_t kFirstSlots = 64;
constexpr uint64_t kPlace = 0xFFFFFFFF;  // Limits keep a text, and so its keys, far below 2^32 bytes

size_t first_slot(uint64_t hash, size_t mask) { return static_cast<size_t>(hash ^ hash >> 17) & mask; }

}  // namespace

bool KeySet::add(std::string_view key) {
  if (slots_.empty()) {
    for (size_t at = 0; at < ends_.size(); ++at) {
      if (text(at) == key) return false;
    }
  } else {
    const uint64_t hash = std::hash<std::string_view>()(key);
    const size_t mask = slots_.size() - 1;
    size_t slot = first_slot(hash, mask);
    for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
      if ((slots_[slot] ^ hash) >> 32 == 0 && text((slots_[slot] & kPlace) - 1) == key) return false;
    }
    slots_[slot] = (hash & ~kPlace) | (ends_.size() + 1);
  }
  chars_.append(key);
  ends_.push_back(chars_.size());
  if (ends_.size() >= kFew && ends_.size() * 2 >= slots_.size()) grow();
  return true;
}

void KeySet::grow() {
  slots_.assign(slots_.empty() ? kFirstSlots : slots_.size() * 4, 0);
  const size_t mask = slots_.size() - 1;
  for (size_t at = 0; at < ends_.size(); ++at) {
    const uint64_t hash = std::hash<std::string_view>()(text(at));
    size_t slot = first_slot(hash, mask);
    while (slots_[slot] != 0) slot = (slot + 1) & mask;
    slots_[slot] = (hash & ~kPlace) | (at + 1);
  }
}

}  // namespace hob::json
