#include "model/torch/torch_engine.h"

#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <cmath>
#include <new>
#include <set>

#include "model/torch/linear.h"

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

/// How far a row has come.
struct Advance {
  size_t done = 0;       // ids that ran
  size_t soft_done = 0;  // soft tokens among them
  std::vector<uint32_t> positions;  // of the running chunk's soft tokens, inside it
};

/// The row's next `count` ids.
Chunk next_chunk(const Row& row, size_t count, size_t hidden, Advance& at) {
  const size_t first = at.done;
  at.done += count;
  Chunk out;
  out.ids = std::span(row.ids).subspan(first, count);
  out.logits_from = std::clamp(row.logits_from, first, first + count) - first;
  out.want_hidden = row.want_hidden;
  if (!row.soft) return out;
  at.positions.clear();
  const size_t from = at.soft_done;
  for (; at.soft_done < row.soft->positions.size() && row.soft->positions[at.soft_done] < at.done; ++at.soft_done) {
    at.positions.push_back(row.soft->positions[at.soft_done] - static_cast<uint32_t>(first));
  }
  out.soft_rows = std::span(row.soft->rows).subspan(from * hidden, at.positions.size() * hidden);
  out.soft_positions = at.positions;
  return out;
}

void append(RowOutput& out, RowOutput part) {
  if (out.logits.empty() && out.hidden.empty()) {
    out = std::move(part);
    return;
  }
  out.logits.insert(out.logits.end(), part.logits.begin(), part.logits.end());
  out.hidden.insert(out.hidden.end(), part.hidden.begin(), part.hidden.end());
}

}  // namespace

TorchEngine::TorchEngine(
  engine::Info info, gemma::Config config, gemma::Safetensors files, std::unique_ptr<Decoder> decoder
)
    : info_(std::move(info)), config_(std::move(config)), files_(std::move(files)), decoder_(std::move(decoder)) {
  info_.max_rows = kMaxRows;
}

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

Result<Output> TorchEngine::run_rows(const std::vector<Row>& rows) {
  Output out;
  out.rows.resize(rows.size());
  std::vector<Advance> at(rows.size());
  for (;;) {
    std::vector<Chunk> chunks;
    std::vector<size_t> owners;
    bool long_one = false;
    for (size_t i = 0; i < rows.size(); ++i) {
      const size_t left = rows[i].ids.size() - at[i].done;
      const size_t count = std::min<size_t>(info_.prefill_chunk, left);
      const bool is_long = count > static_cast<size_t>(kFewRows);
      if (count == 0 || (is_long && long_one)) continue;
      long_one = long_one || is_long;
      Sequence& sequence = sequences_.at(rows[i].seq);
      chunks.push_back(next_chunk(rows[i], count, config_.hidden, at[i]));
      chunks.back().start = sequence.length;
      chunks.back().caches = &sequence.caches;
      owners.push_back(i);
    }
    if (chunks.empty()) return out;
    std::vector<RowOutput> parts = decoder_->run(chunks);
    for (size_t i = 0; i < parts.size(); ++i) {
      if (!finite(parts[i].logits)) {
        return Error(
                 Code::model_failed, "The model computed logits that are not finite; its weights may be damaged."
        )
          .with("row", static_cast<long long>(owners[i]));
      }
    }
    for (size_t i = 0; i < parts.size(); ++i) {
      append(out.rows[owners[i]], std::move(parts[i]));
      sequences_.at(rows[owners[i]].seq).length += static_cast<uint32_t>(chunks[i].ids.size());
    }
  }
}

Result<Output> TorchEngine::forward(const Batch& batch) {
  if (batch.rows.size() > info_.max_rows) {
    return Error(
      Code::invalid_params, "One forward takes " + std::to_string(info_.max_rows) + " rows, not " +
                              std::to_string(batch.rows.size()) + "."
    );
  }
  std::set<SeqId> seen;
  for (const Row& row : batch.rows) {
    HOB_TRY_VOID(check(row));
    if (!seen.insert(row.seq).second) {
      return Error(Code::invalid_params, "A batch has two rows of sequence " + std::to_string(row.seq) + ".");
    }
  }
  // What to go back to. The copies share storage; of a row of one chunk the length alone will do, and then nothing is
  // copied that a cache would have to leave alone.
  std::map<SeqId, Sequence> before;
  std::map<SeqId, uint32_t> lengths;
  for (const Row& row : batch.rows) {
    const Sequence& sequence = sequences_.at(row.seq);
    lengths[row.seq] = sequence.length;
    if (row.ids.size() > info_.prefill_chunk) before[row.seq] = sequence;
  }
  auto result = guarded("The model's step failed", [&]() { return run_rows(batch.rows); });
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

uint64_t TorchEngine::cache_bytes() const { return decoder_->cache_bytes(); }

}  // namespace hob::torch_engine
