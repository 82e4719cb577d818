#include "model/text/prompt_writer.h"

#include <algorithm>

#include "model/text/structured_type.h"
#include "model/text/white_space.h"

namespace hob::text {

PromptWriter::PromptWriter(const wire::StepParams& step, const Tokenizer& tokenizer, const PromptFormat& format)
    : step_(step), tokenizer_(tokenizer), format_(format) {
  for (size_t at = 0; at < step_.items.size(); ++at) {
    if (step_.items[at].kind == wire::ItemKind::user_message) last_user_ = at;
  }
  pending_.ours("<bos>");
}

Prompt PromptWriter::raw() {
  end_prefix();
  pending_.theirs(*step_.prompt);
  flush();
  return std::move(made_);
}

void PromptWriter::flush() {
  append(tokenizer_.encode(pending_.list()));
  pending_ = {};
}

void PromptWriter::end_prefix() {
  flush();
  made_.prefix = made_.turn = made_.ids.size();
}

void PromptWriter::user_text(size_t at) {
  const wire::Item& item = step_.items[at];
  pending_.theirs(trim(item.text));
  const Json* schema = item.response_schema ? &*item.response_schema : nullptr;
  if (at == last_user_ && step_.response_schema) schema = &*step_.response_schema;
  if (schema == nullptr) return;
  pending_.ours("\n");
  pending_.theirs(structured_line(*schema, tokenizer_));
}

void PromptWriter::end_user_turn(size_t at) {
  if (at != last_user_) return;
  flush();
  made_.turn = made_.ids.size();
}

bool PromptWriter::own_ids(const wire::Item& item) const {
  if (!item.produced || item.produced->fingerprint != format_.fingerprint || item.produced->ids.empty()) return false;
  return std::all_of(item.produced->ids.begin(), item.produced->ids.end(), [this](Token id) { return id < tokenizer_.size(); });
}

void PromptWriter::append(const std::vector<Token>& ids) { made_.ids.insert(made_.ids.end(), ids.begin(), ids.end()); }

}  // namespace hob::text
