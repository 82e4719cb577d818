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

HOB_AVX2 inline void store_narrow(float* to, __m256 value) { _mm256_storeu_ps(to, value); }
/// Rounded to nearest, ties to even, as gemma::to_bf16 does; a NaN stays one.
HOB_AVX2 inline void store_narrow(Bf16* to, __m256 value) {
  const __m256i bits = _mm256_castps_si256(value);
  const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
  __m256i rounded = _mm256_srli_epi32(_mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7fff))), 16);
  const __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(value, value, _CMP_UNORD_Q));
  rounded = _mm256_blendv_epi8(rounded, _mm256_set1_epi32(0x7fc0), nan);
  const __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(rounded, rounded), 0b1000);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm256_castsi256_si128(packed));
}

/// `count` values as f32: where they lie, or widened into `space`.
HOB_AVX2 inline const float* as_floats(const float* from, size_t, float*) { return from; }
HOB_AVX2 inline const float* as_floats(const Bf16* from, size_t count, float* space) {
  for (size_t i = 0; i < count; i += 8) _mm256_storeu_ps(space + i, load_wide(from + i));
  return space;
}

struct AttendSpace {
  std::vector<float> scores, queries, keys;
};

/// scores[row * count + key] = q[row] . k[key] for R queries and K keys: R * K chains that do not wait for one another.
template <size_t R, size_t K>
HOB_AVX2 void score(const float* q, const float* k, size_t dim, float* scores, size_t count) {
  __m256 sums[R][K];
  for (size_t row = 0; row < R; ++row) {
    for (size_t key = 0; key < K; ++key) sums[row][key] = _mm256_setzero_ps();
  }
  for (size_t i = 0; i < dim; i += 8) {
    __m256 keys[K];
    for (size_t key = 0; key < K; ++key) keys[key] = _mm256_loadu_ps(k + key * dim + i);
    for (size_t row = 0; row < R; ++row) {
      const __m256 query = _mm256_loadu_ps(q + row * dim + i);
      for (size_t key = 0; key < K; ++key) sums[row][key] = _mm256_fmadd_ps(query, keys[key], sums[row][key]);
    }
  }
  for (size_t row = 0; row < R; ++row) {
    for (size_t key = 0; key < K; ++key) scores[row * count + key] = sum_lanes(sums[row][key]);
  }
}

template <size_t K>
HOB_AVX2 void score_rows(const float* q, const float* k, size_t rows, size_t dim, float* scores, size_t count) {
  size_t row = 0;
  for (; row + 4 <= rows; row += 4) score<4, K>(q + row * dim, k, dim, scores + row * count, count);
  for (; row < rows; ++row) score<1, K>(q + row * dim, k, dim, scores + row * count, count);
}

/// Keys and values of one head, and what R queries give each of the keys [from, to): weight `key` of query r at
/// weights[r * count + key].
template <typename T>
struct Weighted {
  std::span<const KeyRun<T>> runs;
  size_t head, dim;
  const float* weights;
  size_t count, from, to;
};

/// out[r] = the weighted sum of columns [column, column + 8 * C) of R queries: the sums stay in registers over all keys.
template <size_t R, size_t C, typename T>
HOB_AVX2 void sum_columns(const Weighted<T>& work, size_t column, T* const* out) {
  __m256 sums[R][C];
  for (size_t row = 0; row < R; ++row) {
    for (size_t c = 0; c < C; ++c) sums[row][c] = _mm256_setzero_ps();
  }
  size_t at = 0;
  for (const KeyRun<T>& run : work.runs) {
    const size_t begin = work.from > at ? work.from - at : 0;
    const size_t end = work.to > at ? (work.to - at < run.count ? work.to - at : run.count) : 0;
    const float* weights = work.weights + at;
    const T* v = run.values + work.head + begin * work.dim + column;
    for (size_t key = begin; key < end; ++key, v += work.dim) {
      __m256 values[C];
      for (size_t c = 0; c < C; ++c) values[c] = load_wide(v + 8 * c);
      for (size_t row = 0; row < R; ++row) {
        const __m256 weight = _mm256_set1_ps(weights[row * work.count + key]);
        for (size_t c = 0; c < C; ++c) sums[row][c] = _mm256_fmadd_ps(weight, values[c], sums[row][c]);
      }
    }
    at += run.count;
  }
  for (size_t row = 0; row < R; ++row) {
    for (size_t c = 0; c < C; ++c) store_narrow(out[row] + column + 8 * c, sums[row][c]);
  }
}

template <size_t R, typename T>
HOB_AVX2 void sum_values(const Weighted<T>& work, T* const* out) {
  constexpr size_t kColumns = R == 1 ? 4 : 2;
  size_t column = 0;
  for (; column + 8 * kColumns <= work.dim; column += 8 * kColumns) sum_columns<R, kColumns>(work, column, out);
  for (; column < work.dim; column += 8) sum_columns<R, 1>(work, column, out);
}

/// The rows [first, last) of one key-value head; row r is query r % time of head r / time within the group.
template <typename T>
HOB_AVX2 void attend_rows(const FewQueries<T>& work, size_t kv_head, size_t first, size_t last, AttendSpace& space) {
  const size_t group = work.heads / work.kv_heads, dim = work.dim, rows = last - first, head = kv_head * work.kv_stride;
  space.scores.resize(rows * work.count);
  space.queries.resize(rows * dim);
  space.keys.resize(2 * dim);
  const float* q = as_floats(work.q + (kv_head * group * work.time + first) * dim, rows * dim, space.queries.data());
  float* at = space.scores.data();
  for (const KeyRun<T>& run : work.runs) {
    const T* keys = run.keys + head;
    size_t key = 0;
    for (; key + 2 <= run.count; key += 2, at += 2) {
      score_rows<2>(q, as_floats(keys + key * dim, 2 * dim, space.keys.data()), rows, dim, at, work.count);
    }
    for (; key < run.count; ++key, ++at) {
      score_rows<1>(q, as_floats(keys + key * dim, dim, space.keys.data()), rows, dim, at, work.count);
    }
  }
  // What a query does not see weighs nothing, so that rows which see almost the same are summed together.
  for (size_t row = 0; row < rows; ++row) {
    float* scores = space.scores.data() + row * work.count;
    const size_t to = work.visible + (first + row) % work.time;
    const size_t from = work.window > 0 && to > work.window ? to - work.window : 0;
    softmax_avx2(scores + from, to - from);
    for (size_t key = 0; key < from; ++key) scores[key] = 0.0f;
    for (size_t key = to; key < work.count; ++key) scores[key] = 0.0f;
  }
  const auto out_row = [&](size_t row) {
    const size_t query_head = kv_head * group + (first + row) / work.time, time = (first + row) % work.time;
    return work.out + (time * work.heads + query_head) * dim;
  };
  const size_t begin = work.window > 0 && work.visible > work.window ? work.visible - work.window : 0;
  Weighted<T> weighted{work.runs, head, dim, space.scores.data(), work.count, begin, work.count};
  size_t row = 0;
  for (; row + 4 <= rows; row += 4, weighted.weights += 4 * work.count) {
    T* const out[] = {out_row(row), out_row(row + 1), out_row(row + 2), out_row(row + 3)};
    sum_values<4>(weighted, out);
  }
  for (; row < rows; ++row, weighted.weights += work.count) {
    T* const out[] = {out_row(row)};
    sum_values<1>(weighted, out);
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

HOB_AVX2 size_t narrow_eights(const float* src, Bf16* dst, size_t count) {
  size_t i = 0;
  for (; i + 8 <= count; i += 8) store_narrow(dst + i, _mm256_loadu_ps(src + i));
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

void narrow_all(const float* src, Bf16* dst, size_t count) {
  size_t i = 0;
#if defined(__x86_64__)
  if (has_avx2()) i = narrow_eights(src, dst, count);
#endif
  for (; i < count; ++i) dst[i] = narrow<Bf16>(src[i]);
}

template <typename T>
bool attend_few(const FewQueries<T>& work, int threads) {
#if defined(__x86_64__)
  if (!has_avx2() || work.dim % 8 != 0) return false;
  const size_t rows = work.heads / work.kv_heads * work.time;
  constexpr size_t kWorthThreads = 1u << 20;
  const size_t parts = threads > 1 && rows * work.count * work.dim * work.kv_heads >= kWorthThreads
                         ? static_cast<size_t>(threads)
                         : 1;
  if (parts == 1) {
    static thread_local AttendSpace space;
    for (size_t head = 0; head < work.kv_heads; ++head) attend_rows(work, head, 0, rows, space);
    return true;
  }
  const size_t splits = work.kv_heads >= parts ? 1 : (rows < parts ? rows : parts);
  const size_t share = (rows + splits - 1) / splits;
  workers(threads).run(work.kv_heads * splits, [&](size_t task) {
    static thread_local AttendSpace space;
    const size_t first = task % splits * share;
    const size_t last = first + share < rows ? first + share : rows;
    if (first < last) attend_rows(work, task / splits, first, last, space);
  });
  return true;
#else
  (void)work, (void)threads;
  return false;
#endif
}

template bool attend_few(const FewQueries<float>&, int);
template bool attend_few(const FewQueries<Bf16>&, int);

bool cpu_has_bf16() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

}  // namespace hob::torch_engine
