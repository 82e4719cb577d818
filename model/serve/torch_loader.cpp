#include "model/serve/torch_loader.h"

#include <filesystem>

#include "model/gemma/config.h"
#include "model/gemma/gguf_config.h"
#include "model/gemma/gguf_tokenizer.h"
#include "model/torch/load.h"

namespace hob::serve {
namespace {

struct Model {
  gemma::Config config;
  text::Tokenizer tokenizer;
  gemma::Generation generation;
};

/// All but the weights, out of a checkpoint's directory or a GGUF file.
Result<Model> open(const std::filesystem::path& path) {
  HOB_TRY(files, gemma::find_model_files(path));
  if (files.gguf) {
    HOB_TRY(file, gemma::Gguf::open(*files.gguf));
    HOB_TRY(config, gemma::gguf_config(file));
    HOB_TRY(tokenizer, gemma::gguf_tokenizer(file));
    HOB_TRY(generation, gemma::gguf_generation(file, config.vocab));
    return Model{std::move(config), std::move(tokenizer), std::move(generation)};
  }
  HOB_TRY(config, gemma::read_config(files.directory / "config.json"));
  HOB_TRY(tokenizer, text::Tokenizer::load((files.directory / "tokenizer.json").string()));
  HOB_TRY(generation, gemma::read_generation(files.directory / "generation_config.json", config.vocab));
  return Model{std::move(config), std::move(tokenizer), std::move(generation)};
}

}  // namespace

Result<Loaded> load_torch(const wire::ModelStart& start, engine::Interrupt&, const LoadProgress& progress) {
  const auto as_not_loaded = [](const Error& error) { return Error(Code::model_not_loaded, error.message()); };
  if (!start.script.empty()) {
    return Error(Code::model_not_loaded, "hob-model plays no scripts; hob-model-lite does.");
  }
  if (start.model_dir.empty()) return Error(Code::model_not_loaded, "No model directory was given.");
  const std::filesystem::path path = start.model_dir;
  auto model = open(path);
  if (!model) return as_not_loaded(model.error());
  auto& [config, tokenizer, generation] = *model;
  auto dtype = torch_engine::weight_type_of(start.dtype);
  if (!dtype) return as_not_loaded(dtype.error());
  if (tokenizer.size() > config.vocab) {
    return Error(Code::model_not_loaded,
                 path.string() + ": the tokenizer has " + std::to_string(tokenizer.size()) + " tokens, and the model's vocabulary " +
                     std::to_string(config.vocab) + ".");
  }
  torch_engine::Options options;
  options.directory = path;
  options.dtype = *dtype;
  options.threads = static_cast<int>(start.threads);
  options.context = start.context;
  options.progress = progress;
  auto engine = torch_engine::load(options);
  if (!engine) return as_not_loaded(engine.error());

  Loaded out;
  out.engine = *std::move(engine);
  out.control = control_tokens(tokenizer, generation.eos, generation.suppress);
  out.sampling.temperature = generation.do_sample ? generation.temperature : 0.0;
  out.sampling.top_k = generation.top_k;
  out.sampling.top_p = generation.top_p;
  out.sampling.min_p = generation.min_p;
  // The sizes with per-layer embeddings are E2B and E4B.
  out.size = config.ple_dim > 0 ? text::ModelSize::small : text::ModelSize::big;
  out.capabilities = {"constrain.exact", "constrain.words", "ids", "logprobs", "fork"};
  if (tokenizer.format() == text::ChatFormat::gemma4) out.capabilities.push_back("tools");
  out.tokenizer = std::make_shared<const text::Tokenizer>(std::move(tokenizer));
  return out;
}

}  // namespace hob::serve
