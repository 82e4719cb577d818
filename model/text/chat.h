// chat: conversations in Gemma 4's prompt format, byte for byte what the published chat template writes.
//
//   HOB_TRY(pieces, render_chat(chat));                       // <bos><|turn>user\n...
//   std::vector<Token> ids = tokenizer.encode(pieces.list());
//
// Messages and tools have the shape that Hugging Face's templates take. They are Documents, because the format
// prints integers with all their digits and sorts keys stably. What the template would raise an error for, or write
// malformed, is refused with the message's index. Everything that comes from a message or a tool is untrusted text.
// hob's own prompts are made by prompt.h, which needs none of the template's detours. Pure; any thread.
#pragma once

#include "model/text/pieces.h"
#include "schemas/base/document.h"
#include "schemas/base/result.h"

namespace hob::text {

/// 12B, 26B and 31B put an empty thought channel into the generation prompt when thinking is off; E2B and E4B do not.
enum class ModelSize { small, big };

struct Chat {
  json::Document messages;  // an array
  json::Document tools;     // an array, or null
  bool enable_thinking = false;
  bool add_generation_prompt = false;
  bool preserve_thinking = false;
  ModelSize size = ModelSize::small;
};

Result<Pieces> render_chat(const Chat& chat);

}  // namespace hob::text
