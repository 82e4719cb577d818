#include "model/gemma/gguf_config.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "model/gemma/fields.h"
#include "model/gemma/gemma3_config.h"
#include "model/gemma/limits.h"

namespace hob::gemma {
namespace {

constexpr uint32_t kLayersOf27b = 62;      // the one Gemma 3 whose attention is scaled by hidden / heads
constexpr float kNeverRotates = 1e6f;      // a divisor of at least this much stills a frequency pair

/// The keys of one architecture: "gemma3.block_count" and so on.
class Keys {
 public:
  Keys(const Gguf& file, std::string arch)
      : file_(file), fields_(file.metadata(), file.name(), "key "), arch_(std::move(arch)) {}

  std::string full(std::string_view key) const { return arch_ + "." + std::string(key); }
  bool has(std::string_view key) const { return fields_.has(full(key)); }
  const Fields& fields() const { return fields_; }
  Error wrong(std::string_view key, std::string_view wanted) const { return fields_.wrong(full(key), wanted); }

  Result<uint32_t> integer(std::string_view key, uint32_t low, uint32_t high) const {
    return fields_.integer(full(key), low, high);
  }
  Result<uint32_t> integer_or(std::string_view key, uint32_t low, uint32_t high, uint32_t fallback) const {
    return fields_.integer_or(full(key), low, high, fallback);
  }
  Result<double> number_or(std::string_view key, double low, double high, double fallback) const {
    return fields_.number_or(full(key), low, high, fallback);
  }
  Result<std::string> text_or(std::string_view key, std::string_view fallback) const {
    return fields_.text_or(full(key), fallback);
  }
  /// One number for all layers, or a list with one for each.
  Result<std::vector<uint32_t>> per_layer(std::string_view key, uint32_t high, uint32_t layers) const {
    if (!has(key)) return wrong(key, "a number or one for each layer");
    HOB_TRY(values, fields_.integers_or(full(key), high, layers, {}));
    if (values.size() == 1) values.assign(layers, values.front());
    const bool whole = values.size() == layers && std::find(values.begin(), values.end(), 0u) == values.end();
    if (!whole) return wrong(key, "one number above 0 for each of the " + std::to_string(layers) + " layers");
    return values;
  }
  /// Which layers slide: a list of flags, or every how many layers one is full.
  Result<std::vector<LayerType>> pattern(uint32_t layers) const {
    constexpr std::string_view key = "attention.sliding_window_pattern";
    const Json* value = fields_.find(full(key));
    std::vector<LayerType> out(layers, LayerType::sliding);
    if (value && value->is_array()) {
      if (value->size() != layers) return wrong(key, "one flag for each of the " + std::to_string(layers) + " layers");
      for (size_t i = 0; i < layers; ++i) {
        if (!value->at(i).is_boolean()) return wrong(key, "a list of flags, true for a sliding layer");
        if (!value->at(i).get<bool>()) out[i] = LayerType::full;
      }
      return out;
    }
    HOB_TRY(period, integer_or(key, 1, kMaxLayers, 6));
    for (uint32_t i = period - 1; i < layers; i += period) out[i] = LayerType::full;
    return out;
  }

 private:
  const Gguf& file_;
  Fields fields_;
  std::string arch_;
};

const TensorView* find(const Gguf& file, const std::string& name) {
  const auto found = file.tensors().find(name);
  return found == file.tensors().end() ? nullptr : &found->second;
}

std::string block(size_t layer, std::string_view name) { return "blk." + std::to_string(layer) + "." + std::string(name); }

Result<uint32_t> rows_of(const Gguf& file, const std::string& name) {
  const TensorView* view = find(file, name);
  if (!view || view->shape.size() != 2 || view->shape[0] > kMaxVocab) {
    return file.refuse("tensor \"" + name + "\" must be a matrix of at most 4194304 rows, got " +
                       (view ? shape_text(view->shape) : std::string("none")));
  }
  return static_cast<uint32_t>(view->shape[0]);
}

/// Numbers that both architectures have.
Result<Config> common(const Gguf& file, const Keys& keys) {
  Config out;
  HOB_TRY(layers, keys.integer("block_count", 1, kMaxLayers));
  HOB_TRY(hidden, keys.integer("embedding_length", 1, kMaxHidden));
  HOB_TRY(heads, keys.integer("attention.head_count", 1, kMaxHeads));
  HOB_TRY(positions, keys.integer("context_length", 1, kMaxPositions));
  HOB_TRY(window, keys.integer("attention.sliding_window", 1, kMaxPositions));
  HOB_TRY(eps, keys.number_or("attention.layer_norm_rms_epsilon", 0.0, 1.0, 1e-6));
  HOB_TRY(wide, keys.per_layer("feed_forward_length", kMaxWide, layers));
  HOB_TRY(kv_heads, keys.per_layer("attention.head_count_kv", kMaxHeads, layers));
  HOB_TRY(types, keys.pattern(layers));
  HOB_TRY(full_theta, keys.number_or("rope.freq_base", 1.0, 1e12, 1e6));
  HOB_TRY(sliding_theta, keys.number_or("rope.freq_base_swa", 1.0, 1e12, 1e4));
  HOB_TRY(vocab, rows_of(file, "token_embd.weight"));
  if (keys.has("final_logit_softcapping")) {
    HOB_TRY(cap, keys.number_or("final_logit_softcapping", 0.0, 1e6, 0.0));
    if (cap > 0) out.softcap = cap;
  }
  out.vocab = vocab;
  out.hidden = hidden;
  out.heads = heads;
  out.sliding_window = window;
  out.max_positions = positions;
  out.first_shared = layers;
  out.norm_eps = eps;
  out.tied = find(file, "output.weight") == nullptr;
  out.full_rope.theta = full_theta;
  out.sliding_rope.theta = sliding_theta;
  for (uint32_t i = 0; i < layers; ++i) {
    out.layers.push_back({.type = types[i], .kv_heads = kv_heads[i], .intermediate = wide[i], .kv_source = i});
  }
  return out;
}

Result<uint32_t> head_length(const Keys& keys, const std::string& suffix, uint32_t fallback) {
  HOB_TRY(keys_long, keys.integer_or("attention.key_length" + suffix, 2, kMaxHeadDim, fallback));
  HOB_TRY(values_long, keys.integer_or("attention.value_length" + suffix, 2, kMaxHeadDim, keys_long));
  if (values_long != keys_long) {
    return keys.wrong("attention.value_length" + suffix, "the same as attention.key_length" + suffix + " (" +
                                                           std::to_string(keys_long) + ")");
  }
  return keys_long;
}

Result<Config> gemma3(const Gguf& file) {
  const Keys keys(file, "gemma3");
  HOB_TRY(out, common(file, keys));
  out.model_type = "gemma3_text";
  HOB_TRY(head_dim, head_length(keys, "", 256));
  HOB_TRY(scaling, keys.text_or("rope.scaling.type", "none"));
  if (scaling != "none" && scaling != "linear") return keys.wrong("rope.scaling.type", "\"none\" or \"linear\"");
  if (scaling == "linear") {
    HOB_TRY(factor, keys.number_or("rope.scaling.factor", 1e-6, 1e6, 1.0));
    out.full_rope.factor = factor;
  }
  for (LayerConfig& layer : out.layers) layer.head_dim = head_dim;
  double query = head_dim;
  if (out.layers.size() == kLayersOf27b) query = static_cast<double>(out.hidden) / out.heads;
  out.value_norm = false;
  out.layer_scalars = false;
  out.norm_offset = 1.0f;  // gguf_tensors() takes the 1 away that the file has added
  out.query_scale = static_cast<float>(1.0 / std::sqrt(query));
  HOB_TRY_VOID(check_heads(file.name(), out));
  return out;
}

/// How many of the frequency pairs rotate: the divisors are 1 for those, huge for the others.
Result<double> rotating_part(const Gguf& file, uint32_t head_dim) {
  const TensorView* view = find(file, "rope_freqs.weight");
  if (!view) return 1.0;
  const auto refuse = [&](const std::string& got) {
    return file.refuse("tensor \"rope_freqs.weight\" must be F32 [" + std::to_string(head_dim / 2) +
                       "], 1 for the pairs that rotate and at least 1000000 for all behind them, got " + got);
  };
  if (view->dtype != Dtype::f32 || view->shape != std::vector<uint64_t>{head_dim / 2}) {
    return refuse(std::string(name_of(view->dtype)) + " " + shape_text(view->shape));
  }
  std::vector<float> divisors(head_dim / 2);
  std::memcpy(divisors.data(), view->bytes.data(), view->bytes.size());
  const auto still = std::find_if(divisors.begin(), divisors.end(), [](float d) { return d != 1.0f; });
  const bool known = std::all_of(still, divisors.end(), [](float d) { return d >= kNeverRotates; });
  if (!known) return refuse("other numbers");
  if (still == divisors.end()) return 1.0;
  // Half a pair more than the number, so that the product with head_dim never falls below it.
  return (2.0 * static_cast<double>(still - divisors.begin()) + 0.5) / head_dim;
}

Result<void> read_moe(const Keys& keys, Config& config) {
  HOB_TRY(experts, keys.integer_or("expert_count", 0, kMaxExperts, 0));
  if (experts == 0) return {};
  HOB_TRY(top_k, keys.integer("expert_used_count", 1, experts));
  HOB_TRY(wide, keys.integer("expert_feed_forward_length", 1, kMaxWide));
  config.moe = MoeConfig{.experts = experts, .top_k = top_k, .intermediate = wide};
  return {};
}

Result<Config> gemma4(const Gguf& file) {
  const Keys keys(file, "gemma4");
  HOB_TRY(out, common(file, keys));
  out.model_type = "gemma4_text";
  const auto layers = static_cast<uint32_t>(out.layers.size());
  HOB_TRY(full_dim, head_length(keys, "", 512));
  HOB_TRY(sliding_dim, head_length(keys, "_swa", 256));
  HOB_TRY(shared, keys.integer_or("attention.shared_kv_layers", 0, layers - 1, 0));
  HOB_TRY(ple_dim, keys.integer_or("embedding_length_per_layer_input", 0, kMaxHidden, 0));
  HOB_TRY(part, rotating_part(file, full_dim));
  HOB_TRY(turned, keys.integer_or("rope.dimension_count_swa", 2, kMaxHeadDim, sliding_dim));
  if (turned != sliding_dim) {
    return keys.wrong("rope.dimension_count_swa", "attention.key_length_swa (" + std::to_string(sliding_dim) + ")");
  }
  HOB_TRY_VOID(read_moe(keys, out));
  out.first_shared = layers - shared;
  out.full_rope.proportional = true;
  out.full_rope.partial_rotary_factor = part;
  out.ple_dim = ple_dim;
  if (ple_dim > 0) {
    HOB_TRY(rows, rows_of(file, "per_layer_token_embd.weight"));
    if (rows < out.vocab) return file.refuse("tensor \"per_layer_token_embd.weight\" has fewer rows than token_embd.weight");
    out.ple_vocab = rows;
  }
  out.layer_scalars = find(file, block(0, "layer_output_scale.weight")) != nullptr;
  for (uint32_t i = 0; i < layers; ++i) {
    LayerConfig& layer = out.layers[i];
    const bool full = layer.type == LayerType::full;
    layer.head_dim = full ? full_dim : sliding_dim;
    layer.k_eq_v = full && i < out.first_shared && find(file, block(i, "attn_v.weight")) == nullptr;
  }
  HOB_TRY_VOID(check_heads(file.name(), out));
  HOB_TRY_VOID(map_sharing(file.name(), out));
  return out;
}

}  // namespace

Result<Config> gguf_config(const Gguf& file) {
  const Fields fields(file.metadata(), file.name(), "key ");
  HOB_TRY(arch, fields.text_or("general.architecture", ""));
  if (arch == "gemma3") return gemma3(file);
  if (arch == "gemma4") return gemma4(file);
  return fields.wrong("general.architecture", "\"gemma4\" or \"gemma3\"");
}

Result<Generation> gguf_generation(const Gguf& file, uint32_t vocab) {
  const Fields fields(file.metadata(), file.name(), "key ");
  Generation out;
  const uint32_t last = vocab - 1;
  out.eos.clear();
  for (const char* key : {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.eom_token_id"}) {
    if (!fields.has(key)) continue;
    HOB_TRY(id, fields.integer(key, 0, last));
    if (std::find(out.eos.begin(), out.eos.end(), id) == out.eos.end()) out.eos.push_back(id);
  }
  if (out.eos.empty()) out.eos.push_back(1);
  HOB_TRY(suppress, fields.integers_or("tokenizer.ggml.suppress_tokens", last, Gguf::kMaxKeptItems, {}));
  HOB_TRY(temperature, fields.number_or("general.sampling.temp", 0.0, 100.0, out.temperature));
  HOB_TRY(top_k, fields.integer_or("general.sampling.top_k", 0, kMaxVocab, out.top_k));
  HOB_TRY(top_p, fields.number_or("general.sampling.top_p", 0.0, 1.0, out.top_p));
  HOB_TRY(min_p, fields.number_or("general.sampling.min_p", 0.0, 1.0, out.min_p));
  out.suppress = std::move(suppress);
  out.temperature = temperature;
  out.top_k = top_k;
  out.top_p = top_p;
  out.min_p = min_p;
  return out;
}

}  // namespace hob::gemma
