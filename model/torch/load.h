// load: a checkpoint's directory, or a GGUF file, becomes an Engine, or an error that says what is wrong with it.
//
//   HOB_TRY(engine, torch_engine::load({.directory = dir, .dtype = Dtype::automatic, .threads = 2}));
//
// Weights stay in their mapped files where the dtype allows; packed ones (GGUF) are unpacked once, row by row, to f32 where
// that is asked for, else to bf16. What does not fit this machine's memory is refused before it is allocated. bf16 weights
// are computed in f32 on a CPU that has no instructions for bf16, and so are small models whose dtype is left to us: that
// costs little, and they say the same on every CPU (Info::dtype says what is computed). A file hob-model.json beside the
// weights may give the model's name and say that it is a demonstration. Called on the [model] thread, which then owns the
// engine.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "model/torch/torch_engine.h"

namespace hob::torch_engine {

enum class WeightType {
  automatic,  // as in the files
  f32,
  bf16,
};

struct Options {
  std::filesystem::path directory;  // or a file *.gguf
  WeightType dtype = WeightType::automatic;
  int threads = 0;             // 0: torch's choice
  uint32_t context = 0;        // 0: what config.json says, at most kDefaultContext
  uint32_t prefill_chunk = 256;
  bool force_bf16 = false;     // compute in bf16 though the CPU is slow at it: for tests
  uint64_t memory_bytes = 0;   // memory to reckon with; 0: what this machine has left
  Progress progress;
};

inline constexpr uint32_t kDefaultContext = 32'768;
inline constexpr uint64_t kSmallBytes = 64u << 20;  // weights of a small model

/// A checkpoint's files, opened and checked; nothing is unpacked yet.
struct Checkpoint {
  std::string name;
  bool demonstration = false;
  bool gguf = false;
  std::string config_text;     // what identifies the configuration: config.json, or all that a GGUF file says before its data
  std::filesystem::path tokenizer;  // tokenizer.json; empty where there is none, or it is in the GGUF file
  gemma::Config config;
  gemma::Safetensors files;
  gemma::Weights weights;  // borrow the files
};

Result<Checkpoint> open_checkpoint(const std::filesystem::path& model);

Result<std::unique_ptr<TorchEngine>> load(const Options& options);
/// One that is open already; options.directory says nothing then.
Result<std::unique_ptr<TorchEngine>> load(Checkpoint model, const Options& options);

/// "f32", "bf16" or "auto".
Result<WeightType> weight_type_of(std::string_view name);

}  // namespace hob::torch_engine
