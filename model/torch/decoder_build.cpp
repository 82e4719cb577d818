// Decoder: made from a checkpoint's tensors.
#include <ATen/ops/arange.h>
#include <ATen/ops/div.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/reciprocal.h>
#include <ATen/ops/zeros.h>

#include "model/torch/decoder_state.h"

namespace hob::torch_engine {
namespace {

using gemma::Dtype;

constexpr std::string_view kPleTable = "embed_tokens_per_layer.weight";

at::ScalarType scalar_type(Dtype dtype) { return dtype == Dtype::bf16 ? at::kBFloat16 : at::kFloat; }

/// The dtype in which a matrix is kept.
at::ScalarType kept_type(Dtype in_file, const DecoderOptions& options) {
  if (options.bf16_weights()) return at::kBFloat16;
  return scalar_type(in_file);
}

/// A tensor over the mapped bytes; copied only where the file does not align them.
at::Tensor view_of(const gemma::TensorView& view) {
  std::vector<int64_t> shape(view.shape.begin(), view.shape.end());
  const auto options = at::TensorOptions().dtype(scalar_type(view.dtype));
  void* data = const_cast<std::byte*>(view.bytes.data());  // never written: weights are only read
  if (reinterpret_cast<uintptr_t>(data) % gemma::byte_size(view.dtype) == 0) {
    return at::from_blob(data, shape, options);
  }
  at::Tensor out = at::empty(shape, options);
  std::memcpy(out.mutable_data_ptr(), data, view.bytes.size());
  return out;
}

/// f [head_dim / 2] in f32, computed as the reference computes it.
at::Tensor frequencies(const gemma::Rope& rope, int64_t head_dim) {
  const int64_t half = head_dim / 2;
  const int64_t rotated =
    rope.proportional ? static_cast<int64_t>(rope.partial_rotary_factor * static_cast<double>(head_dim) / 2) : half;
  const at::Tensor exponents =
    at::div(at::arange(0, 2 * rotated, 2, at::TensorOptions().dtype(at::kFloat)), static_cast<double>(head_dim));
  at::Tensor out = at::zeros({half}, exponents.options());
  out.narrow(0, 0, rotated).copy_(at::div(at::reciprocal(at::pow(rope.theta, exponents)), rope.factor));
  return out;
}

}  // namespace

std::unique_ptr<Decoder> Decoder::build(
  const gemma::Config& config, const gemma::Weights& weights, const DecoderOptions& options, const Progress& progress
) {
  auto state = std::make_unique<State>();
  State& s = *state;
  s.config = config;
  s.options = options;
  s.type = options.compute == Compute::bf16 ? at::kBFloat16 : at::kFloat;
  s.eps = static_cast<float>(config.norm_eps);
  uint64_t total = 0, done = 0;
  for (const auto& [name, view] : weights.all()) total += view.bytes.size();
  const auto count = [&](const gemma::TensorView& view) {
    done += view.bytes.size();
    if (progress) progress(done, total);
  };
  const auto matrix = [&](const std::string& name) {
    const gemma::TensorView& view = weights.at(name);
    const at::Tensor tensor = view_of(view);
    // The largest table is only gathered from: rows are converted as they are taken.
    const bool gathered = name == kPleTable;
    Matrix out{std::make_shared<const at::Tensor>(gathered ? tensor : tensor.to(kept_type(view.dtype, options)))};
    count(view);
    return out;
  };
  const auto plain = [&](const std::string& name) {
    const gemma::TensorView& view = weights.at(name);
    // Rounded to the model's dtype first, as if the whole model had been converted.
    const at::Tensor values = view_of(view).to(kept_type(view.dtype, options)).to(at::kFloat).contiguous();
    const float* data = values.const_data_ptr<float>();
    count(view);
    return std::vector<float>(data, data + values.numel());
  };
  const auto norm = [&](const std::string& name, float scale = 1.0f) {
    NormWeight out{plain(name)};
    for (float& value : out.values) value = scale * (config.norm_offset + value);
    return out;
  };

  s.embed_tokens = matrix("embed_tokens.weight");
  s.head = config.tied ? s.embed_tokens : matrix("lm_head.weight");
  s.final_norm = norm("norm.weight");
  if (config.ple_dim > 0) {
    s.ple_table = matrix(std::string(kPleTable));
    s.ple_model_projection = matrix("per_layer_model_projection.weight");
    s.ple_norm = norm("per_layer_projection_norm.weight");
  }
  for (size_t i = 0; i < config.layers.size(); ++i) {
    const std::string at = "layers." + std::to_string(i) + ".";
    Layer layer;
    layer.config = config.layers[i];
    layer.cache = layer.config.kv_source;
    layer.q_proj = matrix(at + "self_attn.q_proj.weight");
    layer.o_proj = matrix(at + "self_attn.o_proj.weight");
    layer.q_norm = norm(at + "self_attn.q_norm.weight", config.query_scale);
    if (layer.config.owns_kv) {
      layer.k_proj = matrix(at + "self_attn.k_proj.weight");
      if (!layer.config.k_eq_v) layer.v_proj = matrix(at + "self_attn.v_proj.weight");
      layer.k_norm = norm(at + "self_attn.k_norm.weight");
    }
    layer.gate_proj = matrix(at + "mlp.gate_proj.weight");
    layer.up_proj = matrix(at + "mlp.up_proj.weight");
    layer.down_proj = matrix(at + "mlp.down_proj.weight");
    layer.input_norm = norm(at + "input_layernorm.weight");
    layer.post_attention_norm = norm(at + "post_attention_layernorm.weight");
    layer.pre_mlp_norm = norm(at + "pre_feedforward_layernorm.weight");
    layer.post_mlp_norm = norm(at + "post_feedforward_layernorm.weight");
    if (config.moe) {
      layer.post_dense_norm = norm(at + "post_feedforward_layernorm_1.weight");
      layer.pre_experts_norm = norm(at + "pre_feedforward_layernorm_2.weight");
      layer.post_experts_norm = norm(at + "post_feedforward_layernorm_2.weight");
      layer.experts = Experts{
        .router = matrix(at + "router.proj.weight"),
        .gate_up = matrix(at + "experts.gate_up_proj"),
        .down = matrix(at + "experts.down_proj"),
        .scale = plain(at + "router.scale"),
        .per_expert_scale = plain(at + "router.per_expert_scale"),
        .top_k = config.moe->top_k
      };
    }
    if (config.layer_scalars) layer.scalar = plain(at + "layer_scalar").at(0);
    if (config.ple_dim > 0) {
      layer.ple_gate = matrix(at + "per_layer_input_gate.weight");
      layer.ple_projection = matrix(at + "per_layer_projection.weight");
      layer.post_ple_norm = norm(at + "post_per_layer_input_norm.weight");
    }
    s.frequencies.try_emplace(
      {layer.config.type, layer.config.head_dim}, frequencies(config.rope(layer.config.type), layer.config.head_dim)
    );
    s.layers.push_back(std::move(layer));
  }
  return std::unique_ptr<Decoder>(new Decoder(std::move(state)));
}

uint64_t Decoder::copied_bytes(const gemma::Weights& weights, const DecoderOptions& options) {
  uint64_t out = 0;
  for (const auto& [name, view] : weights.all()) {
    const bool matrix = view.shape.size() >= 2 && name != kPleTable;
    if (!matrix || kept_type(view.dtype, options) == scalar_type(view.dtype)) continue;
    out += view.elements() * 2;  // only narrowing to bf16 copies
  }
  return out;
}

}  // namespace hob::torch_engine
