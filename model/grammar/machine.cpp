#include "model/grammar/machine.h"

#include <algorithm>
#include <string_view>

#include "model/grammar/machine_text.h"
#include "model/grammar/unique_values.h"

namespace hob::grammar {
namespace {


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
  if (!(a.top == b.top) || !ExtraKeys::equal(a.extras.get(), b.extras.get())) return false;
  const Frame* x = a.below.get();
  const Frame* y = b.below.get();
  while (x != y) {
    if (!x || !y || !(x->local == y->local) || !ExtraKeys::equal(x->extras.get(), y->extras.get())) return false;
    x = x->below.get();
    y = y->below.get();
  }
  return true;
}

}  // namespace

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

// No deeper than a hash has bits.
void ExtraKeys::release(ExtraKeys* keys) {
  for (ExtraKeys* next : keys->next) {
    if (next && --next->uses == 0) release(next);
  }
  delete keys;
}

bool ExtraKeys::has(const ExtraKeys* keys, uint64_t hash) {
  for (uint64_t bits = hash; keys; bits >>= 1) {
    if (keys->hash == hash) return true;
    keys = keys->next[bits & 1];
  }
  return false;
}

uint32_t ExtraKeys::count(const ExtraKeys* keys, uint32_t way) {
  return !keys ? 0 : (keys->way == way ? 1 : 0) + count(keys->next[0], way) + count(keys->next[1], way);
}

bool ExtraKeys::more_than(const ExtraKeys* keys, uint32_t most) {
  const auto less = [](const auto& self, const ExtraKeys* part, uint32_t room) -> std::optional<uint32_t> {
    if (!part) return room;
    if (room == 0) return std::nullopt;
    const auto left = self(self, part->next[0], room - 1);
    return left ? self(self, part->next[1], *left) : std::nullopt;
  };
  return !less(less, keys, most);
}

bool ExtraKeys::equal(const ExtraKeys* a, const ExtraKeys* b) {
  if (a == b) return true;
  return a && b && a->hash == b->hash && a->way == b->way && equal(a->next[0], b->next[0]) && equal(a->next[1], b->next[1]);
}

Ref<ExtraKeys> ExtraKeys::with(const Ref<ExtraKeys>& keys, uint64_t hash, uint32_t key_way) {
  auto* root = new ExtraKeys;
  ExtraKeys* to = root;
  const ExtraKeys* from = keys.get();
  for (uint64_t bits = hash; from; bits >>= 1) {
    to->hash = from->hash;
    to->way = from->way;
    const size_t way = bits & 1;
    if (ExtraKeys* other = from->next[1 - way]) {
      to->next[1 - way] = other;
      ++other->uses;
    }
    to->next[way] = new ExtraKeys;
    to = to->next[way];
    to->uses = 1;
    from = from->next[way];
  }
  to->hash = hash;
  to->way = key_way;
  return Ref<ExtraKeys>(root);
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
      return step_word(from, symbol, out, probing);
    case Kind::number:
      return step_number(from, symbol, out, probing);
    case Kind::string:
      return step_string(from, symbol, out, probing);
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
  if (parent.top.unique != 0) thread.top.unique = kPart;
  if (parent.top.kind == Kind::array && array(parent.top).unique) thread.top.unique |= kItem;
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
  local.unique = from.top.unique;
  const bool item = (local.unique & kItem) != 0;
  const auto emit = [&](const Local& top) { go_on({top, from.below, {}}, out, probing); };
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
        local.state = language_of(node.strings[i], local) == kNoLanguage ? 0 : Language::kStart;
        local.hash = kHashStart;
        emit(local);
      }
      return;
    case '{':
      for (size_t i = 0; i < node.objects.size(); ++i) {
        if (from.top.depth + node.objects[i].min_depth > kMaxDepth) continue;
        local.kind = Kind::object;
        local.spec = static_cast<uint32_t>(i);
        local.b = seen_none(local.node, local.spec);
        if (item && !can_grow(local)) continue;
        emit(local);
      }
      return;
    case '[':
      for (size_t i = 0; i < node.arrays.size(); ++i) {
        if (from.top.depth + node.arrays[i].min_depth > kMaxDepth) continue;
        local.kind = Kind::array;
        local.spec = static_cast<uint32_t>(i);
        if (item && !can_grow(local)) continue;
        emit(local);
      }
      return;
    default:
      if (!node.numbers.empty() && (symbol == '-' || (symbol >= '0' && symbol <= '9'))) {
        local.kind = Kind::number;
        step_number({local, from.below, {}}, symbol, out, probing);
      }
      return;
  }
}

void Machine::step_word(const Thread& from, Symbol symbol, Threads& out, bool probing) const {
  const std::string_view word = kWords[from.top.spec];
  if (symbol != static_cast<unsigned char>(word[from.top.position])) return;
  if (from.top.position + 1 == word.size()) return pop(from, kWordHashes[from.top.spec], out, probing);
  out.push_back(from);
  ++out.back().top.position;
}

void Machine::step_number(const Thread& from, Symbol symbol, Threads& out, bool probing) const {
  if (symbol > 0xFF) return;
  const NumberSpec& spec = ir_->nodes[from.top.node].numbers.front();
  NumberState state = load_number(from.top);
  if (!number_step(spec, state, static_cast<unsigned char>(symbol), from.top.unique != 0)) return;
  Thread next = from;
  store_number(state, next.top);
  go_on(std::move(next), out, probing);
  if (number_can_end(spec, state)) pop(from, from.top.unique != 0 ? number_hash(state) : 0, out, probing);
}

// The array once an item more has begun; items are counted as far as it matters.
Local Machine::with_item(Local local) const {
  const ArraySpec& spec = array(local);
  local.phase = after_value;
  local.space = 0;
  const uint32_t limit = spec.max_items != kUnlimited
                             ? kUnlimited
                             : std::max(spec.min_items, static_cast<uint32_t>(spec.prefix.size()));
  if (local.count < limit) ++local.count;
  return local;
}

void Machine::step_array(const Thread& from, Symbol symbol, Threads& out, bool probing) const {
  const ArraySpec& spec = array(from.top);
  Thread next = from;
  if (white(next.top, symbol)) {
    out.push_back(std::move(next));
    return;
  }
  if (symbol == ']') {
    if (Ir::can_end(spec, from.top.count, from.top.a)) pop(from, mix_hash(from.top.hash + 1), out, probing);
    return;
  }
  const bool first = from.top.phase == open;
  if ((!first && symbol != ',') || !item_available(spec, from.top)) return;
  const uint32_t index = from.top.count;
  next.top = with_item(from.top);
  const auto enter = [&](NodeId node) {
    Thread value = push(next, node);
    if (first) {
      begin_value(value, symbol, out, probing);
    } else {
      out.push_back(std::move(value));
    }
  };
  if (spec.tallies.empty()) return enter(spec.item(index));
  const int room = kMaxDepth - from.top.depth - 1;
  for (unsigned mask = 0; mask < spec.masks(); ++mask) {
    const NodeId node = spec.way(index, mask);
    if (node == kNone || ir_->nodes[node].min_depth > room) continue;
    next.top.a = counted(spec, from.top.a, mask);
    if (ir_->can_finish(spec, index + 1, next.top.a, room)) enter(node);
  }
}

bool Machine::item_available(const ArraySpec& spec, const Local& local) const {
  if (local.count >= spec.max_items || (spec.unique && local.gone != 0)) return false;
  if (!spec.tallies.empty()) return true;  // step_array() looks at each way
  const NodeId item = spec.item(local.count);
  return item != kNone && fits(item, local.depth + 1);
}

Local Machine::mask_key(const Local& local, int openers, uint32_t longest) const {
  Local key_local = local;
  if (kMaxDepth - local.depth > openers + ir_->max_min_depth + 1) key_local.depth = 0;
  if (local.kind == Kind::string && local.state != 0) {
    // Far from its largest length a text is free of it.
    const uint32_t most = ir_->nodes[local.node].strings[local.spec].max_length;
    const uint32_t farthest = language(local)->farthest();
    if (most != kUnlimited && farthest < most && most - farthest > longest + local.count) key_local.count = 0;
  }
  if (local.kind == Kind::object && local.phase == key) {
    key_local.a = 0;
    if (local.low >= local.high && local.way == 0) key_local.position = 0;
  }
  key_local.hash = 0;
  if (local.kind == Kind::object) key_local.a = 0;
  return key_local;
}

size_t Machine::bytes() const {
  size_t total = sizeof(*this) + ir_->bytes() + (seen_start_.size() + seen_next_.size()) * 32;
  for (const Seen& seen : seen_) total += sizeof(Seen) + seen.bits.capacity() * 8;
  for (const auto& [slot, hashes] : declared_) total += 64 + hashes.size() * 24;
  return total;
}

}  // namespace hob::grammar
