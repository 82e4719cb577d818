// BenchCost: the bytes that a decoded token reads and the arithmetic of a prompt, reckoned from a configuration.
//
//   const BenchCost cost(config, 2, 4);          // weights in bf16, keys and values in f32
//   cost.decode_bytes(128);                      // one sequence, 128 positions deep
//
// Counted: the matrices that a token is multiplied with (of a mixture the experts that it meets; of tables the row is
// nothing beside them) and the keys and values that attention reads. Pure arithmetic.
#pragma once

#include "model/gemma/config.h"

namespace hob::torch_engine {

class BenchCost {
 public:
  BenchCost(const gemma::Config& config, uint64_t weight_size, uint64_t kv_size);

  uint64_t weight_bytes() const { return (own_ + shared_ + head_) * weight_size_; }
  /// Keys and values that one token at this depth reads.
  uint64_t kv_bytes(uint64_t depth) const;
  /// Per token, when `sequences` tokens of as many sequences are decoded together.
  uint64_t decode_bytes(uint64_t depth, uint64_t sequences = 1) const;
  /// Of the products with weights, when only the last position's logits are wanted: layers that own no keys and values run
  /// for that position alone.
  double prefill_flops(uint64_t tokens) const;

 private:
  gemma::Config config_;
  uint64_t weight_size_, kv_size_;
  uint64_t own_ = 0, shared_ = 0, head_ = 0;  // elements met by a token: of layers with keys of their own, others, the head
};

}  // namespace hob::torch_engine
