// Machine: strings and keys, byte by byte, with their escapes.
#include "model/grammar/machine_text.h"

#include <algorithm>

#include "model/grammar/machine.h"

namespace hob::grammar {
namespace {

char32_t decode(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(text[at + i])); };
  if (byte(0) < 0x80) return byte(0);
  if (byte(0) < 0xE0) return (byte(0) & 0x1F) << 6 | (byte(1) & 0x3F);
  if (byte(0) < 0xF0) return (byte(0) & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
  return (byte(0) & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
}

}  // namespace

void Machine::step_string(const Thread& from, Symbol symbol, Threads& out, bool probing) const {
  const StringSpec& spec = ir_->nodes[from.top.node].strings[from.top.spec];
  const bool literal = !spec.literals.empty();
  const Local& top = from.top;
  if (symbol == (dialect_ == Dialect::json ? Symbol{'"'} : kQuote) && top.lex == plain) {
    const bool ends = literal ? top.low < top.high && spec.literals[top.low].size() == top.position
                              : top.utf8 == 0 && top.count >= spec.min_length &&
                                    (top.state == 0 || language(top)->accepts(top.state));
    if (ends) pop(from, mix_hash(top.hash), out, probing);
    return;
  }
  if (symbol > 0xFF) return;
  const auto byte = static_cast<unsigned char>(symbol);
  Local next = top;
  if (top.lex == plain && top.utf8 == 0) {  // a character begins here
    if (!literal && spec.max_length != kUnlimited && top.count >= spec.max_length) return;
    if (!literal && (spec.max_length != kUnlimited || top.count < spec.min_length)) ++next.count;
  }
  Text text;
  text.names = literal ? &spec.literals : nullptr;
  text.open = !literal;
  text.language = language(top);
  if (spec.max_length != kUnlimited) text.room = spec.max_length - next.count;
  if (!read_text(next, text, byte)) return;
  go_on({next, from.below, from.extras}, out, probing);
}

bool Machine::read_text(Local& local, const Text& text, unsigned char byte) const {
  if (dialect_ == Dialect::json) {
    if (local.lex != plain) return read_escape(local, text, byte);
    if (byte == '\\' && local.utf8 == 0) {
      local.lex = escaped;
      return escape_fits(local, text);
    }
    if (byte < 0x20 || byte == '"' || byte == '\\') return false;
  }
  const uint8_t utf8 = next_utf8(local.utf8, byte);
  if (utf8 == 255) return false;
  if (!text.language) {
    local.utf8 = utf8;
    return narrow(local, text, byte);
  }
  const bool first = local.utf8 == 0;
  const uint32_t bits = first ? lead_bits(byte) : byte & 0x3Fu;
  local.position = first ? bits : local.position << 6 | bits;
  local.utf8 = utf8;
  if (utf8 == 0) return advance(local, text, local.position);
  const CodeRange range = begun_character(utf8, local.position);
  return text.language->possible(local.state, range.first, range.last, text.room);
}

Language* Machine::language(const Local& local) const {
  if (local.state == 0) return nullptr;
  if (local.kind == Kind::object) return &ir_->languages().at(object(local).others[local.way - 1u].language);
  return &ir_->languages().at(language_of(ir_->nodes[local.node].strings[local.spec], local));
}

bool Machine::advance(Local& local, const Text& text, char32_t character) {
  local.position = 0;
  if (text.object) local.a = hash_character(local.a, character);
  if (local.unique != 0 && !text.object) local.hash = hash_character(local.hash, character);
  local.state = text.language->next(local.state, character);
  return local.state != Language::kDead && text.language->least(local.state) <= text.room;
}

bool Machine::read_escape(Local& local, const Text& text, unsigned char byte) const {
  const uint8_t was = local.lex;
  if (was == escaped) {
    if (byte == 'u') {
      local.lex = unit0;
      local.hex = 0;
      return escape_fits(local, text);
    }
    const size_t at = kEscapeNames.find(static_cast<char>(byte));
    if (at == std::string_view::npos) return false;
    local.lex = plain;
    return narrow(local, text, static_cast<char32_t>(kEscapeValues[at]));
  }
  if (was == pair_slash || was == pair_u) {
    if (byte != (was == pair_slash ? '\\' : 'u')) return false;
    ++local.lex;
    local.hex = 0;
    return true;  // fits() looked at the pair when the high half was complete
  }
  const int digit = hex_value(byte);
  if (digit < 0) return false;
  local.hex = static_cast<uint16_t>(local.hex << 4 | digit);
  ++local.lex;
  const uint32_t saved = static_cast<uint32_t>(local.b >> 32);
  if (was == unit3) {
    const uint32_t unit = local.hex;
    local.hex = 0;
    if (unit < 0xD800 || unit > 0xDFFF) {
      local.lex = plain;
      return narrow(local, text, static_cast<char32_t>(unit));
    }
    if (unit > 0xDBFF) return false;
    local.b |= static_cast<uint64_t>(unit) << 32;
    return escape_fits(local, text);  // lex is pair_slash
  }
  if (was == low3) {
    const uint32_t unit = local.hex;
    local.hex = 0;
    local.b &= 0xFFFFFFFF;
    local.lex = plain;
    if (unit < 0xDC00 || unit > 0xDFFF) return false;
    return narrow(local, text, static_cast<char32_t>(0x10000 + ((saved - 0xD800) << 10) + (unit - 0xDC00)));
  }
  return escape_fits(local, text);
}

// Whether an escape begun can still become a character that the text allows.
bool Machine::escape_fits(const Local& local, const Text& text) const {
  const auto begins = [](uint32_t unit, uint32_t digits, uint32_t count) { return unit >> (4 * (4 - count)) == digits; };
  const uint32_t high = static_cast<uint32_t>(local.b >> 32);
  const auto fits = [&](char32_t character) {
    const uint32_t first = character < 0x10000 ? static_cast<uint32_t>(character)
                                               : 0xD800 + static_cast<uint32_t>((character - 0x10000) >> 10);
    if (local.lex <= unit0) return true;  // any character has a \u form
    if (local.lex <= unit3) return begins(first, local.hex, local.lex - unit0);
    if (character < 0x10000 || first != high) return false;
    const uint32_t second = 0xDC00 + static_cast<uint32_t>((character - 0x10000) & 0x3FF);
    return local.lex < low0 || begins(second, local.hex, local.lex - low0);
  };
  if (text.language) {
    const auto ranges = begun_escape(local.lex, local.hex, high);
    return std::any_of(ranges.begin(), ranges.end(), [&](const CodeRange& range) {
      return range.first <= range.last && text.language->possible(local.state, range.first, range.last, text.room);
    });
  }
  if (text.open) {
    if (local.lex == unit2 || local.lex == unit3) {
      const uint32_t lead = local.hex >> (4 * (local.lex - unit2));
      return lead < 0xDC || lead > 0xDF;
    }
    if (local.lex == low1) return local.hex == 0xD;
    if (local.lex == low2 || local.lex == low3) {
      const uint32_t lead = local.hex >> (4 * (local.lex - low2));
      return lead >= 0xDC && lead <= 0xDF;
    }
    return true;
  }
  for (uint32_t i = local.low; i < local.high; ++i) {
    const std::string& name = (*text.names)[i];
    if (name.size() <= local.position) continue;
    if (text.object && !available(*text.object, local, i)) continue;
    if (fits(decode(name, local.position))) return true;
  }
  return false;
}

bool Machine::narrow(Local& local, const Text& text, char32_t decoded) const {
  if (text.language) return advance(local, text, decoded);
  const auto c = static_cast<uint32_t>(decoded);
  const auto byte = [&](uint32_t value) { return narrow(local, text, static_cast<unsigned char>(value)); };
  if (c < 0x80) return byte(c);
  if (c < 0x800) return byte(0xC0 | c >> 6) && byte(0x80 | (c & 0x3F));
  if (c < 0x10000) return byte(0xE0 | c >> 12) && byte(0x80 | (c >> 6 & 0x3F)) && byte(0x80 | (c & 0x3F));
  return byte(0xF0 | c >> 18) && byte(0x80 | (c >> 12 & 0x3F)) && byte(0x80 | (c >> 6 & 0x3F)) &&
         byte(0x80 | (c & 0x3F));
}

bool Machine::narrow(Local& local, const Text& text, unsigned char decoded) const {
  if (text.object) local.a = hash_byte(local.a, decoded);
  if (local.unique != 0 && local.kind == Kind::string) local.hash = hash_byte(local.hash, decoded);
  if (!text.names) return true;
  if (local.low < local.high) {
    // The range shares its first `position` bytes; at most its first name ends there.
    const auto at = [&](uint32_t i) -> int {
      const std::string& name = (*text.names)[i];
      return name.size() <= local.position ? -1 : static_cast<unsigned char>(name[local.position]);
    };
    uint32_t low = local.low, high = local.high;
    for (uint32_t end = high; low < end;) {
      const uint32_t middle = low + (end - low) / 2;
      if (at(middle) < decoded) low = middle + 1; else end = middle;
    }
    uint32_t last = low;
    for (uint32_t end = high; last < end;) {
      const uint32_t middle = last + (end - last) / 2;
      if (at(middle) <= decoded) last = middle + 1; else end = middle;
    }
    local.low = low;
    local.high = last;
    ++local.position;
  }
  if (local.low < local.high) return true;
  local.low = local.high = local.position = 0;
  return text.open;
}

bool Machine::interior(const Local& local, Interior& out) const {
  if (local.lex != plain || local.utf8 != 0) return false;
  if (local.kind == Kind::string) {
    const StringSpec& spec = ir_->nodes[local.node].strings[local.spec];
    const bool differs = (local.unique & kItem) != 0;
    const bool free = local.state == 0 || (differs && spec.language == kNoLanguage);
    if (!spec.literals.empty() || !free) return false;
    out.room = spec.max_length == kUnlimited ? kUnlimited : spec.max_length - local.count;
    out.wanted = spec.min_length > local.count ? spec.min_length - local.count : 0;
    out.key = false;
    // A text that must differ from others keeps room for one more character, by which it can.
    if (differs && out.room != kUnlimited && out.room-- == 0) return false;
    return true;
  }
  if (local.kind != Kind::object || local.phase != key || dialect_ != Dialect::json) return false;
  if (object(local).classed() || !extra_available(object(local), local)) return false;
  out = {kUnlimited, 0, true};
  return true;
}

}  // namespace hob::grammar
