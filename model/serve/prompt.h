// make_prompt: the token ids that a step begins with.
//
//   HOB_TRY(prompt, make_prompt(tokenizer, fingerprint, params));
//   prompt.prefix;            // the system turn: the same for all sessions with this system text and these tools
//
// Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "model/text/tokenizer.h"
#include "schemas/wire/step.h"

namespace hob::serve {

struct Prompt {
  std::vector<text::Token> tokens;
  size_t prefix = 0;
  bool inside_thought = false;
};

Result<Prompt> make_prompt(const text::Tokenizer& tokenizer, const std::string& fingerprint,
                           const wire::StepParams& params);

}  // namespace hob::serve
