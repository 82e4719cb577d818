// model_choice: writes which model hobd hosts into hob.yaml, and leaves every other byte of the file as it was.
//
//   HOB_TRY(text, with_model_path(text, "/models/gemma.gguf", "hob.yaml"));   // comments and order kept
//   HOB_TRY_VOID(choose_model(places.config_dir, "/models/gemma.gguf"));      // the same, on disk, by rename
//
// Only the line `path:` of a block `model:` is changed or added. The result is read again and must say the same as before
// but for the path; a file written in another way (`model: {...}`, anchors) is refused with what to write by hand. An empty
// path means the built-in model. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "schemas/base/result.h"

namespace hob::config {

Result<std::string> with_model_path(std::string_view yaml, const std::string& path, const std::string& file);

/// Makes the directory and the file (0600) where they are missing; a file that load() would refuse is refused.
Result<void> choose_model(const std::string& config_dir, const std::string& path);

}  // namespace hob::config
