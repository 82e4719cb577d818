#include "model/torch/bench_cost.h"

#include <algorithm>

namespace hob::torch_engine {

BenchCost::BenchCost(const gemma::Config& config, uint64_t weight_size, uint64_t kv_size)
    : config_(config), weight_size_(weight_size), kv_size_(kv_size) {
  const uint64_t hidden = config.hidden;
  head_ = uint64_t{config.vocab} * hidden;
  own_ = uint64_t{config.ple_dim} * config.layers.size() * hidden;
  for (const gemma::LayerConfig& layer : config.layers) {
    const uint64_t queries = uint64_t{config.heads} * layer.head_dim, keys = uint64_t{layer.kv_heads} * layer.head_dim;
    uint64_t met = 2 * queries * hidden + 3 * uint64_t{layer.intermediate} * hidden + 2 * uint64_t{config.ple_dim} * hidden;
    if (layer.owns_kv) met += (layer.k_eq_v ? 1 : 2) * keys * hidden;
    if (config.moe) {
      met += config.moe->experts * hidden + uint64_t{config.moe->top_k} * 3 * config.moe->intermediate * hidden;
    }
    (layer.owns_kv ? own_ : shared_) += met;
  }
}

uint64_t BenchCost::kv_bytes(uint64_t depth) const {
  uint64_t out = 0;
  for (const gemma::LayerConfig& layer : config_.layers) {
    const uint64_t seen =
      layer.type == gemma::LayerType::sliding ? std::min<uint64_t>(depth, config_.sliding_window) : depth;
    out += 2 * uint64_t{layer.kv_heads} * layer.head_dim * seen * kv_size_;
  }
  return out;
}

uint64_t BenchCost::decode_bytes(uint64_t depth, uint64_t sequences) const {
  return weight_bytes() / sequences + kv_bytes(depth);
}

double BenchCost::prefill_flops(uint64_t tokens) const {
  return 2.0 * (static_cast<double>(own_) * static_cast<double>(tokens) + static_cast<double>(shared_ + head_));
}

}  // namespace hob::torch_engine
