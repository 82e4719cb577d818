// PrefixCache: which sequences the engine keeps, and how much of a new prompt one of them has already.
//
//   HOB_TRY(lease, cache.acquire(session, prompt));     // lease.kept->tokens is a prefix of prompt
//   ... forward; cache.appended(*lease.kept, ids); cache.mark(*lease.kept) at a boundary ...
//   cache.release(*lease.kept);
//
// A session has one sequence at most. Its longest common prefix with the new prompt, by token ids, is reused: by
// truncation where the engine can take that much back, else from the newest snapshot at or before the place where they
// part. A new session begins with a fork (or a snapshot) of whatever shares most with it: the sequence kept for all
// sessions that have the same system text and tools (share()), or another session's. At least one token is always left to run, because its
// logits are wanted. Kept within `budget_bytes`; the least recently used goes first. Thread [model].
#pragma once

#include <list>
#include <string>
#include <vector>

#include "model/engine/engine.h"

namespace hob::schedule {

using engine::Token;

class PrefixCache {
 public:
  struct Mark {
    engine::SnapshotId snapshot;
    uint32_t length;
  };
  struct Kept {
    engine::SeqId seq = 0;
    std::string session;         // empty: of nobody
    std::vector<Token> tokens;   // what the engine's caches hold
    std::vector<Mark> marks;     // ascending lengths
    uint64_t used = 0;           // grows with every use
    bool busy = false;
    bool shared = false;         // a prefix for all sessions; only ever forked
  };

  PrefixCache(engine::Engine& engine, uint64_t budget_bytes) : engine_(engine), budget_bytes_(budget_bytes) {}

  /// The sequence for this prompt, busy until released or discarded. An empty session keeps nothing.
  Result<Kept*> acquire(const std::string& session, const std::vector<Token>& prompt);
  void appended(Kept& kept, const std::vector<Token>& ids);
  /// Remembers this length, so that a later prompt may part from here.
  void mark(Kept& kept);
  /// Keeps a copy of this state for sessions to come.
  void share(const Kept& kept);
  bool has_shared(const std::vector<Token>& prompt, size_t prefix) const;
  void release(Kept& kept);
  /// Forgets a sequence whose state cannot be trusted.
  void discard(Kept& kept);

  size_t size() const { return kept_.size(); }

 private:
  struct Reach {
    uint32_t length = 0;
    const Mark* mark = nullptr;  // null: by truncation
  };
  Reach reach(const Kept& kept, const std::vector<Token>& prompt) const;
  static Reach marked(const Kept& kept, size_t common);
  /// Brings the sequence back to a prefix of `prompt`; it may come out shorter than `reach`.
  Result<void> go_to(Kept& kept, Reach reach, const std::vector<Token>& prompt);
  Result<Kept*> copy(Kept& from, const Reach& reach, const std::string& session, const std::vector<Token>& prompt);
  void erase(Kept& kept);
  /// Drops the least recently used sequence that is not busy.
  bool evict_one(const Kept* except);
  template <typename Make>
  Result<engine::SeqId> make(Make&& make);
  Kept& add(Kept kept);

  static constexpr size_t kMaxKept = 256;
  static constexpr size_t kMaxMarks = 16;

  engine::Engine& engine_;
  uint64_t budget_bytes_;
  std::list<Kept> kept_;
  uint64_t uses_ = 0;
};

}  // namespace hob::schedule
