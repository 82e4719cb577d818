// Machine's short ways out: from any thread to the end of its value. Used to close a value at a token limit and to
// print a least value of a schema.
#include <algorithm>
#include <optional>
#include <utility>

#include "model/grammar/machine.h"
#include "model/grammar/machine_text.h"
#include "model/grammar/unique_values.h"
#include "schemas/base/utf8.h"

namespace hob::grammar {
namespace {

void append(std::string_view text, std::vector<Symbol>& out) {
  for (const char c : text) out.push_back(static_cast<unsigned char>(c));
}

}  // namespace

std::vector<Symbol> Machine::completion(const Thread& from) const {
  std::vector<Symbol> out;
  Thread thread = from;
  while (thread.top.kind > Kind::extra) {
    const Local& top = thread.top;
    if (top.unique != 0 || (top.kind == Kind::array && array(top).unique && !Ir::can_end(array(top), top.count, top.a))) {
      thread = finish_differing(std::move(thread), out);
      continue;
    }
    if (top.kind == Kind::string || (top.kind == Kind::object && top.phase == key)) {
      thread = finish_text(std::move(thread), out);
      continue;
    }
    switch (top.kind) {
      case Kind::value:
        shortest(top.node, out);
        break;
      case Kind::word: {
        append(kWords[top.spec].substr(top.position), out);
        break;
      }
      case Kind::number: {
        append(number_completion(ir_->nodes[top.node].numbers.front(), load_number(top)), out);
        break;
      }
      case Kind::array:
        finish_array(top, kMaxDepth - top.depth - 1, out);
        break;
      default:
        finish_object(top, thread.extras, kMaxDepth - top.depth - 1, out);
        break;
    }
    thread = after(thread);
  }
  return out;
}

// Writes on until the string or key has closed; each step keeps a completion, so the first symbol that fits will do,
// and a letter is tried early, for it
// always helps a key that may not close yet.
Thread Machine::finish_text(Thread from, std::vector<Symbol>& out) const {
  const Kind kind = from.top.kind;
  const bool json = dialect_ == Dialect::json;
  const Symbol close = kind == Kind::object && !json ? ':' : (json ? '"' : kQuote);
  const auto inside = [&](const Thread& t) {
    return t.top.kind == kind && t.below == from.below && (kind == Kind::string || t.top.phase == key);
  };
  Threads next;
  const auto attempt = [&](Symbol symbol) {
    next.clear();
    step(from, symbol, next);
    if (next.empty()) return false;
    out.push_back(symbol);
    from = std::move(next.front());
    return true;
  };
  for (;;) {
    if (from.top.state != 0 && from.top.lex == 0 && from.top.utf8 == 0) {
      std::vector<Symbol> rest;
      std::optional<std::u32string> text;
      if (kind == Kind::object) {
        text = new_key(from.top, from.extras.get());
      } else if (from.top.unique & kItem) {
        text = differing_text(from);
      } else {
        text = language(from.top)->shortest(from.top.state);
      }
      if (!text) return {};  // every thread can be completed
      if (kind == Kind::object && !json) {
        rest.push_back(0);
        append(utf8::encode(*text), rest);
        rest.push_back(':');
      } else {
        write_string(utf8::encode(*text), rest);
      }
      for (size_t i = 1; i < rest.size(); ++i) {  // after the opening quote
        if (!attempt(rest[i])) return {};
      }
      return from;
    }
    const bool closable = from.top.lex == 0 && from.top.utf8 == 0;
    bool moved = closable && attempt(close);
    if (moved && !inside(from)) return from;
    moved = moved || (closable && attempt('a'));
    for (Symbol symbol = 0x20; !moved && symbol <= 0xFF; ++symbol) moved = attempt(symbol);
    for (Symbol symbol = 0; !moved && symbol < 0x20; ++symbol) moved = attempt(symbol);
    if (!moved || !inside(from)) return moved ? from : Thread{};
  }
}

void Machine::finish_array(const Local& local, int limit, std::vector<Symbol>& out) const {
  const ArraySpec& spec = array(local);
  if (!spec.tallies.empty()) {
    Tallies tallies = local.a;
    bool comma = local.phase == after_value;  // the count stays where more makes no difference
    for (uint32_t i = local.count; !Ir::can_end(spec, i, tallies); ++i) {
      // The way that brings the wanted counts nearest; where none is wanted, one that counts nothing.
      std::optional<std::pair<NodeId, Tallies>> best;
      unsigned best_gain = 0;
      for (unsigned mask = 0; mask < spec.masks(); ++mask) {
        const NodeId node = spec.way(i, mask);
        const Tallies after = counted(spec, tallies, mask);
        if (node == kNone || ir_->nodes[node].min_depth > limit || !ir_->can_finish(spec, i + 1, after, limit)) continue;
        unsigned gain = 1;
        for (size_t t = 0; t < spec.tallies.size(); ++t) {
          const auto count = [&](Tallies of) { return std::min<uint64_t>(of >> (16 * t) & 0xFFFF, spec.tallies[t].min); };
          gain += count(after) > count(tallies) ? 1 : 0;
        }
        if (gain <= best_gain) continue;
        best_gain = gain;
        best = {node, after};
      }
      if (!best) break;  // every thread can be completed
      if (std::exchange(comma, true)) out.push_back(',');
      shortest(best->first, out);
      tallies = best->second;
    }
    out.push_back(']');
    return;
  }
  for (uint32_t i = local.count; i < spec.min_items; ++i) {
    if (i > 0) out.push_back(',');
    shortest(spec.item(i), out);
  }
  out.push_back(']');
}

void Machine::finish_object(Local local, Ref<ExtraKeys> extras, int limit, std::vector<Symbol>& out) const {
  const ObjectSpec& spec = object(local);
  if (local.phase == colon) {
    if (dialect_ == Dialect::json) out.push_back(':');
    shortest(local.low, out);
    local.phase = after_value;
  }
  const auto write = [&](std::string_view name, NodeId value) {
    if (local.phase == after_value) out.push_back(',');
    local.phase = after_value;
    write_key(name, out);
    shortest(value, out);
  };
  const auto names = static_cast<uint32_t>(spec.names.size());
  const auto wants_witness = [&] { return spec.wants_witness && !seen(local).has(names); };
  const auto good_witness = [&](NodeId witness) {
    return wants_witness() && witness != kNone && ir_->nodes[witness].min_depth <= limit;
  };
  const auto write_value = [&](std::string_view name, NodeId value, NodeId witness) {
    const bool is_witness = good_witness(witness);
    write(name, is_witness ? witness : value);
    if (is_witness) local.b = seen_with(static_cast<uint32_t>(local.b), spec, names);
  };
  const auto write_declared = [&](uint32_t name) {
    write_value(spec.names[name], spec.properties[name].node, spec.properties[name].witness);
    local.b = seen_with(static_cast<uint32_t>(local.b), spec, name);
  };
  for (const uint32_t name : spec.declared) {
    if (spec.properties[name].required && available(spec, local, name)) write_declared(name);
  }
  for (const uint32_t name : spec.declared) {
    if (good_witness(spec.properties[name].witness) && available(spec, local, name)) write_declared(name);
  }
  // After a comma a key must come; and some objects want more keys than the required ones.
  const auto wanted = [&] {
    return local.phase == after_comma || wants_witness() || seen(local).count + local.count < spec.min_properties;
  };
  for (const uint32_t name : spec.declared) {
    if (!wanted() || wants_witness() || !available(spec, local, name)) continue;
    if (ir_->nodes[spec.properties[name].node].min_depth <= limit) write_declared(name);
  }
  for (size_t way = 0; way < spec.others.size(); ++way) {
    const KeyClass& other = spec.others[way];
    for (uint32_t n = 0; n < 1'000'000 && wanted() && other_available(spec, local, way); ++n) {
      if (wants_witness() && !good_witness(other.witness)) break;
      if (!wants_witness() && ir_->nodes[other.node].min_depth > limit) break;
      std::string name = "a";
      if (spec.classed()) {
        Local begin = local;
        begin.way = static_cast<uint8_t>(way + 1);
        begin.state = Language::kStart;
        begin.a = kHashStart;
        begin.b &= 0xFFFFFFFF;
        begin.lex = begin.utf8 = 0;
        const auto text = new_key(begin, extras.get());
        if (!text) break;
        name = utf8::encode(*text);
      } else {
        for (uint32_t rest = n; rest > 0; rest /= 26) name.push_back(static_cast<char>('a' + rest % 26));
        if (std::binary_search(spec.names.begin(), spec.names.end(), name)) continue;
        if (ExtraKeys::has(extras.get(), key_hash(name))) continue;
      }
      write_value(name, other.node, other.witness);
      keep_key(spec, local, extras, way, key_hash(name));
    }
  }
  out.push_back('}');
}

void Machine::write_string(std::string_view text, std::vector<Symbol>& out) const {
  if (dialect_ == Dialect::gemma) {
    out.push_back(kQuote);
    append(text, out);
    out.push_back(kQuote);
    return;
  }
  static constexpr char kHex[] = "0123456789abcdef";
  out.push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte == '"' || byte == '\\') {
      out.push_back('\\');
      out.push_back(byte);
    } else if (byte < 0x20) {
      append("\\u00", out);
      out.push_back(static_cast<unsigned char>(kHex[byte >> 4]));
      out.push_back(static_cast<unsigned char>(kHex[byte & 15]));
    } else {
      out.push_back(byte);
    }
  }
  out.push_back('"');
}

void Machine::write_key(std::string_view text, std::vector<Symbol>& out) const {
  if (dialect_ == Dialect::json) {
    write_string(text, out);
  } else {
    append(text, out);
  }
  out.push_back(':');
}

void Machine::shortest(NodeId id, std::vector<Symbol>& out) const {
  const Node& node = ir_->nodes[id];
  if (node.null) return append("null", out);
  if (node.yes || node.no) return append(node.yes ? "true" : "false", out);
  if (!node.numbers.empty()) return append(number_completion(node.numbers.front(), NumberState{}), out);
  if (!node.strings.empty()) {
    const StringSpec& spec = node.strings.front();
    if (spec.language != kNoLanguage) {
      return write_string(utf8::encode(ir_->languages().at(spec.language).shortest(Language::kStart)), out);
    }
    if (spec.literals.empty()) return write_string(std::string(spec.min_length, 'a'), out);
    return write_string(*std::min_element(spec.literals.begin(), spec.literals.end(),
                                          [](const auto& a, const auto& b) { return a.size() < b.size(); }),
                        out);
  }
  for (size_t i = 0; i < node.arrays.size(); ++i) {
    if (node.arrays[i].min_depth != node.min_depth) continue;
    Local local;
    local.kind = Kind::array;
    local.node = id;
    local.spec = static_cast<uint32_t>(i);
    if (node.arrays[i].unique && node.arrays[i].min_items > 1) return shortest_differing(id, local.spec, out);
    out.push_back('[');
    return finish_array(local, node.min_depth - 1, out);
  }
  for (size_t i = 0; i < node.objects.size(); ++i) {
    if (node.objects[i].min_depth != node.min_depth) continue;
    Local local;
    local.kind = Kind::object;
    local.node = id;
    local.spec = static_cast<uint32_t>(i);
    local.b = seen_none(id, local.spec);
    out.push_back('{');
    return finish_object(local, {}, node.min_depth - 1, out);
  }
}

}  // namespace hob::grammar
