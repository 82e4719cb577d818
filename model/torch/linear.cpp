#include "model/torch/linear.h"

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mm.h>

#include <algorithm>

#include "model/torch/kernels.h"

namespace hob::torch_engine {
namespace {

constexpr int64_t kPanelElements = 1 << 20;  // 4 MiB of f32: stays near the core

const Bf16* bf16_data(const at::Tensor& tensor) { return static_cast<const Bf16*>(tensor.const_data_ptr()); }

at::Tensor widened_product(const at::Tensor& weight, const at::Tensor& x) {
  const int64_t rows = x.size(0), in = weight.size(1), out = weight.size(0);
  at::Tensor result = at::empty({rows, out}, x.options());
  if (rows <= static_cast<int64_t>(kMaxGemvRows)) {
    gemv(
      bf16_data(weight), x.const_data_ptr<float>(), result.mutable_data_ptr<float>(), static_cast<size_t>(rows),
      static_cast<size_t>(out), static_cast<size_t>(in), at::get_num_threads()
    );
    return result;
  }
  const int64_t step = std::min(out, std::max<int64_t>(16, kPanelElements / in));
  at::Tensor panel = at::empty({step, in}, x.options());
  for (int64_t first = 0; first < out; first += step) {
    const int64_t count = std::min(step, out - first);
    widen_all(bf16_data(weight) + first * in, panel.mutable_data_ptr<float>(), static_cast<size_t>(count * in));
    at::Tensor part = result.narrow(1, first, count);
    at::mm_out(part, x, panel.narrow(0, 0, count).t());
  }
  return result;
}

}  // namespace

at::Tensor product(const Matrix& matrix, const at::Tensor& x) {
  const at::Tensor& weight = *matrix.weight;
  if (weight.scalar_type() == x.scalar_type()) return at::linear(x, weight);
  return widened_product(weight, x);
}

}  // namespace hob::torch_engine
