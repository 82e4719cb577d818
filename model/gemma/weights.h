// Weights: which tensors a configuration needs, found in a checkpoint under any of its prefixes and checked by shape.
//
//   HOB_TRY(files, Safetensors::open_directory(dir));
//   HOB_TRY(weights, gemma::find_weights(config, files));
//   weights.at("layers.3.mlp.down_proj.weight");     // names without the prefix
//
// Extra tensors (towers, keys of layers that share another's) are tolerated and left alone: only the configuration decides
// what a layer has. Missing tensors are listed. Views borrow the Safetensors. Immutable; any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/gemma/config.h"
#include "model/gemma/safetensors.h"

namespace hob::gemma {

struct Need {
  std::string name;  // without the prefix
  std::vector<uint64_t> shape;
};

/// All tensors of the text decoder; lm_head.weight only when it is not tied.
std::vector<Need> needed_tensors(const Config& config);

enum class Packing { packed, plain };

class Weights {
 public:
  const TensorView& at(std::string_view name) const;
  const std::map<std::string, TensorView, std::less<>>& all() const { return tensors_; }
  const std::string& prefix() const { return prefix_; }
  /// Bytes of the tensors that every token reads: all but the table of per-layer embeddings.
  uint64_t hot_bytes() const;
  /// Another view of the same tensor: the bytes must outlive this.
  void replace(std::string_view name, TensorView view);
  /// Those tensors that are packed, or those that are not.
  Weights only(Packing packing) const;
  /// Dtype of the token embeddings, which stands for the checkpoint's.
  Dtype dtype() const { return at("embed_tokens.weight").dtype; }

 private:
  friend Result<Weights> find_weights(const Config& config, const Safetensors& files);
  std::map<std::string, TensorView, std::less<>> tensors_;
  std::string prefix_;
};

/// `model_failed` names what is missing or has another shape.
Result<Weights> find_weights(const Config& config, const Safetensors& files);

/// sha256 over the configuration's bytes, the tensors' table, a sample of each tensor and the tokenizer's bytes.
std::string fingerprint(std::string_view config_text, const Weights& weights, std::string_view tokenizer_text);

}  // namespace hob::gemma
