// PromptWriter: what the writers of all chat formats do alike: text pending until it is tokenised, the places at which ids may
// be cut, a user's message, and ids of the model's own.
//
// A base class of the writers in prompt.cpp and gemma3_prompt.cpp; one prompt each, one thread.
#pragma once

#include <optional>
#include <vector>

#include "model/text/pieces.h"
#include "model/text/prompt.h"

namespace hob::text {

class PromptWriter {
 protected:
  PromptWriter(const wire::StepParams& step, const Tokenizer& tokenizer, const PromptFormat& format);

  /// <bos> and the step's raw text; only where it has one.
  Prompt raw();
  void flush();
  /// What stands so far is the prefix.
  void end_prefix();
  /// The text of the user message at `at`, with the line about the answer that is wanted.
  void user_text(size_t at);
  /// Its turn is closed; behind the last one is a good place for a snapshot.
  void end_user_turn(size_t at);
  /// Whether the ids of this item are ours to repeat.
  bool own_ids(const wire::Item& item) const;
  void append(const std::vector<Token>& ids);

  const wire::StepParams& step_;
  const Tokenizer& tokenizer_;
  const PromptFormat& format_;
  Prompt made_;
  Pieces pending_;  // written, not yet tokenised
  std::optional<size_t> last_user_;
};

}  // namespace hob::text
