#include "model/torch/few_rows.h"

#include <algorithm>
#include <type_traits>
#include <vector>

#include "model/torch/avx2.h"

namespace hob::torch_engine {
namespace {

/// Eight running sums: independent chains that the compiler can keep in one register.
template <typename W>
float dot_portable(const W* weight, const float* x, size_t k) {
  float sums[8] = {};
  size_t i = 0;
  for (; i + 8 <= k; i += 8) {
    for (size_t j = 0; j < 8; ++j) sums[j] += widen(weight[i + j]) * x[i + j];
  }
  for (; i < k; ++i) sums[0] += widen(weight[i]) * x[i];
  return ((sums[0] + sums[4]) + (sums[1] + sums[5])) + ((sums[2] + sums[6]) + (sums[3] + sums[7]));
}

template <typename W>
void rows_portable(
  const W* weight, const float* x, float* out, size_t m, size_t n, size_t k, size_t first, size_t last
) {
  for (size_t row = first; row < last; ++row) {
    for (size_t i = 0; i < m; ++i) out[i * n + row] = dot_portable(weight + row * k, x + i * k, k);
  }
}

constexpr size_t kSplit = 16;

/// Of every sixteen places the eight even ones, then the eight odd ones: so pairs of bf16 are taken apart by a shift
/// and a mask. What is left over stays as it is.
void split_pairs(const float* x, float* out, size_t m, size_t k) {
  for (size_t row = 0; row < m; ++row, x += k, out += k) {
    size_t i = 0;
    for (; i + kSplit <= k; i += kSplit) {
      for (size_t j = 0; j < kSplit / 2; ++j) {
        out[i + j] = x[i + 2 * j];
        out[i + kSplit / 2 + j] = x[i + 2 * j + 1];
      }
    }
    std::copy(x + i, x + k, out + i);
  }
}

#if defined(__x86_64__)
/// R rows of weights by C rows of activations: all sums stay in registers.
template <size_t R, size_t C>
HOB_AVX2 inline void tile(const Bf16* w, const float* x, float* out, size_t n, size_t k) {
  __m256 sums[R][C];
  for (size_t r = 0; r < R; ++r) {
    for (size_t c = 0; c < C; ++c) sums[r][c] = _mm256_setzero_ps();
  }
  const __m256i high = _mm256_set1_epi32(static_cast<int>(0xffff0000u));
  const size_t whole = k / kSplit * kSplit;
  for (size_t i = 0; i < whole; i += kSplit) {
    __m256 even[C], odd[C];
#pragma GCC unroll 4
    for (size_t c = 0; c < C; ++c) {
      even[c] = _mm256_loadu_ps(x + c * k + i);
      odd[c] = _mm256_loadu_ps(x + c * k + i + kSplit / 2);
    }
#pragma GCC unroll 4
    for (size_t r = 0; r < R; ++r) {
      const __m256i raw = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w + r * k + i));
      const __m256 low = _mm256_castsi256_ps(_mm256_slli_epi32(raw, 16));
      const __m256 top = _mm256_castsi256_ps(_mm256_and_si256(raw, high));
#pragma GCC unroll 4
      for (size_t c = 0; c < C; ++c) {
        sums[r][c] = _mm256_fmadd_ps(low, even[c], sums[r][c]);
        sums[r][c] = _mm256_fmadd_ps(top, odd[c], sums[r][c]);
      }
    }
  }
  for (size_t r = 0; r < R; ++r) {
    for (size_t c = 0; c < C; ++c) {
      float sum = sum_lanes(sums[r][c]);
      for (size_t i = whole; i < k; ++i) sum += widen(w[r * k + i]) * x[c * k + i];
      out[c * n + r] = sum;
    }
  }
}

template <size_t R, size_t C>
HOB_AVX2 inline void tile(const float* w, const float* x, float* out, size_t n, size_t k) {
  __m256 sums[R][C];
  for (size_t r = 0; r < R; ++r) {
    for (size_t c = 0; c < C; ++c) sums[r][c] = _mm256_setzero_ps();
  }
  const size_t whole = k / 8 * 8;
  for (size_t i = 0; i < whole; i += 8) {
    __m256 v[C];
#pragma GCC unroll 4
    for (size_t c = 0; c < C; ++c) v[c] = _mm256_loadu_ps(x + c * k + i);
#pragma GCC unroll 4
    for (size_t r = 0; r < R; ++r) {
      const __m256 weight = _mm256_loadu_ps(w + r * k + i);
#pragma GCC unroll 4
      for (size_t c = 0; c < C; ++c) sums[r][c] = _mm256_fmadd_ps(weight, v[c], sums[r][c]);
    }
  }
  for (size_t r = 0; r < R; ++r) {
    for (size_t c = 0; c < C; ++c) {
      float sum = sum_lanes(sums[r][c]);
      for (size_t i = whole; i < k; ++i) sum += w[r * k + i] * x[c * k + i];
      out[c * n + r] = sum;
    }
  }
}

/// R rows of weights by all rows of activations: after the first tile the weights come from the caches.
template <size_t R, typename W>
HOB_AVX2 inline void tiles(const W* w, const float* x, float* out, size_t m, size_t n, size_t k) {
  size_t done = 0;
  while (done < m) {
    const size_t left = m - done;
    const float* rows = x + done * k;
    float* to = out + done * n;
    if (left == 1) {
      tile<R, 1>(w, rows, to, n, k);
      done += 1;
    } else if (left == 2 || left == 4) {
      tile<R, 2>(w, rows, to, n, k);
      done += 2;
    } else {
      tile<R, 3>(w, rows, to, n, k);
      done += 3;
    }
  }
}

template <typename W>
HOB_AVX2 void rows_avx2(
  const W* weight, const float* x, float* out, size_t m, size_t n, size_t k, size_t first, size_t last
) {
  size_t row = first;
  for (; row + 4 <= last; row += 4) tiles<4>(weight + row * k, x, out + row, m, n, k);
  for (; row < last; ++row) tiles<1>(weight + row * k, x, out + row, m, n, k);
}
#endif

std::vector<FewRowsPath> usable_paths() {
  std::vector<FewRowsPath> out;
#if defined(__x86_64__)
  if (has_avx2()) {
    out.push_back({.name = "avx2", .bf16 = rows_avx2<Bf16>, .f32 = rows_avx2<float>, .split_pairs = true});
  }
#endif
  out.push_back({.name = "portable", .bf16 = rows_portable<Bf16>, .f32 = rows_portable<float>, .split_pairs = false});
  return out;
}

}  // namespace

std::span<const FewRowsPath> few_rows_paths() {
  static const std::vector<FewRowsPath> paths = usable_paths();
  return paths;
}

template <typename W>
void few_rows(
  const FewRowsPath& path, const W* weight, const float* x, float* out, size_t m, size_t n, size_t k, int threads
) {
  static thread_local std::vector<float> split;
  FewRowsKernel<W> kernel;
  if constexpr (std::is_same_v<W, Bf16>) {
    kernel = path.bf16;
    if (path.split_pairs) {
      split.resize(std::max(split.size(), m * k));
      split_pairs(x, split.data(), m, k);
      x = split.data();
    }
  } else {
    kernel = path.f32;
  }
  constexpr size_t kWorthThreads = 1u << 20;  // below a MiB of weights the hand-over costs more than it gives
  if (threads <= 1 || n * k < kWorthThreads) return kernel(weight, x, out, m, n, k, 0, n);
  const auto parts = static_cast<size_t>(threads);
  const size_t share = (n / parts + 4) / 4 * 4;
#pragma omp parallel for num_threads(threads) schedule(static, 1)
  for (size_t part = 0; part < parts; ++part) {
    const size_t first = part * share < n ? part * share : n;
    const size_t last = first + share < n ? first + share : n;
    kernel(weight, x, out, m, n, k, first, last);
  }
}

template <typename W>
void few_rows(const W* weight, const float* x, float* out, size_t m, size_t n, size_t k, int threads) {
  few_rows(few_rows_paths().front(), weight, x, out, m, n, k, threads);
}

template void few_rows(
  const FewRowsPath&, const Bf16*, const float*, float*, size_t, size_t, size_t, int
);
template void few_rows(
  const FewRowsPath&, const float*, const float*, float*, size_t, size_t, size_t, int
);
template void few_rows(const Bf16*, const float*, float*, size_t, size_t, size_t, int);
template void few_rows(const float*, const float*, float*, size_t, size_t, size_t, int);

}  // namespace hob::torch_engine
