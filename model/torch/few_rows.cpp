#include "model/torch/few_rows.h"

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <vector>

#include "model/torch/avx2.h"
#include "model/torch/workers.h"

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
/// How far ahead weights are asked for: the rows of a tile follow one another, so this is what the next tiles read. Into the
/// second cache: the first has the activations.
constexpr size_t kAhead = 4096;

HOB_AVX2 inline void ask_ahead(const void* at) {
  _mm_prefetch(static_cast<const char*>(at) + kAhead, _MM_HINT_T1);
}

/// The sums of R rows of weights by C rows of activations stay in registers; so do the activations of a step where they
/// are few, else its weights. Each sum is made in the same order whatever R and C are.
template <size_t R, size_t C>
HOB_AVX2 inline void tile(const Bf16* w, const float* x, float* out, size_t n, size_t k, bool first) {
  __m256 sums[R][C];
  for (size_t r = 0; r < R; ++r) {
    for (size_t c = 0; c < C; ++c) sums[r][c] = _mm256_setzero_ps();
  }
  const __m256i high = _mm256_set1_epi32(static_cast<int>(0xffff0000u));
  const size_t whole = k / kSplit * kSplit;
  const Bf16* next = w;
  for (size_t i = 0; i < whole; i += kSplit) {
    if (first) {
      // One line of the weights behind these for each line read.
      for (size_t r = 0; r < R / 2; ++r, next += 2 * kSplit) ask_ahead(next);
    }
    if constexpr (C <= 2) {
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
    } else {
      __m256 low[R], top[R];
#pragma GCC unroll 4
      for (size_t r = 0; r < R; ++r) {
        const __m256i raw = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(w + r * k + i));
        low[r] = _mm256_castsi256_ps(_mm256_slli_epi32(raw, 16));
        top[r] = _mm256_castsi256_ps(_mm256_and_si256(raw, high));
      }
#pragma GCC unroll 4
      for (size_t c = 0; c < C; ++c) {
        const __m256 even = _mm256_loadu_ps(x + c * k + i), odd = _mm256_loadu_ps(x + c * k + i + kSplit / 2);
#pragma GCC unroll 4
        for (size_t r = 0; r < R; ++r) sums[r][c] = _mm256_fmadd_ps(low[r], even, sums[r][c]);
#pragma GCC unroll 4
        for (size_t r = 0; r < R; ++r) sums[r][c] = _mm256_fmadd_ps(top[r], odd, sums[r][c]);
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
HOB_AVX2 inline void tile(const float* w, const float* x, float* out, size_t n, size_t k, bool first) {
  __m256 sums[R][C];
  for (size_t r = 0; r < R; ++r) {
    for (size_t c = 0; c < C; ++c) sums[r][c] = _mm256_setzero_ps();
  }
  const size_t whole = k / 8 * 8;
  const float* next = w;
  for (size_t i = 0; i < whole; i += 8) {
    if (first) {
      for (size_t r = 0; r < R / 2; ++r, next += 16) ask_ahead(next);
    }
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

/// C rows of activations by four rows of weights, two at a time where the sums would not fit the registers.
template <size_t C, typename W>
HOB_AVX2 inline void four_by(const W* w, const float* x, float* out, size_t n, size_t k, bool first) {
  if constexpr (C <= 2) {
    tile<4, C>(w, x, out, n, k, first);
  } else {
    tile<2, C>(w, x, out, n, k, first);
    tile<2, C>(w + 2 * k, x, out + 2, n, k, first);
  }
}

/// Four rows of weights by all rows of activations: after the first tile the weights come from the caches.
template <typename W>
HOB_AVX2 inline void four_rows(const W* w, const float* x, float* out, size_t m, size_t n, size_t k) {
  size_t done = 0;
  while (done < m) {
    const size_t left = m - done;
    const float* rows = x + done * k;
    float* to = out + done * n;
    const bool first = done == 0;
    if (left == 1) {
      four_by<1>(w, rows, to, n, k, first);
      done += 1;
    } else if (left == 2 || left == 5) {
      four_by<2>(w, rows, to, n, k, first);
      done += 2;
    } else if (left == 3 || left == 6) {
      four_by<3>(w, rows, to, n, k, first);
      done += 3;
    } else {
      four_by<4>(w, rows, to, n, k, first);
      done += 4;
    }
  }
}

template <typename W>
HOB_AVX2 void rows_avx2(
  const W* weight, const float* x, float* out, size_t m, size_t n, size_t k, size_t first, size_t last
) {
  size_t row = first;
  for (; row + 4 <= last; row += 4) four_rows(weight + row * k, x, out + row, m, n, k);
  for (; row < last; ++row) {
    for (size_t i = 0; i < m; ++i) tile<1, 1>(weight + row * k, x + i * k, out + i * n + row, n, k, false);
  }
}
#endif

/// Parts of some hundred KiB: small enough to share evenly, large enough that memory is read in long runs.
template <typename W, typename X>
void share(
  void (*kernel)(const W*, const X*, float*, size_t, size_t, size_t, size_t, size_t),
  std::span<const FewRowsTarget<W>> targets, const X* x, size_t m, size_t k, int threads
) {
  constexpr size_t kWorthThreads = 256u << 10, kPartBytes = 128u << 10;
  size_t all = 0;
  for (const FewRowsTarget<W>& target : targets) all += target.n;
  if (threads <= 1 || all * k * sizeof(W) < kWorthThreads) {
    for (const FewRowsTarget<W>& target : targets) kernel(target.weight, x, target.out, m, target.n, k, 0, target.n);
    return;
  }
  size_t rows = std::max<size_t>(4, kPartBytes / (k * sizeof(W)) / 4 * 4);
  while (all / rows + targets.size() >= kMostParts) rows *= 2;
  const auto parts_of = [rows](const FewRowsTarget<W>& target) { return (target.n + rows - 1) / rows; };
  size_t parts = 0;
  for (const FewRowsTarget<W>& target : targets) parts += parts_of(target);
  workers(threads).run(parts, [=](size_t part) {
    size_t i = 0;
    while (part >= parts_of(targets[i])) part -= parts_of(targets[i++]);
    const FewRowsTarget<W>& target = targets[i];
    kernel(target.weight, x, target.out, m, target.n, k, part * rows, std::min(target.n, (part + 1) * rows));
  });
}

template <typename W>
void run_path(
  const FewRowsPath& path, std::span<const FewRowsTarget<W>> targets, const float* x, size_t m, size_t k, int threads
) {
  if constexpr (std::is_same_v<W, Bf16>) {
    static thread_local std::vector<float> split;
    if (path.split_pairs) {
      if (split.size() < m * k) split.resize(m * k);
      split_pairs(x, split.data(), m, k);
      x = split.data();
    }
    share(path.bf16, targets, x, m, k, threads);
  } else {
    share(path.f32, targets, x, m, k, threads);
  }
}

/// A small product by the path and by plain sums: what a CPU, an emulator or a compiler does otherwise is not used.
bool agrees(const FewRowsPath& path) {
  constexpr size_t m = 3, n = 9, k = 103;
  std::vector<Bf16> weight(n * k), narrow_x(m * k);
  std::vector<float> wide_weight(n * k), x(m * k), out(m * n);
  uint32_t state = 12345;
  const auto next = [&] {
    state = state * 1664525u + 1013904223u;
    return narrow<Bf16>(static_cast<float>(state >> 16) / 32768.0f - 1.0f);
  };
  for (size_t i = 0; i < weight.size(); ++i) wide_weight[i] = widen(weight[i] = next());
  for (size_t i = 0; i < x.size(); ++i) x[i] = widen(narrow_x[i] = next());
  const auto good = [&] {
    for (size_t i = 0; i < m * n; ++i) {
      double sum = 0;
      for (size_t j = 0; j < k; ++j) sum += double{wide_weight[i % n * k + j]} * x[i / n * k + j];
      if (!(std::fabs(sum - out[i]) < 1e-4)) return false;
    }
    std::fill(out.begin(), out.end(), -99.0f);
    return true;
  };
  const FewRowsTarget<Bf16> target{weight.data(), out.data(), n};
  run_path<Bf16>(path, {&target, 1}, x.data(), m, k, 1);
  if (!good()) return false;
  const FewRowsTarget<float> wide{wide_weight.data(), out.data(), n};
  run_path<float>(path, {&wide, 1}, x.data(), m, k, 1);
  if (!good()) return false;
  if (!path.pairs) return true;
  path.pairs(weight.data(), narrow_x.data(), out.data(), m, n, k, 0, n);
  return good();
}

std::vector<FewRowsPath> usable_paths() {
  std::vector<FewRowsPath> out;
#if defined(__x86_64__)
  if (has_avx2()) {
    FewRowsPath path{
      .name = "avx2", .bf16 = rows_avx2<Bf16>, .f32 = rows_avx2<float>, .pairs = nullptr, .split_pairs = true
    };
    if (avx512_bf16_kernel()) {
      path.pairs = avx512_bf16_kernel();
      path.name = "avx512_bf16";
      if (agrees(path)) out.push_back(path);
      path.pairs = nullptr;
      path.name = "avx2";
    }
    if (agrees(path)) out.push_back(path);
  }
#endif
  out.push_back(
    {.name = "portable", .bf16 = rows_portable<Bf16>, .f32 = rows_portable<float>, .pairs = nullptr, .split_pairs = false}
  );
  return out;
}

}  // namespace

std::span<const FewRowsPath> few_rows_paths() {
  static const std::vector<FewRowsPath> paths = usable_paths();
  return paths;
}

template <typename W>
void few_rows(
  const FewRowsPath& path, std::span<const FewRowsTarget<W>> targets, const float* x, size_t m, size_t k, int threads
) {
  run_path(path, targets, x, m, k, threads);
}

template <typename W>
void few_rows(std::span<const FewRowsTarget<W>> targets, const float* x, size_t m, size_t k, int threads) {
  run_path(few_rows_paths().front(), targets, x, m, k, threads);
}

void few_rows(
  const FewRowsPath& path, std::span<const FewRowsTarget<Bf16>> targets, const Bf16* x, size_t m, size_t k, int threads
) {
  if (path.pairs) return share(path.pairs, targets, x, m, k, threads);
  static thread_local std::vector<float> wide;
  if (wide.size() < m * k) wide.resize(m * k);
  widen_all(x, wide.data(), m * k);
  run_path(path, targets, wide.data(), m, k, threads);
}

void few_rows(std::span<const FewRowsTarget<Bf16>> targets, const Bf16* x, size_t m, size_t k, int threads) {
  few_rows(few_rows_paths().front(), targets, x, m, k, threads);
}

template void few_rows(const FewRowsPath&, std::span<const FewRowsTarget<Bf16>>, const float*, size_t, size_t, int);
template void few_rows(const FewRowsPath&, std::span<const FewRowsTarget<float>>, const float*, size_t, size_t, int);
template void few_rows(std::span<const FewRowsTarget<Bf16>>, const float*, size_t, size_t, int);
template void few_rows(std::span<const FewRowsTarget<float>>, const float*, size_t, size_t, int);

}  // namespace hob::torch_engine
