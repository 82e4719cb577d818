#include "model/torch/linear.h"

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>

#include <algorithm>

#include "model/torch/few_rows.h"

namespace hob::torch_engine {
namespace {

constexpr int64_t kPanelElements = 1 << 20;  // 4 MiB of f32: stays near the core

const Bf16* bf16_data(const at::Tensor& tensor) { return static_cast<const Bf16*>(tensor.const_data_ptr()); }

/// bf16 weights under f32 activations, a panel of weights at a time.
void widened_product(const at::Tensor& weight, const at::Tensor& x, at::Tensor& result) {
  const int64_t in = weight.size(1), out = weight.size(0);
  const int64_t step = std::min(out, std::max<int64_t>(16, kPanelElements / in));
  at::Tensor panel = at::empty({step, in}, x.options());
  for (int64_t first = 0; first < out; first += step) {
    const int64_t count = std::min(step, out - first);
    widen_all(bf16_data(weight) + first * in, panel.mutable_data_ptr<float>(), static_cast<size_t>(count * in));
    at::Tensor part = result.narrow(1, first, count);
    at::mm_out(part, x, panel.narrow(0, 0, count).t());
  }
}

void many_rows(const at::Tensor& weight, const at::Tensor& x, at::Tensor result) {
  if (weight.scalar_type() == x.scalar_type()) {
    at::mm_out(result, x, weight.t());
  } else {
    widened_product(weight, x, result);
  }
}

/// In f32, whatever the activations are: rounded once, at the end.
void few_rows_of(const at::Tensor& weight, const at::Tensor& x, at::Tensor result) {
  const bool narrow = x.scalar_type() == at::kBFloat16;
  const at::Tensor wide = narrow ? x.to(at::kFloat) : x;
  at::Tensor sums = narrow ? at::empty(result.sizes(), wide.options()) : result;
  const auto run = [&](const auto* data) {
    few_rows(
      data, wide.const_data_ptr<float>(), sums.mutable_data_ptr<float>(), static_cast<size_t>(x.size(0)),
      static_cast<size_t>(weight.size(0)), static_cast<size_t>(weight.size(1)), at::get_num_threads()
    );
  };
  if (weight.scalar_type() == at::kBFloat16) {
    run(bf16_data(weight));
  } else {
    run(weight.const_data_ptr<float>());
  }
  if (narrow) result.copy_(sums);
}

}  // namespace

at::Tensor product(const Matrix& matrix, const at::Tensor& x, int64_t many) {
  const at::Tensor& weight = *matrix.weight;
  const int64_t few = x.size(0) - many;
  at::Tensor result = at::empty({x.size(0), weight.size(0)}, x.options());
  if (many > 0) many_rows(weight, x.narrow(0, 0, many), result.narrow(0, 0, many));
  if (few > 0) few_rows_of(weight, x.narrow(0, many, few), result.narrow(0, many, few));
  return result;
}

}  // namespace hob::torch_engine
