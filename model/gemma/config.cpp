#include "model/gemma/config.h"

#include <charconv>
#include <fstream>

#include "model/gemma/fields.h"
#include "model/gemma/gemma3_config.h"
#include "model/gemma/limits.h"
#include "schemas/base/json.h"

namespace hob::gemma {
namespace {

Error refuse(std::string_view where, std::string message) {
  return Error(Code::model_failed, std::string(where) + ": " + std::move(message));
}

Result<Rope> rope(const Fields& all, std::string_view type, Rope fallback) {
  const Json* parameters = all.find("rope_parameters");
  if (!parameters) return fallback;
  if (!parameters->is_object()) return all.wrong("rope_parameters", "an object with one object per layer type");
  const Fields types(*parameters, all.where(), "rope_parameters.");
  const Json* own = types.find(type);
  if (!own) return fallback;
  if (!own->is_object()) return types.wrong(type, "an object");
  const Fields fields(*own, all.where(), "rope_parameters." + std::string(type) + ".");
  Rope out;
  HOB_TRY(kind, fields.text_or("rope_type", "default"));
  if (kind != "default" && kind != "proportional") {
    return fields.wrong("rope_type", "\"default\" or \"proportional\"");
  }
  out.proportional = kind == "proportional";
  HOB_TRY(theta, fields.number_or("rope_theta", 1.0, 1e12, fallback.theta));
  HOB_TRY(partial, fields.number_or("partial_rotary_factor", 0.0, 1.0, 1.0));
  HOB_TRY(factor, fields.number_or("factor", 1e-6, 1e6, 1.0));
  if (!out.proportional && (partial != 1.0 || factor != 1.0)) {
    return fields.wrong("rope_type", "\"proportional\" where partial_rotary_factor or factor is given");
  }
  out.theta = theta;
  out.partial_rotary_factor = partial;
  out.factor = factor;
  return out;
}

/// The flat keys of published checkpoints.
Result<void> apply_flat_overrides(const Fields& fields, bool k_eq_v, Config& config) {
  // Absent means the reference's default; null means "as the other layers".
  std::optional<uint32_t> head_dim;
  if (!fields.mentions("global_head_dim")) head_dim = 512;
  if (fields.has("global_head_dim")) {
    HOB_TRY(value, fields.integer("global_head_dim", 2, kMaxHeadDim));
    head_dim = value;
  }
  std::optional<uint32_t> kv_heads;
  if (fields.has("num_global_key_value_heads")) {
    HOB_TRY(value, fields.integer("num_global_key_value_heads", 1, kMaxHeads));
    if (k_eq_v) kv_heads = value;
  }
  for (LayerConfig& layer : config.layers) {
    if (layer.type != LayerType::full) continue;
    if (head_dim) layer.head_dim = *head_dim;
    if (kv_heads) layer.kv_heads = *kv_heads;
  }
  return {};
}

/// The object that transformers 5.24 writes: layer index, zero padded, to overrides.
Result<void> apply_per_layer_config(const Fields& fields, Config& config) {
  const Json* map = fields.find("per_layer_config");
  if (!map->is_object()) return fields.wrong("per_layer_config", "an object from layer index to overrides");
  std::vector<bool> seen(config.layers.size());
  for (const auto& [key, value] : map->items()) {
    uint32_t index = 0;
    const auto [end, failure] = std::from_chars(key.data(), key.data() + key.size(), index);
    const bool number = failure == std::errc() && end == key.data() + key.size();
    if (!number || index >= config.layers.size() || seen[index]) {
      return refuse(
        fields.where(), "per_layer_config has the key \"" + key.substr(0, 40) +
                          "\"; wanted each layer's index once, below " + std::to_string(config.layers.size())
      );
    }
    seen[index] = true;
    if (!value.is_object()) return fields.wrong("per_layer_config", "an object from layer index to objects");
    const Fields own(value, fields.where(), "per_layer_config." + key + ".");
    for (const auto& [name, ignored] : value.items()) {
      if (name == "head_dim" || name == "num_key_value_heads") continue;
      return refuse(
        fields.where(), "per_layer_config." + key + " overrides " + name.substr(0, 60) +
                          "; hob knows head_dim and num_key_value_heads"
      );
    }
    LayerConfig& layer = config.layers[index];
    HOB_TRY(head_dim, own.integer_or("head_dim", 2, kMaxHeadDim, layer.head_dim));
    HOB_TRY(kv_heads, own.integer_or("num_key_value_heads", 1, kMaxHeads, layer.kv_heads));
    layer.head_dim = head_dim;
    layer.kv_heads = kv_heads;
  }
  return {};
}

Result<std::optional<uint32_t>> special(const Fields& fields, std::string_view key) {
  if (!fields.has(key)) return std::optional<uint32_t>();
  HOB_TRY(id, fields.integer(key, 0, kMaxVocab));
  return std::optional<uint32_t>(id);
}

Result<Config> from_text_part(const Json& object, std::string_view where, std::string path) {
  const Fields fields(object, where, std::move(path));
  Config out;
  HOB_TRY(model_type, fields.text_or("model_type", "gemma4_text"));
  if (model_type == "gemma3_text") return read_gemma3(fields);
  if (model_type != "gemma4_text" && model_type != "gemma4_unified_text") {
    return fields.wrong("model_type", "\"gemma4_text\", \"gemma4_unified_text\" or \"gemma3_text\"");
  }
  out.model_type = model_type;
  HOB_TRY(vocab, fields.integer("vocab_size", 1, kMaxVocab));
  HOB_TRY(hidden, fields.integer("hidden_size", 1, kMaxHidden));
  HOB_TRY(intermediate, fields.integer("intermediate_size", 1, kMaxWide));
  HOB_TRY(layers, fields.integer("num_hidden_layers", 1, kMaxLayers));
  HOB_TRY(heads, fields.integer("num_attention_heads", 1, kMaxHeads));
  HOB_TRY(kv_heads, fields.integer("num_key_value_heads", 1, kMaxHeads));
  HOB_TRY(head_dim, fields.integer("head_dim", 2, kMaxHeadDim));
  HOB_TRY(window, fields.integer_or("sliding_window", 1, kMaxPositions, 512));
  HOB_TRY(positions, fields.integer_or("max_position_embeddings", 1, kMaxPositions, 131'072));
  HOB_TRY(ple_dim, fields.integer_or("hidden_size_per_layer_input", 0, kMaxHidden,
                                     fields.mentions("hidden_size_per_layer_input") ? 0 : 256));
  HOB_TRY(ple_vocab, fields.integer_or("vocab_size_per_layer_input", 0, kMaxVocab, 262'144));
  HOB_TRY(shared, fields.integer_or("num_kv_shared_layers", 0, layers - 1, 0));
  HOB_TRY(eps, fields.number_or("rms_norm_eps", 0.0, 1.0, 1e-6));
  HOB_TRY(tied, fields.flag_or("tie_word_embeddings", true));
  HOB_TRY(k_eq_v, fields.flag_or("attention_k_eq_v", false));
  HOB_TRY(wide, fields.flag_or("use_double_wide_mlp", false));
  HOB_TRY(experts, fields.flag_or("enable_moe_block", false));
  HOB_TRY(bias, fields.flag_or("attention_bias", false));
  HOB_TRY(activation, fields.text_or("hidden_activation", "gelu_pytorch_tanh"));
  HOB_TRY(bidirectional, fields.text_or("use_bidirectional_attention", ""));
  if (bias) return fields.wrong("attention_bias", "false");
  if (activation != "gelu_pytorch_tanh") return fields.wrong("hidden_activation", "\"gelu_pytorch_tanh\"");
  if (!bidirectional.empty() && bidirectional != "vision") {
    return fields.wrong("use_bidirectional_attention", "null or \"vision\" (a model that generates text)");
  }
  if (ple_dim > 0 && ple_vocab < vocab) {
    return fields.wrong("vocab_size_per_layer_input", "at least vocab_size (" + std::to_string(vocab) + ")");
  }
  if (const Json* quantised = fields.find("quantization_config"); quantised && !quantised->empty()) {
    return refuse(where, "quantization_config is set; hob reads bf16 and f32 weights of Gemma 4, not packed ones");
  }
  out.vocab = vocab;
  out.hidden = hidden;
  out.heads = heads;
  out.sliding_window = window;
  out.max_positions = positions;
  out.ple_dim = ple_dim;
  out.ple_vocab = ple_dim > 0 ? ple_vocab : 0;
  out.first_shared = layers - shared;
  out.norm_eps = eps;
  out.tied = tied;
  out.bidirectional = bidirectional == "vision" ? Bidirectional::vision : Bidirectional::none;
  if (fields.has("final_logit_softcapping")) {
    HOB_TRY(cap, fields.number_or("final_logit_softcapping", 1e-3, 1e6, 30.0));
    out.softcap = cap;
  }
  if (experts) {
    HOB_TRY(count, fields.integer("num_experts", 1, kMaxExperts));
    HOB_TRY(top_k, fields.integer("top_k_experts", 1, count));
    HOB_TRY(size, fields.integer("moe_intermediate_size", 1, kMaxWide));
    out.moe = MoeConfig{.experts = count, .top_k = top_k, .intermediate = size};
  }
  HOB_TRY(sliding, rope(fields, "sliding_attention", Rope{}));
  HOB_TRY(full, rope(fields, "full_attention",
                     Rope{.theta = 1e6, .proportional = true, .partial_rotary_factor = 0.25}));
  out.sliding_rope = sliding;
  out.full_rope = full;

  HOB_TRY(types, layer_types(fields, layers, 6));
  types.back() = LayerType::full;  // the reference forces it
  for (uint32_t i = 0; i < layers; ++i) {
    out.layers.push_back(
      {.type = types[i],
       .head_dim = head_dim,
       .kv_heads = kv_heads,
       .intermediate = wide && i >= out.first_shared ? 2 * intermediate : intermediate,
       .k_eq_v = k_eq_v && types[i] == LayerType::full}
    );
  }
  if (fields.has("per_layer_config")) {
    HOB_TRY_VOID(apply_per_layer_config(fields, out));
  } else {
    HOB_TRY_VOID(apply_flat_overrides(fields, k_eq_v, out));
  }
  HOB_TRY_VOID(check_heads(where, out));
  HOB_TRY_VOID(map_sharing(where, out));
  return out;
}

}  // namespace

std::optional<uint32_t> Config::donor(LayerType type) const {
  for (uint32_t i = first_shared; i-- > 0;) {
    if (layers[i].type == type) return i;
  }
  return std::nullopt;
}

Result<void> map_sharing(std::string_view where, Config& config) {
  for (uint32_t i = 0; i < config.layers.size(); ++i) {
    LayerConfig& layer = config.layers[i];
    layer.owns_kv = i < config.first_shared;
    layer.kv_source = i;
    if (layer.owns_kv) continue;
    const auto donor = config.donor(layer.type);
    if (!donor) {
      return refuse(
        where, "num_kv_shared_layers leaves no layer of the type of layer " + std::to_string(i) +
                 " that owns keys and values"
      );
    }
    layer.kv_source = *donor;
    const LayerConfig& source = config.layers[*donor];
    if (source.head_dim != layer.head_dim || source.kv_heads != layer.kv_heads) {
      return refuse(
        where, "layer " + std::to_string(i) + " shares the keys of layer " + std::to_string(*donor) +
                 " but has another head_dim or number of key-value heads"
      );
    }
  }
  return {};
}

Result<Config> parse_config(std::string_view text, std::string_view where) {
  auto parsed = json::parse(text, json::kModelFile);
  if (!parsed) return Error(Code::model_failed, parsed.error().message()).in(where);
  const Json& root = *parsed;
  if (!root.is_object()) return refuse(where, "wanted an object, got " + json::brief(root));
  const Fields fields(root, where);
  HOB_TRY(model_type, fields.text_or("model_type", ""));
  if (model_type == "gemma4_text" || model_type == "gemma4_unified_text" || model_type == "gemma3_text") {
    HOB_TRY(out, from_text_part(root, where, ""));
    return out;
  }
  if (model_type != "gemma4" && model_type != "gemma4_unified" && model_type != "gemma3") {
    return fields.wrong(
      "model_type",
      "one of Gemma 4 (gemma4, gemma4_unified, gemma4_text, gemma4_unified_text) or Gemma 3 (gemma3, gemma3_text)"
    );
  }
  if (const Json* quantised = fields.find("quantization_config"); quantised && !quantised->empty()) {
    return refuse(where, "quantization_config is set; hob reads bf16 and f32 weights of Gemma 4, not packed ones");
  }
  const Json* part = fields.find("text_config");
  if (!part || !part->is_object()) return fields.wrong("text_config", "an object");
  HOB_TRY(out, from_text_part(*part, where, "text_config."));
  HOB_TRY(tied, fields.flag_or("tie_word_embeddings", out.tied));
  out.tied = tied;
  HOB_TRY(image, special(fields, "image_token_id"));
  HOB_TRY(audio, special(fields, "audio_token_id"));
  HOB_TRY(video, special(fields, "video_token_id"));
  out.image_token = image;
  out.audio_token = audio;
  out.video_token = video;
  return out;
}

Result<Generation> parse_generation(std::string_view text, std::string_view where, uint32_t vocab) {
  auto parsed = json::parse(text, json::kModelFile);
  if (!parsed) return Error(Code::model_failed, parsed.error().message()).in(where);
  if (!parsed->is_object()) return refuse(where, "wanted an object, got " + json::brief(*parsed));
  const Fields fields(*parsed, where);
  Generation out;
  const uint32_t last = vocab - 1;
  HOB_TRY(eos, fields.integers_or("eos_token_id", last, 256, {1}));
  HOB_TRY(suppress, fields.integers_or("suppress_tokens", last, 65'536, {}));
  HOB_TRY(do_sample, fields.flag_or("do_sample", true));
  HOB_TRY(temperature, fields.number_or("temperature", 0.0, 100.0, 1.0));
  HOB_TRY(top_k, fields.integer_or("top_k", 0, kMaxVocab, 64));
  HOB_TRY(top_p, fields.number_or("top_p", 0.0, 1.0, 0.95));
  HOB_TRY(min_p, fields.number_or("min_p", 0.0, 1.0, 0.0));
  out.eos = std::move(eos);
  out.suppress = std::move(suppress);
  out.do_sample = do_sample;
  out.temperature = temperature;
  out.top_k = top_k;
  out.top_p = top_p;
  out.min_p = min_p;
  return out;
}

Result<std::string> read_small_file(const std::filesystem::path& file, size_t max_bytes) {
  std::error_code failure;
  const auto size = std::filesystem::file_size(file, failure);
  if (failure) return Error(Code::model_failed, "Cannot read " + file.string() + ": " + failure.message());
  if (size > max_bytes) {
    return Error(
      Code::model_failed, file.string() + " has " + std::to_string(size) + " bytes; at most " +
                            std::to_string(max_bytes) + " are read"
    );
  }
  std::ifstream in(file, std::ios::binary);
  std::string out(static_cast<size_t>(size), '\0');
  in.read(out.data(), static_cast<std::streamsize>(out.size()));
  if (!in || static_cast<size_t>(in.gcount()) != out.size()) {
    return Error(Code::model_failed, "Cannot read " + file.string() + " to its end.");
  }
  return out;
}

Result<Config> read_config(const std::filesystem::path& file) {
  HOB_TRY(text, read_small_file(file, kMaxConfigBytes));
  return parse_config(text, file.filename().string());
}

Result<Generation> read_generation(const std::filesystem::path& file, uint32_t vocab) {
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) return Generation{};
  HOB_TRY(text, read_small_file(file, kMaxConfigBytes));
  return parse_generation(text, file.filename().string(), vocab);
}

}  // namespace hob::gemma
