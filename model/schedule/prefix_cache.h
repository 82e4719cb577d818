// PrefixCache: which states of earlier steps are kept, and how much of a new prompt one of them has already.
//
//   HOB_TRY(lease, cache.acquire(prompt));              // lease.tokens is a prefix of the prompt: what need not run
//   ... forward on lease.seq; cache.appended(lease, ids); cache.remember(lease) where later prompts may part ...
//   cache.release(lease);
//
// A state is a snapshot that the engine holds: full-attention pages, shared with every state and sequence that begins
// alike, and the windows of the sliding layers at that length. All of them lie in one radix tree by token ids, whoever
// made them: a follow-up turn, a fork of a session, a new session with the same system text and a step that begins while
// another still runs all take the longest state that is a prefix of their prompt, or one that goes on for no more ids than
// the engine can take back. At least one token is always left to run, because its logits are wanted. The engine's caches
// stay within `budget_bytes` as far as states can be dropped: the least recently used first. A use renews the state that
// a prompt begins from and the shortest on its way, the system turn's. Thread [model].
#pragma once

#include <vector>

#include "model/schedule/prefix_tree.h"

namespace hob::schedule {

class PrefixCache {
 public:
  /// A sequence of the engine in the hands of one step.
  struct Lease {
    engine::SeqId seq = 0;
    std::vector<Token> tokens;  // what the engine's caches hold
  };

  PrefixCache(engine::Engine& engine, uint64_t budget_bytes) : engine_(engine), budget_bytes_(budget_bytes) {}

  /// A sequence that begins with what is kept of this prompt.
  Result<Lease> acquire(const std::vector<Token>& prompt);
  void appended(Lease& lease, const std::vector<Token>& ids);
  /// Keeps the state at this length, so that a later prompt may begin from it.
  void remember(const Lease& lease);
  void release(const Lease& lease);

  size_t states() const { return tree_.size(); }

 private:
  /// Puts the sequence into this state, less what lies behind `length`.
  Result<void> go_to(engine::SeqId seq, const PrefixTree::State& state, size_t length);
  void drop_while_too_much();

  static constexpr size_t kMaxStates = 1024;

  engine::Engine& engine_;
  uint64_t budget_bytes_;
  PrefixTree tree_;
};

}  // namespace hob::schedule
