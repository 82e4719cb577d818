// Attention over cached keys and values: which keys a query sees, and the product with scale 1.
//
//   Masks masks(window, start, time, dtype);                    // one per chunk
//   attend(q, keys, values, view, masks.of(view), out);
//
// Query heads that share a key-value head are folded into rows when there are few queries: the keys are then read once, not
// once per head. Tensors are only named here. [model] thread.
#pragma once

#include <cstdint>

namespace at {
class Tensor;
}

namespace hob::torch_engine {

/// Queries at positions [first_query, end) over keys at positions [from, end).
struct View {
  int64_t from = 0;
  int64_t first_query = 0;
  int64_t end = 0;
  int64_t window = 0;  // keys that a query sees, itself included; 0: all before it

  int64_t queries() const { return end - first_query; }
  int64_t keys() const { return end - from; }
  /// Every query sees every key: no mask is needed.
  bool sees_all() const { return queries() == 1 && (window == 0 || keys() <= window); }
  /// Plain causal attention of a sequence's start.
  bool square() const { return from == first_query && (window == 0 || keys() <= window); }
};

/// 0 where a query sees a key, minus infinity elsewhere: [queries, keys], of the dtype of `like`.
at::Tensor mask(const View& view, const at::Tensor& like);

/// q [heads, queries, head_dim], keys and values [kv_heads, keys, head_dim]; written to out [queries, heads * head_dim],
/// contiguous. `mask` is ignored where the view needs none.
void attend(
  const at::Tensor& q, const at::Tensor& keys, const at::Tensor& values, const View& view, const at::Tensor& mask,
  at::Tensor out
);

}  // namespace hob::torch_engine
