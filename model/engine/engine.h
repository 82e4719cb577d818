// Engine: the tensor level of a model, seen without torch.
//
//   SeqId seq = engine.open();
//   Batch batch; batch.rows.push_back({.seq = seq, .ids = prompt, .logits_from = prompt.size() - 1});
//   HOB_TRY(out, engine.forward(batch));      // out.rows[0].logits: [1, vocab] f32
//   engine.truncate(seq, 3);                  // take three positions back
//
// forward() appends each row's inputs to its sequence's caches and returns logits of the positions from
// `logits_from` on. Implementations: model/torch (Gemma through libtorch) and ScriptedEngine (tests, hob-model-lite).
// Thread [model] alone; tensors never leave. Costly calls look costly: fork() copies what cannot be shared.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "schemas/base/result.h"

namespace hob::engine {

using Token = uint32_t;
using SeqId = uint32_t;
using SnapshotId = uint32_t;

enum class Attention {
  causal,        // text
  block_causal,  // runs of image soft tokens see one another (big sizes)
};

/// Soft tokens: rows that stand in for placeholder ids (audio, images).
struct SoftTokens {
  std::vector<float> rows;           // [count, hidden], not scaled by sqrt(hidden)
  std::vector<uint32_t> positions;   // index into `ids` of the row that each replaces
};

struct Row {
  SeqId seq = 0;
  std::vector<Token> ids;                // [time]; placeholders where soft tokens stand
  std::optional<SoftTokens> soft;
  Attention attention = Attention::causal;
  size_t logits_from = 0;                // first index of `ids` whose logits are wanted; ids.size() for none
  bool want_hidden = false;              // also the post-final-norm hidden state of those positions
};

struct Batch {
  std::vector<Row> rows;
};

struct RowOutput {
  std::vector<float> logits;  // [ids.size() - logits_from, vocab], soft cap applied
  std::vector<float> hidden;  // the same positions [.., hidden], when wanted
};

struct Output {
  std::vector<RowOutput> rows;  // in the order of Batch::rows
};

enum class LayerType { sliding, full };

/// K and V that a drafter reads: copies as f32, [kv_heads, length, head_dim].
struct Donor {
  uint32_t kv_heads = 0, length = 0, head_dim = 0;
  std::vector<float> keys, values;
};

/// What a caller must know of a model before it runs it.
struct Info {
  std::string name;          // for people: "hob-tiny (demonstration model)"
  std::string fingerprint;   // sha256 over weights' identity, tokenizer and format; changes when any does
  std::string device = "cpu";
  std::string dtype = "f32";
  uint32_t vocab = 0;
  uint32_t hidden = 0;
  uint32_t context = 0;            // positions a sequence may have
  uint32_t max_rows = 1;           // rows that one forward takes
  uint32_t prefill_chunk = 256;    // ids a row should have at most
  uint32_t max_truncate = 0;       // positions that truncate() can take back without a snapshot
  uint64_t kv_bytes_per_token = 0;
  bool demonstration = false;      // the built-in model: say so wherever it speaks
};

class Engine {
 public:
  virtual ~Engine() = default;

  virtual const Info& info() const = 0;

  /// A new, empty sequence. Fails with `overloaded` when there are too many.
  virtual Result<SeqId> open() = 0;
  virtual void close(SeqId seq) = 0;
  /// Positions that the sequence holds.
  virtual uint32_t length(SeqId seq) const = 0;

  /// Runs the rows together, at most `max_rows`, and appends them to their caches; what a row gives does not depend on
  /// the others. `context_exceeded` before anything is allocated; `model_failed` on NaN or infinite logits. Then all caches
  /// are as they were, and the error's data says which row it was ("row", an index into `rows`), so that the caller may
  /// run the others without it; an error without "row" is about them all.
  virtual Result<Output> forward(const Batch& batch) = 0;

  /// A new sequence with the same caches (what cannot be shared is copied).
  virtual Result<SeqId> fork(SeqId seq) = 0;
  /// Takes the last `count` positions back; `invalid_params` when count > min(length, max_truncate).
  virtual Result<void> truncate(SeqId seq, uint32_t count) = 0;
  /// Remembers the whole state of the sequence at this length. It outlives the sequence, until drop().
  virtual Result<SnapshotId> snapshot(SeqId seq) = 0;
  /// Puts any sequence, whatever it holds, into the remembered state.
  virtual Result<void> restore(SeqId seq, SnapshotId snapshot) = 0;
  virtual void drop(SnapshotId snapshot) = 0;
  /// The K/V of the last layer of this type that owns a cache.
  virtual Result<Donor> donor(LayerType type, SeqId seq) const = 0;

  /// Bytes that caches and snapshots hold now.
  virtual uint64_t cache_bytes() const = 0;
};

}  // namespace hob::engine
