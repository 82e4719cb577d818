// What the readers of texts share: phases, escape states, characters begun, the hash of a key.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace hob::grammar {

// Phases of an object and (open, after_value) of an array.
enum : uint8_t { open, key, colon, after_value, after_comma };
// Escape states: plain text, after the backslash, then the four digits of \u, and the same of a low surrogate.
enum : uint8_t { plain, escaped, unit0, unit1, unit2, unit3, pair_slash, pair_u, low0, low1, low2, low3 };

inline constexpr std::string_view kWords[] = {"null", "true", "false"};  // a Local's spec says which

inline constexpr uint64_t kHashStart = 0xcbf29ce484222325;
constexpr uint64_t hash_byte(uint64_t hash, unsigned char byte) {
  hash = (hash ^ byte) * 0x100000001b3;
  return hash ^ (hash >> 29);
}

constexpr uint64_t hash_text(uint64_t hash, std::string_view text) {
  for (const char c : text) hash = hash_byte(hash, static_cast<unsigned char>(c));
  return hash;
}

constexpr uint64_t mix_hash(uint64_t hash) {
  hash = (hash ^ (hash >> 31)) * 0xBF58476D1CE4E5B9;
  hash = (hash ^ (hash >> 29)) * 0x94D049BB133111EB;
  return hash ^ (hash >> 32);
}

constexpr uint64_t hash_character(uint64_t hash, char32_t c) {
  const auto tail = [](char32_t bits) { return static_cast<unsigned char>(0x80 | (bits & 0x3F)); };
  if (c < 0x80) return hash_byte(hash, static_cast<unsigned char>(c));
  if (c < 0x800) return hash_byte(hash_byte(hash, static_cast<unsigned char>(0xC0 | c >> 6)), tail(c));
  if (c < 0x10000) {
    return hash_byte(hash_byte(hash_byte(hash, static_cast<unsigned char>(0xE0 | c >> 12)), tail(c >> 6)), tail(c));
  }
  return hash_byte(hash_byte(hash_byte(hash_byte(hash, static_cast<unsigned char>(0xF0 | c >> 18)), tail(c >> 12)), tail(c >> 6)), tail(c));
}

// What a UTF-8 character still wants (RFC 3629): 0 nothing; 1, 2, 5 so many (3 for 5) continuation bytes; 3 E0, 4 ED,
// 6 F0, 7 F4 with their narrower first one. 255: the byte does not fit.
constexpr uint8_t next_utf8(uint8_t state, unsigned char byte) {
  const bool continuation = (byte & 0xC0) == 0x80;
  switch (state) {
    case 0:
      if (byte < 0x80) return 0;
      if (byte >= 0xC2 && byte <= 0xDF) return 1;
      if (byte == 0xE0) return 3;
      if (byte == 0xED) return 4;
      if (byte >= 0xE1 && byte <= 0xEF) return 2;
      if (byte == 0xF0) return 6;
      if (byte == 0xF4) return 7;
      if (byte >= 0xF1 && byte <= 0xF3) return 5;
      return 255;
    case 1:
      return continuation ? 0 : 255;
    case 2:
      return continuation ? 1 : 255;
    case 3:
      return byte >= 0xA0 && byte <= 0xBF ? 1 : 255;
    case 4:
      return byte >= 0x80 && byte <= 0x9F ? 1 : 255;
    case 5:
      return continuation ? 2 : 255;
    case 6:
      return byte >= 0x90 && byte <= 0xBF ? 2 : 255;
    case 7:
      return byte >= 0x80 && byte <= 0x8F ? 2 : 255;
    default:
      return 255;
  }
}

// What a lead byte says of its character.
constexpr uint32_t lead_bits(unsigned char byte) {
  return byte < 0x80 ? byte : byte < 0xE0 ? byte & 0x1Fu : byte < 0xF0 ? byte & 0xFu : byte & 7u;
}

struct CodeRange {
  uint32_t first = 1, last = 0;  // empty
};

// The characters that one begun may become: `bits` of it are read, `utf8` is what it wants.
constexpr CodeRange begun_character(uint8_t utf8, uint32_t bits) {
  constexpr uint32_t kWanted[] = {0, 1, 2, 2, 2, 3, 3, 3};
  const uint32_t shift = 6 * kWanted[utf8];
  CodeRange out{bits << shift, (bits << shift) | ((1u << shift) - 1)};
  if (utf8 == 3) out.first = 0x800;
  if (utf8 == 4) out.last = 0xD7FF;
  if (utf8 == 6) out.first = 0x10000;
  if (utf8 == 7) out.last = 0x10FFFF;
  return out;
}

// The same of an escape begun: `lex` says where it stands, `hex` has the digits of this unit, `high` the first surrogate.
constexpr std::array<CodeRange, 3> begun_escape(uint8_t lex, uint32_t hex, uint32_t high) {
  std::array<CodeRange, 3> out{};
  if (lex <= unit0) {
    out[0] = {0, 0x10FFFF};
  } else if (lex <= unit3) {
    const uint32_t shift = 4 * (4u - (lex - unit0));
    const uint32_t first = hex << shift, last = first + (1u << shift) - 1;
    const uint32_t low = first > 0xD800 ? first : 0xD800, end = last < 0xDBFF ? last : 0xDBFF;  // first halves of pairs
    if (low <= end) out[0] = {0x10000 + ((low - 0xD800) << 10), 0x10000 + ((end - 0xD800) << 10) + 0x3FF};
    if (first < 0xD800) out[1] = {first, last < 0xD7FF ? last : 0xD7FF};
    if (last > 0xDFFF) out[2] = {first > 0xE000 ? first : 0xE000, last};
  } else {
    const uint32_t base = 0x10000 + ((high - 0xD800) << 10);
    uint32_t first = 0xDC00, last = 0xDFFF;
    if (lex > low0) {
      const uint32_t shift = 4 * (4u - (lex - low0));
      const uint32_t from = hex << shift, to = from + (1u << shift) - 1;
      if (from > first) first = from;
      if (to < last) last = to;
    }
    if (first <= last) out[0] = {base + (first - 0xDC00), base + (last - 0xDC00)};
  }
  return out;
}

constexpr int hex_value(unsigned char byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
  if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
  return -1;
}

inline constexpr std::string_view kEscapeNames = "\"\\/bfnrt", kEscapeValues = "\"\\/\b\f\n\r\t";

}  // namespace hob::grammar
