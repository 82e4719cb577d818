#include "model/torch/kernels.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

namespace hob::torch_engine {
namespace {

std::vector<float> noise(std::mt19937& random, size_t count) {
  std::normal_distribution<float> normal;
  std::vector<float> out(count);
  for (float& value : out) value = normal(random);
  return out;
}

}  // namespace

TEST_CASE("rounding to bf16 goes to the nearest, ties to even") {
  const auto rounded = [](uint32_t bits) { return narrow<Bf16>(std::bit_cast<float>(bits)).bits; };
  CHECK(rounded(0x3f800000) == 0x3f80);
  CHECK(rounded(0x3f808000) == 0x3f80);  // a tie goes to the even one
  CHECK(rounded(0x3f818000) == 0x3f82);
  CHECK(rounded(0x3f808001) == 0x3f81);
  CHECK(rounded(0x7f7fffff) == 0x7f80);  // beyond the largest: infinity
  CHECK(rounded(0xff800000) == 0xff80);
  CHECK(std::isnan(widen(narrow<Bf16>(std::numeric_limits<float>::quiet_NaN()))));
  CHECK(std::isnan(widen(Bf16{rounded(0x7f800001)})));  // a NaN whose mantissa would round away
  for (uint32_t bits = 0; bits < 0x7f80; bits += 7) {
    CHECK(narrow<Bf16>(widen(Bf16{static_cast<uint16_t>(bits)})).bits == bits);
  }
}

TEST_CASE("many values are rounded to bf16 as each is, however many") {
  std::mt19937 random(6);
  std::vector<float> values(37);
  for (float& value : values) value = std::bit_cast<float>(static_cast<uint32_t>(random()));
  values[3] = std::numeric_limits<float>::infinity();
  values[9] = std::bit_cast<float>(0x3f818000u);
  values[33] = std::numeric_limits<float>::quiet_NaN();
  for (size_t count = 0; count <= values.size(); ++count) {
    std::vector<Bf16> out(values.size(), Bf16{0x1234});
    narrow_all(values.data(), out.data(), count);
    for (size_t i = 0; i < out.size(); ++i) {
      const Bf16 wanted = i < count ? narrow<Bf16>(values[i]) : Bf16{0x1234};
      CHECK((std::isnan(widen(wanted)) ? std::isnan(widen(out[i])) : out[i].bits == wanted.bits));
    }
  }
}

TEST_CASE("norms divide by the root of the mean square, weight by weight") {
  const std::vector<float> x{3, -4, 0, 0, 1, 1, 1, 1}, weight{1, 2, 3, 0.5f};
  std::vector<float> out(8);
  rms_norm(x.data(), weight.data(), out.data(), 2, 4, 0.0f);
  CHECK(out[0] == Approx(3 / 2.5));
  CHECK(out[1] == Approx(-8 / 2.5));
  CHECK(out[5] == Approx(2));
  CHECK(out[7] == Approx(0.5));
  rms_norm(x.data(), nullptr, out.data(), 2, 4, 0.0f);
  CHECK(out[1] == Approx(-4 / 2.5));
  const std::vector<float> zero(4);
  rms_norm(zero.data(), nullptr, out.data(), 1, 4, 1e-6f);  // eps keeps zeros finite
  CHECK(out[0] == 0.0f);
  std::vector<float> sum{10, 20, 30, 40};
  add_norm(sum.data(), x.data(), weight.data(), 1, 4, 0.0f);
  CHECK(sum[0] == Approx(10 + 3 / 2.5));
  CHECK(sum[1] == Approx(20 - 8 / 2.5));
}

TEST_CASE("heads are rotated in half-split pairs and written head by head") {
  // Two steps of two heads of four; a quarter turn of the first pair, none of the second.
  std::vector<float> x(2 * 2 * 4);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 4 + 1);
  const std::vector<float> cos{0, 1, 0, 1}, sin{1, 0, 1, 0};
  std::vector<float> out(2 * 12, -1.0f);  // heads 12 apart: a gap stays untouched
  norm_rotate<float>(x.data(), nullptr, cos.data(), sin.data(), {out.data(), 12}, 2, 2, 4, 0.0f);
  const float scale = 1 / std::sqrt(7.5f);  // 1, 2, 3, 4
  for (const size_t at : {0u, 4u, 12u, 16u}) {
    CHECK(out[at] == Approx(-3 * scale));
    CHECK(out[at + 1] == Approx(2 * scale));
    CHECK(out[at + 2] == Approx(1 * scale));
    CHECK(out[at + 3] == Approx(4 * scale));
  }
  CHECK(out[8] == -1.0f);
}

template <typename T>
void check_attention(std::mt19937& random, size_t dim, size_t time, size_t window, double tolerance) {
  const size_t heads = 10, kv_heads = 2, count = dim == 256 ? 2100 : 43;
  const auto rounded = [](std::vector<float> values) {
    for (float& value : values) value = widen(narrow<T>(value));
    return values;
  };
  const auto q = rounded(noise(random, heads * time * dim)), keys = rounded(noise(random, kv_heads * count * dim)),
             values = rounded(noise(random, kv_heads * count * dim));
  std::vector<float> wanted(time * heads * dim);
  const size_t visible = count - time + 1;
  for (size_t head = 0; head < heads; ++head) {
    for (size_t t = 0; t < time; ++t) {
      const float* query = q.data() + (head * time + t) * dim;
      const size_t to = visible + t, from = window > 0 && to > window ? to - window : 0, base = head / 5 * count * dim;
      std::vector<double> p(count);
      double most = -1e300, sum = 0;
      for (size_t key = from; key < to; ++key) {
        for (size_t i = 0; i < dim; ++i) p[key] += double{query[i]} * keys[base + key * dim + i];
        most = std::max(most, p[key]);
      }
      for (size_t key = from; key < to; ++key) sum += p[key] = std::exp(p[key] - most);
      for (size_t i = 0; i < dim; ++i) {
        double out = 0;
        for (size_t key = from; key < to; ++key) out += p[key] / sum * values[base + key * dim + i];
        wanted[(t * heads + head) * dim + i] = static_cast<float>(out);
      }
    }
  }
  const auto typed = [](const std::vector<float>& from) {
    std::vector<T> out;
    for (const float value : from) out.push_back(narrow<T>(value));
    return out;
  };
  const auto typed_q = typed(q);
  std::vector<T> first;
  for (const size_t length : {count, size_t{64}, size_t{7}}) {  // all in one piece, or in pages of so many
    const size_t stride = (length + 3) * dim, pages = (count + length - 1) / length;
    std::vector<T> key_pages(pages * kv_heads * stride), value_pages(pages * kv_heads * stride);
    std::vector<KeyRun<T>> runs;
    for (size_t page = 0; page < pages; ++page) {
      T* k = key_pages.data() + page * kv_heads * stride;
      T* v = value_pages.data() + page * kv_heads * stride;
      runs.push_back({k, v, std::min(length, count - page * length)});
      for (size_t head = 0; head < kv_heads; ++head) {
        for (size_t i = 0; i < runs.back().count * dim; ++i) {
          const size_t from = (head * count + page * length) * dim + i;
          k[head * stride + i] = narrow<T>(keys[from]);
          v[head * stride + i] = narrow<T>(values[from]);
        }
      }
    }
    for (const int threads : {1, 2, 3}) {
      INFO(dim << " " << time << " " << window << ", pages of " << length << ", threads " << threads);
      std::vector<T> out(wanted.size());
      const FewQueries<T> work{.q = typed_q.data(), .runs = runs, .kv_stride = stride, .out = out.data(), .heads = heads,
                               .kv_heads = kv_heads, .time = time, .dim = dim, .count = count, .visible = visible,
                               .window = window};
      if (!attend_few(work, threads)) return;  // this CPU takes the library's way
      double worst = 0;
      for (size_t i = 0; i < out.size(); ++i) {
        const double apart = std::fabs(double{widen(out[i])} - wanted[i]);
        worst = std::max(worst, apart - tolerance * std::fabs(wanted[i]));
      }
      CHECK(worst < 3e-5);
      if (first.empty()) first = out;
      CHECK(std::memcmp(first.data(), out.data(), out.size() * sizeof(T)) == 0);
    }
  }
}

TEST_CASE("attention of few queries equals softmax in double, with windows, shared heads, threads and pages of any size") {
  std::mt19937 random(3);
  for (const size_t dim : {8u, 16u, 40u, 256u}) {
    for (const size_t time : {1u, 3u}) {
      for (const size_t window : {0u, 5u, 4000u}) {
        check_attention<float>(random, dim, time, window, 0);
        check_attention<Bf16>(random, dim, time, window, 1.0 / 256);  // rounded once, at the end
      }
    }
  }
}

}  // namespace hob::torch_engine
