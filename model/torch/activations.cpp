#include "model/torch/activations.h"

#include <algorithm>
#include <cmath>

#include "model/torch/avx2.h"

namespace hob::torch_engine {
namespace {

constexpr float kBeta = 0.79788456f;  // sqrt(2 / pi)
constexpr float kKappa = 0.044715f;

/// x / 2 * (1 + tanh(y)) = x / (1 + e^-2y).
float gelu_portable(float x) {
  const float y = kBeta * (x + kKappa * (x * x * x));
  return 0.5f * x * (1.0f + std::tanh(y));
}

template <typename T>
void gelu_times_portable(const T* gate, const T* up, T* out, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    const T activated = narrow<T>(gelu_portable(widen(gate[i])));
    out[i] = narrow<T>(widen(activated) * widen(up[i]));
  }
}

template <typename T>
T capped_portable(T x, float cap) {
  const T inner = narrow<T>(widen(x) / cap);
  const T bent = narrow<T>(std::tanh(widen(inner)));
  return narrow<T>(widen(bent) * cap);
}

#if defined(__x86_64__)
HOB_AVX2 inline __m256 rounded(__m256 value, float) { return value; }
/// To the nearest bf16, ties to even, kept as f32. NaN stays NaN.
HOB_AVX2 inline __m256 rounded(__m256 value, Bf16) {
  const __m256i bits = _mm256_castps_si256(value);
  const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  const __m256i sum = _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff)));
  const __m256 near = _mm256_castsi256_ps(_mm256_and_si256(sum, _mm256_set1_epi32(static_cast<int>(0xffff0000u))));
  const __m256 quiet = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fc00000));
  return _mm256_blendv_ps(near, quiet, _mm256_cmp_ps(value, value, _CMP_UNORD_Q));
}

HOB_AVX2 inline void store(float* at, __m256 value) { _mm256_storeu_ps(at, value); }
/// Of values that are bf16 already.
HOB_AVX2 inline void store(Bf16* at, __m256 value) {
  const __m256i high = _mm256_srli_epi32(_mm256_castps_si256(value), 16);
  const __m128i packed = _mm_packus_epi32(_mm256_castsi256_si128(high), _mm256_extracti128_si256(high, 1));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(at), packed);
}

HOB_AVX2 inline __m256 absolute(__m256 x) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x); }

HOB_AVX2 inline __m256 gelu_lanes(__m256 x) {
  const __m256 cube = _mm256_mul_ps(_mm256_mul_ps(x, x), x);
  const __m256 y =
    _mm256_mul_ps(_mm256_set1_ps(kBeta), _mm256_fmadd_ps(_mm256_set1_ps(kKappa), cube, x));
  const __m256 e = exp_lanes(_mm256_mul_ps(absolute(y), _mm256_set1_ps(-2.0f)));
  const __m256 one = _mm256_set1_ps(1.0f);
  // 1 / (1 + e^-2y), by the smaller of e^-2y and e^2y.
  const __m256 above = _mm256_blendv_ps(one, e, y);
  return _mm256_mul_ps(x, _mm256_div_ps(above, _mm256_add_ps(one, e)));
}

/// By its series near zero, where the other form would lose digits.
HOB_AVX2 inline __m256 tanh_lanes(__m256 x) {
  const __m256 size = absolute(x), one = _mm256_set1_ps(1.0f);
  const __m256 e = exp_lanes(_mm256_mul_ps(size, _mm256_set1_ps(-2.0f)));
  __m256 far = _mm256_div_ps(_mm256_sub_ps(one, e), _mm256_add_ps(one, e));
  far = _mm256_or_ps(far, _mm256_and_ps(x, _mm256_set1_ps(-0.0f)));
  const __m256 square = _mm256_mul_ps(x, x);
  __m256 y = _mm256_set1_ps(62.0f / 2835);
  for (const float c : {-17.0f / 315, 2.0f / 15, -1.0f / 3, 1.0f}) y = _mm256_fmadd_ps(y, square, _mm256_set1_ps(c));
  const __m256 near = _mm256_mul_ps(y, x);
  // Not "greater or equal": NaN goes the near way, where it stays NaN.
  return _mm256_blendv_ps(near, far, _mm256_cmp_ps(size, _mm256_set1_ps(0.25f), _CMP_GT_OQ));
}

/// Eight elements by `step`; what is left over goes the same way, padded.
template <typename T, typename Step>
HOB_AVX2 inline void by_eights(const T* a, const T* b, T* out, size_t count, const Step& step) {
  size_t i = 0;
  for (; i + 8 <= count; i += 8) store(out + i, step(load_wide(a + i), load_wide(b + i)));
  if (i == count) return;
  T left[8] = {}, right[8] = {}, result[8];
  std::copy(a + i, a + count, left);
  std::copy(b + i, b + count, right);
  store(result, step(load_wide(left), load_wide(right)));
  std::copy(result, result + (count - i), out + i);
}

template <typename T>
struct GeluTimes {
  HOB_AVX2 __m256 operator()(__m256 gate, __m256 up) const {
    return rounded(_mm256_mul_ps(rounded(gelu_lanes(gate), T{}), up), T{});
  }
};

template <typename T>
struct SoftCap {
  float cap;
  HOB_AVX2 __m256 operator()(__m256 x, __m256) const {
    const __m256 wide = _mm256_set1_ps(cap);
    const __m256 bent = rounded(tanh_lanes(rounded(_mm256_div_ps(x, wide), T{})), T{});
    return rounded(_mm256_mul_ps(bent, wide), T{});
  }
};

template <typename T>
HOB_AVX2 void gelu_times_avx2(const T* gate, const T* up, T* out, size_t count) {
  by_eights(gate, up, out, count, GeluTimes<T>{});
}

template <typename T>
HOB_AVX2 void soft_cap_avx2(T* x, size_t count, float cap) {
  by_eights(x, x, x, count, SoftCap<T>{cap});
}
#endif

}  // namespace

template <typename T>
void gelu_times(const T* gate, const T* up, T* out, size_t count) {
#if defined(__x86_64__)
  if (has_avx2()) return gelu_times_avx2(gate, up, out, count);
#endif
  gelu_times_portable(gate, up, out, count);
}

template <typename T>
void soft_cap(T* x, size_t count, float cap) {
#if defined(__x86_64__)
  if (has_avx2()) return soft_cap_avx2(x, count, cap);
#endif
  for (size_t i = 0; i < count; ++i) x[i] = capped_portable(x[i], cap);
}

template void gelu_times(const float*, const float*, float*, size_t);
template void gelu_times(const Bf16*, const Bf16*, Bf16*, size_t);
template void soft_cap(float*, size_t, float);
template void soft_cap(Bf16*, size_t, float);

}  // namespace hob::torch_engine
