#include "daemon/turn/fold.h"

#include <algorithm>

#include "schemas/base/sha256.h"

namespace hob::turn {
namespace {

/// What step_event keeps of a model step beside its items.
struct StepRecord {
  wire::StepStop stop = wire::StepStop::end_turn;
  bool incomplete = false;
  wire::Usage usage;

  template <typename D>
  static void describe(D& d) {
    d.about("StepRecord", "");
    d.field("stop", &StepRecord::stop, "");
    d.defaulted("incomplete", &StepRecord::incomplete, "");
    d.defaulted("usage", &StepRecord::usage, "");
  }
};

std::string text_of(const Json& data, const char* key) {
  const auto it = data.find(key);
  return it != data.end() && it->is_string() ? it->get<std::string>() : "";
}

}  // namespace

std::string TurnFold::call_hash(const std::string& name, const std::string& arguments, const Json& result) {
  const auto parsed = json::parse(arguments, json::kGenerated);
  return sha256_hex(name + "\n" + (parsed ? json::canonical(*parsed) : arguments) + "\n" + json::canonical(result));
}

CallState* TurnFold::find_call(const std::string& call_id) {
  const auto it = std::find_if(calls_.begin(), calls_.end(), [&](const CallState& c) { return c.item.call_id == call_id; });
  return it == calls_.end() ? nullptr : &*it;
}

void TurnFold::keep_always(const store::Event& resolved) {
  const std::string option = text_of(resolved.data, "optionId");
  if (option != "allow_always" && option != "reject_always") return;
  const bool allowed = option == "allow_always";
  for (const wire::ApprovalCall& call : policy::decided_by(resolved)) {
    (allowed ? always_allowed_ : always_rejected_).insert(call.tool);
    (allowed ? always_rejected_ : always_allowed_).erase(call.tool);
  }
}

void TurnFold::apply(const store::Event& event) {
  if (event.type == "approval.resolved") keep_always(event);
  if (event.turn_id != turn_id_) return;
  if (event.type == "turn.started") {
    session_id_ = event.session_id;
    started_ms_ = event.at_ms;
    if (auto params = describe::read<wire::TurnStart>(event.data.value("params", Json::object())); params) params_ = *params;
    state_.turn_id = turn_id_;
    state_.session_id = session_id_;
  } else if (event.type == "item.completed") {
    auto item = describe::read<wire::Item>(event.data);
    if (!item) return;
    switch (item->kind) {
      case wire::ItemKind::tool_call:
        if (!step_begun_) calls_.clear();
        step_begun_ = true;
        calls_.push_back({.item = *std::move(item)});
        break;
      case wire::ItemKind::agent_message:
        answer_ = item->text;
        break;
      case wire::ItemKind::structured_output:
        structured_ = item->text;
        break;
      case wire::ItemKind::tool_result:
        if (CallState* call = find_call(item->call_id.value_or(""))) {
          call->phase = CallPhase::observed;
          ++state_.tool_calls;
          if (!item->ok.value_or(true)) {
            const std::string kind = text_of(item->result.value_or(Json::object()), "kind");
            ++(kind == "denied" ? state_.denied_calls : state_.failed_calls);
          }
          if (call->raw) {
            ++hashes_[call_hash(call->item.name.value_or(""), call->item.arguments.value_or(""), call->raw->result)];
          }
        }
        break;
      default:
        break;
    }
  } else if (event.type == "journal.step") {
    if (auto record = describe::read<StepRecord>(event.data); record) {
      last_stop_ = record->stop;
      incomplete_ = record->incomplete;
      ++state_.model_calls;
      wire::Usage& sum = state_.usage;
      sum.prompt_tokens += record->usage.prompt_tokens;
      sum.cached_tokens += record->usage.cached_tokens;
      sum.output_tokens += record->usage.output_tokens;
      sum.drafted_tokens += record->usage.drafted_tokens;
      sum.accepted_tokens += record->usage.accepted_tokens;
      sum.prefill_seconds += record->usage.prefill_seconds;
      sum.decode_seconds += record->usage.decode_seconds;
      sum.mask_seconds += record->usage.mask_seconds;
      step_begun_ = false;
    }
  } else if (event.type == "approval.requested") {
    auto asked = policy::question_of(event);
    if (!asked) return;
    const auto question = std::make_shared<const policy::Question>(*std::move(asked));
    for (const wire::ApprovalCall& one : question->calls) {
      CallState* call = find_call(one.call_id);
      if (call == nullptr) continue;
      call->phase = CallPhase::waiting;
      call->question = question;
    }
  } else if (event.type == "approval.resolved") {
    for (const wire::ApprovalCall& one : policy::decided_by(event)) {
      CallState* call = find_call(one.call_id);
      if (call == nullptr || call->phase > CallPhase::answered) continue;
      call->phase = CallPhase::answered;
      call->answer = text_of(event.data, "optionId");
      call->note = text_of(event.data, "note");
    }
  } else if (event.type == "journal.intent") {
    if (CallState* call = find_call(text_of(event.data, "callId"))) call->phase = CallPhase::running;
  } else if (event.type == "journal.result") {
    CallState* call = find_call(text_of(event.data, "callId"));
    auto result = describe::read<wire::CallResult>(event.data.value("result", Json::object()));
    if (call != nullptr && result) {
      call->raw = *std::move(result);
      call->phase = CallPhase::returned;
    }
  } else if (event.type == "turn.completed") {
    completed_ = true;
    if (auto state = describe::read<wire::TurnState>(event.data); state) state_ = *std::move(state);
  }
}

bool TurnFold::has_open_call() const {
  return std::any_of(calls_.begin(), calls_.end(), [](const CallState& c) { return c.phase != CallPhase::observed; });
}

bool TurnFold::wants_model() const {
  return !completed_ && !has_open_call() && (!last_stop_ || *last_stop_ == wire::StepStop::tool_calls);
}

uint32_t TurnFold::repeats(const CallState& call) const {
  if (!call.raw) return 0;
  const auto it = hashes_.find(call_hash(call.item.name.value_or(""), call.item.arguments.value_or(""), call.raw->result));
  return it == hashes_.end() ? 0 : it->second;
}

uint32_t TurnFold::most_repeats() const {
  uint32_t most = 0;
  for (const auto& [hash, count] : hashes_) most = std::max(most, count);
  return most;
}

store::NewEvent step_event(const std::string& session_id, const std::string& turn_id, const wire::StepResult& result) {
  return {.session_id = session_id,
          .turn_id = turn_id,
          .type = "journal.step",
          .data = describe::write(StepRecord{result.stop, result.incomplete, result.usage}),
          .hidden = true};
}

store::NewEvent intent_event(const std::string& session_id, const std::string& turn_id, const std::string& call_id) {
  return {.session_id = session_id, .turn_id = turn_id, .type = "journal.intent", .data = {{"callId", call_id}}, .hidden = true};
}

store::NewEvent result_event(
    const std::string& session_id, const std::string& turn_id, const std::string& call_id, const wire::CallResult& result) {
  return {.session_id = session_id,
          .turn_id = turn_id,
          .type = "journal.result",
          .data = {{"callId", call_id}, {"result", describe::write(result)}},
          .hidden = true};
}

}  // namespace hob::turn
