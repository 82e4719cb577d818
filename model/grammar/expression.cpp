#include "model/grammar/expression.h"

#include <algorithm>
#include <set>

#include "model/grammar/leap_time.h"
#include "schemas/base/utf8.h"

namespace hob::grammar {
namespace {

constexpr uint16_t kAlways = 0x1FF;

uint32_t plus(uint32_t a, uint32_t b) { return a > kUnlimited - b ? kUnlimited : a + b; }
uint32_t times(uint32_t a, uint32_t b) {
  const uint64_t product = static_cast<uint64_t>(a) * b;
  return product > kUnlimited ? kUnlimited : static_cast<uint32_t>(product);
}

}  // namespace

size_t Expressions::KeyHash::operator()(const std::vector<uint32_t>& key) const {
  uint64_t hash = 0x9E3779B97F4A7C15;
  for (const uint32_t word : key) {
    hash = (hash ^ word) * 0xBF58476D1CE4E5B9;
    hash ^= hash >> 29;
  }
  return hash;
}

Expressions::Expressions() {
  make(Kind::nothing, 0, 0, 0);
  make(Kind::empty, 0, 0, 0);
  set(CharSet::all());
  make(Kind::loop, kAnyCharacter, kUnlimited, 0);
  make(Kind::start, 0, 0, 0);
  make(Kind::finish, 0, 0, 0);
  make(Kind::boundary, 0, 0, 0);
  make(Kind::no_boundary, 0, 0, 0);
}

std::vector<Expr> Expressions::list(const Node& node) const {
  return {lists_.begin() + node.a, lists_.begin() + node.a + node.b};
}

const CharSet* Expressions::set_of(Expr a) const {
  return nodes_[a].kind == Kind::set ? sets_[nodes_[a].a] : nullptr;
}

void Expressions::settle(Node& node, const std::vector<Expr>* list) const {
  const auto part = [&](Expr e) -> const Node& { return nodes_[e]; };
  switch (node.kind) {
    case Kind::nothing:
      node.least = kUnlimited;
      break;
    case Kind::empty:
      node.nulls = kAlways;
      break;
    case Kind::set:
      node.least = 1;
      break;
    case Kind::start:
    case Kind::finish:
    case Kind::boundary:
    case Kind::no_boundary:
      node.plain = false;
      node.looks_around = true;
      for (int before = 0; before < 3; ++before) {
        for (int after = 0; after < 3; ++after) {
          const bool differ = (before == 2) != (after == 2);
          const bool holds = node.kind == Kind::start ? before == 0 : node.kind == Kind::finish ? after == 0
                             : node.kind == Kind::boundary ? differ : !differ;
          if (holds) node.nulls = static_cast<uint16_t>(node.nulls | 1 << (3 * before + after));
        }
      }
      break;
    case Kind::cat:
      node.plain = part(node.a).plain && part(node.b).plain;
      node.looks_around = part(node.a).looks_around || part(node.b).looks_around;
      node.nulls = part(node.a).nulls & part(node.b).nulls;
      node.least = plus(part(node.a).least, part(node.b).least);
      break;
    case Kind::loop:
      node.plain = part(node.a).plain;
      node.looks_around = part(node.a).looks_around;
      node.nulls = node.m == 0 ? kAlways : part(node.a).nulls;
      node.least = times(part(node.a).least, node.m);
      break;
    case Kind::bound:
      node.plain = part(node.a).plain;
      node.looks_around = part(node.a).looks_around;
      node.nulls = part(node.a).nulls;
      node.least = part(node.a).least;
      break;
    case Kind::leap:
      node.least = leap_time::least({node.a, node.b});
      break;
    case Kind::complement:
      node.plain = false;
      node.looks_around = part(node.a).looks_around;
      node.nulls = static_cast<uint16_t>(~part(node.a).nulls & kAlways);
      break;
    case Kind::alt:
    case Kind::both: {
      const bool choice = node.kind == Kind::alt;
      node.plain = choice;
      node.nulls = choice ? 0 : kAlways;
      node.least = choice ? kUnlimited : 0;
      for (const Expr e : *list) {
        node.plain = node.plain && part(e).plain;
        node.looks_around = node.looks_around || part(e).looks_around;
        node.nulls = choice ? node.nulls | part(e).nulls : node.nulls & part(e).nulls;
        node.least = choice ? std::min(node.least, part(e).least) : std::max(node.least, part(e).least);
      }
      break;
    }
  }
}

Expr Expressions::intern(Node node, const std::vector<Expr>* list) {
  std::vector<uint32_t> key{static_cast<uint32_t>(node.kind)};
  if (list) {
    key.insert(key.end(), list->begin(), list->end());
  } else {
    key.insert(key.end(), {node.a, node.b, node.m});
  }
  const auto found = known_.find(key);
  if (found != known_.end()) return found->second;
  if (nodes_.size() >= kMaxNodes || lists_.size() >= 8 * kMaxNodes) {
    blown_ = true;
    return kNothing;
  }
  if (list) {
    node.a = static_cast<uint32_t>(lists_.size());
    node.b = static_cast<uint32_t>(list->size());
    lists_.insert(lists_.end(), list->begin(), list->end());
  }
  settle(node, list);
  const auto id = static_cast<Expr>(nodes_.size());
  nodes_.push_back(node);
  known_.emplace(std::move(key), id);
  return id;
}

Expr Expressions::make(Kind kind, uint32_t a, uint32_t b, uint32_t m) {
  Node node;
  node.kind = kind;
  node.a = a;
  node.b = b;
  node.m = m;
  return intern(node, nullptr);
}

Expr Expressions::make(Kind kind, const std::vector<Expr>& list) {
  Node node;
  node.kind = kind;
  return intern(node, &list);
}

Expr Expressions::set(const CharSet& characters) {
  if (characters.empty()) return kNothing;
  const auto [at, fresh] = set_ids_.emplace(characters, static_cast<uint32_t>(sets_.size()));
  if (fresh) sets_.push_back(&at->first);
  return make(Kind::set, at->second, 0, 0);
}

Expr Expressions::text(std::string_view utf8) {
  std::vector<char32_t> characters;
  for (size_t at = 0; at < utf8.size();) characters.push_back(utf8::next(utf8, at));
  Expr out = kEmpty;
  for (auto c = characters.rbegin(); c != characters.rend(); ++c) out = cat(set(CharSet{{*c, *c}}), out);
  return out;
}

Expr Expressions::cat(Expr a, Expr b) {
  if (a == kNothing || b == kNothing) return kNothing;
  if (a == kEmpty) return b;
  if (b == kEmpty) return a;
  if (a == kAnything && b == kAnything) return a;
  std::vector<Expr> parts;  // sequences lean to the right
  while (nodes_[a].kind == Kind::cat) {
    parts.push_back(nodes_[a].a);
    a = nodes_[a].b;
  }
  parts.push_back(a);
  Expr out = b;
  for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
    // `$` lets nothing follow but what can be empty at the end.
    if (*part == kFinish && nodes_[out].nulls == kAlways) {
      out = kFinish;
    } else if (*part == kAnything && nodes_[out].kind == Kind::cat && nodes_[out].a == kAnything) {
      continue;
    } else {
      out = make(Kind::cat, *part, out, 0);
    }
  }
  return out;
}

bool Expressions::as_run(Expr a, Expr& body, uint32_t& least, uint32_t& most) const {
  const Node& node = nodes_[a];
  if (node.kind == Kind::set) {
    body = a;
    least = most = 1;
    return true;
  }
  if (node.kind != Kind::loop || nodes_[node.a].kind != Kind::set) return false;
  body = node.a;
  least = node.m;
  most = node.b;
  return true;
}

void Expressions::spend(size_t work) {
  work_ += work;
  blown_ = blown_ || work_ > kMaxWork || (watch_ && watch_->over());
}

Expr Expressions::alt(std::vector<Expr> choices) {
  if (blown_) return kNothing;
  std::vector<Expr> flat;
  CharSet joined;
  size_t sets = 0;
  for (const Expr e : choices) {
    if (e == kAnything) return e;
    const auto add = [&](Expr one) {
      if (const CharSet* characters = set_of(one)) {
        joined.add(*characters);
        ++sets;
      } else if (one != kNothing) {
        flat.push_back(one);
      }
    };
    if (nodes_[e].kind == Kind::alt) {
      for (const Expr one : list(nodes_[e])) add(one);
    } else {
      add(e);
    }
  }
  if (sets > 0) {
    joined.tidy();
    flat.push_back(set(joined));
  }
  std::sort(flat.begin(), flat.end());
  flat.erase(std::unique(flat.begin(), flat.end()), flat.end());
  // Runs of one set before the same rest, whose counts touch, are one run.
  if (flat.size() > 1) {
    struct Run {
      uint32_t least, most;
    };
    std::map<std::pair<Expr, Expr>, std::vector<Run>> runs;
    size_t found = 0;
    for (const Expr e : flat) {
      const bool sequence = nodes_[e].kind == Kind::cat;
      Expr body = 0;
      uint32_t least = 0, most = 0;
      if (!as_run(sequence ? nodes_[e].a : e, body, least, most)) continue;
      runs[{body, sequence ? nodes_[e].b : kEmpty}].push_back({least, most});
      ++found;
    }
    if (found > runs.size()) {
      std::erase_if(flat, [&](Expr e) {
        Expr body = 0;
        uint32_t least = 0, most = 0;
        return as_run(nodes_[e].kind == Kind::cat ? nodes_[e].a : e, body, least, most);
      });
      for (auto& [key, list] : runs) {
        std::sort(list.begin(), list.end(), [](const Run& a, const Run& b) { return a.least < b.least; });
        Run now = list.front();
        for (size_t i = 1; i <= list.size(); ++i) {
          if (i < list.size() && (now.most == kUnlimited || list[i].least <= now.most + 1)) {
            now.most = std::max(now.most, list[i].most);
            continue;
          }
          flat.push_back(cat(loop(key.first, now.least, now.most), key.second));
          if (i < list.size()) now = list[i];
        }
      }
      std::sort(flat.begin(), flat.end());
      flat.erase(std::unique(flat.begin(), flat.end()), flat.end());
    }
  }
  if (flat.size() > 1 && flat.front() <= kEmpty) {  // sorted: only here
    const bool covered = std::any_of(flat.begin() + 1, flat.end(), [&](Expr e) { return nodes_[e].nulls == kAlways; });
    if (covered) flat.erase(flat.begin());
  }
  spend(flat.size());
  if (flat.empty()) return kNothing;
  if (std::binary_search(flat.begin(), flat.end(), kAnything)) return kAnything;
  return flat.size() == 1 ? flat.front() : make(Kind::alt, flat);
}

Expr Expressions::both(std::vector<Expr> parts) {
  std::vector<Expr> flat;
  for (const Expr e : parts) {
    if (nodes_[e].kind == Kind::both) {
      for (const Expr one : list(nodes_[e])) flat.push_back(one);
    } else if (e != kAnything) {
      flat.push_back(e);
    }
  }
  if (std::find(flat.begin(), flat.end(), kNothing) != flat.end()) return kNothing;
  // Runs of sets meet at once: both hold for a run of what is common, as often as both allow.
  CharSet common = CharSet::all();
  uint32_t from = 0, to = kUnlimited;
  bool met = false;
  for (auto e = flat.begin(); e != flat.end();) {
    Expr body = 0;
    uint32_t least = 0, most = 0;
    if (!as_run(*e, body, least, most)) {
      ++e;
      continue;
    }
    common = common.intersected(*set_of(body));
    from = std::max(from, least);
    to = std::min(to, most);
    met = true;
    e = flat.erase(e);
  }
  if (met) {
    if (from > to) return kNothing;
    const Expr body = set(common);
    // "At most n characters" of something plain is a bound, which stays plain.
    if (body == kAnyCharacter && from == 0 && flat.size() == 1 && plain(flat.front())) return bound(flat.front(), to);
    const Expr run = loop(body, from, to);
    if (run == kNothing) return run;
    if (run != kAnything) flat.push_back(run);
  }
  std::sort(flat.begin(), flat.end());
  flat.erase(std::unique(flat.begin(), flat.end()), flat.end());
  spend(flat.size());
  if (flat.empty()) return kAnything;
  if (flat.size() == 1) return flat.front();
  for (const Expr e : flat) {
    if (e == kEmpty) {
      const bool all = std::all_of(flat.begin(), flat.end(), [&](Expr x) { return nodes_[x].nulls == kAlways; });
      if (all) return kEmpty;
      if (std::any_of(flat.begin(), flat.end(), [&](Expr x) { return nodes_[x].nulls == 0; })) return kNothing;
    }
    if (nodes_[e].kind == Kind::complement && std::binary_search(flat.begin(), flat.end(), nodes_[e].a)) return kNothing;
  }
  return make(Kind::both, flat);
}

Expr Expressions::complement(Expr a) {
  if (a == kNothing) return kAnything;
  if (a == kAnything) return kNothing;
  if (nodes_[a].kind == Kind::complement) return nodes_[a].a;
  return make(Kind::complement, a, 0, 0);
}

Expr Expressions::loop(Expr a, uint32_t least, uint32_t most) {
  if (a == kNothing) return least == 0 ? kEmpty : kNothing;
  if (a == kEmpty || most == 0) return kEmpty;
  if (nodes_[a].nulls == kAlways) least = 0;
  if (least == 1 && most == 1) return a;
  if (nodes_[a].kind == Kind::loop && nodes_[a].m <= 1 && nodes_[a].b == kUnlimited) {
    // (x*){m,n} is x*; (x+){m,n} is x{m,}
    if (nodes_[a].m == 0) return a;
    return loop(nodes_[a].a, least, kUnlimited);
  }
  if (most == kUnlimited && least == 0 && nodes_[a].kind == Kind::loop && nodes_[a].m == 0) {
    return loop(nodes_[a].a, 0, kUnlimited);  // (x{0,n})* is x*
  }
  return make(Kind::loop, a, most, least);
}

Expr Expressions::bound(Expr a, uint32_t most) {
  if (a == kNothing || most == kUnlimited) return a;
  if (nodes_[a].least > most) return kNothing;
  if (most == 0) return kEmpty;
  Expr body = 0;
  uint32_t from = 0, to = 0;
  if (as_run(a, body, from, to)) return loop(body, from, std::min(to, most));
  if (nodes_[a].kind == Kind::bound) return bound(nodes_[a].a, std::min(most, nodes_[a].b));
  if (a == kEmpty) return a;
  return make(Kind::bound, a, most, 0);
}

Expr Expressions::found(Expr a) {
  std::vector<Expr> out;
  const std::vector<Expr> choices = nodes_[a].kind == Kind::alt ? list(nodes_[a]) : std::vector<Expr>{a};
  for (const Expr choice : choices) {
    std::vector<Expr> parts;
    Expr rest = choice;
    for (; nodes_[rest].kind == Kind::cat; rest = nodes_[rest].b) parts.push_back(nodes_[rest].a);
    parts.push_back(rest);
    Expr prefix = kAnything, suffix = kAnything;
    while (!parts.empty() && parts.back() == kFinish) {
      parts.pop_back();
      suffix = kEmpty;
    }
    size_t first = 0;
    while (first < parts.size() && parts[first] == kStart) {
      ++first;
      prefix = kEmpty;
    }
    Expr one = suffix;
    for (size_t i = parts.size(); i-- > first;) one = cat(parts[i], one);
    out.push_back(cat(prefix, one));
  }
  return alt(std::move(out));
}

Expr Expressions::leap_time() {
  if (leap_sets_.empty()) {
    for (const char c : std::string_view("0123456789:.+-Zz")) leap_sets_.push_back(sets_[nodes_[set(CharSet::of({&c, 1}))].a]);
  }
  return make(Kind::leap, 0, 0, 0);
}

// Anything, then something: after any character that is still a choice.
uint32_t Expressions::always(Expr a) const {
  if (a == kAnything) return 0;
  const Node& node = nodes_[a];
  if (node.kind == Kind::cat && node.a == kAnything) return node.least;
  uint32_t out = kUnlimited;
  if (node.kind == Kind::alt) {
    for (const Expr one : list(node)) out = std::min(out, always(one));
  }
  return out;
}

std::vector<const CharSet*> Expressions::sets(Expr a) const {
  std::set<Expr> seen;
  std::vector<Expr> todo{a};
  std::vector<const CharSet*> out;
  while (!todo.empty()) {
    const Expr e = todo.back();
    todo.pop_back();
    if (!seen.insert(e).second) continue;
    const Node& node = nodes_[e];
    switch (node.kind) {
      case Kind::set:
        out.push_back(sets_[node.a]);
        break;
      case Kind::cat:
        todo.push_back(node.b);
        todo.push_back(node.a);
        break;
      case Kind::loop:
      case Kind::bound:
      case Kind::complement:
        todo.push_back(node.a);
        break;
      case Kind::alt:
      case Kind::both:
        for (const Expr one : list(node)) todo.push_back(one);
        break;
      case Kind::leap:
        out.insert(out.end(), leap_sets_.begin(), leap_sets_.end());
        break;
      default:
        break;
    }
  }
  return out;
}

size_t Expressions::bytes() const {
  size_t total = nodes_.capacity() * (sizeof(Node) + 64) + lists_.capacity() * 8 + derived_.size() * 32;
  for (const CharSet* characters : sets_) total += characters->ranges().capacity() * sizeof(CharSet::Range);
  return total;
}

}  // namespace hob::grammar
