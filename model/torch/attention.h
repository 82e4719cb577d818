// Attention over cached keys and values: which keys a query sees, and the product with scale 1.
//
//   attend(q, cache, view, mask(view, q), out);
//
// Few queries read keys and values in the cache's pages, once for all query heads that share them. Many queries go through the
// library, which wants them in one piece: they are copied together, a layer at a time. Tensors are only named here. [model]
// thread.
#pragma once

#include <cstdint>

#include "model/torch/cache.h"

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

/// q [heads, queries, head_dim], of the cache's type, over what the cache holds of the view; written to out
/// [queries, heads * head_dim], contiguous. `mask` is ignored where the view needs none.
void attend(const at::Tensor& q, const LayerCache& cache, const View& view, const at::Tensor& mask, at::Tensor out);

}  // namespace hob::torch_engine
