#include "model/torch/info_command.h"

#include <catch2/catch.hpp>

#include "model/torch/goldens.h"
#include "model/torch/kernels.h"

namespace hob::torch_engine {
namespace {

const Json& row(const Json& info, const std::string& dtype, uint32_t context) {
  for (const Json& row : info.at("memory")) {
    if (row.at("dtype") == dtype && row.at("context") == context) return row;
  }
  FAIL("no row " << dtype << " " << context);
  return info;
}

}  // namespace

TEST_CASE("info tells a mixture's layers, parameters and memory without loading it") {
  const Json info = must(model_info(Goldens::root() / "moe_like", 1'000'000'000));
  CHECK(info.at("name") == "moe_like");
  CHECK(info.at("model_type") == "gemma4_text");
  CHECK(info.at("layers") == 6);
  CHECK(info.at("sliding_layers") == 5);
  CHECK(info.at("full_layers") == 1);
  CHECK(info.at("experts") == 8);
  CHECK(info.at("experts_per_token") == 2);
  CHECK(info.at("max_positions") == 512);
  CHECK(info.at("weights_dtype") == "F32");
  // Each layer's six experts that a token does not meet: 3 matrices of 24 x 48.
  const auto all = info.at("parameters").get<uint64_t>(), active = info.at("active_parameters").get<uint64_t>();
  CHECK(all - active == 6 * 6 * 3 * 24 * 48);
  const Json& f32 = row(info, "f32", 512);
  CHECK(f32.at("weights_bytes") == 4 * all);
  // K and V: one full layer of 1 x 32; five sliding ones of 2 x 16 that keep 7 + 64 + 256 positions, in seven pages.
  CHECK(f32.at("cache_bytes") == 2 * 4 * (512 * 32 + 5 * 32 * 7 * 64));
  CHECK(f32.at("fits") == true);
  CHECK(info.at("longest_context").at("f32") == 512);
  const Json& bf16 = row(info, "bf16", 512);
  CHECK(bf16.at("computed_in") == (cpu_has_bf16() ? "bf16" : "f32"));
}

TEST_CASE("what does not fit is said, and loading it is refused with the same numbers") {
  const auto folder = Goldens::root() / "e2b_like";
  const Json enough = must(model_info(folder, 1'000'000'000));
  const auto total = row(enough, "f32", 512).at("total_bytes").get<uint64_t>();
  const Json short_of = must(model_info(folder, total - 1));
  CHECK(row(short_of, "f32", 512).at("fits") == false);
  const auto longest = short_of.at("longest_context").at("f32").get<uint32_t>();
  CHECK(longest > 0);
  CHECK(longest < 512);
  Options options;
  options.directory = folder;
  options.threads = 1;
  options.dtype = WeightType::f32;
  options.context = 512;
  options.memory_bytes = total - 1;
  const auto refused = load(options);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message().find("of memory") != std::string::npos);
  CHECK(refused.error().message().find("512 positions") != std::string::npos);
  options.memory_bytes = total;
  CHECK(load(options).ok());
  options.memory_bytes = total - 1;
  options.context = longest;
  CHECK(load(options).ok());
  options.context = longest + 1;
  CHECK_FALSE(load(options).ok());
  CHECK(must(model_info(folder, 1000)).at("longest_context").at("f32") == 0);
}

TEST_CASE("info of the built-in model is told in words") {
  const auto folder = std::filesystem::path(HOB_SOURCE_DIR) / "model/tiny/checkpoint";
  const std::string text = info_text(must(model_info(folder, 1'000'000'000)));
  INFO(text);
  CHECK(text.find("demonstration model") != std::string::npos);
  CHECK(text.find("4096 positions") != std::string::npos);
  CHECK(text.find("longest context that fits now: f32 4096, bf16 4096") != std::string::npos);
  CHECK(info_text(must(model_info(folder, 1000))).find("f32 none") != std::string::npos);
}

TEST_CASE("what is no checkpoint has no info") {
  CHECK_FALSE(model_info(Goldens::root()).ok());
  CHECK(run_info(Goldens::root() / "absent", true) == 1);
}

}  // namespace hob::torch_engine
