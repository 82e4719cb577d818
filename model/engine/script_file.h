// Script files: what the scripted engine says, written by a person.
//
//   {"tokenizer": "../tokenizer.json",            // beside the script; ModelStart::model_dir comes first
//    "context": 4096, "maxTruncate": 8, "prefillChunk": 64, "maxRows": 4,
//    "rules": [
//      {"when": "17 * 23", "after": "<turn|>\n<|turn>model\n",
//       "say": "<|tool_call>call:calculate{expression:<|\"|>17*23<|\"|>}<tool_call|>"},
//      {"after": "<tool_response|>", "say": "391"},
//      {"when": "stop me", "say": "I begin", "fault": "hang"},
//      {"say": "I have nothing to say."}]}
//
// The first rule fits whose `when` stands in the text since the last `<|turn>user` and whose `after` stands in what
// follows the last piece the model said or was told: the end of the prompt, from the last `<|tool_response>` or
// `<|turn>user` on. Both may be missing: they fit everything. `say` is tokenised with control tokens read; then the
// stop token follows: `<|tool_response>` when it ends in `<tool_call|>`, else `<turn|>`. `fault` (none, crash, hang,
// nan, slow) happens after the last token of `say`; `slow` takes `delayMs` before each token. When no rule fits the
// engine says so in words. Pure; any thread.
#pragma once

#include <memory>

#include "model/engine/scripted.h"
#include "model/text/tokenizer.h"

namespace hob::engine {

struct Script {
  struct Rule {
    std::string when, after, say;
    Fault fault = Fault::none;
    std::chrono::milliseconds delay{50};
  };
  std::string tokenizer;  // path, or empty
  uint32_t context = 4096;
  uint32_t max_truncate = 8;
  uint32_t prefill_chunk = 64;
  uint32_t max_rows = 4;
  std::vector<Rule> rules;
};

/// Reads a script; errors name the file and the field. A relative tokenizer path becomes one from the file's folder.
Result<Script> read_script(const std::string& path);
Result<Script> parse_script(std::string_view text, const std::string& name);

/// The engine that plays a script.
std::unique_ptr<ScriptedEngine> play(Script script, std::shared_ptr<const text::Tokenizer> tokenizer,
                                     Interrupt& interrupt);

}  // namespace hob::engine
