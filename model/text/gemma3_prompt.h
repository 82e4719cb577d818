// gemma3_prompt: a step's conversation in Gemma 3's chat format, which knows user and model turns and nothing else.
//
//   HOB_TRY(plain, gemma3_step(step));                  // refuses tools that must be called; leaves the others out
//   HOB_TRY(prompt, render_gemma3(plain, tokenizer, format));
//
// System text stands at the head of the first user turn. There are no tools and no thoughts in this format: calls, results
// and thoughts that another model left in the session are left out. Ids that this very model produced are appended as they
// were. render_prompt() comes here by itself when the tokenizer has Gemma 3's turns. Pure; any thread.
#pragma once

#include "model/text/prompt.h"

namespace hob::text {

/// The step without what the format cannot say; `backend_lacks` (capability "tools") when a call is required.
Result<wire::StepParams> gemma3_step(wire::StepParams step);

Result<Prompt> render_gemma3(const wire::StepParams& step, const Tokenizer& tokenizer, const PromptFormat& format);

}  // namespace hob::text
