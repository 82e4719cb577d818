// The inside of a Decoder: weights as the forward reads them, and the stack of rows that goes through the layers. Only
// decoder.cpp, decoder_build.cpp and decoder_sizes.cpp include this.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/mul.h>

#include <cmath>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "model/torch/activations.h"
#include "model/torch/attention.h"
#include "model/torch/decoder.h"
#include "model/torch/experts.h"
#include "model/torch/kernels.h"
#include "model/torch/linear.h"

namespace hob::torch_engine {

using engine::LayerType;

/// A norm's weight, which is multiplied in f32 whatever the model's dtype.
struct NormWeight {
  std::vector<float> values;
  const float* data() const { return values.data(); }
};

struct Layer {
  gemma::LayerConfig config;
  Matrix q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj, ple_gate, ple_projection;
  NormWeight input_norm, post_attention_norm, pre_mlp_norm, post_mlp_norm, q_norm, k_norm, post_ple_norm;
  NormWeight post_dense_norm, pre_experts_norm, post_experts_norm;  // mixtures only
  Experts experts;
  double scalar = 1.0;
  size_t cache = 0;  // index into Caches of the keys and values that it reads

  /// Queries, then keys and values where the layer has its own; keys alone where they are the values, too.
  std::vector<at::Tensor> project(const at::Tensor& h, int64_t many) const {
    if (!config.owns_kv) return products({&q_proj}, h, many);
    if (config.k_eq_v) return products({&q_proj, &k_proj}, h, many);
    return products({&q_proj, &k_proj, &v_proj}, h, many);
  }
};

/// Cosines and sines of one layer type for the positions of a chunk: [time, head_dim / 2] f32, rounded to the
/// activations' dtype.
struct Rotation {
  at::Tensor cos, sin;
  const float* cos_at(int64_t index) const { return cos.const_data_ptr<float>() + index * cos.size(1); }
  const float* sin_at(int64_t index) const { return sin.const_data_ptr<float>() + index * sin.size(1); }
};

/// One chunk in the stack of all that go through the layers together.
struct Part {
  const Chunk* chunk = nullptr;
  size_t index = 0;         // of its output
  int64_t first_query = 0;  // index into its ids of the first position that is still in the stack
  int64_t at = 0;           // row of that position
  int64_t count = 0;
  std::map<std::pair<LayerType, uint32_t>, Rotation> rotations;
  std::map<LayerType, at::Tensor> masks;

  int64_t wanted() const { return static_cast<int64_t>(chunk->logits_from); }
  int64_t time() const { return static_cast<int64_t>(chunk->ids.size()); }
  at::Tensor rows_of(const at::Tensor& stacked) const { return stacked.narrow(0, at, count); }
};

struct Stack {
  std::vector<Part> parts;  // in the order of rows; the one that is many first
  int64_t many = 0;         // as linear.h means it
  int64_t rows = 0;

  /// Puts the parts in their order; `at` tells where they were.
  std::vector<int64_t> arrange();
};

struct Decoder::State {
  gemma::Config config;
  DecoderOptions options;
  at::ScalarType type = at::kFloat;
  Observer observer;

  Matrix embed_tokens, ple_table, ple_model_projection, head;
  NormWeight ple_norm, final_norm;
  std::vector<Layer> layers;
  std::map<std::pair<LayerType, uint32_t>, at::Tensor> frequencies;  // by layer type and head_dim
  float eps = 1e-6f;
  std::shared_ptr<PageMemory> pages = std::make_shared<PageMemory>();  // of all caches

  at::TensorOptions like() const { return at::TensorOptions().dtype(type); }
  bool bf16() const { return type == at::kBFloat16; }

  void observe(std::string_view stage, at::Tensor& value) const {
    if (!observer) return;
    at::Tensor flat = value.to(at::kFloat, false, true).contiguous();
    const bool changed = observer(
      stage, {flat.sizes().data(), flat.sizes().size()},
      {flat.mutable_data_ptr<float>(), static_cast<size_t>(flat.numel())}
    );
    if (changed) value.copy_(flat);
  }

  /// Runs `kernel` with the pointer type of the activations.
  template <typename Kernel>
  void with_type(const Kernel& kernel) const {
    if (bf16()) {
      kernel(Bf16{});
    } else {
      kernel(float{});
    }
  }

  at::Tensor norm(const at::Tensor& x, const NormWeight& weight) const {
    at::Tensor out = at::empty_like(x);
    with_type([&](auto element) {
      using T = decltype(element);
      rms_norm(
        static_cast<const T*>(x.const_data_ptr()), weight.data(), static_cast<T*>(out.mutable_data_ptr()),
        static_cast<size_t>(x.numel() / x.size(-1)), static_cast<size_t>(x.size(-1)), eps
      );
    });
    return out;
  }

  /// x += norm(h), in place.
  void add_normed(at::Tensor& x, const at::Tensor& h, const NormWeight& weight) const {
    with_type([&](auto element) {
      using T = decltype(element);
      add_norm(
        static_cast<T*>(x.mutable_data_ptr()), static_cast<const T*>(h.const_data_ptr()), weight.data(),
        static_cast<size_t>(x.size(0)), static_cast<size_t>(x.size(1)), eps
      );
    });
  }

  void rotate_heads(
    const at::Tensor& projected, const float* weight, const float* cos, const float* sin, void* out, size_t head_stride,
    int64_t heads, int64_t head_dim
  ) const {
    with_type([&](auto element) {
      using T = decltype(element);
      norm_rotate(
        static_cast<const T*>(projected.const_data_ptr()), weight, cos, sin,
        HeadsOut<T>{static_cast<T*>(out), head_stride}, static_cast<size_t>(projected.size(0)),
        static_cast<size_t>(heads), static_cast<size_t>(head_dim), eps
      );
    });
  }

  /// Projected heads [time, heads, dim] as they are, written head by head.
  void copy_heads(const at::Tensor& projected, void* out, size_t head_stride, int64_t heads, int64_t head_dim) const {
    const auto row = static_cast<size_t>(head_dim) * projected.element_size();
    const auto* from = static_cast<const std::byte*>(projected.const_data_ptr());
    auto* to = static_cast<std::byte*>(out);
    for (size_t t = 0; t < static_cast<size_t>(projected.size(0)); ++t) {
      for (size_t n = 0; n < static_cast<size_t>(heads); ++n, from += row) {
        std::memcpy(to + n * head_stride * projected.element_size() + t * row, from, row);
      }
    }
  }

  /// The scale of embeddings is rounded to the model's dtype before the product.
  double embedding_scale(double square) const {
    const auto scale = static_cast<float>(std::sqrt(square));
    return bf16() ? widen(narrow<Bf16>(scale)) : scale;
  }

  at::Tensor rows(const Matrix& table, const at::Tensor& ids, double scale) const {
    at::Tensor taken = at::index_select(*table.weight, 0, ids);
    if (options.narrow_weights) taken = taken.to(at::kBFloat16);
    return at::mul(taken.to(type), scale);
  }

  at::Tensor embed(const Stack& stack, const at::Tensor& ids) const;
  at::Tensor per_layer(const Stack& stack, const at::Tensor& ids, const at::Tensor& embeddings) const;
  Rotation rotation(LayerType type, uint32_t head_dim, const Chunk& chunk) const;
  View view(const Layer& layer, const Part& part) const;
  /// Leaves only the positions whose logits are wanted in the stack; other tensors of the stack's rows go along.
  void keep_wanted(Stack& stack, at::Tensor& x, at::Tensor& ple) const;
  at::Tensor attention(const Layer& layer, const at::Tensor& h, Stack& stack) const;
  at::Tensor gated(const at::Tensor& gate, const at::Tensor& up) const;
  at::Tensor mlp(const Layer& layer, const at::Tensor& h, int64_t many) const;
  /// What the mixture adds to the dense branch; `x` is the residual that both start from.
  at::Tensor mixture(const Layer& layer, const at::Tensor& x, int64_t many, size_t index) const;
  void finish(const at::Tensor& x, const Stack& stack, std::vector<engine::RowOutput>& out) const;
};

}  // namespace hob::torch_engine
