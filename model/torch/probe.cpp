#include "model/torch/probe.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "model/torch/avx2.h"
#include "model/torch/few_rows.h"
#include "model/torch/workers.h"

namespace hob::torch_engine {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kPartBytes = 1u << 20;
constexpr int kRounds = 8;

uint64_t read_portable(const uint64_t* at, size_t count) {
  uint64_t out = 0;
  for (size_t i = 0; i < count; ++i) out ^= at[i];
  return out;
}

/// 2 * 8 sums of 8 lanes, each multiplied and added to `steps` times.
constexpr size_t kSums = 12;
constexpr size_t kSteps = 200'000;

#if defined(__x86_64__)
HOB_AVX2 uint64_t read_avx2(const uint64_t* at, size_t count) {
  const auto* from = reinterpret_cast<const __m256i*>(at);
  __m256i a = _mm256_setzero_si256(), b = a, c = a, d = a;
  for (size_t i = 0; i + 4 <= count / 4; i += 4) {
    _mm_prefetch(reinterpret_cast<const char*>(from + i) + 4096, _MM_HINT_T0);
    _mm_prefetch(reinterpret_cast<const char*>(from + i) + 4160, _MM_HINT_T0);
    a = _mm256_xor_si256(a, _mm256_loadu_si256(from + i));
    b = _mm256_xor_si256(b, _mm256_loadu_si256(from + i + 1));
    c = _mm256_xor_si256(c, _mm256_loadu_si256(from + i + 2));
    d = _mm256_xor_si256(d, _mm256_loadu_si256(from + i + 3));
  }
  uint64_t out[4];
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), _mm256_xor_si256(_mm256_xor_si256(a, b), _mm256_xor_si256(c, d)));
  return out[0] ^ out[1] ^ out[2] ^ out[3];
}

HOB_AVX2 float multiply_avx2(float factor) {
  __m256 sums[kSums];
  for (size_t i = 0; i < kSums; ++i) sums[i] = _mm256_set1_ps(static_cast<float>(i));
  const __m256 f = _mm256_set1_ps(factor), one = _mm256_set1_ps(1.0f);
  for (size_t step = 0; step < kSteps; ++step) {
#pragma GCC unroll 12
    for (size_t i = 0; i < kSums; ++i) sums[i] = _mm256_fmadd_ps(sums[i], f, one);
  }
  float out = 0;
  for (size_t i = 0; i < kSums; ++i) out += sum_lanes(sums[i]);
  return out;
}
#endif

float multiply_portable(float factor) {
  float sums[kSums * 8];
  for (size_t i = 0; i < kSums * 8; ++i) sums[i] = static_cast<float>(i);
  for (size_t step = 0; step < kSteps; ++step) {
    for (size_t i = 0; i < kSums * 8; ++i) sums[i] = sums[i] * factor + 1.0f;
  }
  float out = 0;
  for (const float sum : sums) out += sum;
  return out;
}

/// What each of kRounds rounds took in which `work` ran for each part, the least first.
template <typename Work>
std::vector<double> rounds(int threads, size_t parts, const Work& work) {
  std::vector<double> out;
  for (int round = 0; round < kRounds; ++round) {
    const auto start = Clock::now();
    workers(threads).run(parts, work);
    out.push_back(std::chrono::duration<double>(Clock::now() - start).count());
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string describe_cpu() {
  std::ifstream in("/proc/cpuinfo");
  std::string line, name = "unknown CPU";
  while (std::getline(in, line)) {
    if (!line.starts_with("model name")) continue;
    name = line.substr(line.find(':') + 1);
    name.erase(0, name.find_first_not_of(' '));
    break;
  }
  return name + ", " + few_rows_paths().front().name;
}

}  // namespace

double read_bandwidth(int threads, size_t bytes) {
  const size_t parts = std::max<size_t>(1, bytes / kPartBytes);
  std::vector<uint64_t> buffer(parts * kPartBytes / sizeof(uint64_t));
  for (size_t i = 0; i < buffer.size(); i += 64) buffer[i] = i;
  std::atomic<uint64_t> seen{0};
  const auto seconds = rounds(threads, parts, [&](size_t part) {
    const uint64_t* at = buffer.data() + part * (kPartBytes / sizeof(uint64_t));
    constexpr size_t count = kPartBytes / sizeof(uint64_t);
#if defined(__x86_64__)
    if (has_avx2()) {
      seen ^= read_avx2(at, count);
      return;
    }
#endif
    seen ^= read_portable(at, count);
  });
  return static_cast<double>(parts * kPartBytes) / seconds[seconds.size() / 2] / 1e9;
}

double peak_gflops(int threads, bool bf16) {
  const size_t parts = 4 * static_cast<size_t>(std::max(threads, 1));
  std::atomic<float> seen{0};
  const BusyPairs pairs = bf16 ? avx512_bf16_peak() : BusyPairs{};
  const auto seconds = rounds(threads, parts, [&](size_t part) {
    const float factor = 1.0f / static_cast<float>(part + 2);
    if (pairs.run) {
      seen = pairs.run(factor, kSteps);
      return;
    }
#if defined(__x86_64__)
    if (has_avx2()) {
      seen = multiply_avx2(factor);
      return;
    }
#endif
    seen = multiply_portable(factor);
  });
  const size_t step = pairs.run ? pairs.operations : kSums * 8 * 2;
  return static_cast<double>(parts * kSteps * step) / seconds.front() / 1e9;
}

const char* cpu_text() {
  static const std::string text = describe_cpu();
  return text.c_str();
}

}  // namespace hob::torch_engine
