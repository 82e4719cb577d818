#include "model/torch/torch_engine.h"

#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <cmath>
#include <new>
#include <set>

namespace hob::torch_engine {

using engine::Batch;
using engine::Output;
using engine::Row;
using engine::RowOutput;
using engine::SeqId;
using engine::SnapshotId;

namespace {

/// The door at which what torch throws becomes an Error.
template <typename Work>
auto guarded(const char* what, const Work& work) -> decltype(work()) {
  try {
    const c10::InferenceMode guard;
    return work();
  } catch (const std::bad_alloc&) {
    return Error(Code::model_failed, std::string(what) + ": out of memory.");
  } catch (const c10::Error& error) {
    return Error(Code::model_failed, std::string(what) + ": " + error.what_without_backtrace());
  } catch (const std::exception& error) {
    return Error(Code::model_failed, std::string(what) + ": " + error.what());
  }
}

bool finite(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
}

}  // namespace

TorchEngine::TorchEngine(
  engine::Info info, gemma::Config config, gemma::Safetensors files, std::unique_ptr<Decoder> decoder
)
    : info_(std::move(info)), config_(std::move(config)), files_(std::move(files)), decoder_(std::move(decoder)) {}

Error TorchEngine::unknown(SeqId seq) const {
  return Error(Code::invalid_params, "There is no open sequence " + std::to_string(seq) + ".");
}

Result<SeqId> TorchEngine::open() {
  if (sequences_.size() >= kMaxSequences) {
    return Error(Code::overloaded, "The engine has " + std::to_string(kMaxSequences) + " open sequences; close one first.");
  }
  const SeqId seq = next_sequence_++;
  sequences_.emplace(seq, Sequence{.length = 0, .caches = decoder_->empty_caches()});
  return seq;
}

void TorchEngine::close(SeqId seq) { sequences_.erase(seq); }

uint32_t TorchEngine::length(SeqId seq) const {
  const auto at = sequences_.find(seq);
  return at == sequences_.end() ? 0 : at->second.length;
}

Result<void> TorchEngine::check(const Row& row) const {
  const auto at = sequences_.find(row.seq);
  if (at == sequences_.end()) return unknown(row.seq);
  const size_t time = row.ids.size();
  if (time == 0) return Error(Code::invalid_params, "A row must have at least one token.");
  if (time > info_.context || at->second.length > info_.context - time) {
    return Error(
             Code::context_exceeded, "The sequence would have " + std::to_string(at->second.length + time) +
                                       " positions; this model's context has " + std::to_string(info_.context) + "."
    )
      .with("context", static_cast<long long>(info_.context));
  }
  if (row.logits_from > time) {
    return Error(
      Code::invalid_params, "logits_from is " + std::to_string(row.logits_from) + " but the row has " +
                              std::to_string(time) + " tokens."
    );
  }
  if (row.attention != engine::Attention::causal) {
    return Error(Code::unsupported_content, "Attention among image tokens is not supported by this version of hob.");
  }
  if (row.soft) {
    const auto& soft = *row.soft;
    if (soft.rows.size() != soft.positions.size() * size_t{config_.hidden} || !finite(soft.rows)) {
      return Error(Code::invalid_params, "Soft tokens must be finite rows of the model's hidden size, one per position.");
    }
    for (size_t i = 0; i < soft.positions.size(); ++i) {
      if (soft.positions[i] >= time || (i > 0 && soft.positions[i] <= soft.positions[i - 1])) {
        return Error(Code::invalid_params, "Positions of soft tokens must ascend and lie inside the row.");
      }
    }
  }
  for (size_t i = 0; i < time; ++i) {
    const bool replaced =
      row.soft && std::binary_search(row.soft->positions.begin(), row.soft->positions.end(), static_cast<uint32_t>(i));
    if (!replaced && row.ids[i] >= info_.vocab) {
      return Error(
        Code::invalid_params, "Token " + std::to_string(row.ids[i]) + " at index " + std::to_string(i) +
                                " is outside the vocabulary of " + std::to_string(info_.vocab) + "."
      );
    }
  }
  return {};
}

Result<RowOutput> TorchEngine::run_row(const Row& row, Sequence& sequence) {
  RowOutput out;
  const size_t time = row.ids.size();
  size_t soft_at = 0;
  for (size_t first = 0; first < time;) {
    const size_t count = std::min<size_t>(info_.prefill_chunk, time - first);
    Chunk chunk;
    chunk.ids = std::span(row.ids).subspan(first, count);
    chunk.start = sequence.length;
    chunk.logits_from = std::clamp(row.logits_from, first, first + count) - first;
    chunk.want_hidden = row.want_hidden;
    std::vector<uint32_t> positions;
    if (row.soft) {
      const size_t from = soft_at;
      for (; soft_at < row.soft->positions.size() && row.soft->positions[soft_at] < first + count; ++soft_at) {
        positions.push_back(row.soft->positions[soft_at] - static_cast<uint32_t>(first));
      }
      chunk.soft_rows = std::span(row.soft->rows).subspan(from * config_.hidden, positions.size() * config_.hidden);
      chunk.soft_positions = positions;
    }
    RowOutput part = decoder_->run(chunk, sequence.caches);
    if (!finite(part.logits)) {
      return Error(Code::model_failed, "The model computed logits that are not finite; its weights may be damaged.");
    }
    if (out.logits.empty() && out.hidden.empty()) {
      out = std::move(part);
    } else {
      out.logits.insert(out.logits.end(), part.logits.begin(), part.logits.end());
      out.hidden.insert(out.hidden.end(), part.hidden.begin(), part.hidden.end());
    }
    sequence.length += static_cast<uint32_t>(count);
    first += count;
  }
  return out;
}

Result<Output> TorchEngine::forward(const Batch& batch) {
  std::set<SeqId> seen;
  for (const Row& row : batch.rows) {
    HOB_TRY_VOID(check(row));
    if (!seen.insert(row.seq).second) {
      return Error(Code::invalid_params, "A batch has two rows of sequence " + std::to_string(row.seq) + ".");
    }
  }
  // What to go back to. The copies share storage; within one chunk the length alone would do, and then nothing is
  // copied that a cache would have to leave alone.
  std::map<SeqId, Sequence> before;
  std::map<SeqId, uint32_t> lengths;
  for (const Row& row : batch.rows) {
    const Sequence& sequence = sequences_.at(row.seq);
    lengths[row.seq] = sequence.length;
    if (row.ids.size() > info_.prefill_chunk || batch.rows.size() > 1) before[row.seq] = sequence;
  }
  auto result = guarded("The model's step failed", [&]() -> Result<Output> {
    Output out;
    for (const Row& row : batch.rows) {
      HOB_TRY(part, run_row(row, sequences_.at(row.seq)));
      out.rows.push_back(std::move(part));
    }
    return out;
  });
  if (!result) {
    for (auto& [seq, sequence] : before) sequences_.at(seq) = std::move(sequence);
    for (const auto& [seq, length] : lengths) sequences_.at(seq).length = length;
  }
  return result;
}

Result<SeqId> TorchEngine::fork(SeqId seq) {
  const auto at = sequences_.find(seq);
  if (at == sequences_.end()) return unknown(seq);
  HOB_TRY(copy, open());
  sequences_.at(copy) = at->second;
  return copy;
}

Result<void> TorchEngine::truncate(SeqId seq, uint32_t count) {
  const auto at = sequences_.find(seq);
  if (at == sequences_.end()) return unknown(seq);
  Sequence& sequence = at->second;
  if (count > sequence.length || count > info_.max_truncate) {
    return Error(
      Code::invalid_params, "Cannot take back " + std::to_string(count) + " positions; the sequence has " +
                              std::to_string(sequence.length) + " and at most " + std::to_string(info_.max_truncate) +
                              " can be taken back without a snapshot."
    );
  }
  const int64_t left = int64_t{sequence.length} - count;
  for (const LayerCache& cache : sequence.caches) {
    if (cache.shape().keep > 0 && cache.first() > std::max<int64_t>(0, left - (config_.sliding_window - 1))) {
      return Error(
        Code::invalid_params,
        "Cannot take back " + std::to_string(count) + " positions: sliding layers no longer hold what came before. "
        "Use a snapshot."
      );
    }
  }
  sequence.length = static_cast<uint32_t>(left);
  return {};
}

Result<SnapshotId> TorchEngine::snapshot(SeqId seq) {
  const auto at = sequences_.find(seq);
  if (at == sequences_.end()) return unknown(seq);
  if (snapshots_.size() >= kMaxSnapshots) {
    return Error(Code::overloaded, "The engine holds " + std::to_string(kMaxSnapshots) + " snapshots; drop one first.");
  }
  const SnapshotId id = next_snapshot_++;
  snapshots_.emplace(id, at->second);
  return id;
}

Result<void> TorchEngine::restore(SeqId seq, SnapshotId snapshot) {
  const auto at = sequences_.find(seq);
  if (at == sequences_.end()) return unknown(seq);
  const auto from = snapshots_.find(snapshot);
  if (from == snapshots_.end()) {
    return Error(Code::invalid_params, "There is no snapshot " + std::to_string(snapshot) + ".");
  }
  at->second = from->second;
  return {};
}

void TorchEngine::drop(SnapshotId snapshot) { snapshots_.erase(snapshot); }

Result<engine::Donor> TorchEngine::donor(engine::LayerType type, SeqId seq) const {
  const auto at = sequences_.find(seq);
  if (at == sequences_.end()) return unknown(seq);
  const auto layer = config_.donor(type);
  if (!layer) return Error(Code::invalid_params, "This model has no layer of that type that owns keys and values.");
  const int64_t length = at->second.length;
  const int64_t from =
    type == engine::LayerType::sliding ? std::max<int64_t>(0, length - int64_t{config_.sliding_window}) : 0;
  const LayerCache& cache = at->second.caches[*layer];
  return guarded("Copying keys and values failed", [&]() -> Result<engine::Donor> {
    return copy_out(cache, std::max(from, cache.first()), length);
  });
}

uint64_t TorchEngine::cache_bytes() const {
  std::set<const void*> counted;
  uint64_t out = 0;
  const auto add = [&](const Sequence& sequence) {
    for (const LayerCache& cache : sequence.caches) {
      if (cache.storage() && counted.insert(cache.storage()).second) out += cache.bytes();
    }
  };
  for (const auto& [id, sequence] : sequences_) add(sequence);
  for (const auto& [id, sequence] : snapshots_) add(sequence);
  return out;
}

}  // namespace hob::torch_engine
