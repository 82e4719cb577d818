#include "model/gemma/unpack.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>

#include "model/gemma/dequantise.h"
#include "model/gemma/gguf_config.h"
#include "model/gemma/gguf_tensors.h"

namespace hob::gemma {
namespace {

const std::filesystem::path kFixture = std::filesystem::path(HOB_SOURCE_DIR) / "tests/fixtures/gemma/gguf";

struct Model {
  Config config;
  Safetensors files;
  Weights weights;
};

Model open(const std::string& name) {
  auto file = Gguf::open(kFixture / name);
  if (!file) FAIL(file.error().message());
  auto config = gguf_config(*file);
  if (!config) FAIL(config.error().message());
  auto files = gguf_tensors(*file, *config);
  if (!files) FAIL(files.error().message());
  auto weights = find_weights(*config, *files);
  if (!weights) FAIL(weights.error().message());
  return {*std::move(config), *std::move(files), *std::move(weights)};
}

float bf16_at(std::span<const std::byte> bytes, size_t i) {
  uint32_t bits = 0;
  std::memcpy(reinterpret_cast<char*>(&bits) + 2, bytes.data() + 2 * i, 2);
  float out;
  std::memcpy(&out, &bits, 4);
  return out;
}

}  // namespace

TEST_CASE("packed weights become what dequantising their rows gives, whatever the number of threads") {
  for (const int threads : {1, 3}) {
    const Model packed = open("gemma4_moe.gguf");
    Model model = open("gemma4_moe.gguf");
    uint64_t done = 0, total = 0;
    const auto told = [&](uint64_t now, uint64_t all) {
      CHECK(now > done);
      done = now;
      total = all;
    };
    REQUIRE(unpack(model.weights, model.files, Dtype::f32, threads, told).ok());
    CHECK(done == total);
    size_t changed = 0;
    for (const auto& [name, view] : model.weights.all()) {
      INFO(name);
      const TensorView& before = packed.weights.at(name);
      CHECK_FALSE(is_packed(view.dtype));
      CHECK(view.shape == before.shape);
      if (!is_packed(before.dtype)) continue;
      ++changed;
      REQUIRE(view.dtype == Dtype::f32);
      std::vector<float> wanted(static_cast<size_t>(before.elements()));
      dequantise_row(before.dtype, before.bytes, wanted);
      CHECK(std::memcmp(wanted.data(), view.bytes.data(), view.bytes.size()) == 0);
    }
    CHECK(changed > 20);
  }
}

TEST_CASE("bf16 is rounded to the nearest, and takes half the bytes") {
  const Model packed = open("gemma3.gguf");
  Model model = open("gemma3.gguf");
  const uint64_t wide = unpacked_bytes(packed.weights, Dtype::f32);
  CHECK(unpacked_bytes(packed.weights, Dtype::bf16) * 2 == wide);
  REQUIRE(unpack(model.weights, model.files, Dtype::bf16, 2, {}).ok());
  CHECK(unpacked_bytes(model.weights, Dtype::bf16) == 0);
  const TensorView& before = packed.weights.at("layers.0.mlp.down_proj.weight");
  const TensorView& after = model.weights.at("layers.0.mlp.down_proj.weight");
  REQUIRE(is_packed(before.dtype));
  REQUIRE(after.dtype == Dtype::bf16);
  std::vector<float> values(static_cast<size_t>(before.elements()));
  dequantise_row(before.dtype, before.bytes, values);
  for (size_t i = 0; i < values.size(); ++i) {
    const float got = bf16_at(after.bytes, i);
    // Half a unit in the last of eight binary digits.
    CHECK(std::fabs(got - values[i]) <= std::ldexp(std::fabs(values[i]), -8));
  }
}

TEST_CASE("a tensor in two places is unpacked as if it lay in one, whatever its type") {
  size_t packed = 0, plain = 0;
  for (const Dtype to : {Dtype::f32, Dtype::bf16}) {
    Model one = open("gemma4_moe.gguf"), two = open("gemma4_moe.gguf");
    const uint64_t before = unpacked_bytes(one.weights, to);
    uint64_t more = 0;
    std::vector<std::string> names;
    std::vector<std::vector<std::byte>> places;
    places.reserve(100);
    for (const auto& [name, whole] : one.weights.all()) {
      if (!name.ends_with("experts.gate_up_proj")) continue;
      if (whole.is_plain() && whole.dtype != to) continue;
      names.push_back(name);
      ++(whole.is_plain() ? plain : packed);
      if (whole.is_plain()) more += whole.bytes.size();
      auto& gates = places.emplace_back();
      auto& ups = places.emplace_back();
      const size_t half = whole.bytes.size() / static_cast<size_t>(whole.shape[0]) / 2;
      for (size_t at = 0; at < whole.bytes.size(); at += half) {
        const auto rows = whole.bytes.subspan(at, half);
        auto& place = at / half % 2 == 0 ? gates : ups;
        place.insert(place.end(), rows.begin(), rows.end());
      }
      const TensorView apart{.dtype = whole.dtype, .shape = whole.shape, .bytes = gates, .lower = ups};
      CHECK(apart.elements() == whole.elements());
      CHECK_FALSE(apart.is_plain());
      two.weights.replace(name, apart);
    }
    CHECK(unpacked_bytes(two.weights, to) == before + more);
    for (Model* model : {&one, &two}) REQUIRE(unpack(model->weights, model->files, to, 2, {}).ok());
    for (const std::string& name : names) {
      INFO(name);
      const auto wanted = one.weights.at(name).bytes, got = two.weights.at(name).bytes;
      CHECK(two.weights.at(name).is_plain());
      REQUIRE(got.size() == wanted.size());
      CHECK(std::memcmp(got.data(), wanted.data(), got.size()) == 0);
    }
  }
  CHECK(packed > 0);
  CHECK(plain > 0);
}

}  // namespace hob::gemma
