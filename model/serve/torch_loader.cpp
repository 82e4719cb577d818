#include "model/serve/torch_loader.h"

#include <filesystem>

#include "model/gemma/config.h"
#include "model/torch/load.h"

namespace hob::serve {

Result<Loaded> load_torch(const wire::ModelStart& start, engine::Interrupt&, const LoadProgress& progress) {
  const auto as_not_loaded = [](const Error& error) { return Error(Code::model_not_loaded, error.message()); };
  if (!start.script.empty()) {
    return Error(Code::model_not_loaded, "hob-model plays no scripts; hob-model-lite does.");
  }
  if (start.model_dir.empty()) return Error(Code::model_not_loaded, "No model directory was given.");
  const std::filesystem::path directory = start.model_dir;
  auto config = gemma::read_config(directory / "config.json");
  if (!config) return as_not_loaded(config.error());
  if (!config->value_norm) {  // Gemma 4 always has it
    return Error(Code::model_not_loaded,
                 directory.string() + " is a Gemma 3 model. Its numbers can be had (hob model logits), but hob does not "
                 "speak its chat format; give it a Gemma 4 model.");
  }
  auto tokenizer = text::Tokenizer::load((directory / "tokenizer.json").string());
  if (!tokenizer) return as_not_loaded(tokenizer.error());
  auto generation = gemma::read_generation(directory / "generation_config.json", config->vocab);
  if (!generation) return as_not_loaded(generation.error());
  auto dtype = torch_engine::weight_type_of(start.dtype);
  if (!dtype) return as_not_loaded(dtype.error());
  if (tokenizer->size() > config->vocab) {
    return Error(Code::model_not_loaded,
                 (directory / "tokenizer.json").string() + ": it has " + std::to_string(tokenizer->size()) +
                     " tokens, and config.json's vocab_size is " + std::to_string(config->vocab) + ".");
  }
  torch_engine::Options options;
  options.directory = directory;
  options.dtype = *dtype;
  options.threads = static_cast<int>(start.threads);
  options.context = start.context;
  options.progress = progress;
  auto engine = torch_engine::load(options);
  if (!engine) return as_not_loaded(engine.error());

  Loaded out;
  out.engine = *std::move(engine);
  out.control = control_tokens(*tokenizer, generation->eos, generation->suppress);
  out.tokenizer = std::make_shared<const text::Tokenizer>(*std::move(tokenizer));
  out.sampling.temperature = generation->do_sample ? generation->temperature : 0.0;
  out.sampling.top_k = generation->top_k;
  out.sampling.top_p = generation->top_p;
  // The sizes with per-layer embeddings are E2B and E4B.
  out.size = config->ple_dim > 0 ? text::ModelSize::small : text::ModelSize::big;
  out.capabilities = {"constrain.exact", "ids", "logprobs", "fork", "tools"};
  return out;
}

}  // namespace hob::serve
