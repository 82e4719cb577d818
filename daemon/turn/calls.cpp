// The calls of one model step: permission, intent, effect, result, observation, each journalled before the next.
#include <algorithm>

#include "daemon/session/items.h"
#include "daemon/turn/loop.h"
#include "schemas/base/ids.h"
#include "schemas/base/log.h"

namespace hob::turn {
namespace {

Json arguments_json(const CallState& call) {
  auto parsed = json::parse(call.item.arguments.value_or("{}"), json::kGenerated);
  return parsed ? *std::move(parsed) : Json::object();
}

wire::CallResult denied(const std::string& name, const std::string& why, const std::string& note) {
  std::string message = "The call of " + name + " was not allowed: " + why + ".";
  return tools::failure("denied", std::move(message), note.empty() ? "Go on without it, or tell the user what you would need." : note);
}

wire::CallResult refused(const std::string& name, const policy::Outcome& outcome) {
  return denied(name, outcome.option == "expired" ? "nobody answered in time" : "the user said no", outcome.note);
}

}  // namespace

policy::Context Loop::policy_context() const {
  policy::Context context = standing_;
  context.session_allow.assign(fold_.always_allowed().begin(), fold_.always_allowed().end());
  context.session_deny.assign(fold_.always_rejected().begin(), fold_.always_rejected().end());
  const auto status = s_.backend.status();
  context.demonstration = status.model && status.model->demonstration;
  return context;
}

uint32_t Loop::result_budget() const {
  if (s_.limits.result_budget_tokens > 0) return s_.limits.result_budget_tokens;
  const auto status = s_.backend.status();
  return status.model && status.model->demonstration ? 200 : 2000;
}

CallContext Loop::call_context() const {
  CallContext context;
  context.id = turn_->turn_id;
  context.cancel = turn_->cancel;
  return context;
}

Async<Result<void>> Loop::run_calls() {
  std::vector<size_t> open;
  bool together = true;
  const policy::Context context = policy_context();
  for (size_t i = 0; i < fold_.calls().size(); ++i) {
    const CallState& call = fold_.calls()[i];
    if (call.phase == CallPhase::observed) continue;
    open.push_back(i);
    const auto tool = s_.tools.find(call.item.name.value_or(""));
    together = together && call.phase == CallPhase::requested && tool && tool->annotations.read_only &&
               s_.policy.decide(*tool, arguments_json(call), context).action == config::Action::allow;
  }
  if (together && open.size() > 1) co_return co_await run_together(std::move(open));
  for (const size_t index : open) {
    if (turn_->cancel.cancelled() || turn_->abandoned || denied_fatally_) break;
    HOB_CO_TRY_VOID(co_await run_call(index));
  }
  co_return Result<void>();
}

Async<Result<void>> Loop::run_together(std::vector<size_t> calls) {
  // Reading calls run side by side; their observations are journalled in the order of the calls.
  struct Gather {
    size_t missing;
    std::optional<Error> error;
    asio::steady_timer done;
  };
  auto gather = std::make_shared<Gather>(
      Gather{calls.size(), std::nullopt, asio::steady_timer(s_.io, std::chrono::steady_clock::time_point::max())});
  const auto one = [](Loop* self, size_t index, std::shared_ptr<Gather> all) -> Async<void> {
    Result<void> result;
    if (auto wrong = self->check_arguments(self->fold_.calls()[index])) {
      store::Commit journal;
      journal.events.push_back(result_event(self->turn_->session_id, self->turn_->turn_id,
                                            *self->fold_.calls()[index].item.call_id, *wrong));
      result = co_await self->commit(std::move(journal));
    } else {
      result = co_await self->execute(index, {});
    }
    if (!result && !all->error) all->error = std::move(result).error();
    if (--all->missing == 0) all->done.cancel();
  };
  for (const size_t index : calls) spawn(s_.io, one(this, index, gather), "turn.call");
  while (gather->missing > 0) {
    try {
      co_await gather->done.async_wait(asio::use_awaitable);
    } catch (const std::exception&) {
      // The timer never expires; it is cancelled when the last call is done.
    }
  }
  if (gather->error) co_return *std::move(gather->error);
  for (const size_t index : calls) {
    if (fold_.calls()[index].phase == CallPhase::returned) HOB_CO_TRY_VOID(co_await observe(index));
  }
  co_return Result<void>();
}

Async<Result<void>> Loop::run_call(size_t index) {
  const std::string call_id = *fold_.calls()[index].item.call_id;
  std::vector<store::AuditRow> audit;
  if (fold_.calls()[index].phase < CallPhase::running) {
    HOB_CO_TRY(instead, co_await permission(index, audit));
    if (turn_->cancel.cancelled() || turn_->abandoned || denied_fatally_) co_return Result<void>();
    if (instead) {
      store::Commit journal;
      journal.audit = std::move(audit);
      journal.events.push_back(result_event(turn_->session_id, turn_->turn_id, call_id, *instead));
      HOB_CO_TRY_VOID(co_await commit(std::move(journal)));
    } else {
      HOB_CO_TRY_VOID(co_await execute(index, std::move(audit)));
    }
  } else if (fold_.calls()[index].phase == CallPhase::running) {
    // Here only after a restart: the intent is on disk and the result is not.
    const std::string name = fold_.calls()[index].item.name.value_or("");
    const auto tool = s_.tools.find(name);
    if (tool && tool->annotations.read_only) {
      HOB_CO_TRY_VOID(co_await execute(index, {}));
    } else {
      store::Commit journal;
      journal.events.push_back(result_event(
          turn_->session_id, turn_->turn_id, call_id,
          tools::failure("outcome_unknown", "hob stopped while " + name + " ran; whether it took effect is not known.",
                         "Check before you do it again.")));
      HOB_CO_TRY_VOID(co_await commit(std::move(journal)));
    }
  }
  if (fold_.calls()[index].phase == CallPhase::returned) co_return co_await observe(index);
  co_return Result<void>();
}

std::optional<wire::CallResult> Loop::check_arguments(const CallState& call) {
  const std::string name = call.item.name.value_or("");
  const auto tool = s_.tools.find(name);
  if (!tool) return tools::failure("not_found", "There is no tool " + name + ".", "Use one of the declared tools.");
  auto value = json::parse_document(call.item.arguments.value_or(""), json::kGenerated);
  if (!value) return tools::failure("invalid_argument", value.error().message(), "Send one JSON object.");
  auto it = validators_.find(name);
  if (it == validators_.end()) {
    auto compiled = schema::Validator::compile(tool->input_schema);
    if (!compiled) return tools::failure("failed", "The schema of " + name + " cannot be used: " + compiled.error().message(), "");
    it = validators_.emplace(name, *std::move(compiled)).first;
  }
  if (const auto violation = it->second.validate(*value)) {
    return tools::failure("invalid_argument", schema::to_string(*violation), "Correct the argument and call again.");
  }
  return std::nullopt;
}

Async<Result<std::optional<wire::CallResult>>> Loop::permission(size_t index, std::vector<store::AuditRow>& audit) {
  using Instead = std::optional<wire::CallResult>;
  const CallState call = fold_.calls()[index];
  const std::string name = call.item.name.value_or("");
  if (auto wrong = check_arguments(call)) co_return Instead(std::move(wrong));
  policy::Outcome outcome{call.answer, call.note};
  const bool answered = call.phase == CallPhase::answered;
  // Before the policy: with "never" the policy denies, too, but only the answer has the user's words.
  if (answered && !outcome.allowed()) co_return Instead(refused(name, outcome));
  const auto tool = s_.tools.find(name);
  const policy::Decision decision = s_.policy.decide(*tool, arguments_json(call), policy_context());
  if (decision.action == config::Action::deny) {
    audit.push_back({"turn " + turn_->turn_id, "deny " + name, {{"rule", decision.rule}}});
    co_return Instead(denied(name, decision.rule, ""));
  }
  if (decision.action == config::Action::allow) {
    if (!tool->annotations.read_only) audit.push_back({"turn " + turn_->turn_id, "allow " + name, {{"rule", decision.rule}}});
    co_return Instead();
  }
  if (answered) co_return Instead();
  const wire::OnAsk on_ask = fold_.params().on_ask.value_or(wire::OnAsk::wait);
  if (call.phase == CallPhase::requested && on_ask == wire::OnAsk::deny) {
    audit.push_back({"turn " + turn_->turn_id, "deny " + name, {{"rule", "onAsk: deny"}}});
    co_return Instead(denied(name, "it needs a person's answer and nobody can be asked", ""));
  }
  if (call.phase == CallPhase::requested && on_ask == wire::OnAsk::fail) {
    denied_fatally_ = true;
    co_return Instead();
  }
  HOB_CO_TRY(answer, co_await ask(index));
  if (answer.allowed()) co_return Instead();
  co_return Instead(refused(name, answer));
}

policy::Question Loop::question_about(size_t index) {
  policy::Question question;
  question.id = new_id(s_.clock, s_.random);
  question.session_id = turn_->session_id;
  question.turn_id = turn_->turn_id;
  const policy::Context context = policy_context();
  for (size_t i = index; i < fold_.calls().size(); ++i) {
    const CallState& call = fold_.calls()[i];
    if (call.phase != CallPhase::requested || check_arguments(call)) continue;
    const std::string name = call.item.name.value_or("");
    Json arguments = arguments_json(call);
    const policy::Decision decision = s_.policy.decide(*s_.tools.find(name), arguments, context);
    if (decision.action != config::Action::ask) continue;
    question.calls.push_back({*call.item.call_id, name, std::move(arguments), decision.rule});
  }
  return question;
}

Async<Result<policy::Outcome>> Loop::ask(size_t index) {
  const auto known = fold_.calls()[index].question;
  const bool on_disk = fold_.calls()[index].phase == CallPhase::waiting && known;
  policy::Question question = on_disk ? *known : question_about(index);
  const auto asked_at = s_.clock.now();
  turn_->waiting_approval = true;
  auto answer = co_await s_.approvals.ask(std::move(question), on_disk, call_context());
  turn_->waiting_approval = false;
  waited_ += s_.clock.now() - asked_at;
  if (!answer) co_return std::move(answer).error();
  // What approvals journalled belongs to this turn's history, too.
  HOB_CO_TRY(fresh, co_await s_.store.events(history_.back().row, 100, store::session_log(turn_->session_id)));
  for (store::Event& event : fresh) {
    fold_.apply(event);
    history_.push_back(std::move(event));
  }
  co_return answer;
}

Async<Result<void>> Loop::execute(size_t index, std::vector<store::AuditRow> audit) {
  const CallState call = fold_.calls()[index];
  store::Commit intent;
  intent.audit = std::move(audit);
  intent.events.push_back(intent_event(turn_->session_id, turn_->turn_id, *call.item.call_id));
  HOB_CO_TRY_VOID(co_await commit(std::move(intent)));
  s_.hub.ephemeral({turn_->session_id, turn_->turn_id, call.item.id, "item.started",
                    {{"kind", "tool_call"}, {"callId", *call.item.call_id}, {"name", call.item.name.value_or("")}}});
  tools::Call request{.session_id = turn_->session_id,
                      .turn_id = turn_->turn_id,
                      .call_id = *call.item.call_id,
                      .name = call.item.name.value_or(""),
                      .arguments = call.item.arguments.value_or("{}"),
                      .roots = roots_,
                      .timeout_ms = s_.call_timeout_ms};
  request.progress = [hub = &s_.hub, turn = turn_, item_id = call.item.id, call_id = *call.item.call_id](std::string_view text) {
    hub->ephemeral({turn->session_id, turn->turn_id, item_id, "progress", {{"what", "tool"}, {"callId", call_id}, {"text", text}}});
  };
  auto outcome = co_await s_.tools.call(std::move(request), call_context());
  if (turn_->abandoned) co_return Result<void>();
  wire::CallResult result;
  if (outcome) {
    result = *std::move(outcome);
  } else {
    const Error& error = outcome.error();
    result = tools::failure(error.code() == Code::deadline ? "timeout" : "failed", error.message(), "");
  }
  if (!result.result.is_object()) result.result = {{"value", std::move(result.result)}};
  store::Commit journal;
  journal.events.push_back(result_event(turn_->session_id, turn_->turn_id, *call.item.call_id, result));
  co_return co_await commit(std::move(journal));
}

Async<Result<void>> Loop::observe(size_t index) {
  const CallState call = fold_.calls()[index];
  wire::Item item;
  item.id = new_id(s_.clock, s_.random);
  item.kind = wire::ItemKind::tool_result;
  item.turn_id = turn_->turn_id;
  item.call_id = call.item.call_id;
  item.name = call.item.name;
  item.ok = call.raw->ok;
  item.result = call.raw->result;
  if (fold_.repeats(call) >= 2) {
    item.ok = false;
    item.result = tools::failure("failed", "You have made this very call before, with this very result.",
                                 "Use what it returned, or do something else.").result;
  } else if (call.raw->ok) {
    auto fitted = co_await s_.backend.fit(call.raw->result, result_budget(), call_context());
    if (fitted) {
      item.result = *std::move(fitted);
    } else {
      // Without a model nothing can be cut by tokens; the next step will say what is wrong with the model.
      log::warn("turn.not_fitted", {{"turnId", turn_->turn_id}, {"message", fitted.error().message()}});
    }
  }
  store::Commit observation;
  observation.events.push_back(session::item_event(turn_->session_id, item));
  HOB_CO_TRY_VOID(co_await commit(std::move(observation)));
  refresh_state("running");
  co_return Result<void>();
}

}  // namespace hob::turn
