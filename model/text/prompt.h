// prompt: one step's conversation as token ids, the way the model was trained to read it.
//
//   HOB_TRY(prompt, render_prompt(step, tokenizer, {.size = ModelSize::small, .fingerprint = model_fingerprint}));
//   engine.prefill(prompt.ids);                    // prompt.ids[0, prompt.prefix) never change within a session
//   parser.begin(prompt.inside_thought);
//
// The system turn (system text, then the declarations) is the cached prefix. Each step of the model that carries the
// ids it really produced is appended as it was, if the fingerprint is ours: text is never tokenised twice, so the
// cache of the turn before still holds. Otherwise it is rendered from its items, in their order.
//
// Rules that are Gemma's: results stand inside the model's turn, in the order of the calls; thoughts stay while a
// tool loop runs and vanish with the next user message; after a response the turn simply goes on (with thinking on,
// inside a thought). A call that never got a result, in a turn that is over, is answered as unfinished. Notices are
// for people and are left out. Text of items, results and declarations never yields control tokens. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "model/text/chat.h"
#include "model/text/tokenizer.h"
#include "schemas/base/result.h"
#include "schemas/wire/step.h"

namespace hob::text {

struct PromptFormat {
  ModelSize size = ModelSize::small;
  std::string fingerprint;  // engine::Info::fingerprint: whose ids may be appended as they are
};

struct Prompt {
  std::vector<Token> ids;
  size_t prefix = 0;            // ids of <bos> and the system turn
  size_t turn = 0;              // ids up to and with the last user message: a good place for a snapshot
  bool inside_thought = false;  // the prompt ends inside the thought channel
};

/// The whole prompt, generation prompt included. `step.prompt` is a raw text after <bos>.
Result<Prompt> render_prompt(const wire::StepParams& step, const Tokenizer& tokenizer, const PromptFormat& format);

/// The same as one text, for people.
Result<std::string> render_prompt_text(
    const wire::StepParams& step, const Tokenizer& tokenizer, const PromptFormat& format
);

/// The ids of a step without its thoughts. `inside` says that they begin inside one.
std::vector<Token> without_thoughts(const std::vector<Token>& ids, bool inside, const Tokenizer& tokenizer);

}  // namespace hob::text
