// first_token: the time from a request to its first token through a whole daemon, as `hob bench` tells it.
//
//   HOB_TRY_VOID(measure_first_token(shared, {.model = "/models/gemma", .prompts = {512}}));
//   // {"what":"ttft","turn":"first","tokens":531,"cached_tokens":0,"seconds":[...]}
//   // {"what":"ttft","turn":"follow_up","tokens":553,"cached_tokens":540,"seconds":[...]}
//
// The daemon is a private one, with a state and a configuration of its own in a temporary directory, and is stopped and
// removed at the end. Time counts from turn/start's being sent to the first delta of the turn. One thread.
#pragma once

#include <string>
#include <vector>

#include "daemon/cli/app.h"

namespace hob::cli {

struct FirstTokenOptions {
  std::string model;                  // a checkpoint's directory or a GGUF file
  std::string dtype = "bf16";
  uint32_t threads = 0;
  std::vector<uint32_t> prompts = {512};  // words of the first message, about as many tokens
  uint32_t repeat = 3;
};

/// Prints two rows for each prompt: the first turn of a session, and a short one that follows it.
Result<void> measure_first_token(Shared& shared, const FirstTokenOptions& options);

}  // namespace hob::cli
