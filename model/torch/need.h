// need: how much memory a checkpoint takes at a precision and a context, reckoned before anything is allocated.
//
//   const auto kept = kept_dtype(WeightType::bf16, weights);
//   const MemoryNeed need = memory_need(config, weights, decoder_options(WeightType::bf16, false, kept));
//   if (need.total() > available_memory()) ...
//
// Pure arithmetic over shapes; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "model/torch/decoder.h"
#include "model/torch/load.h"

namespace hob::torch_engine {

struct MemoryNeed {
  uint64_t weights = 0;  // mapped and copied; not the table of per-layer embeddings, of which rows are read
  uint64_t caches = 0;   // keys and values of one sequence at full length
  uint64_t work = 0;     // activations, panels and logits of a chunk, generously
  uint64_t total() const { return weights + caches + work; }
};

/// The dtype that the token embeddings, which stand for all, have once packed weights are unpacked.
gemma::Dtype kept_dtype(WeightType asked, const gemma::Weights& weights);

/// Precision and rounding as load() chooses them; context and chunk are the caller's to set.
DecoderOptions decoder_options(WeightType asked, bool force_bf16, gemma::Dtype kept);

/// Weights stay as they are kept.
void compute_in_f32(DecoderOptions& options);

MemoryNeed memory_need(const gemma::Config& config, const gemma::Weights& weights, const DecoderOptions& options);

/// The longest context that fits `available` bytes; 0 when not even one position does.
uint32_t longest_context(
  const gemma::Config& config, const gemma::Weights& weights, DecoderOptions options, uint64_t available
);

/// "1.25 GB".
std::string gigabytes(uint64_t bytes);

}  // namespace hob::torch_engine
