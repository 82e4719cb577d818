// Decoder: what its caches take.
#include <algorithm>

#include "model/torch/decoder_state.h"

namespace hob::torch_engine {
namespace {

CacheShape cache_shape(
  const gemma::Config& config, const gemma::LayerConfig& layer, const DecoderOptions& options
) {
  CacheShape out;
  out.kv_heads = layer.kv_heads;
  out.head_dim = layer.head_dim;
  out.bf16 = options.compute == Compute::bf16;
  if (layer.type == LayerType::sliding) {
    out.keep = int64_t{config.sliding_window} - 1 + options.slack;
  }
  return out;
}

uint64_t bytes_per_position(const gemma::LayerConfig& layer, Compute compute) {
  return CacheShape{.kv_heads = layer.kv_heads, .head_dim = layer.head_dim, .bf16 = compute == Compute::bf16}.position_bytes();
}

}  // namespace

Caches Decoder::empty_caches() const {
  const State& s = *state_;
  Caches out;
  for (uint32_t i = 0; i < s.config.first_shared; ++i) {
    out.emplace_back(cache_shape(s.config, s.config.layers[i], s.options), s.pages);
  }
  return out;
}

uint64_t Decoder::kv_bytes_per_token(const gemma::Config& config, Compute compute) {
  uint64_t out = 0;
  for (uint32_t i = 0; i < config.first_shared; ++i) {
    if (config.layers[i].type == LayerType::full) out += bytes_per_position(config.layers[i], compute);
  }
  return out;
}

uint64_t Decoder::sliding_bytes(const gemma::Config& config, const DecoderOptions& options) {
  uint64_t out = 0;
  for (uint32_t i = 0; i < config.first_shared; ++i) {
    const gemma::LayerConfig& layer = config.layers[i];
    if (layer.type != LayerType::sliding) continue;
    const int64_t positions = std::min<int64_t>(cache_shape(config, layer, options).keep + options.chunk, options.context);
    // Neither the first nor the last of them need lie at the edge of a page.
    const int64_t pages = (positions + kPagePositions - 1) / kPagePositions + (positions < options.context ? 1 : 0);
    out += bytes_per_position(layer, options.compute) * static_cast<uint64_t>(pages * kPagePositions);
  }
  return out;
}

uint64_t Decoder::gathered_bytes(const gemma::Config& config, const DecoderOptions& options) {
  uint64_t most = 0;
  for (const gemma::LayerConfig& layer : config.layers) {
    if (layer.type == LayerType::full) most = std::max(most, bytes_per_position(layer, options.compute));
  }
  return most * options.context;
}

uint64_t Decoder::cache_bytes() const { return state_->pages->bytes; }

}  // namespace hob::torch_engine
