// gemma3_config: the text part of a Gemma 3 configuration (270M to 27B, FunctionGemma), told as a Gemma 4 decoder.
//
//   HOB_TRY(config, read_gemma3(Fields(object, "config.json", "text_config.")));
//
// Published files (rope_theta, rope_local_base_freq, rope_scaling, sliding_window_pattern) and those that transformers 5.24
// writes (rope_parameters, layer_types) are read. Keys that are absent have the reference's defaults: published files of
// the larger sizes leave most of them out. Pure; any thread.
#pragma once

#include "model/gemma/config.h"
#include "model/gemma/fields.h"

namespace hob::gemma {

Result<Config> read_gemma3(const Fields& fields);

/// "layer_types", or every `pattern`th layer full.
Result<std::vector<LayerType>> layer_types(const Fields& fields, uint32_t count, uint32_t pattern);

/// Refuses what no decoder of the family can be: an odd head_dim, heads that cannot share key-value heads evenly.
Result<void> check_heads(std::string_view where, const Config& config);

}  // namespace hob::gemma
