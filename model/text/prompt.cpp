#include "model/text/prompt.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "model/text/declaration.h"
#include "model/text/gemma3_prompt.h"
#include "model/text/lowering.h"
#include "model/text/prompt_writer.h"
#include "model/text/value.h"
#include "model/text/white_space.h"
#include "schemas/base/document.h"

namespace hob::text {
namespace {

using json::Document;
using wire::Item;
using wire::ItemKind;

constexpr std::string_view kThought = "<|channel>thought\n";

Json unfinished() {
  return Json{
      {"ok", false},
      {"kind", "failed"},
      {"message", "The call was not finished."},
      {"hint", "Call again if it is still needed."}
  };
}

bool made_by_model(const Item& item) {
  return item.kind == ItemKind::agent_message || item.kind == ItemKind::thought ||
         item.kind == ItemKind::tool_call || item.kind == ItemKind::structured_output;
}

bool same_step(const Item& a, const Item& b) { return a.turn_id == b.turn_id && a.step == b.step; }

class Writer : PromptWriter {
 public:
  Writer(const wire::StepParams& step, const Tokenizer& tokenizer, const PromptFormat& format)
      : PromptWriter(step, tokenizer, format), items_(step.items) {}

  Result<Prompt> run() {
    if (step_.prompt) return raw();
    HOB_TRY_VOID(system_turn());
    end_prefix();
    for (size_t at = 0; at < items_.size();) {
      Result<size_t> next = item(at);
      if (!next) return std::move(next).error().in(where(at));
      at = *next;
    }
    HOB_TRY_VOID(generation_prompt());
    flush();
    return std::move(made_);
  }

 private:
  struct Call {
    std::string id;
    std::string name;
  };

  std::string where(size_t at) const {
    const std::string index = "items[" + std::to_string(at) + "]";
    return items_[at].id.empty() ? index : index + " (" + items_[at].id + ")";
  }

  Result<void> system_turn() {
    if (step_.system.empty() && step_.tools.empty() && !step_.thinking.on) return {};
    pending_.ours("<|turn>system\n");
    if (step_.thinking.on) pending_.ours("<|think|>\n");
    pending_.theirs(trim(step_.system));
    for (const wire::ToolDecl& tool : step_.tools) {
      const auto text = [](const std::string& value) {
        Document made;
        made.kind = Document::Kind::string;
        made.text = value;
        return made;
      };
      Document function;
      function.kind = Document::Kind::object;
      function.members.emplace_back("name", text(tool.name));
      function.members.emplace_back("description", text(tool.description));
      function.members.emplace_back("parameters", lower_parameters(json::to_document(tool.parameters)));
      pending_.ours("<|tool>");
      HOB_TRY_VOID(write_declaration(function, pending_));
      pending_.ours("<tool|>");
    }
    pending_.ours("<turn|>\n");
    return {};
  }

  // Writes the item at `at`, and those that go with it; says where to go on.
  Result<size_t> item(size_t at) {
    const Item& item = items_[at];
    if (item.kind == ItemKind::notice) return at + 1;
    if (item.kind == ItemKind::user_message) {
      HOB_TRY_VOID(user_message(at));
      return at + 1;
    }
    if (item.kind == ItemKind::tool_result) return results(at);
    open_model_turn();
    HOB_TRY_VOID(answer_open_calls(item));
    if (own_ids(item)) return produced(at);
    HOB_TRY_VOID(rendered(at));
    return at + 1;
  }

  Result<void> user_message(size_t at) {
    HOB_TRY_VOID(answer_open_calls(items_[at]));
    close_model_turn();
    pending_.ours("<|turn>user\n");
    user_text(at);
    pending_.ours("<turn|>\n");
    end_user_turn(at);
    return {};
  }

  void open_model_turn() {
    if (in_model_turn_) return;
    pending_.ours("<|turn>model\n");
    in_model_turn_ = true;
  }

  void close_model_turn() {
    if (!in_model_turn_) return;
    pending_.ours("<turn|>\n");
    in_model_turn_ = false;
  }

  bool thoughts_stay(size_t at) const { return !last_user_ || at > *last_user_; }

  Result<size_t> produced(size_t at) {
    const wire::Produced& produced = *items_[at].produced;
    if (thoughts_stay(at)) {
      if (produced.inside_thought) pending_.ours(kThought);
      flush();
      append(produced.ids);
    } else {
      flush();
      append(without_thoughts(produced.ids, produced.inside_thought, tokenizer_));
    }
    size_t next = at;
    for (; next < items_.size() && made_by_model(items_[next]) && same_step(items_[at], items_[next]); ++next) {
      if (next > at && items_[next].produced) break;
      if (items_[next].kind == ItemKind::tool_call) note_call(items_[next]);
    }
    after_text_ = open_calls_.empty();
    incomplete_ = items_[next - 1].incomplete.value_or(false);
    return next;
  }

  void note_call(const Item& item) {
    open_calls_.push_back({item.call_id.value_or(""), item.name.value_or("unknown")});
    last_call_ = &item;
  }

  Result<void> rendered(size_t at) {
    const Item& item = items_[at];
    incomplete_ = item.incomplete.value_or(false);
    after_text_ = item.kind != ItemKind::tool_call;
    switch (item.kind) {
      case ItemKind::thought:
        if (thoughts_stay(at)) {
          pending_.ours(kThought);
          pending_.theirs(item.text);
          pending_.ours("\n<channel|>");
        }
        return {};
      case ItemKind::tool_call: {
        HOB_TRY(arguments, json::parse_document(item.arguments.value_or("{}"), json::kGenerated));
        if (arguments.kind != Document::Kind::object) {
          return Error(Code::invalid_params, "the arguments of a call must be an object.");
        }
        pending_.ours("<|tool_call>call:");
        pending_.theirs(item.name.value_or("unknown"));
        HOB_TRY_VOID(write_value(arguments, Keys::bare, pending_));
        pending_.ours("<tool_call|>");
        note_call(item);
        return {};
      }
      default:
        pending_.theirs(trim(item.text));
        return {};
    }
  }

  Result<void> response(const std::string& name, const Json& result) {
    pending_.ours("<|tool_response>response:");
    pending_.theirs(name);
    const Document value = json::to_document(result);
    const bool bare = value.kind != Document::Kind::object;
    if (bare) pending_.ours("{value:");
    HOB_TRY_VOID(write_value(value, Keys::bare, pending_));
    pending_.ours(bare ? "}<tool_response|>" : "<tool_response|>");
    after_text_ = false;
    incomplete_ = false;
    return {};
  }

  // A run of results, written in the order of the calls. Results of no known call come last, under their own name.
  Result<size_t> results(size_t at) {
    std::vector<const Item*> run;
    size_t next = at;
    for (; next < items_.size(); ++next) {
      if (items_[next].kind == ItemKind::notice) continue;
      if (items_[next].kind != ItemKind::tool_result) break;
      run.push_back(&items_[next]);
    }
    open_model_turn();
    static const Json kNothing;
    std::vector<Call> unanswered;
    for (const Call& call : open_calls_) {
      const auto found = std::find_if(run.begin(), run.end(), [&](const Item* item) {
        return item != nullptr && item->call_id.value_or("") == call.id;
      });
      if (found == run.end()) {
        unanswered.push_back(call);
        continue;
      }
      HOB_TRY_VOID(response(call.name, (*found)->result ? *(*found)->result : kNothing));
      *found = nullptr;
    }
    open_calls_ = std::move(unanswered);
    for (const Item* item : run) {
      if (item == nullptr) continue;
      HOB_TRY_VOID(response(item->name.value_or("unknown"), item->result ? *item->result : kNothing));
    }
    return next;
  }

  // Calls that `next` leaves behind without a result. Calls of one step follow each other and are answered later.
  Result<void> answer_open_calls(const Item& next) {
    if (open_calls_.empty() || (made_by_model(next) && same_step(next, *last_call_))) return {};
    for (const Call& call : open_calls_) HOB_TRY_VOID(response(call.name, unfinished()));
    open_calls_.clear();
    return {};
  }

  Result<void> generation_prompt() {
    if (!open_calls_.empty()) {
      return Error(
          Code::invalid_params, "The call of " + open_calls_.front().name + " has no result; the model cannot go on."
      );
    }
    if (in_model_turn_ && incomplete_) return {};  // a text that was cut goes on in place
    if (in_model_turn_ && after_text_) close_model_turn();
    if (in_model_turn_) {
      if (step_.thinking.on) {
        pending_.ours(kThought);
        made_.inside_thought = true;
      }
      return {};
    }
    pending_.ours("<|turn>model\n");
    if (format_.size == ModelSize::big && !step_.thinking.on) pending_.ours("<|channel>thought\n<channel|>");
    return {};
  }

  const std::vector<Item>& items_;
  bool in_model_turn_ = false;
  bool after_text_ = false;   // the model's turn ends with text of its own: it is over
  bool incomplete_ = false;   // ... or was cut
  std::vector<Call> open_calls_;
  const Item* last_call_ = nullptr;
};

}  // namespace

Result<Prompt> render_prompt(const wire::StepParams& step, const Tokenizer& tokenizer, const PromptFormat& format) {
  if (tokenizer.format() == ChatFormat::gemma3) return render_gemma3(step, tokenizer, format);
  return Writer(step, tokenizer, format).run();
}

Result<std::string> render_prompt_text(
    const wire::StepParams& step, const Tokenizer& tokenizer, const PromptFormat& format
) {
  HOB_TRY(prompt, render_prompt(step, tokenizer, format));
  return tokenizer.decode(prompt.ids, Specials::keep);
}

std::vector<Token> without_thoughts(const std::vector<Token>& ids, bool inside, const Tokenizer& tokenizer) {
  std::vector<Token> kept;
  for (const Token id : ids) {
    if (id == tokenizer.control().channel_open) {
      inside = true;
    } else if (id == tokenizer.control().channel_close) {
      inside = false;
    } else if (!inside) {
      kept.push_back(id);
    }
  }
  return kept;
}

}  // namespace hob::text
