// What the files of Machine share about text: its phases, its escape states, the hash of a key.
#pragma once

#include <cstdint>

namespace hob::grammar {

// Phases of an object and (open, after_value) of an array.
enum : uint8_t { open, key, colon, after_value, after_comma };
// Escape states: plain text, after the backslash, then the four digits of \u, and the same of a low surrogate.
enum : uint8_t { plain, escaped, unit0, unit1, unit2, unit3, pair_slash, pair_u, low0, low1, low2, low3 };

inline constexpr uint64_t kHashStart = 0xcbf29ce484222325;
constexpr uint64_t hash_byte(uint64_t hash, unsigned char byte) {
  hash = (hash ^ byte) * 0x100000001b3;
  return hash ^ (hash >> 29);
}

}  // namespace hob::grammar
