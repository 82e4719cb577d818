#include "model/gemma/config.h"

#include <catch2/catch.hpp>

#include "schemas/base/json.h"

namespace hob::gemma {
namespace {

/// The text part of E2B's published configuration, in its own spelling.
Json e2b_text() {
  Json layers = Json::array();
  for (int i = 0; i < 35; ++i) layers.push_back((i + 1) % 5 == 0 ? "full_attention" : "sliding_attention");
  return {
    {"model_type", "gemma4_text"}, {"vocab_size", 262144}, {"hidden_size", 1536}, {"intermediate_size", 6144},
    {"num_hidden_layers", 35}, {"num_attention_heads", 8}, {"num_key_value_heads", 1},
    {"num_global_key_value_heads", nullptr}, {"head_dim", 256}, {"global_head_dim", 512}, {"sliding_window", 512},
    {"layer_types", layers}, {"num_kv_shared_layers", 20}, {"hidden_size_per_layer_input", 256},
    {"vocab_size_per_layer_input", 262144}, {"use_double_wide_mlp", true}, {"attention_k_eq_v", false},
    {"enable_moe_block", false}, {"final_logit_softcapping", 30.0}, {"max_position_embeddings", 131072},
    {"rms_norm_eps", 1e-6}, {"hidden_activation", "gelu_pytorch_tanh"}, {"tie_word_embeddings", true},
    {"use_bidirectional_attention", nullptr},
    {"rope_parameters",
     {{"sliding_attention", {{"rope_type", "default"}, {"rope_theta", 10000.0}}},
      {"full_attention", {{"rope_type", "proportional"}, {"rope_theta", 1000000.0}, {"partial_rotary_factor", 0.25}}}}},
  };
}

Config parsed(const Json& json) {
  auto config = parse_config(json::dump(json), "config.json");
  if (!config) FAIL(config.error().message());
  return *config;
}

std::string refusal(const Json& json) {
  const auto config = parse_config(json::dump(json), "config.json");
  if (config) FAIL("was accepted: " << json::dump(json).substr(0, 200));
  CHECK(config.error().code() == Code::model_failed);
  CHECK(config.error().message().starts_with("config.json: "));
  return config.error().message();
}

Json changed(std::string_view key, const Json& value) {
  Json json = e2b_text();
  json[std::string(key)] = value;
  return json;
}

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("E2B's configuration unfolds to its layers") {
  const Config config =
    parsed({{"model_type", "gemma4"}, {"text_config", e2b_text()}, {"image_token_id", 258880}, {"audio_config", nullptr}});
  CHECK(config.layers.size() == 35);
  CHECK(config.first_shared == 15);
  CHECK(config.layers[13].type == LayerType::sliding);
  CHECK(config.layers[13].head_dim == 256);
  CHECK(config.layers[14].type == LayerType::full);
  CHECK(config.layers[14].head_dim == 512);
  CHECK(config.layers[14].intermediate == 6144);
  CHECK(config.layers[15].intermediate == 12288);
  for (uint32_t i = 15; i < 35; ++i) {
    CHECK_FALSE(config.layers[i].owns_kv);
    CHECK(config.layers[i].kv_source == (config.layers[i].type == LayerType::full ? 14 : 13));
  }
  CHECK(config.donor(LayerType::full) == 14);
  CHECK(config.donor(LayerType::sliding) == 13);
  CHECK(config.softcap == 30.0);
  CHECK(config.full_rope.proportional);
  CHECK(config.full_rope.partial_rotary_factor == 0.25);
  CHECK(config.image_token == 258880);
  CHECK_FALSE(config.audio_token.has_value());
}

TEST_CASE("overrides spelled per layer win over the flat keys, whatever the zero padding") {
  Json json = e2b_text();
  Json map = Json::object();
  for (int i = 4; i < 35; i += 5) {
    const std::string key = (i < 10 ? "0" : "") + std::to_string(i);
    map[key] = {{"head_dim", 128}, {"num_key_value_heads", 2}};
  }
  json["per_layer_config"] = map;
  const Config config = parsed(json);
  CHECK(config.layers[4].head_dim == 128);
  CHECK(config.layers[4].kv_heads == 2);
  CHECK(config.layers[34].head_dim == 128);
  CHECK(config.layers[3].head_dim == 256);
  CHECK(config.layers[3].kv_heads == 1);
}

TEST_CASE("31B's flat keys give full layers fewer key-value heads and values that are keys") {
  Json json = e2b_text();
  json.erase("layer_types");
  json["num_hidden_layers"] = 60;
  json["num_attention_heads"] = 32;
  json["num_key_value_heads"] = 16;
  json["num_global_key_value_heads"] = 4;
  json["attention_k_eq_v"] = true;
  json["num_kv_shared_layers"] = 0;
  json["hidden_size_per_layer_input"] = nullptr;
  json["use_bidirectional_attention"] = "vision";
  const Config config = parsed(json);
  CHECK(config.layers[4].type == LayerType::sliding);
  CHECK(config.layers[5].type == LayerType::full);
  CHECK(config.layers[5].kv_heads == 4);
  CHECK(config.layers[5].k_eq_v);
  CHECK(config.layers[4].kv_heads == 16);
  CHECK_FALSE(config.layers[4].k_eq_v);
  CHECK(config.ple_dim == 0);
  CHECK(config.donor(LayerType::sliding) == 58);
  CHECK(config.donor(LayerType::full) == 59);
  CHECK(config.bidirectional == Bidirectional::vision);
}

TEST_CASE("fewer global key-value heads count only where values are keys") {
  const Config config = parsed(changed("num_global_key_value_heads", 4));
  CHECK(config.layers[4].kv_heads == 1);
}

TEST_CASE("the last layer is full whatever layer_types says") {
  Json json = e2b_text();
  json["layer_types"][34] = "sliding_attention";
  CHECK(parsed(json).layers[34].type == LayerType::full);
}

TEST_CASE("a mixture of experts is read") {
  Json json = changed("enable_moe_block", true);
  json["num_experts"] = 128;
  json["top_k_experts"] = 8;
  json["moe_intermediate_size"] = 704;
  const Config config = parsed(json);
  REQUIRE(config.moe.has_value());
  CHECK(config.moe->experts == 128);
  CHECK(config.moe->top_k == 8);
  json["top_k_experts"] = 129;
  CHECK(contains(refusal(json), "top_k_experts"));
}

TEST_CASE("numbers that lie are refused with the field's name") {
  const std::vector<std::pair<std::string, Json>> lies{
    {"vocab_size", 0}, {"vocab_size", -5}, {"vocab_size", 1e3}, {"vocab_size", "many"},
    {"vocab_size", 18446744073709551615ull}, {"hidden_size", 1 << 20}, {"hidden_size", nullptr},
    {"intermediate_size", 1 << 30}, {"num_hidden_layers", 1000000}, {"num_hidden_layers", 0},
    {"num_attention_heads", 4096}, {"num_key_value_heads", 0}, {"head_dim", 1}, {"head_dim", 1 << 20},
    {"global_head_dim", -512}, {"sliding_window", 0}, {"max_position_embeddings", 1ull << 40},
    {"num_kv_shared_layers", 35}, {"num_kv_shared_layers", -1}, {"hidden_size_per_layer_input", 1 << 30},
    {"vocab_size_per_layer_input", 1000}, {"rms_norm_eps", -1}, {"rms_norm_eps", "small"},
    {"final_logit_softcapping", 0}, {"layer_types", Json::array({"full_attention"})},
    {"layer_types", "all full"}, {"attention_bias", true}, {"hidden_activation", "silu"},
    {"use_bidirectional_attention", "all"}, {"tie_word_embeddings", 1}, {"rope_parameters", 3},
    {"model_type", "llama"},
  };
  for (const auto& [key, value] : lies) {
    INFO(key << " = " << json::dump(value));
    CHECK(contains(refusal(changed(key, value)), key));
  }
}

TEST_CASE("layers that do not fit together are refused") {
  CHECK(contains(refusal(changed("num_key_value_heads", 3)), "key-value heads"));
  CHECK(contains(refusal(changed("head_dim", 255)), "odd"));
  // Nobody of a type is left to share with.
  CHECK(contains(refusal(changed("num_kv_shared_layers", 32)), "num_kv_shared_layers"));
  CHECK(contains(refusal(changed("per_layer_config", {{"35", {{"head_dim", 2}}}})), "per_layer_config"));
  CHECK(contains(refusal(changed("per_layer_config", {{"4", {{"head_dim", 64}}}, {"04", {{"head_dim", 64}}}})), "\"04\""));
  CHECK(contains(refusal(changed("per_layer_config", {{"4x", {{"head_dim", 64}}}})), "4x"));
  CHECK(contains(refusal(changed("per_layer_config", {{"4", {{"intermediate_size", 64}}}})), "intermediate_size"));
  // A layer that shares keys of another size.
  CHECK(contains(refusal(changed("per_layer_config", {{"19", {{"head_dim", 64}}}})), "layer 19"));
  CHECK(contains(refusal(changed("quantization_config", {{"quant_method", "x"}})), "quantization_config"));
}

TEST_CASE("files of other kinds are refused") {
  CHECK(contains(refusal(Json::array()), "object"));
  CHECK(contains(refusal({{"model_type", "gemma2"}}), "model_type"));
  CHECK(contains(refusal({{"model_type", "gemma4"}}), "text_config"));
  for (const std::string_view text : {"", "{", "{\"model_type\": \"gemma4_text\"", "null", "{\"a\":1,\"a\":2}"}) {
    CHECK_FALSE(parse_config(text, "config.json").ok());
  }
}

TEST_CASE("generation settings are read, and are defaults when there is no file") {
  const auto read = parse_generation(
    R"({"eos_token_id":[1,106,50],"suppress_tokens":[258883,258882],"temperature":0.7,"top_k":40,"top_p":0.9,"min_p":0.05,"do_sample":false})",
    "generation_config.json", 262144
  );
  REQUIRE(read.ok());
  CHECK(read->eos == std::vector<uint32_t>{1, 106, 50});
  CHECK(read->suppress == std::vector<uint32_t>{258883, 258882});
  CHECK(read->temperature == 0.7);
  CHECK(read->top_k == 40);
  CHECK(read->top_p == 0.9);
  CHECK(read->min_p == 0.05);
  CHECK_FALSE(read->do_sample);
  const auto single = parse_generation(R"({"eos_token_id":7})", "g", 100);
  REQUIRE(single.ok());
  CHECK(single->eos == std::vector<uint32_t>{7});
  const auto none = read_generation("/nonexistent/generation_config.json", 100);
  REQUIRE(none.ok());
  CHECK(none->eos == std::vector<uint32_t>{1});
  CHECK(none->top_k == 64);
  CHECK(none->min_p == 0.0);
}

TEST_CASE("generation settings that lie are refused with the field's name") {
  const std::vector<std::pair<std::string, std::string>> lies{
    {"eos_token_id", "[100]"}, {"eos_token_id", "100"}, {"eos_token_id", "-1"}, {"eos_token_id", "\"x\""},
    {"eos_token_id", "1.5"}, {"eos_token_id", "{}"}, {"eos_token_id", "[1, [2]]"}, {"eos_token_id", "18446744073709551615"},
    {"suppress_tokens", "[-1]"}, {"suppress_tokens", "[1e2]"}, {"suppress_tokens", "true"}, {"suppress_tokens", "[null]"},
    {"do_sample", "1"}, {"do_sample", "\"yes\""}, {"temperature", "-1"}, {"temperature", "101"}, {"temperature", "\"hot\""},
    {"temperature", "[1]"}, {"top_k", "1.5"}, {"top_k", "-3"}, {"top_k", "4294967296"}, {"top_p", "2"}, {"top_p", "-0.1"},
    {"top_p", "false"}, {"min_p", "1.5"}, {"min_p", "-0.1"}, {"min_p", "\"no\""},
  };
  for (const auto& [key, value] : lies) {
    INFO(key << ": " << value);
    const auto refused = parse_generation("{\"" + key + "\":" + value + "}", "generation_config.json", 100);
    REQUIRE_FALSE(refused.ok());
    CHECK(contains(refused.error().message(), "generation_config.json: " + key));
  }
  for (const std::string_view text : {"[]", "{", "", "null", "{\"top_k\":1e999}", "{\"top_k\":1,\"top_k\":2}"}) {
    INFO(text);
    CHECK_FALSE(parse_generation(text, "generation_config.json", 100).ok());
  }
}

}  // namespace hob::gemma
