// Machine: the keys of objects, byte by byte: names, and undeclared keys of one language or of none.
#include <algorithm>

#include "model/grammar/machine.h"
#include "model/grammar/machine_text.h"
#include "model/grammar/unique_values.h"

namespace hob::grammar {

std::vector<Language::Span> begun(const Local& local) {
  if (local.lex == plain && local.utf8 == 0) return {};
  std::vector<Language::Span> out;
  const auto add = [&](const CodeRange& range) {
    if (range.first <= range.last) out.push_back({range.first, range.last});
  };
  if (local.lex == plain) {
    add(begun_character(local.utf8, local.position));
  } else {
    for (const CodeRange& range : begun_escape(local.lex, local.hex, static_cast<uint32_t>(local.b >> 32))) add(range);
  }
  return out;
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
  text.language = language(top);
  text.open = !spec.classed() && extra_available(spec, top);
  Local next = top;
  if (!json) {
    // A bare key of no declared name has no punctuation that could end it and no white space.
    static constexpr std::string_view kReserved = "{}[],\"'`\\";
    if (byte < 0x20 || byte == 0x7F || kReserved.find(static_cast<char>(byte)) != std::string_view::npos) return;
    if (byte == ' ') text.open = false;
    next.space = 1;
  }
  if (!read_text(next, text, byte)) return;
  if (top.way != 0) {
    const Fresh found = fresh(next, from.extras.get(), probing);
    if (found == Fresh::unsure) out.emplace_back().top.kind = Kind::extra;
    if (found == Fresh::yes) out.push_back({next, from.below, from.extras});
    return;
  }
  if (!text.open && !any_available(spec, next, next.low, next.high)) return;
  out.push_back({next, from.below, from.extras});
}

void Machine::close_key(const Thread& from, Threads& out, bool probing) const {
  const ObjectSpec& spec = object(from.top);
  const Local& top = from.top;
  if (top.way == 0 && top.low < top.high && spec.names[top.low].size() == top.position) {
    if (!available(spec, top, top.low)) return;
    const Property& property = spec.properties[top.low];
    Thread next = from;
    next.top.b = seen_with(static_cast<uint32_t>(top.b), spec, top.low);
    return enter_value(from, property.node, property.witness, top.low, std::move(next), out);
  }
  if (spec.classed() ? top.way == 0 || !language(top)->accepts(top.state) : !extra_available(spec, top)) return;
  if (probing) {
    out.emplace_back().top.kind = Kind::extra;
    return;
  }
  if (!taken(from, top.a)) ended(from, out);
}

const ExtraKeys* Machine::others(const Thread& from) {
  if (from.top.kind == Kind::object) return from.extras.get();
  return from.below ? from.below->extras.get() : nullptr;
}

bool Machine::taken(const Thread& from, uint64_t hash) const {
  if (from.top.kind == Kind::string) return ExtraKeys::has(others(from), mix_hash(hash));
  return ExtraKeys::has(others(from), hash) || (from.top.way != 0 && declared(from.top, hash));
}

void Machine::ended(const Thread& from, Threads& out) const {
  if (from.top.kind == Kind::string) return out.push_back(after(from));
  const ObjectSpec& spec = object(from.top);
  const size_t way = from.top.way == 0 ? 0 : from.top.way - 1u;
  Thread next = from;
  keep_key(spec, next.top, next.extras, way, from.top.a);
  enter_value(from, spec.others[way].node, spec.others[way].witness, kNone, std::move(next), out);
}

bool Machine::few_left(const Thread& from) const {
  if (from.top.kind == Kind::string) return from.below && next_values(from.below->local);
  const uint32_t way = from.top.way - 1u, keys = object(from.top).others[way].keys;
  return keys != kUnlimited && ExtraKeys::count(from.extras.get(), way) + 1 >= keys;
}

// `next` is the object that has the key. The value is as any of this key, or the one that the object wants.
void Machine::enter_value(const Thread& from, NodeId plain, NodeId witness, uint32_t name, Thread next, Threads& out) const {
  const ObjectSpec& spec = object(from.top);
  next.top.phase = colon;
  next.top.space = 0;
  next.top.high = next.top.position = next.top.state = 0;
  next.top.way = 0;
  if (next.top.unique == 0) next.top.a = 0;
  const auto enter = [&](NodeId value) {
    next.top.low = value;
    if (dialect_ == Dialect::json) return out.push_back(next);
    Thread object = next;
    object.top.phase = after_value;
    object.top.low = 0;
    out.push_back(push(object, value));
  };
  if (may_be_plain(spec, from.top, plain, name)) enter(plain);
  if (!may_be_witness(spec, from.top, witness)) return;
  next.top.b = seen_with(static_cast<uint32_t>(next.top.b), spec, static_cast<uint32_t>(spec.names.size()));
  enter(witness);
}

void Machine::keep_key(const ObjectSpec& spec, Local& local, Ref<ExtraKeys>& extras, size_t way, uint64_t hash) {
  extras = ExtraKeys::with(extras, hash, static_cast<uint32_t>(way));
  const uint32_t limit = spec.max_properties != kUnlimited ? kUnlimited : spec.min_properties;
  if (local.count < limit) ++local.count;
  if (spec.others[way].keys == kUnlimited) return;
  if (ExtraKeys::count(extras.get(), static_cast<uint32_t>(way)) >= spec.others[way].keys) local.gone = static_cast<uint16_t>(local.gone | 1u << way);
}

bool Machine::declared(const Local& local, uint64_t hash) const {
  const auto [at, fresh] = declared_.try_emplace(static_cast<uint64_t>(local.node) << 32 | local.spec);
  if (fresh) {
    for (const std::string& name : object(local).names) at->second.insert(key_hash(name));
  }
  return at->second.count(hash) != 0;
}

Machine::Fresh Machine::fresh(const Local& local, const ExtraKeys* extras, bool probing) const {
  if (endless(local)) return Fresh::yes;
  if (probing) return Fresh::unsure;
  return new_key(local, extras) ? Fresh::yes : Fresh::no;
}

std::optional<std::u32string> Machine::new_key(const Local& local, const ExtraKeys* extras) const {
  return first_text(local, local.a, [&](uint64_t hash) { return !ExtraKeys::has(extras, hash) && !declared(local, hash); });
}

bool Machine::endless(const Local& local) const {
  Language& of = *language(local);
  if (of.endless()) return true;
  const std::vector<Language::Span> spans = begun(local);
  return spans.empty() ? of.texts(local.state) == kUnlimited : of.endless_after(local.state, spans);
}

std::optional<std::u32string> Machine::first_text(const Local& local, uint64_t start,
                                                  const std::function<bool(uint64_t)>& good) const {
  std::optional<std::u32string> found;
  language(local)->each(local.state, begun(local), [&](std::u32string_view text) {
    uint64_t hash = start;
    for (const char32_t c : text) hash = hash_character(hash, c);
    if (good(hash)) found = text;
    return !found;
  });
  return found;
}

void Machine::open_keys(const Thread& from, Symbol symbol, Threads& out, bool probing) const {
  const ObjectSpec& spec = object(from.top);
  const auto begin = [&](const Thread& thread) {
    if (dialect_ == Dialect::json) {
      out.push_back(thread);
    } else {
      step_key(thread, symbol, out, probing);
    }
  };
  if (!spec.classed()) return begin(from);
  if (any_available(spec, from.top, 0, from.top.high)) begin(from);
  for (size_t way = 0; way < spec.others.size(); ++way) {
    if (!other_available(spec, from.top, way)) continue;
    Thread next = from;
    next.top.high = 0;
    next.top.way = static_cast<uint8_t>(way + 1);
    next.top.state = Language::kStart;
    begin(next);
  }
}

uint64_t Machine::key_hash(std::string_view key) {
  uint64_t hash = kHashStart;
  for (const char c : key) hash = hash_byte(hash, static_cast<unsigned char>(c));
  return hash;
}

}  // namespace hob::grammar
