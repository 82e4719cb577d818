// Machine: arrays whose items differ. Each item's value has a hash that spellings do not change; an array keeps those of
// its items, so an item that is there already cannot end. A word, number or text is followed only while it can still end
// as one that is not there; an array or object as an item can always grow into another one (the builder refuses others).
#include <algorithm>

#include "model/grammar/machine.h"
#include "model/grammar/machine_text.h"
#include "model/grammar/unique_values.h"
#include "schemas/base/utf8.h"

namespace hob::grammar {
namespace {

constexpr int kMaxSteps = 2'000;  // of a search among spellings

bool has(const ExtraKeys* had, uint64_t hash) { return ExtraKeys::has(had, hash); }

}  // namespace

void Machine::pop(const Thread& from, uint64_t value, Threads& out, bool probing) const {
  Thread next = after(from);
  const bool item = (from.top.unique & kItem) != 0;
  if (item && probing) {
    out.emplace_back().top.kind = Kind::extra;
    return;
  }
  if (from.top.unique == 0 || (!item && !from.below)) return out.push_back(std::move(next));
  if (!from.below) return;  // on no frames it cannot be judged
  if (from.top.unique & kPart) keep_part(next.top, value);
  if (item && !keep_item(next, value)) return;
  out.push_back(std::move(next));
}

void Machine::keep_part(Local& container, uint64_t value) const {
  if (container.kind == Kind::array) {
    container.hash = mix_hash(container.hash * 31 + value);
  } else {
    container.hash += mix_hash(mix_hash(container.a) * 31 + value);  // in any order; a name may be its own value
    container.a = 0;
  }
}

bool Machine::keep_item(Thread& array_thread, uint64_t value) const {
  Local& top = array_thread.top;
  if (has(array_thread.extras.get(), value)) return false;
  array_thread.extras = ExtraKeys::with(array_thread.extras, value);
  const ExtraKeys* item = array_thread.extras.get();
  // Whether another one can follow.
  const auto* all = next_values(top);
  top.gone = all && std::all_of(all->begin(), all->end(), [&](uint64_t one) { return has(item, one); }) ? 1 : 0;
  return true;
}

const std::vector<uint64_t>* Machine::next_values(const Local& array_local) const {
  const NodeId item = array(array_local).item(array_local.count);
  return item == kNone ? nullptr : values(item);
}

const std::vector<uint64_t>* Machine::values(NodeId node) const {
  const auto [at, fresh] = values_.try_emplace(node);
  if (fresh) at->second = value_hashes(*ir_, node);
  return at->second ? &*at->second : nullptr;
}

bool Machine::can_grow(const Local& container) const {
  if (container.kind == Kind::array) {
    const NodeId rest = array(container).rest;
    return rest != kNone && fits(rest, container.depth + 1);
  }
  const ObjectSpec& spec = object(container);
  return endless_class(spec, container.depth) != spec.others.end();
}

// The first class of keys without number whose values fit into an object at this depth.
std::vector<KeyClass>::const_iterator Machine::endless_class(const ObjectSpec& object, int depth) const {
  return std::find_if(object.others.begin(), object.others.end(), [&](const KeyClass& other) {
    return other.keys == kUnlimited && fits(other.node, depth + 1);
  });
}

bool Machine::text_differs_surely(const Local& local) const {
  const StringSpec& spec = ir_->nodes[local.node].strings[local.spec];
  if (!spec.literals.empty()) return false;
  return !language(local) || endless(local);  // without a language of any length
}

void Machine::go_on(Thread thread, Threads& out, bool probing) const {
  const bool item = (thread.top.unique & kItem) != 0 && thread.top.kind < Kind::array;
  if (item && probing && (thread.top.kind != Kind::string || !text_differs_surely(thread.top))) {
    out.emplace_back().top.kind = Kind::extra;
    return;
  }
  if (!item || differs(thread)) out.push_back(std::move(thread));
}

bool Machine::differs(const Thread& from) const {
  const Local& top = from.top;
  const ExtraKeys* had = from.below ? from.below->extras.get() : nullptr;
  if (!had) return true;
  if (top.kind == Kind::word) {
    Threads out;
    Local end = top;
    const std::string_view word = kWords[top.spec];
    end.position = static_cast<uint32_t>(word.size() - 1);
    step_word({end, from.below, {}}, static_cast<unsigned char>(word.back()), out, false);
    return !out.empty();
  }
  if (top.kind == Kind::number) {
    return number_differs(ir_->nodes[top.node].numbers.front(), load_number(top), had, nullptr);
  }
  if (text_differs_surely(top)) return true;
  const StringSpec& spec = ir_->nodes[top.node].strings[top.spec];
  if (!spec.literals.empty()) {
    const std::vector<Language::Span> spans = top.lex == plain ? std::vector<Language::Span>{} : begun(top);
    return std::any_of(spec.literals.begin() + top.low, spec.literals.begin() + top.high, [&](const std::string& text) {
      size_t at = top.position;
      const char32_t next = at < text.size() ? utf8::next(text, at) : utf8::kInvalid;
      const auto fits = [&](const Language::Span& span) { return span.first <= next && next <= span.last; };
      if (!spans.empty() && std::none_of(spans.begin(), spans.end(), fits)) return false;
      return !has(had, mix_hash(key_hash(text)));
    });
  }
  return differing_text(from).has_value();
}

// The rest of a text that is not there yet; not for literals.
std::optional<std::u32string> Machine::differing_text(const Thread& from) const {
  const ExtraKeys* had = from.below->extras.get();
  return first_text(from.top, from.top.hash, [&](uint64_t hash) { return !has(had, mix_hash(hash)); });
}

bool Machine::number_differs(const NumberSpec& spec, const NumberState& state, const ExtraKeys* had, std::string* rest) const {
  if (number_can_end(spec, state) && !has(had, number_hash(state))) return true;
  if (const auto all = all_numbers(spec, kMostValues)) {
    for (const SignedWide value : *all) {
      if (has(had, number_hash(value))) continue;
      const NumberSpec one{{one_number(value)}};
      if (!number_completes(one, state)) continue;
      if (rest) *rest = number_completion(one, state);
      return true;
    }
    return false;
  }
  int steps = 0;
  std::string text;
  const auto search = [&](const auto& self, const NumberState& at) -> bool {
    if (number_can_end(spec, at) && !has(had, number_hash(at))) return true;
    for (const char c : std::string_view("1234567890.-e")) {
      NumberState next = at;
      if ((c == 'e' && at.mantissa == 0) || ++steps > kMaxSteps) continue;  // zero stays zero
      if (!number_step(spec, next, static_cast<unsigned char>(c), true)) continue;
      text.push_back(c);
      if (self(self, next)) return true;
      text.pop_back();
    }
    return false;
  };
  if (!search(search, state)) return false;
  if (rest) *rest = text;
  return true;
}

}  // namespace hob::grammar
