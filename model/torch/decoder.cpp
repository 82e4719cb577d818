#include "model/torch/decoder.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/add.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/div.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/reciprocal.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <map>
#include <optional>
#include <string>

#include "model/torch/activations.h"
#include "model/torch/attention.h"
#include "model/torch/experts.h"
#include "model/torch/kernels.h"
#include "model/torch/linear.h"

namespace hob::torch_engine {
namespace {

using engine::LayerType;
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
};

/// Cosines and sines of one layer type for the positions of a chunk: [time, head_dim / 2] f32, rounded to the
/// activations' dtype.
struct Rotation {
  at::Tensor cos, sin;
  const float* cos_at(int64_t index) const { return cos.const_data_ptr<float>() + index * cos.size(1); }
  const float* sin_at(int64_t index) const { return sin.const_data_ptr<float>() + index * sin.size(1); }
};

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
  std::vector<int64_t> arrange() {
    std::stable_sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) {
      return (a.count > kFewRows) > (b.count > kFewRows);
    });
    std::vector<int64_t> were;
    many = rows = 0;
    for (Part& part : parts) {
      were.push_back(part.at);
      part.at = rows;
      rows += part.count;
      if (part.count > kFewRows) many += part.count;
    }
    return were;
  }
};

}  // namespace

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

at::Tensor Decoder::State::embed(const Stack& stack, const at::Tensor& ids) const {
  at::Tensor x = rows(embed_tokens, ids, embedding_scale(config.hidden));
  const auto hidden = static_cast<int64_t>(config.hidden);
  for (const Part& part : stack.parts) {
    const Chunk& chunk = *part.chunk;
    for (size_t i = 0; i < chunk.soft_positions.size(); ++i) {
      const float* row = chunk.soft_rows.data() + i * config.hidden;
      const at::Tensor soft =
        at::from_blob(const_cast<float*>(row), {hidden}, at::TensorOptions().dtype(at::kFloat));
      x.select(0, part.at + chunk.soft_positions[i]).copy_(soft);
    }
  }
  return x;
}

at::Tensor Decoder::State::per_layer(const Stack& stack, const at::Tensor& ids, const at::Tensor& embeddings) const {
  const int64_t time = embeddings.size(0), dim = config.ple_dim;
  const std::array<int64_t, 3> shape{time, static_cast<int64_t>(layers.size()), dim};
  at::Tensor context = at::mul(
    product(ple_model_projection, embeddings, stack.many), 1.0 / std::sqrt(static_cast<double>(config.hidden))
  );
  context = norm(context.view(shape), ple_norm);
  const at::Tensor token = rows(ple_table, ids, embedding_scale(config.ple_dim)).view(shape);
  return at::mul(at::add(context, token), 1.0 / std::sqrt(2.0));
}

Rotation Decoder::State::rotation(LayerType layer_type, uint32_t head_dim, const Chunk& chunk) const {
  const at::Tensor& f = frequencies.at({layer_type, head_dim});
  const at::Tensor positions = at::arange(
    static_cast<int64_t>(chunk.start), static_cast<int64_t>(chunk.start + chunk.ids.size()), f.options()
  );
  const at::Tensor angles = at::mul(positions.unsqueeze(1), f);
  Rotation out{angles.cos(), angles.sin()};
  if (bf16()) {
    out.cos = out.cos.to(type).to(at::kFloat);
    out.sin = out.sin.to(type).to(at::kFloat);
  }
  return out;
}

View Decoder::State::view(const Layer& layer, const Part& part) const {
  const auto start = static_cast<int64_t>(part.chunk->start);
  View out{.from = 0, .first_query = start + part.first_query, .end = start + part.time(), .window = 0};
  if (layer.config.type == LayerType::sliding) {
    out.window = config.sliding_window;
    out.from = std::max<int64_t>(0, out.first_query + 1 - out.window);
  }
  return out;
}

void Decoder::State::keep_wanted(Stack& stack, at::Tensor& x, at::Tensor& ple) const {
  for (Part& part : stack.parts) {
    const int64_t drop = std::max<int64_t>(0, part.wanted() - part.first_query);
    if (drop > 0) part.masks.clear();
    part.first_query += drop;
    part.at += drop;
    part.count -= drop;
  }
  std::erase_if(stack.parts, [](const Part& part) { return part.count == 0; });
  const std::vector<int64_t> were = stack.arrange();
  if (stack.rows == x.size(0) || stack.rows == 0) return;  // nothing was dropped, or all
  const auto taken = [&](const at::Tensor& tensor) {
    std::vector<at::Tensor> pieces;
    for (size_t i = 0; i < were.size(); ++i) pieces.push_back(tensor.narrow(0, were[i], stack.parts[i].count));
    return at::cat(pieces);
  };
  x = taken(x);
  if (ple.defined()) ple = taken(ple);
}

at::Tensor Decoder::State::attention(const Layer& layer, const at::Tensor& h, Stack& stack) const {
  const int64_t dim = layer.config.head_dim, heads = config.heads, kv_heads = layer.config.kv_heads;
  const LayerType layer_type = layer.config.type;
  const at::Tensor queries = product(layer.q_proj, h, stack.many);
  at::Tensor keys, values;
  if (layer.config.owns_kv) {
    keys = product(layer.k_proj, h, stack.many);
    values = layer.config.k_eq_v ? keys : product(layer.v_proj, h, stack.many);
  }
  at::Tensor out = at::empty({h.size(0), heads * dim}, like());
  for (Part& part : stack.parts) {
    const auto key = std::make_pair(layer_type, layer.config.head_dim);
    auto turn = part.rotations.find(key);
    if (turn == part.rotations.end()) {
      turn = part.rotations.emplace(key, rotation(layer_type, layer.config.head_dim, *part.chunk)).first;
    }
    const float* cos = turn->second.cos_at(part.first_query);
    const float* sin = turn->second.sin_at(part.first_query);
    at::Tensor q = at::empty({heads, part.count, dim}, like());
    rotate_heads(
      part.rows_of(queries), layer.q_norm.data(), cos, sin, q.mutable_data_ptr(),
      static_cast<size_t>(part.count * dim), heads, dim
    );
    LayerCache& cache = part.chunk->caches->at(layer.cache);
    if (layer.config.owns_kv) {
      const size_t stride = cache.shape().head_stride();
      int64_t done = 0;
      for (const Slot& slot : cache.prepare(part.chunk->start, part.count)) {
        const auto piece = [&](const at::Tensor& all) { return all.narrow(0, part.at + done, slot.count); };
        const float* c = turn->second.cos_at(part.first_query + done);
        const float* s = turn->second.sin_at(part.first_query + done);
        rotate_heads(piece(keys), layer.k_norm.data(), c, s, slot.keys, stride, kv_heads, dim);
        if (config.value_norm) {
          rotate_heads(piece(values), nullptr, nullptr, nullptr, slot.values, stride, kv_heads, dim);
        } else {
          copy_heads(piece(values), slot.values, stride, kv_heads, dim);
        }
        done += slot.count;
      }
    }
    const View seen = view(layer, part);
    if (!part.masks.contains(layer_type)) {
      part.masks.emplace(layer_type, seen.sees_all() ? at::Tensor() : mask(seen, h));
    }
    attend(q, cache, seen, part.masks.at(layer_type), part.rows_of(out));
  }
  return product(layer.o_proj, out, stack.many);
}

/// gelu(gate) * up, into `gate`.
at::Tensor Decoder::State::gated(const at::Tensor& gate, const at::Tensor& up) const {
  with_type([&](auto element) {
    using T = decltype(element);
    gelu_times(
      static_cast<const T*>(gate.const_data_ptr()), static_cast<const T*>(up.const_data_ptr()),
      static_cast<T*>(gate.mutable_data_ptr()), static_cast<size_t>(gate.numel())
    );
  });
  return gate;
}

at::Tensor Decoder::State::mlp(const Layer& layer, const at::Tensor& h, int64_t many) const {
  const at::Tensor gate = product(layer.gate_proj, h, many);
  return product(layer.down_proj, gated(gate, product(layer.up_proj, h, many)), many);
}

at::Tensor Decoder::State::mixture(const Layer& layer, const at::Tensor& x, int64_t many, size_t index) const {
  const Routing routing = route(layer.experts, x, many, eps);
  if (observer) {
    const std::string stage = "router." + std::to_string(index);
    observe(stage + ".experts", *routing.experts);
    observe(stage + ".weights", *routing.weights);
  }
  const at::Tensor sum = run_experts(layer.experts, norm(x, layer.pre_experts_norm), routing, many);
  return norm(sum, layer.post_experts_norm);
}

void Decoder::State::finish(const at::Tensor& x, const Stack& stack, std::vector<engine::RowOutput>& out) const {
  const at::Tensor hidden = norm(x, final_norm);
  at::Tensor logits = product(head, hidden, stack.many);
  if (config.softcap) {
    with_type([&](auto element) {
      using T = decltype(element);
      soft_cap(
        static_cast<T*>(logits.mutable_data_ptr()), static_cast<size_t>(logits.numel()),
        static_cast<float>(*config.softcap)
      );
    });
  }
  observe("logits", logits);
  const auto copy = [](const at::Tensor& tensor) {
    const at::Tensor flat = tensor.to(at::kFloat).contiguous();
    const float* data = flat.const_data_ptr<float>();
    return std::vector<float>(data, data + flat.numel());
  };
  for (const Part& part : stack.parts) {
    out[part.index].logits = copy(part.rows_of(logits));
    if (part.chunk->want_hidden) out[part.index].hidden = copy(part.rows_of(hidden));
  }
}

std::vector<engine::RowOutput> Decoder::run(std::span<const Chunk> chunks) {
  State& s = *state_;
  std::vector<engine::RowOutput> out(chunks.size());
  Stack stack;
  for (size_t i = 0; i < chunks.size(); ++i) {
    Part part;
    part.chunk = &chunks[i];
    part.index = i;
    part.count = part.time();
    stack.parts.push_back(std::move(part));
  }
  stack.arrange();
  at::Tensor ids = at::empty({stack.rows}, at::TensorOptions().dtype(at::kLong));
  for (const Part& part : stack.parts) {
    int64_t* id = ids.mutable_data_ptr<int64_t>() + part.at;
    std::copy(part.chunk->ids.begin(), part.chunk->ids.end(), id);
    for (const uint32_t position : part.chunk->soft_positions) id[position] = 0;  // the pad token stands in
  }

  at::Tensor x = s.embed(stack, ids);  // [rows, hidden]
  s.observe("embeddings", x);
  at::Tensor ple;
  if (s.config.ple_dim > 0) {
    ple = s.per_layer(stack, ids, x);  // [rows, layers, ple_dim]
    s.observe("ple", ple);
  }

  bool all = true;  // positions whose logits nobody wants are still in the stack
  for (size_t i = 0; i < s.layers.size(); ++i) {
    const Layer& layer = s.layers[i];
    if (all && !layer.config.owns_kv) {
      // Layers from here on write no cache: only positions whose logits are wanted need to go on.
      s.keep_wanted(stack, x, ple);
      if (stack.rows == 0) return out;
      all = false;
    }
    at::Tensor h = s.attention(layer, s.norm(x, layer.input_norm), stack);
    s.add_normed(x, h, layer.post_attention_norm);
    h = s.mlp(layer, s.norm(x, layer.pre_mlp_norm), stack.many);
    if (s.config.moe) h = at::add(s.norm(h, layer.post_dense_norm), s.mixture(layer, x, stack.many, i));
    s.add_normed(x, h, layer.post_mlp_norm);
    if (s.config.ple_dim > 0) {
      const at::Tensor own = ple.select(1, static_cast<int64_t>(i)).contiguous();
      h = product(layer.ple_projection, s.gated(product(layer.ple_gate, x, stack.many), own), stack.many);
      s.add_normed(x, h, layer.post_ple_norm);
    }
    if (layer.scalar != 1.0) x.mul_(layer.scalar);
    if (s.observer) s.observe("layer." + std::to_string(i), x);
  }
  if (all) s.keep_wanted(stack, x, ple);
  if (stack.rows > 0) s.finish(x, stack, out);
  return out;
}

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

Decoder::Decoder(std::unique_ptr<State> state) : state_(std::move(state)) {}
Decoder::~Decoder() = default;

void Decoder::observe(Observer observer) { state_->observer = std::move(observer); }

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

}  // namespace

Caches Decoder::empty_caches() const {
  const State& s = *state_;
  Caches out;
  for (uint32_t i = 0; i < s.config.first_shared; ++i) {
    out.emplace_back(cache_shape(s.config, s.config.layers[i], s.options), s.pages);
  }
  return out;
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

namespace {

uint64_t bytes_per_position(const gemma::LayerConfig& layer, Compute compute) {
  return CacheShape{.kv_heads = layer.kv_heads, .head_dim = layer.head_dim, .bf16 = compute == Compute::bf16}.position_bytes();
}

}  // namespace

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
