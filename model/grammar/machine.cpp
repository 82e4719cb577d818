#include "model/grammar/machine.h"

#include <algorithm>

namespace hob::grammar {
namespace {

// Phases of an object and (open, after_value) of an array.
enum : uint8_t { open, key, colon, after_value, after_comma };
// Escape states: plain text, after the backslash, then the four digits of \u, and the same of a low surrogate.
enum : uint8_t { plain, escaped, unit0, unit1, unit2, unit3, pair_slash, pair_u, low0, low1, low2, low3 };

constexpr uint64_t kHashStart = 0xcbf29ce484222325;
constexpr uint64_t hash_byte(uint64_t hash, unsigned char byte) {
  hash = (hash ^ byte) * 0x100000001b3;
  return hash ^ (hash >> 29);
}
// What a UTF-8 character still wants (RFC 3629): 0 nothing; 1, 2, 5 so many (3 for 5) continuation bytes; 3 E0, 4 ED,
// 6 F0, 7 F4 with their narrower first one. 255: the byte does not fit.
uint8_t next_utf8(uint8_t state, unsigned char byte) {
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

char32_t decode(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(text[at + i])); };
  if (byte(0) < 0x80) return byte(0);
  if (byte(0) < 0xE0) return (byte(0) & 0x1F) << 6 | (byte(1) & 0x3F);
  if (byte(0) < 0xF0) return (byte(0) & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
  return (byte(0) & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F);
}

int hex_value(unsigned char byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
  if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
  return -1;
}

constexpr std::string_view kWords[] = {"null", "true", "false"};

NumberState load_number(const Local& local) {
  NumberState state;
  state.phase = local.phase;
  state.negative = local.space & 1;
  state.exponent_negative = local.space & 2;
  state.exponent_count = local.space >> 2;
  state.whole_digits = local.lex;
  state.fraction_digits = local.utf8;
  state.exponent_value = local.hex;
  state.last_nonzero = static_cast<uint8_t>(local.low);
  state.mantissa = static_cast<Wide>(local.b) << 64 | local.a;
  return state;
}

void store_number(const NumberState& state, Local& local) {
  local.phase = state.phase;
  local.space = static_cast<uint8_t>((state.negative ? 1 : 0) | (state.exponent_negative ? 2 : 0) |
                                     state.exponent_count << 2);
  local.lex = state.whole_digits;
  local.utf8 = state.fraction_digits;
  local.hex = state.exponent_value;
  local.low = state.last_nonzero;
  local.a = static_cast<uint64_t>(state.mantissa);
  local.b = static_cast<uint64_t>(state.mantissa >> 64);
}

bool same_stack(const Thread& a, const Thread& b) {
  if (!(a.top == b.top) || !(a.extras == b.extras)) return false;
  const Frame* x = a.below.get();
  const Frame* y = b.below.get();
  while (x != y) {
    if (!x || !y || !(x->local == y->local) || !(x->extras == y->extras)) return false;
    x = x->below.get();
    y = y->below.get();
  }
  return true;
}

}  // namespace

void ExtraKeys::release(ExtraKeys* keys) {
  while (keys) {  // a loop, not recursion: the list can be long
    ExtraKeys* next = keys->next;
    delete keys;
    keys = next && --next->uses == 0 ? next : nullptr;
  }
}

void Frame::release(Frame* frame) { delete frame; }

Machine::Machine(std::shared_ptr<const Ir> ir, Dialect dialect) : ir_(std::move(ir)), dialect_(dialect) {}

Thread Machine::start(NodeId node) const {
  Thread tail;
  tail.top.kind = Kind::tail;
  Thread thread = push(tail, node);
  thread.top.depth = 0;
  return thread;
}

bool Machine::done(const Threads& threads) {
  return std::any_of(threads.begin(), threads.end(), [](const Thread& t) { return t.top.kind <= Kind::tail; });
}

void Machine::step(const Threads& from, Symbol symbol, Threads& out, bool probing) const {
  out.clear();
  for (const Thread& thread : from) step(thread, symbol, out, probing);
  if (out.size() < 2) return;
  size_t kept = 1;
  for (size_t i = 1; i < out.size() && kept < kMaxThreads; ++i) {
    const bool twin = std::any_of(out.begin(), out.begin() + static_cast<ptrdiff_t>(kept),
                                  [&](const Thread& t) { return same_stack(t, out[i]); });
    if (twin) continue;
    if (kept != i) out[kept] = std::move(out[i]);
    ++kept;
  }
  out.resize(kept);
}

void Machine::step(const Thread& from, Symbol symbol, Threads& out, bool probing) const {
  switch (from.top.kind) {
    case Kind::hole:
    case Kind::extra:
      return;
    case Kind::tail: {
      Local next = from.top;
      if (white(next, symbol)) out.push_back({next, from.below, from.extras});
      return;
    }
    case Kind::value:
      return begin_value(from, symbol, out, probing);
    case Kind::word:
      return step_word(from, symbol, out);
    case Kind::number:
      return step_number(from, symbol, out);
    case Kind::string:
      return step_string(from, symbol, out);
    case Kind::array:
      return step_array(from, symbol, out, probing);
    case Kind::object:
      return step_object(from, symbol, out, probing);
  }
}

Thread Machine::after(const Thread& from) {
  if (!from.below) return {};
  return {from.below->local, from.below->below, from.below->extras};
}

Thread Machine::push(const Thread& parent, NodeId node) const {
  auto* frame = new Frame;
  frame->local = parent.top;
  frame->below = parent.below;
  frame->extras = parent.extras;
  Thread thread;
  thread.below = Ref<Frame>(frame);
  thread.top.kind = Kind::value;
  thread.top.node = node;
  thread.top.depth = static_cast<uint8_t>(parent.top.depth + 1);
  return thread;
}

// White space at one place: up to two blanks, then perhaps one line end and up to 64 blanks.
bool Machine::white(Local& local, Symbol symbol) const {
  constexpr uint8_t kReturn = 3, kLine = 4, kIndent = 64;
  if (dialect_ != Dialect::json) return false;
  if (symbol == ' ' || symbol == '\t') {
    if (local.space == 2 || local.space == kLine + kIndent) return false;
    local.space = local.space == kReturn ? kLine + 1 : static_cast<uint8_t>(local.space + 1);
    return true;
  }
  if (symbol == '\r' && local.space < kReturn) {
    local.space = kReturn;
    return true;
  }
  if (symbol == '\n' && local.space <= kReturn) {
    local.space = kLine;
    return true;
  }
  return false;
}

void Machine::begin_value(const Thread& from, Symbol symbol, Threads& out, bool probing) const {
  Local next = from.top;
  if (white(next, symbol)) {
    out.push_back({next, from.below, from.extras});
    return;
  }
  const Node& node = ir_->nodes[from.top.node];
  Local local;
  local.node = from.top.node;
  local.depth = from.top.depth;
  const auto emit = [&](const Local& top) { out.push_back({top, from.below, {}}); };
  switch (symbol) {
    case 'n':
    case 't':
    case 'f':
      local.kind = Kind::word;
      local.spec = symbol == 'n' ? 0 : symbol == 't' ? 1 : 2;
      local.position = 1;
      if (symbol == 'n' ? node.null : symbol == 't' ? node.yes : node.no) emit(local);
      return;
    case '"':
    case kQuote:
      if ((symbol == kQuote) != (dialect_ == Dialect::gemma)) return;
      for (size_t i = 0; i < node.strings.size(); ++i) {
        local.kind = Kind::string;
        local.spec = static_cast<uint32_t>(i);
        local.high = static_cast<uint32_t>(node.strings[i].literals.size());
        emit(local);
      }
      return;
    case '{':
      for (size_t i = 0; i < node.objects.size(); ++i) {
        if (from.top.depth + node.objects[i].min_depth > kMaxDepth) continue;
        local.kind = Kind::object;
        local.spec = static_cast<uint32_t>(i);
        local.b = seen_none(local.node, local.spec);
        emit(local);
      }
      return;
    case '[':
      for (size_t i = 0; i < node.arrays.size(); ++i) {
        if (from.top.depth + node.arrays[i].min_depth > kMaxDepth) continue;
        local.kind = Kind::array;
        local.spec = static_cast<uint32_t>(i);
        emit(local);
      }
      return;
    default:
      if (!node.numbers.empty() && (symbol == '-' || (symbol >= '0' && symbol <= '9'))) {
        local.kind = Kind::number;
        step_number({local, from.below, {}}, symbol, out);
      }
      (void)probing;
      return;
  }
}

void Machine::step_word(const Thread& from, Symbol symbol, Threads& out) const {
  const std::string_view word = kWords[from.top.spec];
  if (symbol != static_cast<unsigned char>(word[from.top.position])) return;
  if (from.top.position + 1 == word.size()) return pop(from, out);
  out.push_back(from);
  ++out.back().top.position;
}

void Machine::step_number(const Thread& from, Symbol symbol, Threads& out) const {
  if (symbol > 0xFF) return;
  const NumberSpec& spec = ir_->nodes[from.top.node].numbers.front();
  NumberState state = load_number(from.top);
  if (!number_step(spec, state, static_cast<unsigned char>(symbol))) return;
  out.push_back(from);
  store_number(state, out.back().top);
  if (number_can_end(spec, state)) pop(from, out);
}

void Machine::step_string(const Thread& from, Symbol symbol, Threads& out) const {
  const StringSpec& spec = ir_->nodes[from.top.node].strings[from.top.spec];
  const bool literal = !spec.literals.empty();
  const Local& top = from.top;
  if (symbol == (dialect_ == Dialect::json ? Symbol{'"'} : kQuote) && top.lex == plain) {
    const bool ends = literal ? top.low < top.high && spec.literals[top.low].size() == top.position
                              : top.utf8 == 0 && top.count >= spec.min_length;
    if (ends) pop(from, out);
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
  if (read_text(next, text, byte)) out.push_back({next, from.below, from.extras});
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
  local.utf8 = utf8;
  return narrow(local, text, byte);
}

bool Machine::read_escape(Local& local, const Text& text, unsigned char byte) const {
  const uint8_t was = local.lex;
  if (was == escaped) {
    static constexpr std::string_view kNames = "\"\\/bfnrt", kValues = "\"\\/\b\f\n\r\t";
    if (byte == 'u') {
      local.lex = unit0;
      local.hex = 0;
      return escape_fits(local, text);
    }
    const size_t at = kNames.find(static_cast<char>(byte));
    if (at == std::string_view::npos) return false;
    local.lex = plain;
    return narrow(local, text, static_cast<char32_t>(kValues[at]));
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

void Machine::step_array(const Thread& from, Symbol symbol, Threads& out, bool probing) const {
  const ArraySpec& spec = array(from.top);
  Thread next = from;
  if (white(next.top, symbol)) {
    out.push_back(std::move(next));
    return;
  }
  if (symbol == ']') {
    if (from.top.count >= spec.min_items) pop(from, out);
    return;
  }
  const bool first = from.top.phase == open;
  if ((!first && symbol != ',') || !item_available(spec, from.top)) return;
  const uint32_t index = from.top.count;
  const NodeId item = index < spec.prefix.size() ? spec.prefix[index] : spec.rest;
  next.top.phase = after_value;
  next.top.space = 0;
  const uint32_t limit = spec.max_items != kUnlimited
                             ? kUnlimited
                             : std::max(spec.min_items, static_cast<uint32_t>(spec.prefix.size()));
  if (index < limit) ++next.top.count;
  Thread value = push(next, item);
  if (first) {
    begin_value(value, symbol, out, probing);
  } else {
    out.push_back(std::move(value));
  }
}

bool Machine::item_available(const ArraySpec& spec, const Local& local) const {
  if (local.count >= spec.max_items) return false;
  const NodeId item = local.count < spec.prefix.size() ? spec.prefix[local.count] : spec.rest;
  return item != kNone && fits(item, local.depth + 1);
}

bool Machine::available(const ObjectSpec& spec, const Local& local, uint32_t name) const {
  const Seen& had = seen(local);
  const Property& property = spec.properties[name];
  if (had.has(name) || !fits(property.node, local.depth + 1)) return false;
  if (spec.max_properties == kUnlimited) return true;
  return had.count + local.count + 1 + had.missing - (property.required ? 1 : 0) <= spec.max_properties;
}

bool Machine::any_available(const ObjectSpec& spec, const Local& local, uint32_t low, uint32_t high) const {
  for (uint32_t i = low; i < high; ++i) {
    if (available(spec, local, i)) return true;
  }
  return false;
}

bool Machine::extra_available(const ObjectSpec& spec, const Local& local) const {
  if (spec.additional == kNone || !fits(spec.additional, local.depth + 1)) return false;
  if (spec.max_properties == kUnlimited) return true;
  const Seen& had = seen(local);
  return had.count + local.count + 1 + had.missing <= spec.max_properties;
}

void Machine::step_object(const Thread& from, Symbol symbol, Threads& out, bool probing) const {
  const ObjectSpec& spec = object(from.top);
  const Local& top = from.top;
  if (top.phase == key) return step_key(from, symbol, out, probing);
  Thread next = from;
  if (white(next.top, symbol)) {
    out.push_back(std::move(next));
    return;
  }
  next.top.space = 0;
  const auto names = static_cast<uint32_t>(spec.names.size());
  switch (top.phase) {
    case colon:
      if (symbol != ':') return;
      next.top.phase = after_value;
      next.top.low = 0;
      out.push_back(push(next, top.low));
      return;
    case open:
    case after_value:
      if (symbol == '}') {
        const Seen& had = seen(top);
        if (had.missing == 0 && had.count + top.count >= spec.min_properties) pop(from, out);
        return;
      }
      if (top.phase == after_value) {
        if (symbol != ',' || (!extra_available(spec, top) && !any_available(spec, top, 0, names))) return;
        next.top.phase = after_comma;
        out.push_back(std::move(next));
        return;
      }
      break;
    default:
      break;
  }
  // A key may begin.
  if (dialect_ == Dialect::json && symbol != '"') return;
  if (!extra_available(spec, top) && !any_available(spec, top, 0, names)) return;
  next.top.phase = key;
  next.top.low = 0;
  next.top.high = names;
  next.top.position = 0;
  next.top.a = kHashStart;
  if (dialect_ == Dialect::json) {
    out.push_back(std::move(next));
  } else {
    step_key(next, symbol, out, probing);
  }
}

void Machine::step_key(const Thread& from, Symbol symbol, Threads& out, bool probing) const {
  const ObjectSpec& spec = object(from.top);
  const Local& top = from.top;
  if (symbol > 0xFF) return;
  const auto byte = static_cast<unsigned char>(symbol);
  const bool json = dialect_ == Dialect::json;
  if (top.lex == plain && top.utf8 == 0) {
    if (json && byte == '"') return close_key(from, out, probing);
    if (!json && byte == ':') {
      if (top.space != 0) close_key(from, out, probing);
      return;
    }
  }
  Text text;
  text.names = &spec.names;
  text.object = &spec;
  text.open = extra_available(spec, top);
  Local next = top;
  if (!json) {
    // A bare key of no declared name has no punctuation that could end it and no white space.
    static constexpr std::string_view kReserved = "{}[],\"'`\\";
    if (byte < 0x20 || byte == 0x7F || kReserved.find(static_cast<char>(byte)) != std::string_view::npos) return;
    if (byte == ' ') text.open = false;
    next.space = 1;
  }
  if (!read_text(next, text, byte)) return;
  if (!text.open && !any_available(spec, next, next.low, next.high)) return;
  out.push_back({next, from.below, from.extras});
}

void Machine::close_key(const Thread& from, Threads& out, bool probing) const {
  const ObjectSpec& spec = object(from.top);
  const Local& top = from.top;
  Thread next = from;
  next.top.phase = colon;
  next.top.space = 0;
  next.top.high = next.top.position = 0;
  next.top.a = 0;
  if (top.low < top.high && spec.names[top.low].size() == top.position) {
    if (!available(spec, top, top.low)) return;
    next.top.low = spec.properties[top.low].node;
    next.top.b = seen_with(static_cast<uint32_t>(top.b), spec, top.low);
  } else {
    if (!extra_available(spec, top)) return;
    if (probing) {
      Thread& mark = out.emplace_back();
      mark.top.kind = Kind::extra;
      return;
    }
    for (const ExtraKeys* seen = from.extras.get(); seen; seen = seen->next) {
      if (seen->hash == top.a) return;
    }
    auto* keys = new ExtraKeys;
    keys->hash = top.a;
    keys->next = from.extras.get();
    if (keys->next) ++keys->next->uses;
    next.extras = Ref<ExtraKeys>(keys);
    next.top.low = spec.additional;
    const uint32_t limit = spec.max_properties != kUnlimited ? kUnlimited : spec.min_properties;
    if (top.count < limit) ++next.top.count;
  }
  if (dialect_ == Dialect::json) {
    out.push_back(std::move(next));
  } else {
    const NodeId value = next.top.low;
    next.top.phase = after_value;
    next.top.low = 0;
    out.push_back(push(next, value));
  }
}

uint32_t Machine::seen_none(NodeId node, uint32_t spec) const {
  const uint64_t slot = static_cast<uint64_t>(node) << 32 | spec;
  if (const auto found = seen_start_.find(slot); found != seen_start_.end()) return found->second;
  const ObjectSpec& object = ir_->nodes[node].objects[spec];
  Seen seen;
  seen.bits.resize(object.names.size() / 64 + 1);
  for (const Property& property : object.properties) seen.missing += property.required ? 1 : 0;
  const auto id = static_cast<uint32_t>(seen_.size());
  seen.start = id;
  seen_.push_back(std::move(seen));
  seen_start_.emplace(slot, id);
  return id;
}

uint32_t Machine::seen_with(uint32_t seen, const ObjectSpec& object, uint32_t name) const {
  const uint64_t slot = static_cast<uint64_t>(seen) << 32 | name;
  if (const auto found = seen_next_.find(slot); found != seen_next_.end()) return found->second;
  Seen next = seen_[seen];
  next.bits[name / 64] |= uint64_t{1} << (name % 64);
  ++next.count;
  if (object.properties[name].required) --next.missing;
  // The same keys in another order are the same set.
  const auto [at, fresh] = seen_sets_.try_emplace({next.start, next.bits}, static_cast<uint32_t>(seen_.size()));
  if (fresh) seen_.push_back(std::move(next));
  seen_next_.emplace(slot, at->second);
  return at->second;
}

Local Machine::mask_key(const Local& local, int openers) const {
  Local key_local = local;
  if (kMaxDepth - local.depth > openers + ir_->max_min_depth + 1) key_local.depth = 0;
  if (local.kind == Kind::object && local.phase == key) {
    key_local.a = 0;
    if (local.low >= local.high) key_local.position = 0;
  }
  return key_local;
}

bool Machine::interior(const Local& local, Interior& out) const {
  if (local.lex != plain || local.utf8 != 0) return false;
  if (local.kind == Kind::string) {
    const StringSpec& spec = ir_->nodes[local.node].strings[local.spec];
    if (!spec.literals.empty()) return false;
    out.room = spec.max_length == kUnlimited ? kUnlimited : spec.max_length - local.count;
    out.wanted = spec.min_length > local.count ? spec.min_length - local.count : 0;
    out.key = false;
    return true;
  }
  if (local.kind != Kind::object || local.phase != key || dialect_ != Dialect::json) return false;
  if (!extra_available(object(local), local)) return false;
  out = {kUnlimited, 0, true};
  return true;
}

uint64_t Machine::key_hash(std::string_view key) {
  uint64_t hash = kHashStart;
  for (const char c : key) hash = hash_byte(hash, static_cast<unsigned char>(c));
  return hash;
}

size_t Machine::bytes() const {
  size_t total = sizeof(*this) + ir_->bytes() + (seen_start_.size() + seen_next_.size()) * 32;
  for (const Seen& seen : seen_) total += sizeof(Seen) + seen.bits.capacity() * 8;
  return total;
}

}  // namespace hob::grammar
