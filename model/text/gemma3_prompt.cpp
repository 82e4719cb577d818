#include "model/text/gemma3_prompt.h"

#include <optional>

#include "model/text/prompt_writer.h"
#include "model/text/white_space.h"

namespace hob::text {
namespace {

using wire::Item;
using wire::ItemKind;

class Writer : PromptWriter {
 public:
  Writer(const wire::StepParams& step, const Tokenizer& tokenizer, const PromptFormat& format)
      : PromptWriter(step, tokenizer, format) {}

  Prompt run() {
    if (step_.prompt) return raw();
    if (!last_user_ || step_.items.front().kind != ItemKind::user_message) begin_user();  // system text needs a turn to stand in
    for (size_t at = 0; at < step_.items.size(); ++at) item(at);
    generation_prompt();
    flush();
    return std::move(made_);
  }

 private:
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
    end_prefix();
  }

  void item(size_t at) {
    const Item& item = step_.items[at];
    switch (item.kind) {
      case ItemKind::user_message:
        begin_user();
        user_text(at);
        close_turn();
        incomplete_ = false;
        return end_user_turn(at);
      case ItemKind::agent_message:
      case ItemKind::structured_output: {
        if (open_ != Turn::model) {
          close_turn();
          pending_.ours("<start_of_turn>model\n");
          open_ = Turn::model;
        }
        incomplete_ = item.incomplete.value_or(false);
        if (own_ids(item)) {
          flush();
          append(item.produced->ids);
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

  enum class Turn { user, model };
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
