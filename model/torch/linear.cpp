#include "model/torch/linear.h"

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/mm.h>

#include <algorithm>
#include <span>
#include <utility>

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

template <typename W, typename X>
void few_rows_at(std::span<const at::Tensor* const> weights, std::span<float* const> to, const X* x, size_t m) {
  std::vector<FewRowsTarget<W>> targets;
  for (size_t i = 0; i < weights.size(); ++i) {
    targets.push_back({static_cast<const W*>(weights[i]->const_data_ptr()), to[i], static_cast<size_t>(weights[i]->size(0))});
  }
  few_rows(std::span<const FewRowsTarget<W>>(targets), x, m, static_cast<size_t>(weights[0]->size(1)), at::get_num_threads());
}

/// Of the rows of `x` from `many` on, with matrices of one dtype. Sums in f32, whatever the activations are: rounded once, at
/// the end.
void few_rows_of(std::span<const at::Tensor* const> weights, const at::Tensor& x, int64_t many, std::span<at::Tensor> results) {
  const auto m = static_cast<size_t>(x.size(0) - many);
  const int64_t first = many * x.size(1);
  std::vector<float*> to;
  if (x.scalar_type() == at::kFloat) {
    for (at::Tensor& result : results) to.push_back(result.mutable_data_ptr<float>() + many * result.size(1));
    const float* rows = x.const_data_ptr<float>() + first;
    if (weights[0]->scalar_type() == at::kBFloat16) {
      few_rows_at<Bf16>(weights, to, rows, m);
    } else {
      few_rows_at<float>(weights, to, rows, m);
    }
    return;
  }
  static thread_local std::vector<float> sums;
  size_t total = 0;
  for (const at::Tensor& result : results) total += m * static_cast<size_t>(result.size(1));
  if (sums.size() < total) sums.resize(total);
  float* at = sums.data();
  for (const at::Tensor& result : results) {
    to.push_back(at);
    at += m * static_cast<size_t>(result.size(1));
  }
  few_rows_at<Bf16>(weights, to, bf16_data(x) + first, m);
  for (size_t i = 0; i < results.size(); ++i) {
    auto* out = static_cast<Bf16*>(results[i].mutable_data_ptr()) + many * results[i].size(1);
    narrow_all(to[i], out, m * static_cast<size_t>(results[i].size(1)));
  }
}

}  // namespace

std::vector<at::Tensor> products(std::initializer_list<const Matrix*> matrices, const at::Tensor& x, int64_t many) {
  const int64_t rows = x.size(0);
  std::vector<const at::Tensor*> weights;
  std::vector<at::Tensor> results;
  for (const Matrix* matrix : matrices) {
    weights.push_back(matrix->weight.get());
    results.push_back(at::empty({rows, weights.back()->size(0)}, x.options()));
    if (many > 0) many_rows(*weights.back(), x.narrow(0, 0, many), results.back().narrow(0, 0, many));
  }
  for (size_t i = 0; many < rows && i < weights.size();) {
    size_t end = i + 1;
    while (end < weights.size() && weights[end]->scalar_type() == weights[i]->scalar_type()) ++end;
    few_rows_of(std::span(weights).subspan(i, end - i), x, many, std::span(results).subspan(i, end - i));
    i = end;
  }
  return results;
}

at::Tensor product(const Matrix& matrix, const at::Tensor& x, int64_t many) { return std::move(products({&matrix}, x, many)[0]); }

}  // namespace hob::torch_engine
