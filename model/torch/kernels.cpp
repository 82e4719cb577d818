#include "model/torch/kernels.h"

#include <cmath>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace hob::torch_engine {
namespace {

/// Eight running sums: independent chains that the compiler can keep in one register.
template <typename T>
float sum_of_squares(const T* x, size_t dim) {
  float sums[8] = {};
  size_t i = 0;
  for (; i + 8 <= dim; i += 8) {
    for (size_t j = 0; j < 8; ++j) {
      const float value = widen(x[i + j]);
      sums[j] += value * value;
    }
  }
  for (; i < dim; ++i) sums[0] += widen(x[i]) * widen(x[i]);
  return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]));
}

template <typename T>
float inverse_rms(const T* x, size_t dim, float eps) {
  return 1.0f / std::sqrt(sum_of_squares(x, dim) / static_cast<float>(dim) + eps);
}

float dot_portable(const Bf16* weight, const float* x, size_t k) {
  float sums[8] = {};
  size_t i = 0;
  for (; i + 8 <= k; i += 8) {
    for (size_t j = 0; j < 8; ++j) sums[j] += widen(weight[i + j]) * x[i + j];
  }
  for (; i < k; ++i) sums[0] += widen(weight[i]) * x[i];
  return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]));
}

void rows_portable(
  const Bf16* weight, const float* x, float* out, size_t m, size_t n, size_t k, size_t first, size_t last
) {
  for (size_t row = first; row < last; ++row) {
    for (size_t i = 0; i < m; ++i) out[i * n + row] = dot_portable(weight + row * k, x + i * k, k);
  }
}

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) inline __m256 load_wide(const Bf16* at) {
  const __m128i raw = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(raw), 16));
}

__attribute__((target("avx2,fma"))) inline float sum_lanes(__m256 v) {
  __m128 half = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  half = _mm_add_ps(half, _mm_movehl_ps(half, half));
  return _mm_cvtss_f32(_mm_add_ss(half, _mm_shuffle_ps(half, half, 1)));
}

/// One input row: four weight rows at a time hide the additions' latency.
__attribute__((target("avx2,fma"))) void rows_avx2_one(
  const Bf16* weight, const float* x, float* out, size_t k, size_t first, size_t last
) {
  const size_t whole = k / 8 * 8;
  size_t row = first;
  for (; row + 4 <= last; row += 4) {
    const Bf16* w = weight + row * k;
    __m256 s0 = _mm256_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;
    for (size_t i = 0; i < whole; i += 8) {
      const __m256 v = _mm256_loadu_ps(x + i);
      s0 = _mm256_fmadd_ps(load_wide(w + i), v, s0);
      s1 = _mm256_fmadd_ps(load_wide(w + k + i), v, s1);
      s2 = _mm256_fmadd_ps(load_wide(w + 2 * k + i), v, s2);
      s3 = _mm256_fmadd_ps(load_wide(w + 3 * k + i), v, s3);
    }
    float sums[4] = {sum_lanes(s0), sum_lanes(s1), sum_lanes(s2), sum_lanes(s3)};
    for (size_t i = whole; i < k; ++i) {
      for (size_t j = 0; j < 4; ++j) sums[j] += widen(w[j * k + i]) * x[i];
    }
    for (size_t j = 0; j < 4; ++j) out[row + j] = sums[j];
  }
  for (; row < last; ++row) {
    const Bf16* w = weight + row * k;
    __m256 s = _mm256_setzero_ps();
    for (size_t i = 0; i < whole; i += 8) s = _mm256_fmadd_ps(load_wide(w + i), _mm256_loadu_ps(x + i), s);
    float sum = sum_lanes(s);
    for (size_t i = whole; i < k; ++i) sum += widen(w[i]) * x[i];
    out[row] = sum;
  }
}

/// A few input rows: a weight row stays in the first cache while each of them uses it. The order of additions is that of
/// one row, so that results do not depend on how many rows came together.
__attribute__((target("avx2,fma"))) void rows_avx2(
  const Bf16* weight, const float* x, float* out, size_t m, size_t n, size_t k, size_t first, size_t last
) {
  constexpr size_t kBlock = 16;
  for (size_t row = first; row < last; row += kBlock) {
    const size_t end = row + kBlock < last ? row + kBlock : last;
    for (size_t i = 0; i < m; ++i) rows_avx2_one(weight, x + i * k, out + i * n, k, row, end);
  }
}

bool has_avx2() {
  static const bool yes = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return yes;
}
#endif

void some_rows(
  const Bf16* weight, const float* x, float* out, size_t m, size_t n, size_t k, size_t first, size_t last
) {
#if defined(__x86_64__)
  if (has_avx2()) return rows_avx2(weight, x, out, m, n, k, first, last);
#endif
  rows_portable(weight, x, out, m, n, k, first, last);
}

}  // namespace

template <typename T>
void rms_norm(const T* x, const float* weight, T* out, size_t rows, size_t dim, float eps) {
  for (size_t row = 0; row < rows; ++row, x += dim, out += dim) {
    const float scale = inverse_rms(x, dim, eps);
    if (weight) {
      for (size_t i = 0; i < dim; ++i) out[i] = narrow<T>(widen(x[i]) * scale * weight[i]);
    } else {
      for (size_t i = 0; i < dim; ++i) out[i] = narrow<T>(widen(x[i]) * scale);
    }
  }
}

template <typename T>
void add_norm(T* x, const T* h, const float* weight, size_t rows, size_t dim, float eps) {
  for (size_t row = 0; row < rows; ++row, x += dim, h += dim) {
    const float scale = inverse_rms(h, dim, eps);
    for (size_t i = 0; i < dim; ++i) {
      const T normed = narrow<T>(widen(h[i]) * scale * weight[i]);
      x[i] = narrow<T>(widen(x[i]) + widen(normed));
    }
  }
}

template <typename T>
void norm_rotate(
  const T* x, const float* weight, const float* cos, const float* sin, HeadsOut<T> to, size_t time, size_t heads,
  size_t dim, float eps
) {
  const size_t half = dim / 2;
  for (size_t t = 0; t < time; ++t) {
    for (size_t head = 0; head < heads; ++head, x += dim) {
      T* out = to.out + head * to.head_stride + t * dim;
      rms_norm(x, weight, out, 1, dim, eps);
      if (!cos) continue;
      const float* c = cos + t * half;
      const float* s = sin + t * half;
      for (size_t i = 0; i < half; ++i) {
        // x * cos + rot(x) * sin, each product rounded to T first, as the reference does.
        const float low = widen(out[i]), high = widen(out[i + half]);
        const float low_cos = widen(narrow<T>(low * c[i])), high_sin = widen(narrow<T>(high * s[i]));
        const float high_cos = widen(narrow<T>(high * c[i])), low_sin = widen(narrow<T>(low * s[i]));
        out[i] = narrow<T>(low_cos - high_sin);
        out[i + half] = narrow<T>(high_cos + low_sin);
      }
    }
  }
}

template void rms_norm(const float*, const float*, float*, size_t, size_t, float);
template void rms_norm(const Bf16*, const float*, Bf16*, size_t, size_t, float);
template void add_norm(float*, const float*, const float*, size_t, size_t, float);
template void add_norm(Bf16*, const Bf16*, const float*, size_t, size_t, float);
template void norm_rotate(
  const float*, const float*, const float*, const float*, HeadsOut<float>, size_t, size_t, size_t, float
);
template void norm_rotate(
  const Bf16*, const float*, const float*, const float*, HeadsOut<Bf16>, size_t, size_t, size_t, float
);

void widen_all(const Bf16* src, float* dst, size_t count) {
  for (size_t i = 0; i < count; ++i) dst[i] = widen(src[i]);
}

void gemv(const Bf16* weight, const float* x, float* out, size_t m, size_t n, size_t k, int threads) {
  constexpr size_t kWorthThreads = 1u << 20;  // below a MiB of weights the hand-over costs more than it gives
  if (threads <= 1 || n * k < kWorthThreads) return some_rows(weight, x, out, m, n, k, 0, n);
  const auto parts = static_cast<size_t>(threads);
  const size_t share = (n / parts + 4) / 4 * 4;
#pragma omp parallel for num_threads(threads) schedule(static, 1)
  for (size_t part = 0; part < parts; ++part) {
    const size_t first = part * share < n ? part * share : n;
    const size_t last = first + share < n ? first + share : n;
    some_rows(weight, x, out, m, n, k, first, last);
  }
}

void gemv_portable(const Bf16* weight, const float* x, float* out, size_t m, size_t n, size_t k) {
  rows_portable(weight, x, out, m, n, k, 0, n);
}

bool cpu_has_bf16() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

}  // namespace hob::torch_engine
