// The path of CPUs that multiply pairs of bf16 themselves (AVX512_BF16): thirty-two weights an instruction.
//
// How weights are walked is as a Zen 4 read them fastest, by one thread and by two: short rows one after another, long ones
// four together in runs of half a kilobyte, so that activations stay in the first cache; both asked for ahead into the
// second. Four short rows side by side came to three quarters of that, asking into the first cache to four fifths.
#include "model/torch/few_rows.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define HOB_AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512bf16")))
#endif

namespace hob::torch_engine {

#if defined(__x86_64__)
namespace {

constexpr size_t kLanes = 32;
constexpr size_t kShort = 4096;                     // places of a short row
constexpr size_t kRun = 8, kRunPlaces = kRun * kLanes;
constexpr size_t kAhead = 4096, kAheadOfRow = 1024;  // bytes

HOB_AVX512 inline __m512bh load(const Bf16* at) {
  return reinterpret_cast<__m512bh>(_mm512_loadu_si512(at));
}

/// Lanes beyond `count` are zero and their memory is not touched.
HOB_AVX512 inline __m512bh load_some(const Bf16* at, size_t count) {
  const auto lanes = static_cast<__mmask32>((uint64_t{1} << count) - 1);
  return reinterpret_cast<__m512bh>(_mm512_maskz_loadu_epi16(lanes, at));
}

template <size_t C>
HOB_AVX512 inline void add(__m512 (&sums)[C], __m512bh weight, const Bf16* x, size_t k) {
#pragma GCC unroll 4
  for (size_t c = 0; c < C; ++c) sums[c] = _mm512_dpbf16_ps(sums[c], weight, load(x + c * k));
}

/// R rows of weights by C rows of activations: all sums stay in registers, each made in the same order whatever R and C are.
template <size_t R, size_t C>
HOB_AVX512 inline void tile(const Bf16* w, const Bf16* x, float* out, size_t n, size_t k) {
  constexpr size_t ahead = (R == 1 ? kAhead : kAheadOfRow) / sizeof(Bf16);
  __m512 sums[R][C];
  for (auto& row : sums) {
    for (__m512& sum : row) sum = _mm512_setzero_ps();
  }
  size_t i = 0;
  for (; i + kRunPlaces <= k; i += kRunPlaces) {
#pragma GCC unroll 4
    for (size_t r = 0; r < R; ++r) {
#pragma GCC unroll 8
      for (size_t j = 0; j < kRun; ++j) {
        const Bf16* at = w + r * k + i + j * kLanes;
        _mm_prefetch(reinterpret_cast<const char*>(at + ahead), _MM_HINT_T1);
        add<C>(sums[r], load(at), x + i + j * kLanes, k);
      }
    }
  }
  for (; i + kLanes <= k; i += kLanes) {
    for (size_t r = 0; r < R; ++r) add<C>(sums[r], load(w + r * k + i), x + i, k);
  }
  if (i < k) {
    for (size_t r = 0; r < R; ++r) {
      const __m512bh weight = load_some(w + r * k + i, k - i);
      for (size_t c = 0; c < C; ++c) sums[r][c] = _mm512_dpbf16_ps(sums[r][c], weight, load_some(x + c * k + i, k - i));
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
  if (k > kShort) {
    for (; row + 4 <= last; row += 4) tiles<4>(weight + row * k, x, out + row, m, n, k);
  }
  for (; row < last; ++row) tiles<1>(weight + row * k, x, out + row, m, n, k);
}

constexpr size_t kBusy = 12;

HOB_AVX512 float busy(float factor, size_t steps) {
  __m512 sums[kBusy];
  for (size_t i = 0; i < kBusy; ++i) sums[i] = _mm512_set1_ps(static_cast<float>(i));
  const __m512bh f = _mm512_cvtne2ps_pbh(_mm512_set1_ps(factor), _mm512_set1_ps(factor));
  for (size_t step = 0; step < steps; ++step) {
#pragma GCC unroll 12
    for (size_t i = 0; i < kBusy; ++i) sums[i] = _mm512_dpbf16_ps(sums[i], f, f);
  }
  float out = 0;
  for (size_t i = 0; i < kBusy; ++i) out += _mm512_reduce_add_ps(sums[i]);
  return out;
}

bool usable() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bf16");
}

}  // namespace

FewPairsKernel avx512_bf16_kernel() { return usable() ? pairs : nullptr; }
BusyPairs avx512_bf16_peak() {
  if (!usable()) return {};
  return {.run = busy, .operations = kBusy * kLanes * 2};
}
#else
FewPairsKernel avx512_bf16_kernel() { return nullptr; }
BusyPairs avx512_bf16_peak() { return {}; }
#endif

}  // namespace hob::torch_engine
