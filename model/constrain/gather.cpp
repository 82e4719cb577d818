#include "model/constrain/gather.h"

#include <algorithm>

namespace hob::constrain {

using grammar::Kind;
using grammar::Local;
using grammar::Thread;
using grammar::Threads;

uint32_t Tails::id(std::string_view text) {
  const auto [at, fresh] = ids_.emplace(text, static_cast<uint32_t>(trie_.tail_texts().size() + more_.size()));
  if (fresh) more_.push_back(text);
  return at->second;
}

void Tails::clear() {
  more_.clear();
  ids_.clear();
}

void Gather::walk(uint32_t root, const Threads& from, bool probing) {
  Walker walker;
  walker.run(trie_.tree(), root, machine_, from, probing,
             [&](uint32_t node, Threads& now) { return visit(node, now, probing); });
}

bool Gather::visit(uint32_t node, Threads& now, bool probing) {
  const FlatTrie& tree = trie_.tree();
  bool alive = false, whole = false;
  if (takes_all(tree.nodes()[node], machine_, now)) whole = alive = true;
  for (const Thread& thread : now) {
    if (thread.top.kind == Kind::extra) {
      closings.emplace_back(node, trie_.vocabulary().bytes[tree.tokens_below(node).front()].substr(0, tree.nodes()[node].depth));
      continue;
    }
    alive = true;
    if (whole) continue;
    if (thread.top.kind == Kind::hole) leave(node);
    if (thread.top.kind == Kind::string && thread.top.state != 0) {
      const uint32_t most = machine_.ir().nodes[thread.top.node].strings[thread.top.spec].max_length;
      read(node, thread, most == grammar::kUnlimited ? most : most - thread.top.count, probing);
    }
  }
  if (alive) {
    const auto tokens = whole ? tree.tokens_below(node) : tree.tokens_at(node);
    for (const Token token : tokens) set_bit(allowed, token);
  }
  if (whole) return false;
  std::erase_if(now, [](const Thread& t) {
    return t.top.kind == Kind::hole || t.top.kind == Kind::extra || (t.top.kind == Kind::string && t.top.state != 0);
  });
  return !now.empty();
}

// The value is over at this node: what its longer tokens add.
void Gather::leave(uint32_t node) {
  const FlatTrie& tree = trie_.tree();
  const auto below = tree.tokens_below(node).subspan(tree.tokens_at(node).size());
  if (below.empty()) return;
  if (tree.nodes()[node].byte == '"') {
    const auto tails = trie_.tails_below(node);
    for (size_t i = 0; i < below.size(); ++i) exits.push_back({below[i], tails[i]});
    return;
  }
  const size_t depth = tree.nodes()[node].depth;
  for (const Token token : below) {
    exits.push_back({token, tails_.id(std::string_view(trie_.vocabulary().bytes[token]).substr(depth))});
  }
}

uint64_t Gather::read(uint32_t root, const Thread& from, uint32_t room, bool probing) {
  const FlatTrie& tree = trie_.tree();
  struct Sink {
    Gather& out;
    const FlatTrie& tree;
    const Thread& from;
    bool probing;
    void here(uint32_t node, uint32_t) { add(tree.tokens_at(node)); }
    void all(uint32_t node) { add(tree.tokens_below(node)); }
    void close(uint32_t node, uint32_t) {
      add(tree.tokens_at(node));
      if (from.below) {
        out.walk(node, {grammar::Machine::after(from)}, probing);
      } else {
        out.leave(node);
      }
    }
    void add(std::span<const Token> tokens) {
      for (const Token token : tokens) set_bit(out.allowed, token);
    }
  } sink{*this, tree, from, probing};
  LanguageReader::Place place;
  place.state = from.top.state;
  place.code = from.top.position;
  place.hex = from.top.hex;
  place.high = static_cast<uint16_t>(from.top.b >> 32);
  place.utf8 = from.top.utf8;
  place.lex = from.top.lex;
  LanguageReader reader;
  return reader.run<true>(tree, root, *machine_.language(from.top), machine_.dialect() == grammar::Dialect::json, place, room,
                          sink);
}

}  // namespace hob::constrain
