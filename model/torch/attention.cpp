#include "model/torch/attention.h"

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/scaled_dot_product_attention.h>

#include <algorithm>
#include <limits>
#include <optional>

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

void attend(
  const at::Tensor& q, const at::Tensor& keys, const at::Tensor& values, const View& view, const at::Tensor& mask,
  at::Tensor out
) {
  const int64_t heads = q.size(0), time = q.size(1), dim = q.size(2), kv_heads = keys.size(0);
  const int64_t group = heads / kv_heads;
  if (q.scalar_type() == at::kFloat && group * time <= kFoldedRows) {
    const FewQueries work{
      .q = q.const_data_ptr<float>(),
      .keys = keys.const_data_ptr<float>(),
      .values = values.const_data_ptr<float>(),
      .kv_stride = static_cast<size_t>(keys.stride(0)),
      .out = out.mutable_data_ptr<float>(),
      .heads = static_cast<size_t>(heads),
      .kv_heads = static_cast<size_t>(kv_heads),
      .time = static_cast<size_t>(time),
      .dim = static_cast<size_t>(dim),
      .count = static_cast<size_t>(view.keys()),
      .visible = static_cast<size_t>(view.first_query + 1 - view.from),
      .window = static_cast<size_t>(view.window)
    };
    if (attend_few(work, at::get_num_threads())) return;
  }
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
