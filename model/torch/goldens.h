// Goldens: what the reference implementation computed (scripts/fixtures/make_gemma.py), for tests beside this header.
//
//   const Goldens goldens = Goldens::of("e2b_like");
//   compare(goldens.tensor("logits"), logits, 1e-3);     // fails with the first differing index
#pragma once

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "model/gemma/config.h"
#include "model/gemma/safetensors.h"
#include "model/torch/load.h"
#include "schemas/base/json.h"

namespace hob::torch_engine {

template <typename T>
T must(Result<T> result) {
  if (!result) FAIL(result.error().message());
  return std::move(result).value();
}
inline void must(const Result<void>& result) {
  if (!result) FAIL(result.error().message());
}

struct GoldenTensor {
  std::vector<uint64_t> shape;
  std::vector<float> values;
  size_t row() const { return values.size() / shape.at(0); }
};

struct Goldens {
  std::filesystem::path folder;
  Json about;
  gemma::Safetensors file;

  static std::filesystem::path root() { return std::filesystem::path(HOB_SOURCE_DIR) / "tests/fixtures/gemma"; }
  static Goldens of(const std::string& name) {
    const auto folder = root() / name;
    const std::string text = must(gemma::read_small_file(folder / "goldens.json", 1u << 20));
    return {folder, must(json::parse(text, json::kModelFile)),
            must(gemma::Safetensors::open_file(folder / "goldens.safetensors"))};
  }
  GoldenTensor tensor(const std::string& name) const {
    const gemma::TensorView* view = file.find(name);
    if (!view) FAIL("no golden " << name);
    GoldenTensor out{view->shape, std::vector<float>(view->bytes.size() / sizeof(float))};
    std::memcpy(out.values.data(), view->bytes.data(), view->bytes.size());
    return out;
  }
  std::vector<engine::Token> ids(const std::string& key = "ids") const {
    return about.at(key).get<std::vector<engine::Token>>();
  }
  double tolerance(const std::string& stage) const { return about.at("tolerance").at(stage).get<double>(); }
};

/// |got - wanted| <= atol + rtol * |wanted|, everywhere.
inline void compare(
  const std::string& what, std::span<const float> wanted, std::span<const float> got, double atol, double rtol = 0
) {
  REQUIRE(wanted.size() == got.size());
  double worst = 0;
  for (size_t i = 0; i < wanted.size(); ++i) {
    const double apart = std::fabs(double{wanted[i]} - double{got[i]});
    worst = std::max(worst, apart);
    if (!(apart <= atol + rtol * std::fabs(wanted[i]))) {
      FAIL(what << "[" << i << "]: wanted " << wanted[i] << ", got " << got[i] << " (tolerance " << atol << ")");
    }
  }
  INFO(what << ": largest difference " << worst);
  SUCCEED();
}

/// One row through the engine; FAILs where forward does.
inline engine::RowOutput step(
  engine::Engine& engine, engine::SeqId seq, std::vector<engine::Token> ids, size_t logits_from
) {
  engine::Batch batch;
  batch.rows.push_back({.seq = seq, .ids = std::move(ids), .soft = {}, .logits_from = logits_from});
  return std::move(must(engine.forward(batch)).rows.at(0));
}

inline engine::Token best(std::span<const float> logits) {
  return static_cast<engine::Token>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

}  // namespace hob::torch_engine
