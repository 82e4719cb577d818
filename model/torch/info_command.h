// The body of `hob model info`: what a checkpoint is and what memory it takes here, without loading it.
//
//   hob model info DIR|FILE.gguf [--json]
//
// Reads the configuration and the tables of the weight files; the weights themselves stay on the disk. Rows tell the
// memory at each precision and context, and whether that fits what this machine has available now. Any thread.
#pragma once

#include <filesystem>

#include "schemas/base/json.h"
#include "schemas/base/result.h"

namespace hob::torch_engine {

/// `available` is the memory to reckon with; 0: what this machine has left.
Result<Json> model_info(const std::filesystem::path& path, uint64_t available = 0);

/// The same for people.
std::string info_text(const Json& info);

/// Exit status: 0, or 1 with a message on standard error.
int run_info(const std::filesystem::path& path, bool as_json);

}  // namespace hob::torch_engine
