#include "model/torch/kernels.h"

#include <cmath>
#include <vector>

#include "model/torch/avx2.h"
#include "model/torch/workers.h"

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

#if defined(__x86_64__)
/// scores -> softmax in place; `count` may be any number.
HOB_AVX2 void softmax_avx2(float* scores, size_t count) {
  float most = scores[0];
  for (size_t i = 1; i < count; ++i) most = scores[i] > most ? scores[i] : most;
  const __m256 shift = _mm256_set1_ps(most);
  __m256 sums = _mm256_setzero_ps();
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const __m256 e = exp_lanes(_mm256_sub_ps(_mm256_loadu_ps(scores + i), shift));
    _mm256_storeu_ps(scores + i, e);
    sums = _mm256_add_ps(sums, e);
  }
  float sum = sum_lanes(sums);
  for (; i < count; ++i) {
    scores[i] = std::exp(scores[i] - most);
    sum += scores[i];
  }
  const float scale = 1.0f / sum;
  for (i = 0; i < count; ++i) scores[i] *= scale;
}

/// The rows [first, last) of one key-value head; row r is query r % time of head r / time within the group.
HOB_AVX2 void attend_rows(
  const FewQueries& work, size_t kv_head, size_t first, size_t last, std::vector<float>& scores
) {
  const size_t group = work.heads / work.kv_heads, dim = work.dim, rows = last - first;
  const float* keys = work.keys + kv_head * work.kv_stride;
  const float* values = work.values + kv_head * work.kv_stride;
  const float* q = work.q + (kv_head * group * work.time + first) * dim;
  scores.resize(rows * work.count);
  const auto seen_to = [&](size_t row) { return work.visible + (first + row) % work.time; };
  const auto seen_from = [&](size_t row) {
    return work.window > 0 && seen_to(row) > work.window ? seen_to(row) - work.window : 0;
  };
  for (size_t key = 0; key < work.count; ++key) {
    const float* k = keys + key * dim;
    for (size_t row = 0; row < rows; ++row) {
      const float* query = q + row * dim;
      __m256 a = _mm256_setzero_ps(), b = a;
      size_t i = 0;
      for (; i + 16 <= dim; i += 16) {
        a = _mm256_fmadd_ps(_mm256_loadu_ps(query + i), _mm256_loadu_ps(k + i), a);
        b = _mm256_fmadd_ps(_mm256_loadu_ps(query + i + 8), _mm256_loadu_ps(k + i + 8), b);
      }
      if (i < dim) a = _mm256_fmadd_ps(_mm256_loadu_ps(query + i), _mm256_loadu_ps(k + i), a);
      scores[row * work.count + key] = sum_lanes(_mm256_add_ps(a, b));
    }
  }
  for (size_t row = 0; row < rows; ++row) {
    const size_t from = seen_from(row), to = seen_to(row);
    softmax_avx2(scores.data() + row * work.count + from, to - from);
  }
  const auto out_row = [&](size_t row) {
    const size_t head = kv_head * group + (first + row) / work.time, time = (first + row) % work.time;
    return work.out + (time * work.heads + head) * dim;
  };
  // A strip of 32 columns at a time: its sums stay in registers over all keys.
  for (size_t row = 0; row < rows; ++row) {
    const float* p = scores.data() + row * work.count;
    const size_t from = seen_from(row), to = seen_to(row);
    float* out = out_row(row);
    size_t column = 0;
    for (; column + 32 <= dim; column += 32) {
      __m256 s0 = _mm256_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;
      for (size_t key = from; key < to; ++key) {
        const __m256 weight = _mm256_set1_ps(p[key]);
        const float* v = values + key * dim + column;
        s0 = _mm256_fmadd_ps(weight, _mm256_loadu_ps(v), s0);
        s1 = _mm256_fmadd_ps(weight, _mm256_loadu_ps(v + 8), s1);
        s2 = _mm256_fmadd_ps(weight, _mm256_loadu_ps(v + 16), s2);
        s3 = _mm256_fmadd_ps(weight, _mm256_loadu_ps(v + 24), s3);
      }
      _mm256_storeu_ps(out + column, s0);
      _mm256_storeu_ps(out + column + 8, s1);
      _mm256_storeu_ps(out + column + 16, s2);
      _mm256_storeu_ps(out + column + 24, s3);
    }
    for (; column < dim; column += 8) {
      __m256 s = _mm256_setzero_ps();
      for (size_t key = from; key < to; ++key) {
        s = _mm256_fmadd_ps(_mm256_set1_ps(p[key]), _mm256_loadu_ps(values + key * dim + column), s);
      }
      _mm256_storeu_ps(out + column, s);
    }
  }
}
#endif

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

#if defined(__x86_64__)
namespace {

HOB_AVX2 size_t widen_eights(const Bf16* src, float* dst, size_t count) {
  size_t i = 0;
  for (; i + 8 <= count; i += 8) _mm256_storeu_ps(dst + i, load_wide(src + i));
  return i;
}

}  // namespace
#endif

void widen_all(const Bf16* src, float* dst, size_t count) {
  size_t i = 0;
#if defined(__x86_64__)
  if (has_avx2()) i = widen_eights(src, dst, count);
#endif
  for (; i < count; ++i) dst[i] = widen(src[i]);
}

bool attend_few(const FewQueries& work, int threads) {
#if defined(__x86_64__)
  if (!has_avx2() || work.dim % 8 != 0) return false;
  const size_t rows = work.heads / work.kv_heads * work.time;
  constexpr size_t kWorthThreads = 1u << 20;
  const size_t parts = threads > 1 && rows * work.count * work.dim * work.kv_heads >= kWorthThreads
                         ? static_cast<size_t>(threads)
                         : 1;
  if (parts == 1) {
    static thread_local std::vector<float> scores;
    for (size_t head = 0; head < work.kv_heads; ++head) attend_rows(work, head, 0, rows, scores);
    return true;
  }
  const size_t splits = work.kv_heads >= parts ? 1 : (rows < parts ? rows : parts);
  const size_t share = (rows + splits - 1) / splits;
  workers(threads).run(work.kv_heads * splits, [&](size_t task) {
    static thread_local std::vector<float> scores;
    const size_t first = task % splits * share;
    const size_t last = first + share < rows ? first + share : rows;
    if (first < last) attend_rows(work, task / splits, first, last, scores);
  });
  return true;
#else
  (void)work, (void)threads;
  return false;
#endif
}

bool cpu_has_bf16() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

}  // namespace hob::torch_engine
