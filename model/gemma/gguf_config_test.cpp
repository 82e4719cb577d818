#include "model/gemma/gguf_config.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <functional>

#include "model/gemma/gguf_maker.h"
#include "model/gemma/gguf_tensors.h"
#include "model/gemma/weights.h"

namespace hob::gemma {
namespace {

using Make = GgufMaker;

Config read(const GgufMaker& maker) {
  const auto file = maker.open();
  if (!file) FAIL(file.error().message());
  auto config = gguf_config(*file);
  if (!config) FAIL(config.error().message());
  return *std::move(config);
}

/// What stands in the way of a whole model: keys first, then tensors.
std::string refusal(const GgufMaker& maker) {
  const auto file = maker.open();
  if (!file) return file.error().message();
  const auto config = gguf_config(*file);
  if (!config) return config.error().message();
  const auto tensors = gguf_tensors(*file, *config);
  if (!tensors) return tensors.error().message();
  return "";
}

struct Lie {
  std::string why;
  std::function<void(GgufMaker&)> tell;
  std::string names;  // the key or tensor that the message must name
};

void refused(const GgufMaker& honest, const std::vector<Lie>& lies) {
  REQUIRE(refusal(honest).empty());
  for (const Lie& lie : lies) {
    INFO(lie.why);
    GgufMaker maker = honest;
    lie.tell(maker);
    const std::string message = refusal(maker);
    INFO(message);
    CHECK(message.starts_with("made.gguf: "));
    CHECK(message.find(lie.names) != std::string::npos);
  }
}

}  // namespace

TEST_CASE("the keys of a Gemma 3 file say what its config.json would") {
  const Config config = read(GgufMaker::gemma3());
  CHECK(config.model_type == "gemma3_text");
  CHECK(config.vocab == 10);
  CHECK(config.tied);
  CHECK_FALSE(config.value_norm);
  CHECK_FALSE(config.layer_scalars);
  CHECK(config.query_scale == 0.5f);
  CHECK(config.layers.size() == 2);
  CHECK(config.layers[0].type == LayerType::sliding);
  CHECK(config.full_rope.theta == 1e6);
  CHECK(config.full_rope.factor == 1.0);
  CHECK(config.sliding_rope.theta == 1e4);
  CHECK_FALSE(config.softcap);

  GgufMaker more = GgufMaker::gemma3();
  more.set("gemma3.rope.scaling.type", Make::text("linear")).set("gemma3.rope.scaling.factor", Make::f32(8));
  more.set("gemma3.attention.sliding_window_pattern", Make::u32(2)).tensor("output.weight", {10, 8});
  const Config other = read(more);
  CHECK(other.full_rope.factor == 8.0);
  CHECK(other.sliding_rope.factor == 1.0);
  CHECK(other.layers[1].type == LayerType::full);
  CHECK_FALSE(other.tied);
}

TEST_CASE("of Gemma 3 only the size with 62 layers scales attention by hidden over heads") {
  GgufMaker maker = GgufMaker::gemma3();
  maker.set("gemma3.block_count", Make::u32(62));
  CHECK(read(maker).query_scale == static_cast<float>(1 / std::sqrt(8.0 / 2)));
}

TEST_CASE("the keys of a Gemma 4 file, and its tensors where no key tells") {
  const Config config = read(GgufMaker::gemma4());
  CHECK(config.model_type == "gemma4_text");
  CHECK(config.value_norm);
  CHECK(config.layer_scalars);
  CHECK(config.norm_offset == 0.0f);
  CHECK(config.softcap == 30.0);
  CHECK(config.ple_dim == 2);
  CHECK(config.ple_vocab == 10);
  CHECK(config.first_shared == 2);
  REQUIRE(config.layers.size() == 3);
  CHECK(config.layers[1].type == LayerType::full);
  CHECK(config.layers[1].head_dim == 8);
  CHECK(config.layers[1].k_eq_v);  // it has no attn_v
  CHECK(config.layers[2].head_dim == 4);
  CHECK(config.layers[2].kv_source == 0);
  CHECK(config.layers[2].intermediate == 24);
  CHECK(config.full_rope.proportional);
  CHECK(static_cast<int>(config.full_rope.partial_rotary_factor * 8 / 2) == 1);  // one pair of four rotates
}

TEST_CASE("norms of Gemma 3 files lose the 1 that was added, those of Gemma 4 files have none") {
  const auto file = GgufMaker::gemma3().open();
  REQUIRE(file.ok());
  const auto config = gguf_config(*file);
  REQUIRE(config.ok());
  const auto files = gguf_tensors(*file, *config);
  REQUIRE(files.ok());
  const auto weights = find_weights(*config, *files);
  REQUIRE(weights.ok());
  const auto first = [&](const char* name) {
    float out = 0;
    std::memcpy(&out, weights->at(name).bytes.data(), sizeof(out));
    return out;
  };
  CHECK(first("norm.weight") == 2.0f);
  CHECK(first("layers.1.post_feedforward_layernorm.weight") == 0.5f);

  const auto other = GgufMaker::gemma4().open();
  REQUIRE(other.ok());
  const auto plain = gguf_tensors(*other, *gguf_config(*other));
  REQUIRE(plain.ok());
  CHECK(plain->find("model.norm.weight")->bytes.data() == other->tensors().at("output_norm.weight").bytes.data());
}

TEST_CASE("stop tokens and sampling come from the keys where they are there") {
  const auto plain = GgufMaker::gemma3().open();
  REQUIRE(plain.ok());
  const auto defaults = gguf_generation(*plain, 10);
  REQUIRE(defaults.ok());
  CHECK(defaults->eos == std::vector<uint32_t>{1});
  GgufMaker maker = GgufMaker::gemma3();
  maker.set("tokenizer.ggml.eos_token_id", Make::u32(1)).set("tokenizer.ggml.eot_token_id", Make::u32(7));
  maker.set("general.sampling.top_k", Make::i32(5)).set("general.sampling.temp", Make::f32(0.5f));
  maker.set("general.sampling.min_p", Make::f32(0.25f));
  maker.set("tokenizer.ggml.suppress_tokens", Make::u32s({3, 4}));
  const auto file = maker.open();
  REQUIRE(file.ok());
  const auto told = gguf_generation(*file, 10);
  REQUIRE(told.ok());
  CHECK(told->eos == std::vector<uint32_t>{1, 7});
  CHECK(told->suppress == std::vector<uint32_t>{3, 4});
  CHECK(told->top_k == 5);
  CHECK(told->temperature == 0.5);
  CHECK(told->min_p == 0.25);
  maker.set("tokenizer.ggml.eot_token_id", Make::u32(10));
  const auto liar = maker.open();
  REQUIRE(liar.ok());
  const auto refused = gguf_generation(*liar, 10);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message().find("tokenizer.ggml.eot_token_id") != std::string::npos);
}

TEST_CASE("Gemma 3 files whose keys lie are refused by the key") {
  const auto set = [](const std::string& key, Make::Value value) {
    return [=](GgufMaker& m) { m.set("gemma3." + key, value); };
  };
  const auto drop = [](const std::string& key) { return [=](GgufMaker& m) { m.drop("gemma3." + key); }; };
  refused(GgufMaker::gemma3(), {
    {"another architecture", [](GgufMaker& m) { m.set("general.architecture", Make::text("llama")); }, "general.architecture"},
    {"an architecture that is a number", [](GgufMaker& m) { m.set("general.architecture", Make::u32(3)); }, "general.architecture"},
    {"no architecture", [](GgufMaker& m) { m.drop("general.architecture"); }, "general.architecture"},
    {"no layers", set("block_count", Make::u32(0)), "gemma3.block_count"},
    {"four billion layers", set("block_count", Make::u32(4'000'000'000)), "gemma3.block_count"},
    {"layers of text", set("block_count", Make::text("two")), "gemma3.block_count"},
    {"layers below zero", set("block_count", Make::i32(-2)), "gemma3.block_count"},
    {"half a layer", set("block_count", Make::f32(0.5f)), "gemma3.block_count"},
    {"no number of layers", drop("block_count"), "gemma3.block_count"},
    {"more layers than tensors", set("block_count", Make::u32(3)), "blk.2.attn_q.weight"},
    {"a width that is not the tensors'", set("embedding_length", Make::u32(16)), "token_embd.weight"},
    {"no width", drop("embedding_length"), "gemma3.embedding_length"},
    {"an MLP of another width", set("feed_forward_length", Make::u32(13)), "blk.0.ffn_gate.weight"},
    {"MLPs for three layers", set("feed_forward_length", Make::u32s({12, 12, 12})), "gemma3.feed_forward_length"},
    {"an MLP of nothing", set("feed_forward_length", Make::u32(0)), "gemma3.feed_forward_length"},
    {"no heads", set("attention.head_count", Make::u32(0)), "gemma3.attention.head_count"},
    {"more key heads than heads", set("attention.head_count_kv", Make::u32(3)), "num_attention_heads"},
    {"no key heads in one layer", set("attention.head_count_kv", Make::u32s({1, 0})), "gemma3.attention.head_count_kv"},
    {"odd heads", [](GgufMaker& m) {
       m.set("gemma3.attention.key_length", Make::u32(3)).set("gemma3.attention.value_length", Make::u32(3));
     }, "head_dim"},
    {"values longer than keys", set("attention.value_length", Make::u32(8)), "gemma3.attention.value_length"},
    {"no window", set("attention.sliding_window", Make::u32(0)), "gemma3.attention.sliding_window"},
    {"a pattern for three layers", set("attention.sliding_window_pattern", Make::flags({1, 1, 0})), "gemma3.attention.sliding_window_pattern"},
    {"a pattern of numbers", set("attention.sliding_window_pattern", Make::u32s({1, 0})), "gemma3.attention.sliding_window_pattern"},
    {"an epsilon that is no number", set("attention.layer_norm_rms_epsilon", Make::f32(NAN)), "gemma3.attention.layer_norm_rms_epsilon"},
    {"an endless base", set("rope.freq_base", Make::f32(INFINITY)), "gemma3.rope.freq_base"},
    {"another scaling", set("rope.scaling.type", Make::text("yarn")), "gemma3.rope.scaling.type"},
    {"a factor of nothing", [](GgufMaker& m) {
       m.set("gemma3.rope.scaling.type", Make::text("linear")).set("gemma3.rope.scaling.factor", Make::f32(0));
     }, "gemma3.rope.scaling.factor"},
    {"a context of nothing", set("context_length", Make::u32(0)), "gemma3.context_length"},
    {"no embeddings", [](GgufMaker& m) { m.without("token_embd.weight"); }, "token_embd.weight"},
    {"embeddings of one dimension", [](GgufMaker& m) { m.tensor("token_embd.weight", {80}); }, "token_embd.weight"},
    {"a norm of another length", [](GgufMaker& m) { m.tensor("blk.1.attn_norm.weight", {9}); }, "blk.1.attn_norm.weight"},
    {"a matrix that lies on its side", [](GgufMaker& m) { m.tensor("blk.0.ffn_down.weight", {12, 8}); }, "blk.0.ffn_down.weight"},
    {"a head of another width", [](GgufMaker& m) { m.tensor("output.weight", {10, 9}); }, "output.weight"},
  });
}

namespace {

/// Four experts of width 6 in each of the three layers, two of them in use.
GgufMaker mixture(bool apart) {
  GgufMaker out = GgufMaker::gemma4();
  out.set("gemma4.expert_count", Make::u32(4)).set("gemma4.expert_used_count", Make::u32(2));
  out.set("gemma4.expert_feed_forward_length", Make::u32(6));
  for (const std::string at : {"blk.0.", "blk.1.", "blk.2."}) {
    out.tensor(at + "ffn_gate_inp.weight", {4, 8}).tensor(at + "ffn_gate_inp.scale", {8}).tensor(at + "ffn_down_exps.scale", {4});
    out.tensor(at + "ffn_down_exps.weight", {4, 8, 6});
    for (const char* norm : {"post_ffw_norm_1", "post_ffw_norm_2", "pre_ffw_norm_2"}) out.tensor(at + norm + ".weight", {8});
    if (apart) {
      out.tensor(at + "ffn_gate_exps.weight", {4, 6, 8}, {1.0f}).tensor(at + "ffn_up_exps.weight", {4, 6, 8}, {2.0f});
    } else {
      out.tensor(at + "ffn_gate_up_exps.weight", {4, 12, 8});
    }
  }
  return out;
}

}  // namespace

TEST_CASE("the experts' gates and ups may stand in one tensor or in two") {
  CHECK(refusal(mixture(false)).empty());
  const auto file = mixture(true).open();
  REQUIRE(file.ok());
  const auto config = gguf_config(*file);
  REQUIRE(config.ok());
  const auto tensors = gguf_tensors(*file, *config);
  REQUIRE(tensors.ok());
  const TensorView* both = tensors->find("model.layers.1.experts.gate_up_proj");
  REQUIRE(both != nullptr);
  CHECK(both->shape == std::vector<uint64_t>{4, 12, 8});
  CHECK(both->elements() == 4 * 12 * 8);
  float first = 0, lower = 0;
  std::memcpy(&first, both->bytes.data(), 4);
  std::memcpy(&lower, both->lower.data(), 4);
  CHECK(first == 1.0f);
  CHECK(lower == 2.0f);
  refused(mixture(true), {
    {"ups that are missing", [](GgufMaker& m) { m.without("blk.1.ffn_up_exps.weight"); }, "blk.1.ffn_up_exps.weight"},
    {"gates that are missing", [](GgufMaker& m) { m.without("blk.2.ffn_gate_exps.weight"); }, "blk.2.ffn_gate_up_exps.weight"},
    {"ups of another width", [](GgufMaker& m) { m.tensor("blk.0.ffn_up_exps.weight", {4, 7, 8}); }, "blk.0.ffn_up_exps.weight"},
    {"ups of another type", [](GgufMaker& m) { m.tensor("blk.0.ffn_up_exps.weight", {4, 6, 8}, {2.0f}, Make::kBf16); }, "blk.0.ffn_up_exps.weight"},
    {"gates of fewer experts", [](GgufMaker& m) { m.tensor("blk.0.ffn_gate_exps.weight", {3, 6, 8}); }, "blk.0.ffn_gate_exps.weight"},
  });
}

TEST_CASE("Gemma 4 files whose keys lie are refused by the key") {
  const auto set = [](const std::string& key, Make::Value value) {
    return [=](GgufMaker& m) { m.set("gemma4." + key, value); };
  };
  refused(GgufMaker::gemma4(), {
    {"all layers share", set("attention.shared_kv_layers", Make::u32(3)), "gemma4.attention.shared_kv_layers"},
    {"nobody to share with", set("attention.shared_kv_layers", Make::u32(2)), "num_kv_shared_layers"},
    {"flags for two layers", set("attention.sliding_window_pattern", Make::flags({1, 0})), "gemma4.attention.sliding_window_pattern"},
    {"heads of another length", set("attention.key_length", Make::u32(16)), "rope_freqs.weight"},
    {"sliding heads of another length", set("attention.key_length_swa", Make::u32(8)), "blk.0.attn_q.weight"},
    {"sliding values of another length", set("attention.value_length_swa", Make::u32(8)), "gemma4.attention.value_length_swa"},
    {"half of a sliding head rotates", set("rope.dimension_count_swa", Make::u32(2)), "gemma4.rope.dimension_count_swa"},
    {"frequencies that are divided by two", [](GgufMaker& m) { m.tensor("rope_freqs.weight", {4}, {1, 2, 2, 2}); }, "rope_freqs.weight"},
    {"frequencies that rotate again", [](GgufMaker& m) { m.tensor("rope_freqs.weight", {4}, {1, 1e30f, 1, 1e30f}); }, "rope_freqs.weight"},
    {"frequencies that are no numbers", [](GgufMaker& m) { m.tensor("rope_freqs.weight", {4}, {1, NAN, 1e30f, 1e30f}); }, "rope_freqs.weight"},
    {"more experts used than there are", [](GgufMaker& m) {
       m.set("gemma4.expert_count", Make::u32(4)).set("gemma4.expert_used_count", Make::u32(5));
       m.set("gemma4.expert_feed_forward_length", Make::u32(6));
     }, "gemma4.expert_used_count"},
    {"experts without tensors", [](GgufMaker& m) {
       m.set("gemma4.expert_count", Make::u32(4)).set("gemma4.expert_used_count", Make::u32(2));
       m.set("gemma4.expert_feed_forward_length", Make::u32(6));
     }, "ffn_gate_inp.weight"},
    {"per-layer embeddings of another width", set("embedding_length_per_layer_input", Make::u32(3)), "per_layer_token_embd.weight"},
    {"fewer per-layer rows than pieces", [](GgufMaker& m) { m.tensor("per_layer_token_embd.weight", {9, 6}); }, "per_layer_token_embd.weight"},
    {"a soft cap below zero", set("final_logit_softcapping", Make::f32(-1)), "gemma4.final_logit_softcapping"},
    {"a sliding layer without values", [](GgufMaker& m) { m.without("blk.0.attn_v.weight"); }, "blk.0.attn_v.weight"},
    {"one scale is missing", [](GgufMaker& m) { m.without("blk.2.layer_output_scale.weight"); }, "blk.2.layer_output_scale.weight"},
    {"a scale for each value", [](GgufMaker& m) { m.tensor("blk.2.layer_output_scale.weight", {8}); }, "blk.2.layer_output_scale.weight"},
    {"MLPs of one width", set("feed_forward_length", Make::u32(12)), "blk.2.ffn_gate.weight"},
    {"no context", [](GgufMaker& m) { m.drop("gemma4.context_length"); }, "gemma4.context_length"},
  });
}

}  // namespace hob::gemma
