// ScriptedEngine: an Engine that says what a test wrote, with caches that are as strict as real ones.
//
//   Interrupt interrupt;
//   ScriptedEngine engine(info, [](std::span<const Token> history) { return ScriptedReply{{17, 4, 106}}; }, interrupt);
//   engine.forward(...);   // logits with one peak: at 17, after 17 was appended at 4, then at 106
//
// A reply is chosen when logits are wanted after fresh input: more than one id of which only the last ones are asked
// about, or the first logits after a restore, a prefill without logits or a truncation to before the reply. Its tokens then
// come one by one. A token in between that is not the expected one (a constraint forced it) moves the reply behind its next
// occurrence, or leaves it where it is. After the last token the reply's fault happens; without one the last token is
// repeated. A row of several ids whose logits are all wanted (a draft to verify) is read like that many rows of one; the
// reply's fault then fails the forward, and happens once that token comes alone.
//
// Instead of replies the engine takes a function of the history that fills the logits; for tests of chance.
//
// Caches are lists of tokens: fork, truncate (within info.max_truncate), snapshot and restore keep the same promises
// as model/torch, and a forward that fails leaves every sequence as it was. Memory is counted in pages of kPageTokens, which
// copies share until one of them writes. Thread [model] alone; Interrupt from any thread. `interrupt` must outlive the
// engine.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>

#include "model/engine/engine.h"

namespace hob::engine {

/// Wakes an engine that hangs. A trip without a waiter is kept for the next one.
class Interrupt {
 public:
  void trip();
  /// Blocks until trip(), or for `limit` where given; true when tripped.
  bool wait(std::optional<std::chrono::milliseconds> limit = std::nullopt);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool tripped_ = false;
};

enum class Fault {
  none,
  crash,  // the process aborts
  hang,   // forward() blocks until the interrupt is tripped, then fails with `cancelled`
  nan,    // forward() fails with `model_failed`, as a real engine does on NaN
  slow,   // every token takes `delay`
};

struct ScriptedReply {
  std::vector<Token> tokens;  // the last one is the stop token; a fault takes its place when there is one
  Fault fault = Fault::none;
  std::chrono::milliseconds delay{50};
};

class ScriptedEngine final : public Engine {
 public:
  /// Chooses the reply to a history: all tokens of the sequence.
  using Choose = std::function<ScriptedReply(std::span<const Token> history)>;

  /// Fills the logits (zeros before) of the position after a history.
  using Judge = std::function<void(std::span<const Token> history, std::span<float> logits)>;

  ScriptedEngine(Info info, Choose choose, Interrupt& interrupt);
  ScriptedEngine(Info info, Judge judge, Interrupt& interrupt);

  const Info& info() const override { return info_; }
  Result<SeqId> open() override;
  void close(SeqId seq) override;
  uint32_t length(SeqId seq) const override;
  Result<Output> forward(const Batch& batch) override;
  Result<SeqId> fork(SeqId seq) override;
  Result<void> truncate(SeqId seq, uint32_t count) override;
  Result<SnapshotId> snapshot(SeqId seq) override;
  Result<void> restore(SeqId seq, SnapshotId snapshot) override;
  void drop(SnapshotId snapshot) override;
  Result<Donor> donor(LayerType type, SeqId seq) const override;
  uint64_t cache_bytes() const override;

  static constexpr size_t kPageTokens = 4;

  /// Tokens that forward() has taken since the start: what a test of prefix reuse counts.
  uint64_t tokens_forwarded() const { return tokens_forwarded_; }
  /// Forwards, failed ones included; and the rows of the last one.
  uint64_t forwards() const { return forwards_; }
  size_t last_rows() const { return last_rows_; }
  size_t sequences() const { return sequences_.size(); }
  size_t snapshots() const { return snapshots_.size(); }

 private:
  struct Speaking {
    ScriptedReply reply;
    size_t begun = 0;  // length of the history that it was chosen for
    size_t said = 0;   // tokens of the reply that are in the sequence
  };
  /// The pages that so many tokens take, by identity alone.
  class Pages {
   public:
    /// For tokens that were taken back or added since: the last page is copied if somebody else holds it, too.
    void resize(size_t before, size_t after);
    const std::vector<std::shared_ptr<const char>>& all() const { return pages_; }

   private:
    std::vector<std::shared_ptr<const char>> pages_;
  };
  struct Snapshot {
    std::vector<Token> tokens;
    Pages pages;
  };
  struct Sequence {
    std::vector<Token> tokens;
    Pages pages;
    std::optional<Speaking> speaking = std::nullopt;
  };
  Result<Sequence*> find(SeqId seq);
  static void follow(Speaking& speaking, Token token);
  Result<void> check(const Row& row);
  /// The logits of a row; `sequence` is then as it is to be after the row.
  Result<RowOutput> speak(Sequence& sequence, const Row& row);
  Result<void> say_next(const Speaking& speaking, bool drafted, std::span<float> logits);

  static constexpr size_t kMaxSequences = 1024;

  Info info_;
  Choose choose_;
  Judge judge_;
  Interrupt& interrupt_;
  std::map<SeqId, Sequence> sequences_;
  std::map<SnapshotId, Snapshot> snapshots_;
  SeqId next_seq_ = 1;
  SnapshotId next_snapshot_ = 1;
  uint64_t tokens_forwarded_ = 0;
  uint64_t forwards_ = 0;
  size_t last_rows_ = 0;
};

}  // namespace hob::engine
