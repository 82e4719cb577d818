#include "model/torch/experts.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/topk.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

#include "model/torch/activations.h"

namespace hob::torch_engine {
namespace {

at::Tensor borrowed(const std::vector<float>& values) {
  return at::from_blob(
    const_cast<float*>(values.data()), {static_cast<int64_t>(values.size())}, at::TensorOptions().dtype(at::kFloat)
  );
}

template <typename T>
void norm_all(const at::Tensor& x, at::Tensor& out, float eps) {
  rms_norm(
    static_cast<const T*>(x.const_data_ptr()), nullptr, static_cast<T*>(out.mutable_data_ptr()),
    static_cast<size_t>(x.size(0)), static_cast<size_t>(x.size(1)), eps
  );
}

at::Tensor expert(const Matrix& stacked, int64_t index) { return stacked.weight->select(0, index); }

at::Tensor product_of(const at::Tensor& weight, const at::Tensor& x, int64_t many) {
  return product(Matrix{std::make_shared<const at::Tensor>(weight)}, x, many);
}

at::Tensor gated(const at::Tensor& both, int64_t half) {
  const at::Tensor gate = both.narrow(1, 0, half).contiguous(), up = both.narrow(1, half, half).contiguous();
  at::Tensor out = at::empty_like(gate);
  const auto count = static_cast<size_t>(gate.numel());
  if (gate.scalar_type() == at::kBFloat16) {
    gelu_times(
      static_cast<const Bf16*>(gate.const_data_ptr()), static_cast<const Bf16*>(up.const_data_ptr()),
      static_cast<Bf16*>(out.mutable_data_ptr()), count
    );
  } else {
    gelu_times(gate.const_data_ptr<float>(), up.const_data_ptr<float>(), out.mutable_data_ptr<float>(), count);
  }
  return out;
}

}  // namespace

Routing route(const Experts& experts, const at::Tensor& x, int64_t many, float eps) {
  at::Tensor input = at::empty_like(x);
  if (x.scalar_type() == at::kBFloat16) {
    norm_all<Bf16>(x, input, eps);
  } else {
    norm_all<float>(x, input, eps);
  }
  input.mul_(borrowed(experts.scale).to(x.scalar_type()));
  input.mul_(1.0 / std::sqrt(static_cast<double>(x.size(1))));
  const at::Tensor chances = at::softmax(product(experts.router, input, many), -1, at::kFloat);
  auto [weights, chosen] = at::topk(chances, experts.top_k, -1);
  weights.div_(weights.sum(-1, true));
  const at::Tensor scales = at::index_select(borrowed(experts.per_expert_scale), 0, chosen.reshape({-1}));
  weights.mul_(scales.view(weights.sizes()));
  return {std::make_shared<at::Tensor>(chosen.contiguous()), std::make_shared<at::Tensor>(weights.contiguous())};
}

at::Tensor run_experts(const Experts& experts, const at::Tensor& u, const Routing& routing, int64_t many) {
  const int64_t top_k = experts.top_k, half = experts.down.weight->size(2);
  const int64_t* chosen = routing.experts->const_data_ptr<int64_t>();
  const float* weights = routing.weights->const_data_ptr<float>();
  // Places in the routing, sorted by expert; those of one expert stay in the order of tokens, a chunk's first.
  std::vector<int64_t> order(static_cast<size_t>(routing.experts->numel()));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return chosen[a] < chosen[b]; });

  at::Tensor out = at::zeros_like(u);
  for (size_t first = 0; first < order.size();) {
    const int64_t index = chosen[order[first]];
    size_t last = first;
    while (last < order.size() && chosen[order[last]] == index) ++last;
    const auto count = static_cast<int64_t>(last - first);
    int64_t of_chunk = 0;
    at::Tensor tokens = at::empty({count}, at::TensorOptions().dtype(at::kLong));
    at::Tensor shares = at::empty({count, 1}, at::TensorOptions().dtype(at::kFloat));
    for (int64_t i = 0; i < count; ++i) {
      const int64_t place = order[first + static_cast<size_t>(i)];
      tokens.mutable_data_ptr<int64_t>()[i] = place / top_k;
      shares.mutable_data_ptr<float>()[i] = weights[place];
      if (place / top_k < many) ++of_chunk;
    }
    if (of_chunk <= kFewRows) of_chunk = 0;
    const at::Tensor both = product_of(expert(experts.gate_up, index), at::index_select(u, 0, tokens), of_chunk);
    const at::Tensor hidden = gated(both, half);
    // The share is f32: the product is rounded to the activations' dtype after it, not before.
    const at::Tensor share = at::mul(product_of(expert(experts.down, index), hidden, of_chunk), shares);
    out.index_add_(0, tokens, share.to(u.scalar_type()));
    first = last;
  }
  return out;
}

}  // namespace hob::torch_engine
