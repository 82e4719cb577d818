// Expressions: what must follow a character.
#include "model/grammar/expression.h"
#include "model/grammar/leap_time.h"

namespace hob::grammar {
namespace {

constexpr int kDeepest = 2'000;  // of expressions inside one another, while deriving

}  // namespace

bool is_word(char32_t c) {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

Expr Expressions::derive(Expr a, char32_t character, Before before) {
  if (a == kNothing || a == kEmpty || a == kAnything) return a == kAnything ? a : kNothing;
  if (!nodes_[a].looks_around) before = Before::other;
  const uint64_t key = static_cast<uint64_t>(a) << 24 | static_cast<uint64_t>(before) << 21 | character;
  if (const auto found = derived_.find(key); found != derived_.end()) return found->second;
  if (depth_ > kDeepest || derived_.size() > 8 * kMaxNodes || (watch_ && watch_->over())) {
    blown_ = true;
    return kNothing;
  }
  ++depth_;
  const Expr out = derive_now(a, character, before);
  --depth_;
  derived_.emplace(key, out);
  return out;
}

Expr Expressions::derive_now(Expr a, char32_t c, Before before) {
  const Node node = nodes_[a];  // a copy: nodes_ grows
  const After after = is_word(c) ? After::word : After::other;
  switch (node.kind) {
    case Kind::set:
      return sets_[node.a]->contains(c) ? kEmpty : kNothing;
    case Kind::cat: {
      const Expr first = cat(derive(node.a, c, before), node.b);
      if (!nullable(node.a, before, after)) return first;
      return alt(first, derive(node.b, c, before));
    }
    case Kind::loop: {
      // Turns that match the empty text here may stand in for any number of the wanted ones.
      const uint32_t least = nullable(node.a, before, after) ? 0 : one_less(node.m);
      return cat(derive(node.a, c, before), loop(node.a, least, one_less(node.b)));
    }
    case Kind::bound:
      return bound(derive(node.a, c, before), one_less(node.b));
    case Kind::complement:
      return complement(derive(node.a, c, before));
    case Kind::leap: {
      const auto next = leap_time::next({node.a, node.b}, c);
      if (!next) return kNothing;
      return next->over() ? kEmpty : make(Kind::leap, next->phase, next->value, 0);
    }
    case Kind::alt:
    case Kind::both: {
      std::vector<Expr> parts = list(node);
      for (Expr& e : parts) e = derive(e, c, before);
      return node.kind == Kind::alt ? alt(std::move(parts)) : both(std::move(parts));
    }
    default:
      return kNothing;
  }
}

}  // namespace hob::grammar
