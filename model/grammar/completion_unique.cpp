// Machine's short ways out of arrays whose items differ: what is written is read as well, for whether an item may end is
// known only of a thread that has read it.
#include <algorithm>

#include "model/grammar/machine.h"
#include "model/grammar/machine_text.h"
#include "model/grammar/unique_values.h"
#include "schemas/base/utf8.h"

namespace hob::grammar {
namespace {

constexpr uint32_t kMostTries = 1'000'000;

}  // namespace

std::optional<Thread> Machine::read(const Thread& from, const std::vector<Symbol>& symbols, const Frame* below) const {
  Threads now{from}, next;
  for (const Symbol symbol : symbols) {
    step(now, symbol, next);
    std::swap(now, next);
  }
  for (Thread& thread : now) {
    if (thread.below.get() == below) return std::move(thread);
  }
  return std::nullopt;
}

Thread Machine::item_thread(const Thread& from) const {
  Thread next = from;
  next.top = with_item(from.top);
  return push(next, array(from.top).item(from.top.count));
}

// Ends the innermost value, or begins an item that the array wants.
Thread Machine::finish_differing(Thread from, std::vector<Symbol>& out) const {
  const Local& top = from.top;
  const auto go_on = [&](const std::vector<Symbol>& symbols) -> Thread {
    auto next = read(from, symbols, from.below->below.get());
    if (!next) return {};
    out.insert(out.end(), symbols.begin(), symbols.end());
    return std::move(*next);
  };
  const bool item = (top.unique & kItem) != 0;
  std::vector<Symbol> symbols;
  switch (top.kind) {
    case Kind::array:
    case Kind::object:
      return finish_container(std::move(from), out);
    case Kind::string:
      return finish_text(std::move(from), out);
    case Kind::word: {
      for (const char c : kWords[top.spec].substr(top.position)) symbols.push_back(static_cast<unsigned char>(c));
      return go_on(symbols);
    }
    case Kind::number: {
      const NumberSpec& spec = ir_->nodes[top.node].numbers.front();
      const NumberState state = load_number(top);
      std::string rest;
      if (item) {
        if (!number_differs(spec, state, from.below->extras.get(), &rest)) return {};
      } else {
        rest = number_completion(spec, state);
      }
      if (rest.empty()) {
        Threads next;
        pop(from, number_hash(state), next, false);
        return next.empty() ? Thread{} : std::move(next.front());
      }
      for (const char c : rest) symbols.push_back(static_cast<unsigned char>(c));
      return go_on(symbols);
    }
    default:
      break;
  }
  if (!item) {
    shortest(top.node, symbols);
    return go_on(symbols);
  }
  if (const auto value = differing_value(from)) return go_on(*value);
  for (const Symbol open : {Symbol{'['}, Symbol{'{'}}) {
    if (auto inside = read(from, {open}, from.below.get())) {
      out.push_back(open);
      return std::move(*inside);
    }
  }
  return {};
}

std::optional<std::vector<Symbol>> Machine::differing_value(const Thread& from) const {
  const Node& node = ir_->nodes[from.top.node];
  const Frame* below = from.below->below.get();
  const auto fits = [&](const std::vector<Symbol>& symbols) { return read(from, symbols, below).has_value(); };
  std::vector<Symbol> symbols;
  for (const std::string_view word : kWords) {
    symbols.assign(word.begin(), word.end());
    if (fits(symbols)) return symbols;
  }
  std::string rest;
  if (!node.numbers.empty() && number_differs(node.numbers.front(), NumberState{}, from.below->extras.get(), &rest)) {
    symbols.assign(rest.begin(), rest.end());
    return symbols;
  }
  const auto text_fits = [&](std::string_view text) {
    symbols.clear();
    write_string(text, symbols);
    return fits(symbols);
  };
  for (size_t i = 0; i < node.strings.size(); ++i) {
    const StringSpec& spec = node.strings[i];
    for (const std::string& literal : spec.literals) {
      if (text_fits(literal)) return symbols;
    }
    if (!spec.literals.empty()) continue;
    if (spec.language != kNoLanguage || spec.differing != kNoLanguage) {
      Thread begin = from;
      begin.top.kind = Kind::string;
      begin.top.spec = static_cast<uint32_t>(i);
      begin.top.state = Language::kStart;
      begin.top.hash = kHashStart;
      const auto text = differing_text(begin);
      if (!text) continue;
      if (text_fits(utf8::encode(*text))) return symbols;
      continue;
    }
    if (spec.min_length == 0 && text_fits("")) return symbols;
    std::string text(std::max(spec.min_length, 1u) - 1, 'a');
    for (char32_t c = 'a'; spec.max_length > 0 && c < 0xD800; ++c) {
      std::string longer = text;
      utf8::append(longer, c);
      if (text_fits(longer)) return symbols;
    }
  }
  return std::nullopt;
}

// Writes what an array or object wants, then more while it would be one that is there already.
Thread Machine::finish_container(Thread from, std::vector<Symbol>& out) const {
  const bool is_array = from.top.kind == Kind::array;
  const int limit = kMaxDepth - from.top.depth - 1;
  if (is_array && array(from.top).unique && !Ir::can_end(array(from.top), from.top.count, from.top.a)) {
    if (from.top.phase == after_value) out.push_back(',');
    return item_thread(from);
  }
  if (!is_array && from.top.phase == key) return finish_text(std::move(from), out);
  std::vector<Symbol> body;
  if (is_array) {
    finish_array(from.top, limit, body);
  } else {
    finish_object(from.top, from.extras, limit, body);
  }
  const Symbol close = body.back();
  body.pop_back();
  for (uint32_t tries = 0; tries < kMostTries; ++tries) {
    if (!body.empty()) {
      auto next = read(from, body, from.below.get());
      if (!next) return {};
      from = std::move(*next);
      out.insert(out.end(), body.begin(), body.end());
      body.clear();
    }
    if (auto ended = read(from, {close}, from.below->below.get())) {
      out.push_back(close);
      return std::move(*ended);
    }
    if (from.top.phase == after_value) body.push_back(',');
    if (is_array) {
      shortest(array(from.top).rest, body);
      continue;
    }
    const ObjectSpec& spec = object(from.top);
    const auto other = endless_class(spec, from.top.depth);
    if (other == spec.others.end()) return {};
    std::string name;
    Local begin = from.top;
    begin.a = kHashStart;
    begin.lex = begin.utf8 = 0;
    if (spec.classed()) {
      begin.way = static_cast<uint8_t>(other - spec.others.begin() + 1);
      begin.state = Language::kStart;
      const auto text = new_key(begin, from.extras.get());
      if (!text) return {};
      name = utf8::encode(*text);
    } else {
      for (uint32_t rest = tries; name.empty() || rest > 0; rest /= 26) name.push_back(static_cast<char>('a' + rest % 26));
      if (declared(begin, key_hash(name)) || ExtraKeys::has(from.extras.get(), key_hash(name))) {
        body.clear();
        continue;
      }
    }
    write_key(name, body);
    shortest(other->node, body);
  }
  return {};
}

void Machine::shortest_differing(NodeId id, uint32_t spec, std::vector<Symbol>& out) const {
  Threads inside;
  step(start(id), '[', inside);
  for (const Thread& thread : inside) {
    if (thread.top.kind != Kind::array || thread.top.spec != spec) continue;
    const std::vector<Symbol> rest = completion(thread);
    out.push_back('[');
    out.insert(out.end(), rest.begin(), rest.end());
    return;
  }
}

}  // namespace hob::grammar
