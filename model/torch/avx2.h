// Eight floats at a time: what the AVX2 paths of kernels.cpp, few_rows.cpp and activations.cpp share.
//
// Every function carries its target, so that the program itself runs on CPUs without AVX2: call these only from
// functions with the same attribute, after has_avx2() said yes. Included by .cpp files of this folder alone.
#pragma once

#if defined(__x86_64__)
#include <immintrin.h>

#include "model/torch/kernels.h"

#define HOB_AVX2 __attribute__((target("avx2,fma")))

namespace hob::torch_engine {

inline bool has_avx2() {
  static const bool yes = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return yes;
}

HOB_AVX2 inline __m256 load_wide(const float* at) { return _mm256_loadu_ps(at); }
HOB_AVX2 inline __m256 load_wide(const Bf16* at) {
  const __m128i raw = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(raw), 16));
}

HOB_AVX2 inline float sum_lanes(__m256 v) {
  __m128 half = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  half = _mm_add_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_add_ss(half, _mm_shuffle_ps(half, half, 1)));
}

/// e^x for x <= 0, to about one unit in the last place: 2^n times a polynomial on [-ln2/2, ln2/2] (Taylor's, whose
/// eighth term is below 2^-24 there).
HOB_AVX2 inline __m256 exp_lanes(__m256 x) {
  x = _mm256_max_ps(x, _mm256_set1_ps(-87.0f));
  const __m256 n = _mm256_round_ps(
    _mm256_mul_ps(x, _mm256_set1_ps(1.44269504f)), _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC
  );
  __m256 r = _mm256_fnmadd_ps(n, _mm256_set1_ps(0.693359375f), x);  // ln 2 in two parts
  r = _mm256_fnmadd_ps(n, _mm256_set1_ps(-2.12194440e-4f), r);
  __m256 y = _mm256_set1_ps(1.0f / 5040);
  for (const float c : {1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f}) {
    y = _mm256_fmadd_ps(y, r, _mm256_set1_ps(c));
  }
  const __m256i power = _mm256_slli_epi32(_mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127)), 23);
  return _mm256_mul_ps(y, _mm256_castsi256_ps(power));
}

}  // namespace hob::torch_engine
#endif
