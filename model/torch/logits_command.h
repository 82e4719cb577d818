// The body of `hob model logits`: teacher-forced logits of given token ids, written as one tensor.
//
//   hob model logits --model DIR --tokens FILE.json --out FILE.safetensors [--dtype f32|bf16]
//
// FILE.json is an array of token ids; the result holds `logits` [time, vocab] f32 and appears only when it is whole.
// Memory does not grow with the length: logits go to the file chunk by chunk. Progress is told on standard error when
// that is a terminal and the work takes longer than two seconds.
#pragma once

#include <filesystem>
#include <string>

#include "schemas/base/result.h"

namespace hob::torch_engine {

struct LogitsOptions {
  std::filesystem::path model;
  std::filesystem::path tokens;
  std::filesystem::path out;
  std::string dtype = "auto";
  int threads = 0;
};

Result<void> write_logits(const LogitsOptions& options);

/// Exit status: 0, or 1 with a message on standard error.
int run_logits(const LogitsOptions& options);

}  // namespace hob::torch_engine
