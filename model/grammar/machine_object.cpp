// Machine: objects: which members may still come, and what was seen of them.
#include <algorithm>

#include "model/grammar/machine.h"
#include "model/grammar/machine_text.h"

namespace hob::grammar {

bool Machine::available(const ObjectSpec& spec, const Local& local, uint32_t name) const {
  const Seen& had = seen(local);
  const Property& property = spec.properties[name];
  if (had.has(name)) return false;
  if (!may_be_plain(spec, local, property.node, name) && !may_be_witness(spec, local, property.witness)) return false;
  if (spec.max_properties == kUnlimited) return true;
  return had.count + local.count + 1 + had.missing - (property.required ? 1 : 0) <= spec.max_properties;
}

bool Machine::any_available(const ObjectSpec& spec, const Local& local, uint32_t low, uint32_t high) const {
  for (uint32_t i = low; i < high; ++i) {
    if (available(spec, local, i)) return true;
  }
  return false;
}

bool Machine::may_be_witness(const ObjectSpec& spec, const Local& local, NodeId witness) const {
  return spec.wants_witness && witness != kNone && fits(witness, local.depth + 1) &&
         !seen(local).has(static_cast<uint32_t>(spec.names.size()));
}

bool Machine::may_be_plain(const ObjectSpec& spec, const Local& local, NodeId node, uint32_t name) const {
  if (node == kNone || !fits(node, local.depth + 1)) return false;
  const auto names = static_cast<uint32_t>(spec.names.size());
  if (!spec.wants_witness || seen(local).has(names)) return true;
  for (const KeyClass& other : spec.others) {
    if (may_be_witness(spec, local, other.witness)) return true;
  }
  for (uint32_t i = 0; i < names; ++i) {
    if (i != name && !seen(local).has(i) && may_be_witness(spec, local, spec.properties[i].witness)) return true;
  }
  return false;
}

bool Machine::other_available(const ObjectSpec& spec, const Local& local, size_t way) const {
  const KeyClass& other = spec.others[way];
  if (way < KeyClass::kMostFinite && (local.gone >> way & 1)) return false;
  if (!may_be_plain(spec, local, other.node, kNone) && !may_be_witness(spec, local, other.witness)) return false;
  if (spec.max_properties == kUnlimited) return true;
  const Seen& had = seen(local);
  return had.count + local.count + 1 + had.missing <= spec.max_properties;
}

bool Machine::extra_available(const ObjectSpec& spec, const Local& local) const {
  for (size_t way = 0; way < spec.others.size(); ++way) {
    if (other_available(spec, local, way)) return true;
  }
  return false;
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
        if (had.missing == 0 && had.count + top.count >= spec.min_properties) {
          pop(from, mix_hash(top.hash + 2), out, probing);
        }
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
  open_keys(next, symbol, out, probing);
}

uint32_t Machine::seen_none(NodeId node, uint32_t spec) const {
  const uint64_t slot = static_cast<uint64_t>(node) << 32 | spec;
  if (const auto found = seen_start_.find(slot); found != seen_start_.end()) return found->second;
  const ObjectSpec& object = ir_->nodes[node].objects[spec];
  Seen seen;
  seen.bits.resize(object.names.size() / 64 + 1);
  for (const Property& property : object.properties) seen.missing += property.required ? 1 : 0;
  seen.missing += object.wants_witness ? 1 : 0;  // kept as a name after the last
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
  const bool witness = name == object.names.size();
  if (!witness) ++next.count;
  if (witness || object.properties[name].required) --next.missing;
  // The same keys in another order are the same set.
  const auto [at, fresh] = seen_sets_.try_emplace({next.start, next.bits}, static_cast<uint32_t>(seen_.size()));
  if (fresh) seen_.push_back(std::move(next));
  seen_next_.emplace(slot, at->second);
  return at->second;
}

}  // namespace hob::grammar
