#include "model/gemma/gguf_tensors.h"

#include <algorithm>
#include <array>

#include "model/gemma/dequantise.h"
#include "model/gemma/weights.h"

namespace hob::gemma {
namespace {

struct Pair {
  std::string_view ours, theirs;
};

constexpr std::array kWhole{
  Pair{"embed_tokens.weight", "token_embd.weight"},
  Pair{"embed_tokens_per_layer.weight", "per_layer_token_embd.weight"},
  Pair{"per_layer_model_projection.weight", "per_layer_model_proj.weight"},
  Pair{"per_layer_projection_norm.weight", "per_layer_proj_norm.weight"},
  Pair{"norm.weight", "output_norm.weight"},
  Pair{"lm_head.weight", "output.weight"},
};
constexpr std::array kOfLayer{
  Pair{"self_attn.q_proj.weight", "attn_q.weight"},
  Pair{"self_attn.k_proj.weight", "attn_k.weight"},
  Pair{"self_attn.v_proj.weight", "attn_v.weight"},
  Pair{"self_attn.o_proj.weight", "attn_output.weight"},
  Pair{"self_attn.q_norm.weight", "attn_q_norm.weight"},
  Pair{"self_attn.k_norm.weight", "attn_k_norm.weight"},
  Pair{"mlp.gate_proj.weight", "ffn_gate.weight"},
  Pair{"mlp.up_proj.weight", "ffn_up.weight"},
  Pair{"mlp.down_proj.weight", "ffn_down.weight"},
  Pair{"input_layernorm.weight", "attn_norm.weight"},
  Pair{"post_attention_layernorm.weight", "post_attention_norm.weight"},
  Pair{"pre_feedforward_layernorm.weight", "ffn_norm.weight"},
  Pair{"post_feedforward_layernorm.weight", "post_ffw_norm.weight"},
  Pair{"layer_scalar", "layer_output_scale.weight"},
  Pair{"per_layer_input_gate.weight", "inp_gate.weight"},
  Pair{"per_layer_projection.weight", "proj.weight"},
  Pair{"post_per_layer_input_norm.weight", "post_norm.weight"},
  Pair{"router.proj.weight", "ffn_gate_inp.weight"},
  Pair{"router.scale", "ffn_gate_inp.scale"},
  Pair{"router.per_expert_scale", "ffn_down_exps.scale"},
  Pair{"experts.gate_up_proj", "ffn_gate_up_exps.weight"},
  Pair{"experts.down_proj", "ffn_down_exps.weight"},
  Pair{"post_feedforward_layernorm_1.weight", "post_ffw_norm_1.weight"},
  Pair{"post_feedforward_layernorm_2.weight", "post_ffw_norm_2.weight"},
  Pair{"pre_feedforward_layernorm_2.weight", "pre_ffw_norm_2.weight"},
};

template <size_t N>
std::string_view theirs(const std::array<Pair, N>& table, std::string_view ours) {
  const auto found = std::find_if(table.begin(), table.end(), [&](const Pair& pair) { return pair.ours == ours; });
  return found == table.end() ? std::string_view() : found->theirs;
}

bool is_norm(std::string_view name) { return name.ends_with("norm.weight"); }

/// A vector as f32 with `offset` taken away, in memory of its own.
std::shared_ptr<std::vector<float>> as_floats(const TensorView& view, float offset) {
  auto out = std::make_shared<std::vector<float>>(static_cast<size_t>(view.elements()));
  dequantise_row(view.dtype, view.bytes, *out);
  for (float& value : *out) value -= offset;
  return out;
}

Result<TensorView> find(const Gguf& file, const std::string& name, const std::vector<uint64_t>& shape) {
  const auto found = file.tensors().find(name);
  if (found == file.tensors().end()) {
    return file.refuse("tensor \"" + name + "\" is missing; the keys want it with the shape " + shape_text(shape));
  }
  if (found->second.shape != shape) {
    return file.refuse("tensor \"" + name + "\" has the shape " + shape_text(found->second.shape) + "; the keys want " +
                       shape_text(shape));
  }
  return found->second;
}

/// The experts' gates and ups [experts, 2 * wide, hidden] of a file that has them apart.
Result<TensorView> gates_and_ups(const Gguf& file, const std::string& layer, const std::vector<uint64_t>& shape) {
  const std::vector<uint64_t> half{shape[0], shape[1] / 2, shape[2]};
  HOB_TRY(gates, find(file, layer + "ffn_gate_exps.weight", half));
  HOB_TRY(ups, find(file, layer + "ffn_up_exps.weight", half));
  if (gates.dtype != ups.dtype) {
    return file.refuse("tensor \"" + layer + "ffn_up_exps.weight\" is " + std::string(name_of(ups.dtype)) +
                       "; hob reads it of the type that ffn_gate_exps.weight has, " + std::string(name_of(gates.dtype)));
  }
  return TensorView{.dtype = gates.dtype, .shape = shape, .bytes = gates.bytes, .lower = ups.bytes};
}

}  // namespace

std::string gguf_name(std::string_view name) {
  constexpr std::string_view kLayers = "layers.";
  if (!name.starts_with(kLayers)) return std::string(theirs(kWhole, name));
  const std::string_view rest = name.substr(kLayers.size());
  const size_t dot = rest.find('.');
  if (dot == std::string_view::npos) return "";
  const std::string_view own = theirs(kOfLayer, rest.substr(dot + 1));
  return own.empty() ? "" : "blk." + std::string(rest.substr(0, dot + 1)) + std::string(own);
}

Result<Safetensors> gguf_tensors(const Gguf& file, const Config& config) {
  std::map<std::string, TensorView, std::less<>> tensors;
  std::vector<std::shared_ptr<std::vector<float>>> copies;
  for (const Need& need : needed_tensors(config)) {
    const std::string own = gguf_name(need.name);
    HOB_CHECK(!own.empty(), "a tensor has no name in GGUF files");
    const std::string layer = own.substr(0, own.rfind("ffn_gate_up_exps"));
    const bool apart = layer.size() < own.size() && !file.tensors().contains(own) &&
                       file.tensors().contains(layer + "ffn_gate_exps.weight");
    HOB_TRY(view, apart ? gates_and_ups(file, layer, need.shape) : find(file, own, need.shape));
    // Names as the text-only save has them; the head stands beside the decoder.
    std::string name = need.name == "lm_head.weight" ? need.name : "model." + need.name;
    if (is_norm(need.name) && config.norm_offset != 0.0f) {
      copies.push_back(as_floats(view, config.norm_offset));
      view.dtype = Dtype::f32;
      view.bytes = std::as_bytes(std::span<const float>(*copies.back()));
    }
    tensors.emplace(std::move(name), std::move(view));
  }
  Safetensors out = Safetensors::of(std::move(tensors), file.mappings());
  for (auto& copy : copies) out.keep(std::move(copy));
  return out;
}

}  // namespace hob::gemma
