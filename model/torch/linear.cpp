#include "model/torch/linear.h"

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>

#include <algorithm>

#include "model/torch/few_rows.h"
#include "model/torch/workers.h"

namespace hob::torch_engine {
namespace {

constexpr int64_t kPanelElements = 1 << 20;  // 4 MiB of f32: stays near the core

const Bf16* bf16_data(const at::Tensor& tensor) { return static_cast<const Bf16*>(tensor.const_data_ptr()); }

void widen_rows(const Bf16* from, float* to, int64_t rows, int64_t in) {
  constexpr int64_t kPart = 16;  // rows
  workers(at::get_num_threads()).run(static_cast<size_t>((rows + kPart - 1) / kPart), [=](size_t part) {
    const int64_t first = static_cast<int64_t>(part) * kPart;
    widen_all(from + first * in, to + first * in, static_cast<size_t>(std::min(kPart, rows - first) * in));
  });
}

/// bf16 weights under f32 activations, a panel of weights at a time.
void widened_product(const at::Tensor& weight, const at::Tensor& x, at::Tensor& result) {
  const int64_t in = weight.size(1), out = weight.size(0);
  const int64_t step = std::min(out, std::max<int64_t>(16, kPanelElements / in));
  at::Tensor panel = at::empty({step, in}, x.options());
  for (int64_t first = 0; first < out; first += step) {
    const int64_t count = std::min(step, out - first);
    widen_rows(bf16_data(weight) + first * in, panel.mutable_data_ptr<float>(), count, in);
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

/// Sums in f32, whatever the activations are: rounded once, at the end.
void few_rows_of(const at::Tensor& weight, const at::Tensor& x, at::Tensor result) {
  const auto m = static_cast<size_t>(x.size(0)), n = static_cast<size_t>(weight.size(0)),
             k = static_cast<size_t>(weight.size(1));
  const int threads = at::get_num_threads();
  if (x.scalar_type() == at::kFloat) {
    const float* in = x.const_data_ptr<float>();
    float* out = result.mutable_data_ptr<float>();
    if (weight.scalar_type() == at::kBFloat16) {
      few_rows(bf16_data(weight), in, out, m, n, k, threads);
    } else {
      few_rows(weight.const_data_ptr<float>(), in, out, m, n, k, threads);
    }
    return;
  }
  at::Tensor sums = at::empty(result.sizes(), x.options().dtype(at::kFloat));
  few_rows(bf16_data(weight), bf16_data(x), sums.mutable_data_ptr<float>(), m, n, k, threads);
  result.copy_(sums);
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
