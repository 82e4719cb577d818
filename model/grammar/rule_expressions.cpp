#include "model/grammar/rule_expressions.h"

#include <algorithm>
#include <atomic>

#include "model/grammar/rules.h"
#include "schemas/base/utf8.h"

namespace hob::grammar {
namespace {

constexpr char32_t kLastCharacter = 0x10FFFF;
constexpr int kMaxDescent = 6'000;  // of derive(): far beyond what Rules allow, and still within a thread's stack

// kUnlimited is the distance of kNothing alone.
uint32_t limited(uint64_t a) { return static_cast<uint32_t>(std::min<uint64_t>(a, kUnlimited - 1)); }
uint32_t plus(uint32_t a, uint32_t b) { return limited(uint64_t{a} + b); }
uint32_t times(uint32_t a, uint32_t b) { return limited(uint64_t{a} * b); }
size_t mix(size_t hash, uint64_t word) {
  hash = (hash ^ word) * 0x9E3779B97F4A7C15;
  return hash ^ (hash >> 29);
}

}  // namespace

size_t RuleExpressions::KeyHash::operator()(const Key& key) const {
  return mix(mix(mix(key.kind, uint64_t{key.a} << 32 | key.b), key.min), key.max);
}
size_t RuleExpressions::KeyHash::operator()(const std::vector<RuleExpr>& list) const {
  size_t hash = list.size();
  for (const RuleExpr e : list) hash = mix(hash, e);
  return hash;
}

RuleExpressions::Serial::Serial() {
  static std::atomic<uint64_t> last{0};
  value = ++last;
}

RuleExpressions::RuleExpressions(const Rules& rules) : rules_(&rules) {
  nodes_.emplace_back();
  Node empty;
  empty.kind = Kind::empty;
  empty.nullable = true;
  empty.least = 0;
  nodes_.push_back(empty);
}

RuleExpr RuleExpressions::intern(Node node) {
  const Key key{static_cast<uint32_t>(node.kind), node.a, node.b, node.min, node.max};
  const auto [at, fresh] = known_.emplace(key, static_cast<RuleExpr>(nodes_.size()));
  if (fresh) nodes_.push_back(node);
  return at->second;
}

RuleExpr RuleExpressions::terminal(uint32_t number, uint32_t state) {
  if (state == Language::kDead) return kNothing;
  const Key key{static_cast<uint32_t>(Kind::terminal), number, state, 0, 0};
  const auto known = known_.find(key);
  if (known != known_.end()) return known->second;
  Language& automaton = rules_->language(number);
  Node node;
  node.kind = Kind::terminal;
  node.a = number;
  node.b = state;
  node.nullable = automaton.accepts(state);
  node.least = automaton.least(state);
  node.height = node.cost = 1;
  if (node.least == kUnlimited) return kNothing;
  // Where a text is over, nothing of it is left on the stack.
  if (node.nullable && !automaton.possible(state, 0, kLastCharacter)) {
    known_.emplace(key, kEmpty);
    return kEmpty;
  }
  return intern(node);
}

RuleExpr RuleExpressions::cat(RuleExpr a, RuleExpr b) {
  if (a == kNothing || b == kNothing) return kNothing;
  if (a == kEmpty) return b;
  if (b == kEmpty) return a;
  // Sequences lean to the right: their first part is what comes next.
  if (nodes_[a].kind == Kind::cat) {
    std::vector<RuleExpr> parts;
    while (nodes_[a].kind == Kind::cat) {
      parts.push_back(nodes_[a].a);
      a = nodes_[a].b;
    }
    b = cat(a, b);
    for (; !parts.empty(); parts.pop_back()) b = cat(parts.back(), b);
    return b;
  }
  const Node &first = nodes_[a], &second = nodes_[b];
  Node node;
  node.kind = Kind::cat;
  node.a = a;
  node.b = b;
  node.nullable = first.nullable && second.nullable;
  node.least = plus(first.least, second.least);
  node.height = 1 + (first.nullable ? std::max(first.height, second.height) : first.height);
  node.cost = plus(1, plus(first.cost, first.nullable ? second.cost : 0));
  return intern(node);
}

RuleExpr RuleExpressions::alt(std::vector<RuleExpr> choices) {
  std::vector<RuleExpr> list;
  for (const RuleExpr choice : choices) {
    if (nodes_[choice].kind == Kind::alt) {
      for (uint32_t i = 0; i < nodes_[choice].b; ++i) list.push_back(member(nodes_[choice], i));
    } else if (choice != kNothing) {
      list.push_back(choice);
    }
  }
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
  if (list.empty()) return kNothing;
  if (list.size() == 1) return list.front();
  const auto known = known_lists_.find(list);
  if (known != known_lists_.end()) return known->second;
  Node node;
  node.kind = Kind::alt;
  node.a = static_cast<uint32_t>(lists_.size());
  node.b = static_cast<uint32_t>(list.size());
  node.cost = 1;
  for (const RuleExpr choice : list) {
    const Node& one = nodes_[choice];
    node.nullable = node.nullable || one.nullable;
    node.least = std::min(node.least, one.least);
    node.height = std::max(node.height, one.height + 1);
    node.cost = plus(node.cost, one.cost);
  }
  lists_.insert(lists_.end(), list.begin(), list.end());
  const auto made = static_cast<RuleExpr>(nodes_.size());
  nodes_.push_back(node);
  known_lists_.emplace(std::move(list), made);
  return made;
}

RuleExpr RuleExpressions::loop(RuleExpr body, uint32_t min, uint32_t max) {
  if (body == kNothing) return min == 0 ? kEmpty : kNothing;
  if (max == 0 || body == kEmpty) return kEmpty;
  if (min == 1 && max == 1) return body;
  Node node;
  node.kind = Kind::loop;
  node.a = body;
  node.min = nodes_[body].nullable ? 0 : min;  // rounds without a character need not be taken
  node.max = max;
  node.nullable = node.min == 0;
  node.least = times(nodes_[body].least, node.min);
  node.height = nodes_[body].height + 1;
  node.cost = plus(nodes_[body].cost, 1);
  return intern(node);
}

RuleExpr RuleExpressions::rule(uint32_t number) {
  const Rules::Rule& rule = rules_->rules[number];
  Node node;
  node.kind = Kind::rule;
  node.a = number;
  node.nullable = rule.nullable;
  node.least = rule.least;
  node.height = rule.height + 1;
  node.cost = plus(rule.cost, 1);
  return intern(node);
}

RuleExpr RuleExpressions::derive(RuleExpr e, uint32_t character_class) {
  if (e <= kEmpty) return kNothing;
  const uint64_t key = uint64_t{e} << 32 | character_class;
  const auto known = derived_.find(key);
  if (known != derived_.end()) return known->second;
  if (depth_ > kMaxDescent) return kNothing;
  ++depth_;
  const RuleExpr out = derive_now(e, character_class);
  --depth_;
  derived_.emplace(key, out);
  return out;
}

RuleExpr RuleExpressions::derive_now(RuleExpr e, uint32_t of) {
  const Node node = nodes_[e];  // a copy: nodes_ grows
  switch (node.kind) {
    case Kind::nothing:
    case Kind::empty:
      return kNothing;
    case Kind::terminal:
      return terminal(node.a, rules_->language(node.a).next(node.b, rules_->representatives[of]));
    case Kind::cat: {
      const RuleExpr first = cat(derive(node.a, of), node.b);
      return nodes_[node.a].nullable ? alt({first, derive(node.b, of)}) : first;
    }
    case Kind::alt: {
      std::vector<RuleExpr> choices;
      for (uint32_t i = 0; i < node.b; ++i) {
        const RuleExpr choice = derive(member(node, i), of);
        if (choice != kNothing) choices.push_back(choice);
      }
      return alt(std::move(choices));
    }
    case Kind::loop: {
      const RuleExpr round = derive(node.a, of);
      return round == kNothing ? kNothing : cat(round, loop(node.a, one_less(node.min), one_less(node.max)));
    }
    case Kind::rule:
      return derive(rules_->rules[node.a].body, of);
  }
  return kNothing;
}

RuleExpr RuleExpressions::narrowed(RuleExpr e) {
  const Node node = nodes_[e];
  if (node.nullable) return kEmpty;
  switch (node.kind) {
    case Kind::nothing:
    case Kind::empty:
    case Kind::terminal:
      return e;
    case Kind::cat: {
      const RuleExpr first = narrowed(node.a);
      return first == kEmpty ? narrowed(node.b) : cat(first, node.b);
    }
    case Kind::alt:
      for (uint32_t i = 0; i < node.b; ++i) {
        if (nodes_[member(node, i)].least == node.least) return narrowed(member(node, i));
      }
      return e;
    case Kind::loop: {
      const RuleExpr round = narrowed(node.a);
      return cat(round, loop(node.a, node.min - 1, node.min - 1));
    }
    case Kind::rule:
      return narrowed(rules_->rules[node.a].body);
  }
  return e;
}

void RuleExpressions::shortest(RuleExpr e, std::string& out) const {
  for (;;) {
    const Node& node = nodes_[e];
    if (node.nullable) return;
    switch (node.kind) {
      case Kind::nothing:
      case Kind::empty:
        return;
      case Kind::terminal:
        out += utf8::encode(rules_->language(node.a).shortest(node.b));
        return;
      case Kind::cat:
        shortest(node.a, out);
        e = node.b;
        continue;
      case Kind::alt: {
        uint32_t best = 0;
        while (nodes_[member(node, best)].least != node.least) ++best;
        e = member(node, best);
        continue;
      }
      case Kind::loop: {
        std::string round;
        shortest(node.a, round);
        for (uint32_t i = 0; i < node.min; ++i) out += round;
        return;
      }
      case Kind::rule:
        e = rules_->rules[node.a].body;
        continue;
    }
  }
}

void RuleExpressions::ways(RuleExpr e, std::vector<Way>& out) {
  std::unordered_map<uint64_t, bool> seen;
  ways(e, kEmpty, out, seen);
}

void RuleExpressions::ways(RuleExpr e, RuleExpr rest, std::vector<Way>& out, std::unordered_map<uint64_t, bool>& seen) {
  const Node node = nodes_[e];
  if (node.kind <= Kind::empty || !seen.emplace(uint64_t{e} << 32 | rest, true).second) return;
  switch (node.kind) {
    case Kind::nothing:
    case Kind::empty:
      return;
    case Kind::terminal:
      out.push_back({node.a, node.b, rest});
      return;
    case Kind::cat:
      ways(node.a, cat(node.b, rest), out, seen);
      if (nodes_[node.a].nullable) ways(node.b, rest, out, seen);
      return;
    case Kind::alt:
      for (uint32_t i = 0; i < node.b; ++i) ways(member(node, i), rest, out, seen);
      return;
    case Kind::loop:
      return ways(node.a, cat(loop(node.a, one_less(node.min), one_less(node.max)), rest), out, seen);
    case Kind::rule:
      return ways(rules_->rules[node.a].body, rest, out, seen);
  }
}

RuleExpr RuleExpressions::copy(const RuleExpressions& from, RuleExpr e) {
  std::unordered_map<RuleExpr, RuleExpr> done;
  return copy(from, e, done);
}

RuleExpr RuleExpressions::copy(const RuleExpressions& from, RuleExpr e, std::unordered_map<RuleExpr, RuleExpr>& done) {
  // What both began with has the same number.
  if (e < rules_->start->size()) return e;
  if (const auto known = done.find(e); known != done.end()) return known->second;
  // Down the right of a sequence in a loop: it is as long as the stack is deep.
  std::vector<RuleExpr> spine;
  RuleExpr at = e;
  for (; at >= rules_->start->size() && !done.count(at) && from.at(at).kind == Kind::cat; at = from.at(at).b) spine.push_back(at);
  RuleExpr out = kNothing;
  if (at < rules_->start->size()) {
    out = at;
  } else if (const auto known = done.find(at); known != done.end()) {
    out = known->second;
  } else {
    const Node& node = from.at(at);
    switch (node.kind) {
      case Kind::terminal:
        out = terminal(node.a, node.b);
        break;
      case Kind::alt: {
        std::vector<RuleExpr> choices;
        for (uint32_t i = 0; i < node.b; ++i) choices.push_back(copy(from, from.member(node, i), done));
        out = alt(std::move(choices));
        break;
      }
      case Kind::loop:
        out = loop(copy(from, node.a, done), node.min, node.max);
        break;
      case Kind::rule:
        out = rule(node.a);
        break;
      default:
        out = at;
    }
    done.emplace(at, out);
  }
  for (; !spine.empty(); spine.pop_back()) {
    out = cat(copy(from, from.at(spine.back()).a, done), out);
    done.emplace(spine.back(), out);
  }
  return out;
}

size_t RuleExpressions::bytes() const {
  return sizeof(*this) + nodes_.capacity() * sizeof(Node) + lists_.capacity() * 8 + known_.size() * 56 +
         known_lists_.size() * 64 + derived_.size() * 40;
}

}  // namespace hob::grammar
