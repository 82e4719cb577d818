// Kernels: the small loops between matrix products that ATen has only in pieces.
//
//   rms_norm(x, weight, out, rows, dim, 1e-6f);
//
// T is float or Bf16; Bf16 is widened, computed in f32 and rounded exactly where the reference implementation rounds. Each
// has a portable path; attention also an AVX2 one, chosen by asking the CPU. Raw pointers, no torch: any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "model/gemma/bf16.h"

namespace hob::torch_engine {

using gemma::Bf16;
using gemma::widen;
inline float widen(float value) { return value; }

template <typename T>
T narrow(float value);
template <>
inline float narrow<float>(float value) {
  return value;
}
template <>
inline Bf16 narrow<Bf16>(float value) {
  return gemma::to_bf16(value);
}

/// out = x * (mean(x^2) + eps)^-0.5 * weight, row by row; a null weight is all ones. out may be x.
template <typename T>
void rms_norm(const T* x, const float* weight, T* out, size_t rows, size_t dim, float eps);

/// x = x + rms_norm(h): the end of each branch of a layer.
template <typename T>
void add_norm(T* x, const T* h, const float* weight, size_t rows, size_t dim, float eps);

/// Where heads of one time step go: head n, time t at out[n * head_stride + t * dim].
template <typename T>
struct HeadsOut {
  T* out;
  size_t head_stride;
};

/// Norm and rotation of projected heads x [time, heads, dim], written head by head. cos and sin are [time, dim / 2],
/// rounded to T already; null for values, which are not rotated.
template <typename T>
void norm_rotate(
  const T* x, const float* weight, const float* cos, const float* sin, HeadsOut<T> to, size_t time, size_t heads,
  size_t dim, float eps
);

/// dst[i] = src[i] in f32.
void widen_all(const Bf16* src, float* dst, size_t count);
/// dst[i] = src[i], rounded to the nearest.
void narrow_all(const float* src, Bf16* dst, size_t count);

/// Keys and values of positions behind one another: of key-value head n [count, dim] at n * kv_stride.
template <typename T>
struct KeyRun {
  const T* keys;
  const T* values;
  size_t count;
};

/// Queries of one sequence over its cached keys and values, for few queries: what a decoding step and a draft's check need.
template <typename T>
struct FewQueries {
  const T* q;                          // [heads, time, dim]
  std::span<const KeyRun<T>> runs;     // in the order of positions
  size_t kv_stride;
  T* out;                              // [time, heads * dim]
  size_t heads, kv_heads, time, dim;
  size_t count;                        // keys of all runs
  size_t visible;                      // keys that the first query sees: [.., visible); each later query sees one more
  size_t window;                       // of these, only the last `window`; 0: all
};

/// softmax(q . k) v with scale 1, in f32; bf16 is rounded at the end. Each key is read once for all heads that share it, and
/// what comes out does not depend on where runs end. False where this CPU or this head size has no path: nothing is written
/// then.
template <typename T>
bool attend_few(const FewQueries<T>& work, int threads);

/// The CPU multiplies bf16 itself (AVX512_BF16); elsewhere ATen's bf16 products are some 90 times slower than f32's.
bool cpu_has_bf16();

}  // namespace hob::torch_engine
