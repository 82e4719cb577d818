// Products of a few rows of activations with a weight matrix: what decoding is made of. Each weight is read once.
//
//   few_rows(weight, x, out, m, n, k, threads);     // out[m, n] = sum over k of x[m, k] * weight[n, k], in f32
//
// A row's result does not depend on the rows beside it, nor on the number of threads: the order of additions is fixed by k
// and the path alone. Paths: portable, AVX2; the CPU is asked once and the best path is taken. Weights may be
// bf16 or f32. Raw pointers, no torch.
#pragma once

#include <span>

#include "model/torch/kernels.h"

namespace hob::torch_engine {

/// The rows [first, last) of the weights.
template <typename W>
using FewRowsKernel =
  void (*)(const W* weight, const float* x, float* out, size_t m, size_t n, size_t k, size_t first, size_t last);

struct FewRowsPath {
  const char* name;
  FewRowsKernel<Bf16> bf16;
  FewRowsKernel<float> f32;
  bool split_pairs;  // for bf16, x comes as eight even places, then eight odd ones, of every sixteen
};

/// The paths that this CPU can run, best first; the last is portable.
std::span<const FewRowsPath> few_rows_paths();

template <typename W>
void few_rows(const W* weight, const float* x, float* out, size_t m, size_t n, size_t k, int threads);
/// By a path of the caller's choice: for tests.
template <typename W>
void few_rows(
  const FewRowsPath& path, const W* weight, const float* x, float* out, size_t m, size_t n, size_t k, int threads
);

}  // namespace hob::torch_engine
