#include "model/torch/few_rows.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <vector>

namespace hob::torch_engine {
namespace {

template <typename W>
std::vector<W> noise(std::mt19937& random, size_t count) {
  std::normal_distribution<float> normal;
  std::vector<W> out(count);
  for (W& value : out) value = narrow<W>(normal(random));
  return out;
}

/// With one matrix.
template <typename W, typename X>
void one(const FewRowsPath& path, const std::vector<W>& weight, const X* x, float* out, size_t m, size_t n, size_t k, int threads) {
  const FewRowsTarget<W> target{weight.data(), out, n};
  few_rows(path, std::span<const FewRowsTarget<W>>(&target, 1), x, m, k, threads);
}

template <typename W>
void check_against_double(size_t m, size_t n, size_t k, std::mt19937& random) {
  const auto weight = noise<W>(random, n * k);
  const auto x = noise<float>(random, m * k);
  std::vector<double> wanted(m * n), size(m * n);
  for (size_t i = 0; i < m * n; ++i) {
    for (size_t j = 0; j < k; ++j) {
      const double term = double{widen(weight[i % n * k + j])} * x[i / n * k + j];
      wanted[i] += term;
      size[i] += std::fabs(term);
    }
  }
  for (const FewRowsPath& path : few_rows_paths()) {
    for (const int threads : {1, 2, 3}) {
      INFO(path.name << ": " << m << " x " << n << " x " << k << ", threads " << threads);
      std::vector<float> got(m * n, -99.0f);
      one(path, weight, x.data(), got.data(), m, n, k, threads);
      double worst = 0;
      for (size_t i = 0; i < got.size(); ++i) worst = std::max(worst, std::fabs(got[i] - wanted[i]) / (size[i] + 1e-9));
      CHECK(worst < 1e-6);
    }
  }
}

void check_pairs(size_t m, size_t n, size_t k, std::mt19937& random) {
  const auto weight = noise<Bf16>(random, n * k), x = noise<Bf16>(random, m * k);
  for (const FewRowsPath& path : few_rows_paths()) {
    for (const int threads : {1, 2}) {
      INFO(path.name << ": " << m << " x " << n << " x " << k << ", threads " << threads);
      std::vector<float> got(m * n, -99.0f), alone(n);
      one(path, weight, x.data(), got.data(), m, n, k, threads);
      double worst = 0;
      for (size_t i = 0; i < got.size(); ++i) {
        double wanted = 0, size = 1e-9;
        for (size_t j = 0; j < k; ++j) {
          const double term = double{widen(weight[i % n * k + j])} * widen(x[i / n * k + j]);
          wanted += term;
          size += std::fabs(term);
        }
        worst = std::max(worst, std::fabs(got[i] - wanted) / size);
      }
      CHECK(worst < 1e-6);
      one(path, weight, x.data() + (m - 1) * k, alone.data(), 1, n, k, 1);
      CHECK(std::equal(alone.begin(), alone.end(), got.end() - static_cast<ptrdiff_t>(n)));
    }
  }
}

}  // namespace

TEST_CASE("bf16 activations give the sums that their values give, row by row, on every path") {
  std::mt19937 random(4);
  for (const size_t k : {1u, 31u, 32u, 47u, 200u, 1536u}) {
    for (const size_t n : {1u, 4u, 6u, 130u}) {
      for (size_t m = 1; m <= 9; ++m) check_pairs(m, n, k, random);
    }
  }
}

TEST_CASE("every path's product equals sums in double, for every shape, row count and thread count") {
  std::mt19937 random(1);
  CHECK(std::string(few_rows_paths().back().name) == "portable");
  for (const size_t k : {1u, 7u, 8u, 24u, 47u, 192u, 1536u}) {
    for (const size_t n : {1u, 3u, 4u, 5u, 18u, 67u, 1500u}) {
      if (n * k > 300'000 && k != 1536) continue;
      for (size_t m = 1; m <= (k == 1536 ? 5u : 9u); ++m) {
        check_against_double<Bf16>(m, n, k, random);
        check_against_double<float>(m, n, k, random);
      }
    }
  }
}

TEMPLATE_TEST_CASE("a row's product depends neither on the rows beside it nor on the threads", "", Bf16, float) {
  std::mt19937 random(2);
  for (const auto& [n, k] : {std::pair<size_t, size_t>{37, 203}, {70, 16}, {2100, 520}}) {
    const auto weight = noise<TestType>(random, n * k);
    const auto x = noise<float>(random, 9 * k);
    for (const FewRowsPath& path : few_rows_paths()) {
      std::vector<float> alone(9 * n);
      for (size_t m = 0; m < 9; ++m) {
        one(path, weight, x.data() + m * k, alone.data() + m * n, 1, n, k, 1);
      }
      for (size_t m = 2; m <= 9; ++m) {
        for (const int threads : {1, 2, 3}) {
          INFO(path.name << ": " << m << " rows, " << threads << " threads");
          std::vector<float> together(m * n);
          one(path, weight, x.data(), together.data(), m, n, k, threads);
          CHECK(std::equal(together.begin(), together.end(), alone.begin()));
        }
      }
    }
  }
}

TEST_CASE("infinite and missing numbers among the activations reach the sums of their own row alone") {
  std::mt19937 random(3);
  const size_t n = 9, k = 100;
  const auto weight = noise<Bf16>(random, n * k);
  auto x = noise<float>(random, 3 * k);
  x[k + 50] = std::numeric_limits<float>::quiet_NaN();
  for (const FewRowsPath& path : few_rows_paths()) {
    std::vector<float> out(3 * n);
    one(path, weight, x.data(), out.data(), 3, n, k, 1);
    for (size_t i = 0; i < out.size(); ++i) CHECK(std::isnan(out[i]) == (i / n == 1));
  }
}

TEMPLATE_TEST_CASE("several matrices at once give what each gives alone, to the last bit", "", Bf16, float) {
  std::mt19937 random(5);
  const size_t m = 3, k = 520;
  const std::vector<size_t> sizes{2100, 7, 1, 300};
  const auto x = noise<float>(random, m * k);
  for (const FewRowsPath& path : few_rows_paths()) {
    for (const int threads : {1, 2, 3}) {
      INFO(path.name << ", threads " << threads);
      std::vector<std::vector<TestType>> weights;
      std::vector<std::vector<float>> outs;
      std::vector<FewRowsTarget<TestType>> targets;
      for (const size_t n : sizes) {
        weights.push_back(noise<TestType>(random, n * k));
        outs.emplace_back(m * n, -99.0f);
      }
      for (size_t i = 0; i < sizes.size(); ++i) targets.push_back({weights[i].data(), outs[i].data(), sizes[i]});
      few_rows(path, std::span<const FewRowsTarget<TestType>>(targets), x.data(), m, k, threads);
      for (size_t i = 0; i < sizes.size(); ++i) {
        std::vector<float> alone(m * sizes[i]);
        one(path, weights[i], x.data(), alone.data(), m, sizes[i], k, 1);
        CHECK(outs[i] == alone);
      }
    }
  }
}

}  // namespace hob::torch_engine
