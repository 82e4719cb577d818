// Experts: the mixture branch of a layer (26B-A4B): a router chooses a few experts for each token, whose products are added.
//
//   Routing routing = route(layer.experts, x, many, eps);              // x is the raw residual
//   at::Tensor sum = run_experts(layer.experts, u, routing, many);    // u is normed for the experts
//
// Tokens are sorted by expert and each expert in use multiplies its tokens at once: a decoding step touches top_k experts'
// weights and no others. Sums are made in ascending order of experts, as the reference makes them. Tensors are only
// named here. `many` as in linear.h; an expert multiplies a chunk's tokens apart from the few others, so that these do
// not depend on it. [model] thread.
#pragma once

#include <memory>
#include <vector>

#include "model/torch/linear.h"

namespace hob::torch_engine {

struct Experts {
  Matrix router;                          // [experts, hidden]
  Matrix gate_up;                         // [experts, 2 * intermediate, hidden], gates first
  Matrix down;                            // [experts, hidden, intermediate]
  std::vector<float> scale;               // [hidden], on the router's normed input
  std::vector<float> per_expert_scale;    // [experts]
  int64_t top_k = 0;
};

/// Which experts a chunk's tokens go to, best first, and how much each counts.
struct Routing {
  std::shared_ptr<at::Tensor> experts;    // [time, top_k] i64
  std::shared_ptr<at::Tensor> weights;    // [time, top_k] f32
};

/// x [time, hidden]: the residual stream before any norm of this branch.
Routing route(const Experts& experts, const at::Tensor& x, int64_t many, float eps);

/// u [time, hidden] -> [time, hidden].
at::Tensor run_experts(const Experts& experts, const at::Tensor& u, const Routing& routing, int64_t many);

}  // namespace hob::torch_engine
