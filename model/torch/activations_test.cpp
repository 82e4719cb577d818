#include "model/torch/activations.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace hob::torch_engine {
namespace {

/// x / 2 * (1 + tanh(y)), in the form that keeps its digits far below zero.
double gelu(double x) {
  const double pi = 3.14159265358979323846;
  return x / (1 + std::exp(-2 * std::sqrt(2 / pi) * (x + 0.044715 * x * x * x)));
}

std::vector<float> values() {
  std::vector<float> out;
  for (float x = -12; x <= 12; x += 0.0137f) out.push_back(x);
  for (float x = 1e-30f; x < 1e6f; x *= 1.7f) out.push_back(x), out.push_back(-x);
  out.push_back(0.0f);
  return out;
}

/// Half a step of bf16 at this size, and a little.
double half_step(double value) { return std::fabs(value) * 0x1p-8 + 1e-38; }

}  // namespace

TEST_CASE("the gated activation equals the formula in double, and in bf16 is rounded twice") {
  const auto x = values();
  std::vector<float> up(x.size(), 1.5f), out(x.size());
  gelu_times(x.data(), up.data(), out.data(), x.size());
  for (size_t i = 0; i < x.size(); ++i) {
    INFO(x[i]);
    CHECK(out[i] == Approx(1.5 * gelu(x[i])).epsilon(1e-6).margin(1e-6));
  }
  std::vector<Bf16> gates, ups, narrow_out(x.size());
  for (const float value : x) gates.push_back(narrow<Bf16>(value)), ups.push_back(narrow<Bf16>(1.1f));
  gelu_times(gates.data(), ups.data(), narrow_out.data(), x.size());
  size_t other = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    INFO(x[i]);
    const Bf16 activated = narrow<Bf16>(static_cast<float>(gelu(widen(gates[i]))));
    const Bf16 wanted = narrow<Bf16>(widen(activated) * widen(ups[i]));
    // A value at the middle of two bf16 may go either way once; more would be a rounding too few or too many.
    if (std::fabs(widen(wanted)) > 1e-30 && widen(narrow_out[i]) != widen(wanted)) ++other;
    CHECK(std::fabs(widen(narrow_out[i]) - widen(wanted)) <= 2 * half_step(widen(wanted)) + 1e-6);
  }
  CHECK(other < x.size() / 50);
}

TEST_CASE("the soft cap equals the formula in double and keeps digits near zero") {
  const auto x = values();
  auto out = x;
  soft_cap(out.data(), out.size(), 30.0f);
  for (size_t i = 0; i < x.size(); ++i) {
    INFO(x[i]);
    CHECK(out[i] == Approx(30 * std::tanh(double{x[i]} / 30)).epsilon(1e-6).margin(1e-36));
    CHECK(std::fabs(out[i]) <= 30.0f);
  }
  std::vector<Bf16> wide;
  for (const float value : x) wide.push_back(narrow<Bf16>(value));
  auto capped = wide;
  soft_cap(capped.data(), capped.size(), 30.0f);
  for (size_t i = 0; i < x.size(); ++i) {
    const double exact = 30 * std::tanh(double{widen(wide[i])} / 30);
    CHECK(std::fabs(widen(capped[i]) - exact) <= 4 * half_step(exact));
  }
}

TEST_CASE("an activation depends on its value alone, not on its place") {
  const auto x = values();
  std::vector<float> all(x.size()), up(x.size(), 0.7f), some(x.size());
  gelu_times(x.data(), up.data(), all.data(), x.size());
  auto capped = x;
  soft_cap(capped.data(), capped.size(), 30.0f);
  for (size_t first = 0; first < 40; ++first) {
    for (size_t count = 1; count < 20; ++count) {
      gelu_times(x.data() + first, up.data(), some.data(), count);
      CHECK(std::equal(some.begin(), some.begin() + static_cast<ptrdiff_t>(count), all.begin() + static_cast<ptrdiff_t>(first)));
      std::copy_n(x.begin() + static_cast<ptrdiff_t>(first), count, some.begin());
      soft_cap(some.data(), count, 30.0f);
      CHECK(std::equal(some.begin(), some.begin() + static_cast<ptrdiff_t>(count), capped.begin() + static_cast<ptrdiff_t>(first)));
    }
  }
}

TEST_CASE("what is not a number stays so through activations, wherever it stands") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  for (size_t at = 0; at < 11; ++at) {
    std::vector<float> x(11, 0.5f), up(11, 1.0f), out(11);
    x[at] = nan;
    gelu_times(x.data(), up.data(), out.data(), x.size());
    soft_cap(x.data(), x.size(), 30.0f);
    for (size_t i = 0; i < 11; ++i) {
      CHECK(std::isnan(out[i]) == (i == at));
      CHECK(std::isnan(x[i]) == (i == at));
    }
    std::vector<Bf16> wide(11, narrow<Bf16>(0.5f)), ones(11, narrow<Bf16>(1.0f)), bent(11);
    wide[at] = narrow<Bf16>(nan);
    gelu_times(wide.data(), ones.data(), bent.data(), wide.size());
    soft_cap(wide.data(), wide.size(), 30.0f);
    for (size_t i = 0; i < 11; ++i) {
      CHECK(std::isnan(widen(bent[i])) == (i == at));
      CHECK(std::isnan(widen(wide[i])) == (i == at));
    }
  }
}

}  // namespace hob::torch_engine
