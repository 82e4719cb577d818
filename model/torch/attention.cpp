#include "model/torch/attention.h"

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/scaled_dot_product_attention.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "model/torch/kernels.h"

namespace hob::torch_engine {
namespace {

constexpr int64_t kFoldedRows = 64;  // beyond, expanding heads costs no more than reading a wider mask

}  // namespace

at::Tensor mask(const View& view, const at::Tensor& like) {
  const int64_t queries = view.queries(), keys = view.keys();
  at::Tensor out = at::empty({queries, keys}, like.options().dtype(at::kFloat));
  float* row = out.mutable_data_ptr<float>();
  for (int64_t q = 0; q < queries; ++q, row += keys) {
    const int64_t position = view.first_query + q;
    const int64_t last = position + 1 - view.from;
    const int64_t first = view.window > 0 ? std::max<int64_t>(0, last - view.window) : 0;
    std::fill(row, row + keys, -std::numeric_limits<float>::infinity());
    std::fill(row + first, row + last, 0.0f);
  }
  return out.to(like.scalar_type());
}

namespace {

/// The few queries' way; false where there is none.
template <typename T>
bool attend_in_place(const at::Tensor& q, const CacheShape& shape, std::span<const Run> runs, const View& view, at::Tensor& out) {
  std::vector<KeyRun<T>> stretches;
  for (const Run& run : runs) {
    stretches.push_back(
      {static_cast<const T*>(run.keys), static_cast<const T*>(run.values), static_cast<size_t>(run.count)}
    );
  }
  const FewQueries<T> work{
    .q = static_cast<const T*>(q.const_data_ptr()),
    .runs = stretches,
    .kv_stride = shape.head_stride(),
    .out = static_cast<T*>(out.mutable_data_ptr()),
    .heads = static_cast<size_t>(q.size(0)),
    .kv_heads = static_cast<size_t>(shape.kv_heads),
    .time = static_cast<size_t>(q.size(1)),
    .dim = static_cast<size_t>(shape.head_dim),
    .count = static_cast<size_t>(view.keys()),
    .visible = static_cast<size_t>(view.first_query + 1 - view.from),
    .window = static_cast<size_t>(view.window)
  };
  return attend_few(work, at::get_num_threads());
}

/// Keys, or values, as one tensor [kv_heads, keys, head_dim]: a view of a single run, a copy of several.
at::Tensor together(
  const at::Tensor& like, const CacheShape& shape, std::span<const Run> runs, const void* Run::*which, int64_t keys
) {
  const auto stride = static_cast<int64_t>(shape.head_stride());
  const std::array<int64_t, 3> sizes{shape.kv_heads, keys, shape.head_dim}, strides{stride, shape.head_dim, 1};
  if (runs.size() == 1) {
    return at::from_blob(const_cast<void*>(runs[0].*which), sizes, strides, like.options());  // only read
  }
  at::Tensor out = at::empty(sizes, like.options());
  const auto row = static_cast<size_t>(shape.head_dim) * out.element_size();
  auto* to = static_cast<std::byte*>(out.mutable_data_ptr());
  for (size_t head = 0; head < static_cast<size_t>(shape.kv_heads); ++head) {
    for (const Run& run : runs) {
      const auto* from = static_cast<const std::byte*>(run.*which) + head * static_cast<size_t>(kPagePositions) * row;
      std::memcpy(to, from, static_cast<size_t>(run.count) * row);
      to += static_cast<size_t>(run.count) * row;
    }
  }
  return out;
}

}  // namespace

void attend(const at::Tensor& q, const LayerCache& cache, const View& view, const at::Tensor& mask, at::Tensor out) {
  const CacheShape& shape = cache.shape();
  const int64_t heads = q.size(0), time = q.size(1), dim = q.size(2), kv_heads = shape.kv_heads;
  const int64_t group = heads / kv_heads;
  const std::vector<Run> runs = cache.held(view.from, view.end);
  if (group * time <= kFoldedRows) {
    const bool done = shape.bf16 ? attend_in_place<Bf16>(q, shape, runs, view, out)
                                 : attend_in_place<float>(q, shape, runs, view, out);
    if (done) return;
  }
  // Many queries read each key so often that a copy of the keys in one piece costs little beside.
  const at::Tensor keys = together(q, shape, runs, &Run::keys, view.keys());
  const at::Tensor values = together(q, shape, runs, &Run::values, view.keys());
  const bool causal = view.square() && time > 1;
  std::optional<at::Tensor> used;
  if (!causal && !view.sees_all()) used = mask;
  at::Tensor seen;
  if (group > 1 && group * time <= kFoldedRows) {
    if (causal) used = mask;  // folded rows are not in the order that is_causal means
    if (used) used = used->expand({group, time, view.keys()}).reshape({1, 1, group * time, view.keys()});
    seen = at::scaled_dot_product_attention(
      q.view({1, kv_heads, group * time, dim}), keys.unsqueeze(0), values.unsqueeze(0), used, 0.0, false, 1.0
    );
    seen = seen.reshape({heads, time, dim});
  } else {
    if (used) used = used->view({1, 1, time, view.keys()});
    seen = at::scaled_dot_product_attention(
      q.unsqueeze(0), keys.unsqueeze(0), values.unsqueeze(0), used, 0.0, causal, 1.0, group > 1
    );
    seen = seen.squeeze(0);
  }
  out.view({time, heads, dim}).copy_(seen.transpose(0, 1));
}

}  // namespace hob::torch_engine
