// The path of CPUs that multiply pairs of bf16 themselves (AVX512_BF16): thirty-two weights an instruction.
#include "model/torch/few_rows.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define HOB_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16")))
#endif

namespace hob::torch_engine {

#if defined(__x86_64__)
namespace {

constexpr size_t kLanes = 32;
constexpr size_t kAhead = 4096;  // bytes; what the next rows of weights will read

HOB_AVX512 inline __m512bh load(const Bf16* at) {
  return reinterpret_cast<__m512bh>(_mm512_loadu_si512(at));
}

/// Lanes beyond `count` are zero and their memory is not touched.
HOB_AVX512 inline __m512bh load_some(const Bf16* at, size_t count) {
  const auto lanes = static_cast<__mmask32>((uint64_t{1} << count) - 1);
  return reinterpret_cast<__m512bh>(_mm512_maskz_loadu_epi16(lanes, at));
}

/// R rows of weights by C rows of activations: all sums stay in registers, each made in the same order whatever C is.
template <size_t R, size_t C>
HOB_AVX512 inline void tile(const Bf16* w, const Bf16* x, float* out, size_t n, size_t k) {
  __m512 sums[R][C];
  for (size_t r = 0; r < R; ++r) {
    for (size_t c = 0; c < C; ++c) sums[r][c] = _mm512_setzero_ps();
  }
  const size_t whole = k / kLanes * kLanes;
  const char* next = reinterpret_cast<const char*>(w) + kAhead;
  for (size_t i = 0; i < whole; i += kLanes) {
    for (size_t r = 0; r < R; ++r, next += kLanes * sizeof(Bf16)) _mm_prefetch(next, _MM_HINT_T0);
    __m512bh v[C];
#pragma GCC unroll 4
    for (size_t c = 0; c < C; ++c) v[c] = load(x + c * k + i);
#pragma GCC unroll 4
    for (size_t r = 0; r < R; ++r) {
      const __m512bh weight = load(w + r * k + i);
#pragma GCC unroll 4
      for (size_t c = 0; c < C; ++c) sums[r][c] = _mm512_dpbf16_ps(sums[r][c], weight, v[c]);
    }
  }
  if (whole < k) {
    for (size_t r = 0; r < R; ++r) {
      const __m512bh weight = load_some(w + r * k + whole, k - whole);
      for (size_t c = 0; c < C; ++c) {
        sums[r][c] = _mm512_dpbf16_ps(sums[r][c], weight, load_some(x + c * k + whole, k - whole));
      }
    }
  }
  for (size_t r = 0; r < R; ++r) {
    for (size_t c = 0; c < C; ++c) out[c * n + r] = _mm512_reduce_add_ps(sums[r][c]);
  }
}

template <size_t R>
HOB_AVX512 inline void tiles(const Bf16* w, const Bf16* x, float* out, size_t m, size_t n, size_t k) {
  size_t done = 0;
  for (; done + 4 <= m; done += 4) tile<R, 4>(w, x + done * k, out + done * n, n, k);
  const Bf16* rows = x + done * k;
  float* to = out + done * n;
  if (m - done == 3) tile<R, 3>(w, rows, to, n, k);
  if (m - done == 2) tile<R, 2>(w, rows, to, n, k);
  if (m - done == 1) tile<R, 1>(w, rows, to, n, k);
}

HOB_AVX512 void pairs(
  const Bf16* weight, const Bf16* x, float* out, size_t m, size_t n, size_t k, size_t first, size_t last
) {
  size_t row = first;
  for (; row + 4 <= last; row += 4) tiles<4>(weight + row * k, x, out + row, m, n, k);
  for (; row < last; ++row) tiles<1>(weight + row * k, x, out + row, m, n, k);
}

}  // namespace

FewPairsKernel avx512_bf16_kernel() {
  const bool usable = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bf16");
  return usable ? pairs : nullptr;
}
#else
FewPairsKernel avx512_bf16_kernel() { return nullptr; }
#endif

}  // namespace hob::torch_engine
