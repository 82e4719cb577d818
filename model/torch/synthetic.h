// Synthetic: a checkpoint of any published size with random weights, in memory, so that speed can be measured without one.
//
//   HOB_TRY(text, synthetic_config("e2b"));                       // or a config.json of one's own
//   HOB_TRY(model, synthetic_checkpoint(text, gemma::Dtype::bf16, "e2b"));
//
// Weights have the shapes and the type that a loaded model's have and stand in memory of their own, every page of it
// written; the per-layer embedding table, too. The memory is a file without a name, opened as checkpoints are, and goes
// with the last owner. Values are small and finite; norms are ones. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "model/torch/load.h"

namespace hob::torch_engine {

/// The text of config.json: of a size by name (e2b, e4b, 12b, 26b-a4b, 31b), else of the file that is named.
Result<std::string> synthetic_config(std::string_view size);

/// Bytes that the weights will take.
uint64_t synthetic_bytes(const gemma::Config& config, gemma::Dtype dtype);

Result<Checkpoint> synthetic_checkpoint(std::string config_text, gemma::Dtype dtype, std::string name);

}  // namespace hob::torch_engine
