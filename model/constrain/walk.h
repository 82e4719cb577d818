// Walks a tree of tokens with a machine: which tokens can be read from a set of threads?
//
//   walker.run(tree, 0, machine, threads, false, [&](uint32_t node, Threads& now) { ...; return true; });
//
// The one loop behind every mask. A byte that fits nothing skips its whole subtree; the visitor sees each node that
// fits, may thin out the threads, and says whether to look below. A walker keeps its stacks between walks; one thread.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/constrain/token_trie.h"
#include "model/grammar/machine.h"

namespace hob::constrain {

inline void set_bit(std::span<uint64_t> bits, Token token) { bits[token / 64] |= uint64_t{1} << (token % 64); }
inline void set_bits(std::span<uint64_t> bits, std::span<const Token> tokens) {
  for (const Token token : tokens) set_bit(bits, token);
}
inline bool get_bit(std::span<const uint64_t> bits, Token token) { return (bits[token / 64] >> (token % 64)) & 1; }

class Walker {
 public:
  template <typename Visit>
  void run(const FlatTrie& tree, uint32_t root, const grammar::Machine& machine, const grammar::Threads& from,
           bool probing, Visit&& visit) {
    const auto& nodes = tree.nodes();
    if (nodes.empty()) return;
    const size_t base = nodes[root].depth;
    if (stack_.empty()) stack_.emplace_back();
    stack_[0] = from;
    for (uint32_t i = root + 1; i < nodes[root].end;) {
      const size_t depth = nodes[i].depth - base;
      if (stack_.size() <= depth) stack_.resize(depth + 8);
      machine.step(stack_[depth - 1], nodes[i].byte, stack_[depth], probing);
      const bool below = !stack_[depth].empty() && visit(i, stack_[depth]) && !stack_[depth].empty();
      i = below ? i + 1 : nodes[i].end;
    }
  }

  /// Sets the bits of all tokens below `root` that can be read.
  void mark(const FlatTrie& tree, uint32_t root, const grammar::Machine& machine, const grammar::Threads& from,
            std::span<uint64_t> bits);

 private:
  std::vector<grammar::Threads> stack_;
};

/// Whether all that is below `node` can be read by one of `threads` that is inside a free string.
bool takes_all(const FlatTrie::Node& node, const grammar::Machine& machine, const grammar::Threads& threads);

}  // namespace hob::constrain
