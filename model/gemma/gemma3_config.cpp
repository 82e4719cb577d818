#include "model/gemma/gemma3_config.h"

#include <cmath>

#include "model/gemma/limits.h"

namespace hob::gemma {
namespace {

/// `scaled` may have a rope_type of "linear" and a factor; a theta that it does not name stays.
Result<Rope> linear_rope(const Fields& scaled, Rope fallback) {
  HOB_TRY(kind, scaled.text_or("rope_type", "default"));
  HOB_TRY(theta, scaled.number_or("rope_theta", 1.0, 1e12, fallback.theta));
  HOB_TRY(factor, scaled.number_or("factor", 1e-6, 1e6, 1.0));
  if (kind != "default" && kind != "linear") return scaled.wrong("rope_type", "\"default\" or \"linear\"");
  if (kind == "default" && factor != 1.0) return scaled.wrong("rope_type", "\"linear\" where factor is given");
  return Rope{.theta = theta, .proportional = false, .partial_rotary_factor = 1.0, .factor = factor};
}

Result<void> read_ropes(const Fields& fields, Config& config) {
  HOB_TRY(global, fields.number_or("rope_theta", 1.0, 1e12, 1e6));
  HOB_TRY(local, fields.number_or("rope_local_base_freq", 1.0, 1e12, 1e4));
  config.full_rope = Rope{.theta = global, .proportional = false};
  config.sliding_rope = Rope{.theta = local, .proportional = false};
  if (const Json* parameters = fields.find("rope_parameters")) {
    if (!parameters->is_object()) return fields.wrong("rope_parameters", "an object with one object per layer type");
    const Fields types(*parameters, fields.where(), "rope_parameters.");
    for (const auto type : {LayerType::full, LayerType::sliding}) {
      const std::string key = type == LayerType::full ? "full_attention" : "sliding_attention";
      const Json* own = types.find(key);
      if (!own) continue;
      if (!own->is_object()) return types.wrong(key, "an object");
      Rope& to = type == LayerType::full ? config.full_rope : config.sliding_rope;
      HOB_TRY(rope, linear_rope(Fields(*own, fields.where(), "rope_parameters." + key + "."), to));
      to = rope;
    }
  }
  if (const Json* scaling = fields.find("rope_scaling")) {
    if (!scaling->is_object()) return fields.wrong("rope_scaling", "an object or null");
    HOB_TRY(rope, linear_rope(Fields(*scaling, fields.where(), "rope_scaling."), config.full_rope));
    config.full_rope = rope;
  }
  return {};
}

}  // namespace

Result<std::vector<LayerType>> layer_types(const Fields& fields, uint32_t count, uint32_t pattern) {
  std::vector<LayerType> out;
  const Json* value = fields.find("layer_types");
  if (!value) {
    for (uint32_t i = 0; i < count; ++i) {
      out.push_back((i + 1) % pattern == 0 ? LayerType::full : LayerType::sliding);
    }
    return out;
  }
  if (!value->is_array() || value->size() != count) {
    return fields.wrong("layer_types", "a list of " + std::to_string(count) + " layer types (num_hidden_layers)");
  }
  for (const Json& item : *value) {
    if (item == "full_attention") {
      out.push_back(LayerType::full);
    } else if (item == "sliding_attention") {
      out.push_back(LayerType::sliding);
    } else {
      return fields.wrong("layer_types", "a list of \"full_attention\" and \"sliding_attention\"");
    }
  }
  return out;
}

Result<void> check_heads(std::string_view where, const Config& config) {
  const auto refuse = [&](std::string message) {
    return Error(Code::model_failed, std::string(where) + ": " + std::move(message));
  };
  for (size_t i = 0; i < config.layers.size(); ++i) {
    const LayerConfig& layer = config.layers[i];
    if (layer.head_dim % 2 != 0) {
      return refuse("head_dim of layer " + std::to_string(i) + " is odd; rotary embeddings need pairs");
    }
    if (config.heads % layer.kv_heads != 0) {
      return refuse(
        "num_attention_heads (" + std::to_string(config.heads) + ") is no multiple of the " +
        std::to_string(layer.kv_heads) + " key-value heads of layer " + std::to_string(i)
      );
    }
  }
  return {};
}

Result<Config> read_gemma3(const Fields& fields) {
  Config out;
  out.model_type = "gemma3_text";
  HOB_TRY(vocab, fields.integer_or("vocab_size", 1, kMaxVocab, 262'208));
  HOB_TRY(hidden, fields.integer_or("hidden_size", 1, kMaxHidden, 2304));
  HOB_TRY(intermediate, fields.integer_or("intermediate_size", 1, kMaxWide, 9216));
  HOB_TRY(layers, fields.integer_or("num_hidden_layers", 1, kMaxLayers, 26));
  HOB_TRY(heads, fields.integer_or("num_attention_heads", 1, kMaxHeads, 8));
  HOB_TRY(kv_heads, fields.integer_or("num_key_value_heads", 1, kMaxHeads, 4));
  HOB_TRY(head_dim, fields.integer_or("head_dim", 2, kMaxHeadDim, 256));
  HOB_TRY(window, fields.integer_or("sliding_window", 1, kMaxPositions, 4096));
  HOB_TRY(positions, fields.integer_or("max_position_embeddings", 1, kMaxPositions, 131'072));
  HOB_TRY(pattern, fields.integer_or("sliding_window_pattern", 1, kMaxLayers, 6));
  HOB_TRY(eps, fields.number_or("rms_norm_eps", 0.0, 1.0, 1e-6));
  HOB_TRY(query, fields.number_or("query_pre_attn_scalar", 1e-3, 1e6, 256));
  HOB_TRY(tied, fields.flag_or("tie_word_embeddings", true));
  HOB_TRY(bias, fields.flag_or("attention_bias", false));
  HOB_TRY(bidirectional, fields.flag_or("use_bidirectional_attention", false));
  HOB_TRY(activation, fields.text_or("hidden_activation", "gelu_pytorch_tanh"));
  if (bias) return fields.wrong("attention_bias", "false");
  if (bidirectional) return fields.wrong("use_bidirectional_attention", "false (a model that generates text)");
  if (activation != "gelu_pytorch_tanh") return fields.wrong("hidden_activation", "\"gelu_pytorch_tanh\"");
  if (fields.has("attn_logit_softcapping")) return fields.wrong("attn_logit_softcapping", "null");
  if (const Json* quantised = fields.find("quantization_config"); quantised && !quantised->empty()) {
    return fields.wrong("quantization_config", "nothing: hob reads bf16 and f32 weights, not packed ones");
  }
  if (fields.has("final_logit_softcapping")) {
    HOB_TRY(cap, fields.number_or("final_logit_softcapping", 1e-3, 1e6, 30.0));
    out.softcap = cap;
  }
  out.vocab = vocab;
  out.hidden = hidden;
  out.heads = heads;
  out.sliding_window = window;
  out.max_positions = positions;
  out.first_shared = layers;
  out.norm_eps = eps;
  out.tied = tied;
  out.value_norm = false;
  out.layer_scalars = false;
  out.norm_offset = 1.0f;
  out.query_scale = static_cast<float>(1.0 / std::sqrt(query));
  HOB_TRY_VOID(read_ropes(fields, out));
  HOB_TRY(types, layer_types(fields, layers, pattern));
  for (uint32_t i = 0; i < layers; ++i) {
    out.layers.push_back(
      {.type = types[i], .head_dim = head_dim, .kv_heads = kv_heads, .intermediate = intermediate, .kv_source = i}
    );
  }
  HOB_TRY_VOID(check_heads(fields.where(), out));
  return out;
}

}  // namespace hob::gemma
