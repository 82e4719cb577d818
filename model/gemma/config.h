// Config: what config.json and generation_config.json of a Gemma 4 or 3 checkpoint say, checked and unfolded per layer.
//
//   HOB_TRY(config, gemma::read_config(dir / "config.json"));
//   config.layers[19].kv_source;      // 14 in E2B: that layer shares its keys and values
//
// Two spellings of the per-layer overrides are read: flat keys (global_head_dim, num_global_key_value_heads) as the
// published checkpoints have them, and `per_layer_config` as transformers 5.24 saves. The text part may be nested under
// `text_config` or stand alone. Every number has a limit, so that products of them cannot overflow 64 bits; errors name
// the file and the field. Pure values; any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/engine/engine.h"
#include "schemas/base/result.h"

namespace hob::gemma {

using engine::LayerType;

enum class Bidirectional { none, vision };

/// Rotary embedding of one layer type.
struct Rope {
  double theta = 10'000.0;
  bool proportional = false;           // only the first `partial_rotary_factor` of the frequency pairs rotate
  double partial_rotary_factor = 1.0;
  double factor = 1.0;                 // divides all frequencies
};

struct LayerConfig {
  LayerType type = LayerType::sliding;
  uint32_t head_dim = 0;
  uint32_t kv_heads = 0;
  uint32_t intermediate = 0;           // doubled already where the config says so
  bool owns_kv = true;
  uint32_t kv_source = 0;              // the layer whose keys and values this one reads; itself when it owns them
  bool k_eq_v = false;                 // values are the raw keys; there is no v_proj
};

struct MoeConfig {
  uint32_t experts = 0, top_k = 0, intermediate = 0;
};

struct Config {
  std::string model_type;              // of the text part
  uint32_t vocab = 0;
  uint32_t hidden = 0;
  uint32_t heads = 0;
  uint32_t sliding_window = 0;         // keys that a sliding layer sees, the token itself included
  uint32_t max_positions = 0;
  uint32_t ple_dim = 0;                // hidden_size_per_layer_input; 0 when there are no per-layer embeddings
  uint32_t ple_vocab = 0;
  uint32_t first_shared = 0;           // layers from here on own no keys and values
  double norm_eps = 1e-6;
  std::optional<double> softcap;
  bool tied = true;
  Bidirectional bidirectional = Bidirectional::none;
  // What Gemma 3 does otherwise.
  bool value_norm = true;              // values are normed before they are cached
  bool layer_scalars = true;           // each layer's output is scaled by a tensor of the checkpoint
  float norm_offset = 0.0f;            // added to the norm weights of the files
  float query_scale = 1.0f;            // on normed queries; folded into their norm's weight
  std::optional<MoeConfig> moe;
  Rope sliding_rope, full_rope;
  std::vector<LayerConfig> layers;
  std::optional<uint32_t> image_token, audio_token, video_token;

  const Rope& rope(LayerType type) const { return type == LayerType::full ? full_rope : sliding_rope; }
  /// The last layer of this type that owns its cache.
  std::optional<uint32_t> donor(LayerType type) const;
};

/// Sampling defaults and stop tokens.
struct Generation {
  std::vector<uint32_t> eos{1};
  std::vector<uint32_t> suppress;
  bool do_sample = true;
  double temperature = 1.0;
  uint32_t top_k = 64;                 // 0: no limit
  double top_p = 0.95;
  double min_p = 0.0;                  // 0: no limit
};

/// Fills in who owns keys and values and whose a sharing layer reads, from `first_shared`; refuses what cannot be shared.
Result<void> map_sharing(std::string_view where, Config& config);

/// `where` is the file's name for messages.
Result<Config> parse_config(std::string_view text, std::string_view where);
Result<Config> read_config(const std::filesystem::path& file);

Result<Generation> parse_generation(std::string_view text, std::string_view where, uint32_t vocab);
/// Defaults when there is no such file.
Result<Generation> read_generation(const std::filesystem::path& file, uint32_t vocab);

/// A whole small file; refuses what is larger than `max_bytes`.
Result<std::string> read_small_file(const std::filesystem::path& file, size_t max_bytes);

}  // namespace hob::gemma
