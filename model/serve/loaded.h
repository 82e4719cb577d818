// Loaded: a model that is ready to run, and how one is loaded. hob-model loads through model/torch, hob-model-lite plays
// a script; all else in this room is the same for both.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "model/engine/scripted.h"
#include "model/sample/sampler.h"
#include "model/schedule/generation.h"
#include "model/text/prompt.h"
#include "schemas/wire/step.h"

namespace hob::serve {

struct Loaded {
  std::shared_ptr<const text::Tokenizer> tokenizer;
  std::unique_ptr<engine::Engine> engine;
  schedule::ControlTokens control;
  sample::Options sampling;                // of the checkpoint; the seed is not used
  text::ModelSize size = text::ModelSize::small;  // which generation prompt it was trained on
  std::vector<std::string> capabilities;   // of ModelInfo
};

using LoadProgress = std::function<void(uint64_t done, uint64_t total)>;

/// Loads what `start` names; errors are model_not_loaded and name the file and the field. `interrupt` wakes a scripted
/// engine that hangs and outlives the engine.
using Loader = std::function<Result<Loaded>(const wire::ModelStart& start, engine::Interrupt& interrupt,
                                            const LoadProgress& progress)>;

/// A script file (with a tokenizer of its own, or that of the model directory).
Result<Loaded> load_script(const wire::ModelStart& start, engine::Interrupt& interrupt, const LoadProgress& progress);

/// The tokens that end a step and those that the loop looks at, from the tokenizer and the checkpoint's own lists.
schedule::ControlTokens control_tokens(const text::Tokenizer& tokenizer, const std::vector<uint32_t>& eos,
                                       const std::vector<uint32_t>& suppressed);

}  // namespace hob::serve
