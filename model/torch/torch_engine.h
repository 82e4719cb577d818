// TorchEngine: the Engine over a Decoder: sequences, their lengths and caches, and what must hold when a step fails.
//
//   auto engine = TorchEngine::make(std::move(files), std::move(decoder), info);     // load.h does it
//
// Up to kMaxRows rows run together; a row of any length is run in chunks, a long one of one row at a time beside the short
// ones of the others. What a row gives is bit by bit what it gives alone. A forward that fails leaves every sequence as it
// was. Forks and snapshots share storage until somebody writes. truncate() can take back `max_truncate` positions
// after any forward; several in a row without a forward between may meet the end of what sliding layers keep and are then
// refused. [model] thread alone.
#pragma once

#include <map>
#include <memory>

#include "model/engine/engine.h"
#include "model/torch/decoder.h"

namespace hob::torch_engine {

inline constexpr uint32_t kMaxTruncate = 16;
inline constexpr uint32_t kCacheSlack = 4 * kMaxTruncate;
inline constexpr uint32_t kMaxRows = 8;
inline constexpr size_t kMaxSequences = 256;
inline constexpr size_t kMaxSnapshots = 4096;

class TorchEngine final : public engine::Engine {
 public:
  TorchEngine(
    engine::Info info, gemma::Config config, gemma::Safetensors files, std::unique_ptr<Decoder> decoder
  );

  const engine::Info& info() const override { return info_; }
  Result<engine::SeqId> open() override;
  void close(engine::SeqId seq) override;
  uint32_t length(engine::SeqId seq) const override;
  Result<engine::Output> forward(const engine::Batch& batch) override;
  Result<engine::SeqId> fork(engine::SeqId seq) override;
  Result<void> truncate(engine::SeqId seq, uint32_t count) override;
  Result<engine::SnapshotId> snapshot(engine::SeqId seq) override;
  Result<void> restore(engine::SeqId seq, engine::SnapshotId snapshot) override;
  void drop(engine::SnapshotId snapshot) override;
  /// Of a sliding layer: the last `sliding_window` positions.
  Result<engine::Donor> donor(engine::LayerType type, engine::SeqId seq) const override;
  uint64_t cache_bytes() const override;

  /// Sees every stage of every chunk; an empty function ends it.
  void observe(Observer observer) { decoder_->observe(std::move(observer)); }

 private:
  struct Sequence {
    uint32_t length = 0;
    Caches caches;
  };

  Result<void> check(const engine::Row& row) const;
  Result<engine::Output> run_rows(const std::vector<engine::Row>& rows);
  Error unknown(engine::SeqId seq) const;

  engine::Info info_;
  gemma::Config config_;
  gemma::Safetensors files_;  // what the decoder's weights borrow
  std::unique_ptr<Decoder> decoder_;
  std::map<engine::SeqId, Sequence> sequences_;
  std::map<engine::SnapshotId, Sequence> snapshots_;
  engine::SeqId next_sequence_ = 1;
  engine::SnapshotId next_snapshot_ = 1;
};

}  // namespace hob::torch_engine
