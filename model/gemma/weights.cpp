#include "model/gemma/weights.h"

#include <algorithm>
#include <array>

#include "schemas/base/sha256.h"

namespace hob::gemma {
namespace {

// Published checkpoints, text-only saves, MLX conversions, and the bare decoder.
constexpr std::array<std::string_view, 4> kPrefixes{"model.language_model.", "model.", "language_model.model.", ""};
constexpr std::string_view kPleTable = "embed_tokens_per_layer.weight";
constexpr size_t kSampleBytes = 64;
constexpr size_t kMaxListed = 8;

std::string find_prefix(const Safetensors& files) {
  for (const std::string_view prefix : kPrefixes) {
    if (files.find(std::string(prefix) + "embed_tokens.weight")) return std::string(prefix);
  }
  return std::string(kPrefixes[1]);  // the message then names what a text-only save would have
}

void need_layer(const Config& config, uint32_t index, std::vector<Need>& out) {
  const LayerConfig& layer = config.layers[index];
  const std::string at = "layers." + std::to_string(index) + ".";
  const uint64_t hidden = config.hidden, head = layer.head_dim;
  const uint64_t queries = uint64_t{config.heads} * head, keys = uint64_t{layer.kv_heads} * head;
  out.push_back({at + "self_attn.q_proj.weight", {queries, hidden}});
  out.push_back({at + "self_attn.o_proj.weight", {hidden, queries}});
  out.push_back({at + "self_attn.q_norm.weight", {head}});
  if (layer.owns_kv) {
    out.push_back({at + "self_attn.k_proj.weight", {keys, hidden}});
    if (!layer.k_eq_v) out.push_back({at + "self_attn.v_proj.weight", {keys, hidden}});
    out.push_back({at + "self_attn.k_norm.weight", {head}});
  }
  out.push_back({at + "mlp.gate_proj.weight", {layer.intermediate, hidden}});
  out.push_back({at + "mlp.up_proj.weight", {layer.intermediate, hidden}});
  out.push_back({at + "mlp.down_proj.weight", {hidden, layer.intermediate}});
  for (const char* norm : {"input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm",
                           "post_feedforward_layernorm"}) {
    out.push_back({at + norm + ".weight", {hidden}});
  }
  if (config.moe) {
    const uint64_t experts = config.moe->experts, wide = config.moe->intermediate;
    out.push_back({at + "router.proj.weight", {experts, hidden}});
    out.push_back({at + "router.scale", {hidden}});
    out.push_back({at + "router.per_expert_scale", {experts}});
    out.push_back({at + "experts.gate_up_proj", {experts, 2 * wide, hidden}});
    out.push_back({at + "experts.down_proj", {experts, hidden, wide}});
    for (const char* norm : {"post_feedforward_layernorm_1", "post_feedforward_layernorm_2",
                             "pre_feedforward_layernorm_2"}) {
      out.push_back({at + norm + ".weight", {hidden}});
    }
  }
  if (config.layer_scalars) out.push_back({at + "layer_scalar", {1}});
  if (config.ple_dim > 0) {
    out.push_back({at + "per_layer_input_gate.weight", {config.ple_dim, hidden}});
    out.push_back({at + "per_layer_projection.weight", {hidden, config.ple_dim}});
    out.push_back({at + "post_per_layer_input_norm.weight", {hidden}});
  }
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (size_t i = 0; i < std::min(names.size(), kMaxListed); ++i) out += (i ? ", " : "") + names[i];
  if (names.size() > kMaxListed) out += " and " + std::to_string(names.size() - kMaxListed) + " more";
  return out;
}

}  // namespace

std::vector<Need> needed_tensors(const Config& config) {
  std::vector<Need> out;
  const uint64_t packed = uint64_t{config.ple_dim} * config.layers.size();
  out.push_back({"embed_tokens.weight", {config.vocab, config.hidden}});
  if (config.ple_dim > 0) {
    out.push_back({std::string(kPleTable), {config.ple_vocab, packed}});
    out.push_back({"per_layer_model_projection.weight", {packed, config.hidden}});
    out.push_back({"per_layer_projection_norm.weight", {config.ple_dim}});
  }
  out.push_back({"norm.weight", {config.hidden}});
  if (!config.tied) out.push_back({"lm_head.weight", {config.vocab, config.hidden}});
  for (uint32_t i = 0; i < config.layers.size(); ++i) need_layer(config, i, out);
  return out;
}

const TensorView& Weights::at(std::string_view name) const {
  const auto found = tensors_.find(name);
  HOB_CHECK(found != tensors_.end(), "a weight was asked for that the configuration does not need");
  return found->second;
}

uint64_t Weights::hot_bytes() const {
  uint64_t out = 0;
  for (const auto& [name, view] : tensors_) {
    if (name != kPleTable) out += view.byte_count();
  }
  return out;
}

void Weights::replace(std::string_view name, TensorView view) {
  const auto found = tensors_.find(name);
  HOB_CHECK(found != tensors_.end(), "a weight was replaced that is not there");
  found->second = std::move(view);
}

Weights Weights::only(Packing packing) const {
  Weights out;
  out.prefix_ = prefix_;
  for (const auto& [name, view] : tensors_) {
    if (view.is_plain() == (packing == Packing::plain)) out.tensors_.emplace(name, view);
  }
  return out;
}

Result<Weights> find_weights(const Config& config, const Safetensors& files) {
  Weights out;
  out.prefix_ = find_prefix(files);
  std::vector<std::string> missing;
  for (Need& need : needed_tensors(config)) {
    // The head stands beside the decoder, not in it.
    const std::string name = need.name == "lm_head.weight" ? need.name : out.prefix_ + need.name;
    const TensorView* view = files.find(name);
    if (!view && need.name == "lm_head.weight") view = files.find("language_model.lm_head.weight");
    if (!view) {
      missing.push_back(name);
      continue;
    }
    if (view->shape != need.shape) {
      return Error(
        Code::model_failed, "The tensor " + name + " has the shape " + shape_text(view->shape) +
                              "; config.json wants " + shape_text(need.shape) + "."
      );
    }
    if (view->dtype != Dtype::bf16 && view->dtype != Dtype::f32 && !is_packed(view->dtype)) {
      return Error(
        Code::model_failed, "The tensor " + name + " is " + std::string(name_of(view->dtype)) +
                              "; hob reads BF16, F16 and F32 weights."
      );
    }
    out.tensors_.emplace(std::move(need.name), *view);
  }
  if (!missing.empty()) {
    return Error(Code::model_failed, "The weights lack what config.json needs: " + joined(missing) + ".");
  }
  return out;
}

std::string fingerprint(std::string_view config_text, const Weights& weights, std::string_view tokenizer_text) {
  Sha256 hash;
  const auto part = [&](std::string_view text) {
    hash.update(std::to_string(text.size()) + ":");
    hash.update(text);
  };
  part("hob gemma4 1");
  part(config_text);
  part(tokenizer_text);
  for (const auto& [name, view] : weights.all()) {
    part(name);
    part(name_of(view.dtype));
    part(shape_text(view.shape));
    // A fine-tune changes every tensor: its first bytes and those in the middle tell it apart without reading all.
    const std::string_view bytes(reinterpret_cast<const char*>(view.bytes.data()), view.bytes.size());
    part(bytes.substr(0, kSampleBytes));
    part(bytes.substr(bytes.size() / 2, kSampleBytes));
    if (view.lower.empty()) continue;
    part({reinterpret_cast<const char*>(view.lower.data()), std::min(view.lower.size(), kSampleBytes)});
  }
  return hash.hex();
}

}  // namespace hob::gemma
