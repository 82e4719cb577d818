// gemma3_chat: conversations in Gemma 3's prompt format, byte for byte what its published chat template writes.
//
//   HOB_TRY(pieces, render_gemma3_chat(chat));                // <bos><start_of_turn>user\n...
//
// Messages as chat.h has them: a system message may come first, whose text stands at the head of the first user turn as it is;
// then user and assistant take turns, and their texts are trimmed. What the template would raise an error for is refused with
// the message's index; tools, thinking and pictures, which the format or this version has no words for, by name. Pure; any
// thread.
#pragma once

#include "model/text/chat.h"

namespace hob::text {

Result<Pieces> render_gemma3_chat(const Chat& chat);

}  // namespace hob::text
