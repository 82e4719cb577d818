// Products of a few rows of activations with a weight matrix: what decoding is made of. Each weight is read once.
//
//   const FewRowsTarget<Bf16> target{weight, out, n};
//   few_rows<Bf16>({&target, 1}, x, m, k, threads);     // out[m, n] = sum over k of x[m, k] * weight[n, k], in f32
//
// A row's result does not depend on the rows beside it, nor on the number of threads: the order of additions is fixed by k
// and the path alone. Paths: portable, AVX2, AVX-512 with BF16. The CPU is asked once; a path is used only after it has
// agreed with plain sums on this CPU. Weights may be bf16 or f32; activations f32, or bf16 under bf16 weights. Raw
// pointers, no torch. [model] thread.
#pragma once

#include <span>

#include "model/torch/kernels.h"

namespace hob::torch_engine {

/// The rows [first, last) of the weights.
template <typename W>
using FewRowsKernel =
  void (*)(const W* weight, const float* x, float* out, size_t m, size_t n, size_t k, size_t first, size_t last);

/// The same with activations in bf16: the CPU multiplies pairs of bf16 itself.
using FewPairsKernel =
  void (*)(const Bf16* weight, const Bf16* x, float* out, size_t m, size_t n, size_t k, size_t first, size_t last);

struct FewRowsPath {
  const char* name;
  FewRowsKernel<Bf16> bf16;
  FewRowsKernel<float> f32;
  FewPairsKernel pairs;  // null: activations are widened first
  bool split_pairs;  // for bf16, x comes as eight even places, then eight odd ones, of every sixteen
};

/// The paths that this CPU can run, best first; the last is portable.
std::span<const FewRowsPath> few_rows_paths();

/// A matrix [n, k], and where its products go: [m, n].
template <typename W>
struct FewRowsTarget {
  const W* weight;
  float* out;
  size_t n;
};

/// The same rows with several matrices: one hand-over to the threads for all of them.
template <typename W>
void few_rows(std::span<const FewRowsTarget<W>> targets, const float* x, size_t m, size_t k, int threads);
/// bf16 activations; sums are not rounded.
void few_rows(std::span<const FewRowsTarget<Bf16>> targets, const Bf16* x, size_t m, size_t k, int threads);
/// By a path of the caller's choice: for tests.
template <typename W>
void few_rows(
  const FewRowsPath& path, std::span<const FewRowsTarget<W>> targets, const float* x, size_t m, size_t k, int threads
);
void few_rows(
  const FewRowsPath& path, std::span<const FewRowsTarget<Bf16>> targets, const Bf16* x, size_t m, size_t k, int threads
);

/// What a path needs beyond AVX2; null where the compiler or the CPU has none. few_rows_avx512.cpp.
FewPairsKernel avx512_bf16_kernel();

/// Nothing but products of pairs of bf16 in registers: `operations` additions and multiplications in each of `steps` steps.
struct BusyPairs {
  float (*run)(float factor, size_t steps) = nullptr;  // null where the CPU has no such products
  size_t operations = 0;
};
BusyPairs avx512_bf16_peak();

}  // namespace hob::torch_engine
