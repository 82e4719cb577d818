// ModelFiles: what a path that somebody gave for a model means.
//
//   HOB_TRY(files, gemma::find_model_files("models/gemma.gguf"));    // or a directory
//   if (files.gguf) ... else files.directory / "config.json" ...
//
// A directory with config.json is a checkpoint; one without it that holds just one file *.gguf, or the parts of just one
// model (gguf_parts.h), stands for that. Any thread.
#pragma once

#include <filesystem>
#include <optional>

#include "schemas/base/result.h"

namespace hob::gemma {

struct ModelFiles {
  std::filesystem::path directory;
  std::optional<std::filesystem::path> gguf;
};

Result<ModelFiles> find_model_files(const std::filesystem::path& path);

}  // namespace hob::gemma
