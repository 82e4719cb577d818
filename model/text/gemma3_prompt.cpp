#include "model/text/gemma3_prompt.h"

#include <algorithm>
#include <optional>

#include "model/text/pieces.h"
#include "model/text/structured_type.h"
#include "model/text/white_space.h"

namespace hob::text {
namespace {

using wire::Item;
using wire::ItemKind;

class Writer {
 public:
  Writer(const wire::StepParams& step, const Tokenizer& tokenizer, const PromptFormat& format)
      : step_(step), tokenizer_(tokenizer), format_(format) {}

  Prompt run() {
    pending_.ours("<bos>");
    if (step_.prompt) {
      flush();
      made_.prefix = made_.turn = made_.ids.size();
      pending_.theirs(*step_.prompt);
      flush();
      return std::move(made_);
    }
    for (size_t at = 0; at < step_.items.size(); ++at) {
      if (step_.items[at].kind == ItemKind::user_message) last_user_ = at;
    }
    if (!last_user_ || step_.items.front().kind != ItemKind::user_message) begin_user();  // system text needs a turn to stand in
    for (size_t at = 0; at < step_.items.size(); ++at) item(at);
    generation_prompt();
    flush();
    return std::move(made_);
  }

 private:
  void flush() {
    const std::vector<Token> ids = tokenizer_.encode(pending_.list());
    made_.ids.insert(made_.ids.end(), ids.begin(), ids.end());
    pending_ = {};
  }

  void close_turn() {
    if (open_) pending_.ours("<end_of_turn>\n");
    open_.reset();
  }

  void begin_user() {
    if (open_ == Turn::user) return;  // opened for the system text alone
    close_turn();
    pending_.ours("<start_of_turn>user\n");
    open_ = Turn::user;
    if (made_.prefix > 0) return;
    const std::string_view system = trim(step_.system);
    if (!system.empty()) {
      pending_.theirs(system);
      pending_.ours("\n\n");
    }
    // What follows begins with no white space, and no piece joins a newline with anything else: ids may be cut here.
    flush();
    made_.prefix = made_.turn = made_.ids.size();
  }

  void item(size_t at) {
    const Item& item = step_.items[at];
    switch (item.kind) {
      case ItemKind::user_message: {
        begin_user();
        pending_.theirs(trim(item.text));
        const bool last = at == *last_user_;
        const Json* schema = item.response_schema ? &*item.response_schema : nullptr;
        if (last && step_.response_schema) schema = &*step_.response_schema;
        if (schema != nullptr) {
          pending_.ours("\n");
          pending_.theirs(structured_line(*schema, tokenizer_));
        }
        close_turn();
        incomplete_ = false;
        if (last) {
          flush();
          made_.turn = made_.ids.size();
        }
        return;
      }
      case ItemKind::agent_message:
      case ItemKind::structured_output: {
        if (open_ != Turn::model) {
          close_turn();
          pending_.ours("<start_of_turn>model\n");
          open_ = Turn::model;
        }
        incomplete_ = item.incomplete.value_or(false);
        if (item.produced && item.produced->fingerprint == format_.fingerprint && known(item.produced->ids)) {
          flush();
          made_.ids.insert(made_.ids.end(), item.produced->ids.begin(), item.produced->ids.end());
        } else {
          pending_.theirs(trim(item.text));
        }
        return;
      }
      default:
        return;  // calls, results and thoughts have no words in this format; notices are for people
    }
  }

  void generation_prompt() {
    if (open_ == Turn::model && incomplete_) return;  // a text that was cut goes on in place
    close_turn();
    pending_.ours("<start_of_turn>model\n");
  }

  bool known(const std::vector<Token>& ids) const {
    return !ids.empty() && std::all_of(ids.begin(), ids.end(), [this](Token id) { return id < tokenizer_.size(); });
  }

  enum class Turn { user, model };
  const wire::StepParams& step_;
  const Tokenizer& tokenizer_;
  const PromptFormat& format_;
  Prompt made_;
  Pieces pending_;  // written, not yet tokenised
  std::optional<size_t> last_user_;
  std::optional<Turn> open_;
  bool incomplete_ = false;
};

}  // namespace

Result<wire::StepParams> gemma3_step(wire::StepParams step) {
  const bool must_call = step.tool_choice == wire::ToolChoiceMode::required || step.tool_choice == wire::ToolChoiceMode::named;
  if (must_call) {
    return Error(
        Code::backend_lacks, "This model cannot call tools: Gemma 3's chat format has none. Ask without a required call, or "
                             "use a Gemma 4 model.")
        .with("capability", "tools");
  }
  step.tools.clear();
  step.allowed.clear();
  step.tool_choice = wire::ToolChoiceMode::none;
  step.thinking = {};
  step.thinking.on = false;
  return step;
}

Result<Prompt> render_gemma3(const wire::StepParams& step, const Tokenizer& tokenizer, const PromptFormat& format) {
  return Writer(step, tokenizer, format).run();
}

}  // namespace hob::text
