#include "model/gemma/gemma3_config.h"

#include <catch2/catch.hpp>

#include "schemas/base/json.h"

namespace hob::gemma {
namespace {

Config parsed(const Json& json) {
  auto config = parse_config(json::dump(json), "config.json");
  if (!config) FAIL(config.error().message());
  return *std::move(config);
}

std::string refusal(const Json& json) {
  const auto config = parse_config(json::dump(json), "config.json");
  if (config) FAIL("was read");
  return config.error().message();
}

}  // namespace

TEST_CASE("a published 4B configuration, which leaves most keys out, has the reference's defaults") {
  const Config config = parsed(
    {{"model_type", "gemma3"},
     {"image_token_index", 262144},
     {"text_config",
      {{"model_type", "gemma3_text"}, {"hidden_size", 2560}, {"intermediate_size", 10240}, {"num_hidden_layers", 34},
       {"rope_scaling", {{"factor", 8.0}, {"rope_type", "linear"}}}, {"sliding_window", 1024}}}}
  );
  CHECK(config.model_type == "gemma3_text");
  CHECK(config.vocab == 262'208);
  CHECK(config.heads == 8);
  CHECK(config.sliding_window == 1024);
  CHECK(config.full_rope.theta == 1e6);
  CHECK(config.full_rope.factor == 8.0);
  CHECK_FALSE(config.full_rope.proportional);
  CHECK(config.sliding_rope.theta == 1e4);
  CHECK(config.sliding_rope.factor == 1.0);
  CHECK(config.ple_dim == 0);
  CHECK_FALSE(config.value_norm);
  CHECK_FALSE(config.layer_scalars);
  CHECK(config.norm_offset == 1.0f);
  CHECK(config.query_scale == 1.0f / 16);
  CHECK_FALSE(config.softcap.has_value());
  REQUIRE(config.layers.size() == 34);
  CHECK(config.layers[5].type == LayerType::full);
  CHECK(config.layers[5].head_dim == 256);
  CHECK(config.layers[33].type == LayerType::sliding);  // the last layer is not made full
  CHECK(config.first_shared == 34);
}

TEST_CASE("what a Gemma 3 decoder cannot be is refused by field") {
  const Json good{{"model_type", "gemma3_text"}, {"num_hidden_layers", 2}};
  parsed(good);
  const auto with = [&](const std::string& key, const Json& value) {
    Json json = good;
    json[key] = value;
    const std::string message = refusal(json);
    INFO(message);
    CHECK(message.starts_with("config.json: "));
    CHECK(message.find(key) != std::string::npos);
  };
  with("attn_logit_softcapping", 50.0);
  with("use_bidirectional_attention", true);
  with("attention_bias", true);
  with("hidden_activation", "silu");
  with("head_dim", 255);
  with("num_attention_heads", 6);
  with("layer_types", {"full_attention"});
  with("query_pre_attn_scalar", 0);
  with("rope_scaling", {{"rope_type", "yarn"}});
  with("rope_scaling", 8);
  with("rope_parameters", {{"full_attention", 3}});
  with("quantization_config", {{"bits", 4}});
  with("sliding_window_pattern", 0);
}

}  // namespace hob::gemma
