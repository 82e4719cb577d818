#include "model/torch/load.h"

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <new>

#include "model/gemma/fields.h"
#include "model/gemma/gguf_config.h"
#include "model/gemma/gguf_tensors.h"
#include "model/gemma/model_files.h"
#include "model/gemma/unpack.h"
#include "model/torch/memory.h"
#include "model/torch/need.h"

namespace hob::torch_engine {
namespace {

constexpr size_t kMaxConfigBytes = 4u << 20;
constexpr size_t kMaxTokenizerBytes = 256u << 20;

struct Label {
  std::string name;
  bool demonstration = false;
};

Result<Label> read_label(const std::filesystem::path& directory) {
  const auto file = directory / "hob-model.json";
  std::error_code ignored;
  auto absolute = std::filesystem::absolute(directory, ignored).lexically_normal();
  if (!absolute.has_filename()) absolute = absolute.parent_path();
  Label out{.name = absolute.filename().string()};
  if (!std::filesystem::exists(file, ignored)) return out;
  HOB_TRY(text, gemma::read_small_file(file, 64u << 10));
  auto parsed = json::parse(text, json::kManifest);
  if (!parsed) return Error(Code::model_failed, parsed.error().message()).in("hob-model.json");
  if (!parsed->is_object()) return Error(Code::model_failed, "hob-model.json: wanted an object.");
  const gemma::Fields fields(*parsed, "hob-model.json");
  HOB_TRY(name, fields.text_or("name", out.name));
  HOB_TRY(demonstration, fields.flag_or("demonstration", false));
  out.name = name;
  out.demonstration = demonstration;
  return out;
}

Result<void> check_memory(
  const gemma::Config& config, const gemma::Weights& weights, const DecoderOptions& decoder, uint64_t available
) {
  const MemoryNeed need = memory_need(config, weights, decoder);
  if (need.total() <= available) return {};
  return Error(
    Code::model_failed, "The model needs " + gigabytes(need.total()) + " of memory (" + gigabytes(need.weights) +
                          " weights, " + gigabytes(need.caches) + " keys and values of " +
                          std::to_string(decoder.context) + " positions); " + gigabytes(available) +
                          " are available. Ask for a smaller context or take a smaller model."
  );
}

}  // namespace

Result<WeightType> weight_type_of(std::string_view name) {
  if (name == "auto") return WeightType::automatic;
  if (name == "f32") return WeightType::f32;
  if (name == "bf16") return WeightType::bf16;
  return Error(Code::invalid_params, "The dtype must be f32, bf16 or auto, got \"" + std::string(name.substr(0, 40)) + "\".");
}

Result<Checkpoint> open_checkpoint(const std::filesystem::path& model) {
  HOB_TRY(found, gemma::find_model_files(model));
  Checkpoint out;
  if (found.gguf) {
    HOB_TRY(file, gemma::Gguf::open(*found.gguf));
    HOB_TRY(config, gemma::gguf_config(file));
    HOB_TRY(files, gemma::gguf_tensors(file, config));
    out.gguf = true;
    out.name = found.gguf->stem().string();
    out.config_text.assign(reinterpret_cast<const char*>(file.head().data()), file.head().size());
    out.config = std::move(config);
    out.files = std::move(files);
  } else {
    HOB_TRY(config_text, gemma::read_small_file(found.directory / "config.json", kMaxConfigBytes));
    HOB_TRY(config, gemma::parse_config(config_text, "config.json"));
    HOB_TRY(files, gemma::Safetensors::open_directory(found.directory));
    HOB_TRY(label, read_label(found.directory));
    std::error_code ignored;
    const auto tokenizer = found.directory / "tokenizer.json";
    if (std::filesystem::exists(tokenizer, ignored)) out.tokenizer = tokenizer;
    out.name = std::move(label.name);
    out.demonstration = label.demonstration;
    out.config_text = std::move(config_text);
    out.config = std::move(config);
    out.files = std::move(files);
  }
  HOB_TRY(weights, gemma::find_weights(out.config, out.files));
  out.weights = std::move(weights);
  return out;
}

Result<std::unique_ptr<TorchEngine>> load(const Options& options) {
  HOB_TRY(model, open_checkpoint(options.directory));
  return load(std::move(model), options);
}

Result<std::unique_ptr<TorchEngine>> load(Checkpoint model, const Options& options) {
  std::string tokenizer_text;
  if (!model.tokenizer.empty()) {
    HOB_TRY(text, gemma::read_small_file(model.tokenizer, kMaxTokenizerBytes));
    tokenizer_text = std::move(text);
  }
  gemma::Config& config = model.config;
  gemma::Weights& weights = model.weights;
  if (options.context > config.max_positions) {
    return Error(
      Code::invalid_params, "A context of " + std::to_string(options.context) + " was asked for; the model has " +
                              std::to_string(config.max_positions) + " positions (max_position_embeddings)."
    );
  }
  if (options.prefill_chunk == 0 || options.prefill_chunk > 8192) {
    return Error(Code::invalid_params, "prefill_chunk must be from 1 to 8192.");
  }

  DecoderOptions decoder = decoder_options(options.dtype, options.force_bf16, kept_dtype(options.dtype, weights));
  if (options.dtype == WeightType::automatic && !options.force_bf16 && weights.hot_bytes() <= kSmallBytes) {
    compute_in_f32(decoder);
  }
  decoder.context = options.context > 0 ? options.context : std::min(config.max_positions, kDefaultContext);
  decoder.chunk = options.prefill_chunk;
  const uint64_t available = options.memory_bytes > 0 ? options.memory_bytes : available_memory();
  HOB_TRY_VOID(check_memory(config, weights, decoder, available));

  engine::Info info;
  info.name = model.name;
  info.demonstration = model.demonstration;
  info.fingerprint = gemma::fingerprint(model.config_text, weights, tokenizer_text);
  info.dtype = decoder.compute == Compute::bf16 ? "bf16" : "f32";
  info.vocab = config.vocab;
  info.hidden = config.hidden;
  info.context = decoder.context;
  info.prefill_chunk = options.prefill_chunk;
  info.max_truncate = kMaxTruncate;
  info.kv_bytes_per_token = Decoder::kv_bytes_per_token(config, decoder.compute);

  try {
    const c10::InferenceMode guard;
    if (options.threads > 0) at::set_num_threads(options.threads);
    // Where there is something to unpack, that is what takes time.
    const bool packed = !weights.only(gemma::Packing::packed).all().empty();
    HOB_TRY_VOID(gemma::unpack(weights, model.files, decoder.weights(), at::get_num_threads(), options.progress));
    auto built = Decoder::build(config, weights, decoder, packed ? Progress() : options.progress);
    return std::make_unique<TorchEngine>(std::move(info), std::move(config), std::move(model.files), std::move(built));
  } catch (const std::bad_alloc&) {
    return Error(Code::model_failed, "Out of memory while the weights were made ready.");
  } catch (const c10::Error& error) {
    return Error(Code::model_failed, std::string("The weights cannot be made ready: ") + error.what_without_backtrace());
  } catch (const std::exception& error) {
    return Error(Code::model_failed, std::string("The weights cannot be made ready: ") + error.what());
  }
}

}  // namespace hob::torch_engine
