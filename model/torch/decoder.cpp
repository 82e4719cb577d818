// Decoder: the forward.
#include "model/torch/decoder.h"

#include <ATen/ops/add.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <array>

#include "model/torch/decoder_state.h"

namespace hob::torch_engine {

std::vector<int64_t> Stack::arrange() {
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
  const std::vector<at::Tensor> projected = layer.project(h, stack.many);
  const at::Tensor &queries = projected.front(), &keys = projected[projected.size() > 1 ? 1 : 0], &values = projected.back();
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
  const std::vector<at::Tensor> both = products({&layer.gate_proj, &layer.up_proj}, h, many);
  return product(layer.down_proj, gated(both[0], both[1]), many);
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

Decoder::Decoder(std::unique_ptr<State> state) : state_(std::move(state)) {}
Decoder::~Decoder() = default;

void Decoder::observe(Observer observer) { state_->observer = std::move(observer); }

}  // namespace hob::torch_engine
