#include "daemon/turn/loop.h"

#include "daemon/session/items.h"
#include "daemon/turn/system_text.h"
#include "schemas/base/ids.h"
#include "schemas/base/log.h"

namespace hob::turn {

/// Turns a step's progress into deltas: one open item for each kind, whose id the completed item keeps.
struct Loop::Streaming {
  struct Open {
    std::string id;
    std::string text;
  };
  Surroundings& s;
  const ActiveTurn& turn;
  std::map<wire::ItemKind, Open> open;

  void delta(wire::ItemKind kind, const std::string& text) {
    Open& item = open[kind];
    if (item.id.empty()) item.id = new_id(s.clock, s.random);
    s.hub.ephemeral({turn.session_id, turn.turn_id, item.id, "item.delta",
                     {{"kind", describe::word(kind)}, {"text", text}, {"offset", item.text.size()}}});
    item.text += text;
    s.hub.open_item(turn.session_id, item.id, item.text);
  }
  void operator()(const wire::StepProgress& p) {
    switch (p.kind) {
      case wire::StepProgressKind::compile:
        s.hub.ephemeral({turn.session_id, turn.turn_id, "", "progress", {{"what", "compile"}}});
        return;
      case wire::StepProgressKind::prefill:
        s.hub.ephemeral({turn.session_id, turn.turn_id, "", "progress", {{"what", "prefill"}, {"done", p.done}, {"total", p.total}}});
        return;
      case wire::StepProgressKind::text:
        return delta(wire::ItemKind::agent_message, p.text);
      case wire::StepProgressKind::thought:
        return delta(wire::ItemKind::thought, p.text);
      case wire::StepProgressKind::answer:
        return delta(wire::ItemKind::structured_output, p.text);
      case wire::StepProgressKind::call_begin:
        s.hub.ephemeral({turn.session_id, turn.turn_id, "", "item.started", {{"kind", "tool_call"}, {"name", p.name}}});
        return;
      case wire::StepProgressKind::call:
        return;
    }
  }
  /// The id of the open item of this kind, once; a new one else.
  std::string take_id(wire::ItemKind kind) {
    const auto it = open.find(kind);
    if (it == open.end()) return new_id(s.clock, s.random);
    const std::string id = it->second.id;
    open.erase(it);
    s.hub.open_item(turn.session_id, id, "");
    return id;
  }
  ~Streaming() {
    for (const auto& [kind, item] : open) s.hub.open_item(turn.session_id, item.id, "");
  }
};

Json declare(const std::vector<wire::ToolInfo>& tools) {
  Json out = Json::array();
  for (const wire::ToolInfo& tool : tools) {
    out.push_back(describe::write(wire::ToolDecl{tool.name, tool.description, tool.input_schema}));
  }
  return out;
}

Async<void> Loop::run() {
  began_ = s_.clock.now();
  Result<void> result = co_await load();
  if (result) result = co_await go_on();
  if (!result && !turn_->abandoned) {
    // Only the store can fail here: nothing more can be promised about this turn.
    const Error error = std::move(result).error();
    log::error("turn.lost", {{"turnId", turn_->turn_id}, {"message", error.message()}});
    turn_->state.status = "interrupted";
    turn_->state.error = error.to_json();
  }
}

Async<Result<void>> Loop::load() {
  HOB_CO_TRY(session, co_await s_.store.session(turn_->session_id));
  session_ = std::move(session);
  HOB_CO_TRY(history, co_await session::history(s_.store, turn_->session_id, true));
  history_ = std::move(history);
  for (const store::Event& event : history_) fold_.apply(event);
  for (const Json& tool : session_.settings.value("declared", Json::array())) {
    if (auto decl = describe::read<wire::ToolDecl>(tool); decl) declared_.push_back(*std::move(decl));
  }
  roots_.push_back({session_.cwd, true});
  for (const Json& path : session_.settings.value("additionalDirectories", Json::array())) {
    if (path.is_string()) roots_.push_back({path.get<std::string>(), true});
  }
  standing_.mode = session_.mode;
  if (auto filter = describe::read<wire::ToolsFilter>(session_.settings.value("tools", Json::object())); filter) {
    standing_.filter = *std::move(filter);
  }
  if (fold_.params().allow) standing_.turn_allow = *fold_.params().allow;
  refresh_state("running");
  co_return Result<void>();
}

Async<Result<void>> Loop::commit(store::Commit commit) {
  auto events = co_await s_.store.commit(std::move(commit));
  if (!events) co_return std::move(events).error();
  for (const store::Event& event : *events) {
    fold_.apply(event);
    history_.push_back(event);
  }
  s_.hub.publish(*events);
  co_return Result<void>();
}

void Loop::refresh_state(const std::string& status) {
  turn_->state = fold_.state();
  turn_->state.turn_id = turn_->turn_id;
  turn_->state.session_id = turn_->session_id;
  turn_->state.status = status;
}

bool Loop::over_time() const {
  const auto& limits = fold_.params().limits;
  const uint64_t most = limits && limits->max_wall_ms ? *limits->max_wall_ms : s_.limits.max_wall_ms;
  return s_.clock.now() - began_ - waited_ >= Milliseconds(most);
}

Async<Result<void>> Loop::go_on() {
  const auto limits = fold_.params().limits.value_or(wire::TurnLimits{});
  while (!fold_.completed()) {
    if (turn_->abandoned) co_return Result<void>();
    if (turn_->cancel.cancelled()) co_return co_await finish_cancelled();
    if (over_time()) co_return co_await complete("completed", "max_turn_requests", Error(Code::deadline, "The turn's time is over."));
    if (fold_.has_open_call()) {
      if (fold_.state().tool_calls >= limits.max_tool_calls.value_or(s_.limits.max_tool_calls)) {
        co_return co_await complete("completed", "max_turn_requests", Error(Code::quota, "The turn's limit of tool calls is reached."));
      }
      HOB_CO_TRY_VOID(co_await run_calls());
      if (denied_fatally_) {
        co_return co_await finish_failed(Error(Code::tool_denied, "A call needs an answer of a person, and this turn may not ask (onAsk: fail)."));
      }
      continue;
    }
    if (fold_.most_repeats() >= 5) co_return co_await complete("completed", "loop_detected", std::nullopt);
    if (!fold_.wants_model()) co_return co_await finish();
    if (fold_.state().model_calls >= limits.max_model_calls.value_or(s_.limits.max_model_calls)) {
      co_return co_await complete("completed", "max_turn_requests", Error(Code::quota, "The turn's limit of model calls is reached."));
    }
    auto stepped = co_await step();
    if (!stepped) {
      if (stepped.error().code() == Code::store_failed || turn_->abandoned) co_return std::move(stepped).error();
      if (turn_->cancel.cancelled()) co_return co_await finish_cancelled();
      co_return co_await finish_failed(std::move(stepped).error());
    }
  }
  co_return Result<void>();
}

Result<wire::StepParams> Loop::step_params() const {
  const wire::TurnStart& asked = fold_.params();
  wire::StepParams params;
  params.session_id = turn_->session_id;
  const Json system = session_.settings.value("systemPrompt", Json());
  params.system = system.is_string() ? system.get<std::string>() : kSystemText;
  params.tools = declared_;
  const policy::Context context = policy_context();
  for (const wire::ToolDecl& tool : declared_) {
    const auto info = s_.tools.find(tool.name);
    if (info && s_.policy.permits(*info, context)) params.allowed.push_back(tool.name);
  }
  if (asked.tool_choice.is_object()) {
    params.tool_choice = wire::ToolChoiceMode::named;
    params.tool_name = asked.tool_choice.value("name", "");
  } else if (asked.tool_choice.is_string()) {
    params.tool_choice = describe::of_word<wire::ToolChoiceMode>(asked.tool_choice.get<std::string>())
                             .value_or(wire::ToolChoiceMode::automatic);
  }
  // A required or named call is required once; afterwards the model answers.
  if (fold_.state().model_calls > 0 && params.tool_choice != wire::ToolChoiceMode::none) {
    params.tool_choice = wire::ToolChoiceMode::automatic;
    params.tool_name.reset();
  }
  HOB_TRY(items, session::items(history_));
  params.items = std::move(items);
  params.response_schema = asked.response_schema;
  if (asked.thinking) params.thinking = *asked.thinking;
  if (asked.sampling) params.sampling = *asked.sampling;
  params.max_tokens = asked.limits && asked.limits->max_tokens ? *asked.limits->max_tokens : s_.limits.max_tokens;
  return params;
}

Async<Result<void>> Loop::step() {
  Streaming streaming{s_, *turn_, {}};
  CallContext context;
  context.id = turn_->turn_id;
  const auto tripped = turn_->cancel.on_cancel([cancel = context.cancel] { cancel.cancel(); });
  // The turn's time also ends a step that goes on for ever.
  const auto& limits = fold_.params().limits;
  const Milliseconds most(limits && limits->max_wall_ms ? *limits->max_wall_ms : s_.limits.max_wall_ms);
  context.deadline = began_ + waited_ + most;
  HOB_CO_TRY(params, step_params());
  auto result = co_await s_.backend.step(std::move(params), std::ref(streaming), context);
  if (!result) co_return std::move(result).error();
  if (turn_->abandoned) co_return Error(Code::draining, "The daemon stops.");
  store::Commit commit;
  const auto step_number = fold_.state().model_calls + 1;
  for (wire::Item& item : result->items) {
    item.id = streaming.take_id(item.kind);
    item.turn_id = turn_->turn_id;
    item.step = step_number;
    if (item.kind == wire::ItemKind::tool_call) item.call_id = new_id(s_.clock, s_.random);
    if (result->incomplete && item.kind == wire::ItemKind::structured_output) item.incomplete = true;
    commit.events.push_back(session::item_event(turn_->session_id, item));
  }
  commit.events.push_back(step_event(turn_->session_id, turn_->turn_id, *result));
  commit.events.push_back({.session_id = turn_->session_id,
                           .turn_id = turn_->turn_id,
                           .type = "usage",
                           .data = describe::write(result->usage)});
  HOB_CO_TRY_VOID(co_await this->commit(std::move(commit)));
  refresh_state("running");
  co_return Result<void>();
}

Result<void> Loop::judge_answer() const {
  const auto& asked = fold_.params().response_schema;
  if (!asked) return {};
  if (!fold_.structured()) return Error(Code::model_failed, "The model ended its turn without the structured answer.");
  HOB_TRY(value, json::parse_document(*fold_.structured(), json::kGenerated));
  HOB_TRY(validator, schema::Validator::compile(*asked));
  if (const auto violation = validator.validate(value)) {
    return Error(Code::internal, "The answer does not fit its schema, which the automaton should have held: " + schema::to_string(*violation));
  }
  return {};
}

Async<Result<void>> Loop::finish() {
  const wire::StepStop stop = fold_.last_stop().value_or(wire::StepStop::end_turn);
  if (stop == wire::StepStop::cancelled) co_return co_await finish_cancelled();
  if (stop == wire::StepStop::repetition) co_return co_await complete("completed", "loop_detected", std::nullopt);
  if (stop == wire::StepStop::max_tokens) co_return co_await complete("completed", "max_tokens", std::nullopt);
  if (auto judged = judge_answer(); !judged) co_return co_await finish_failed(std::move(judged).error());
  const bool empty = !fold_.structured() && (!fold_.answer() || fold_.answer()->empty());
  if (empty) co_return co_await finish_failed(Error(Code::model_failed, "The model ended its turn without an answer."));
  co_return co_await complete("completed", "end_turn", std::nullopt);
}

Async<Result<void>> Loop::finish_cancelled() {
  // Each call that has not been observed is answered, so that the conversation stays whole.
  for (size_t i = 0; i < fold_.calls().size(); ++i) {
    CallState& call = fold_.calls()[i];
    if (call.phase == CallPhase::observed) continue;
    if (call.phase != CallPhase::returned) {
      store::Commit journal;
      const bool ran = call.phase == CallPhase::running;
      journal.events.push_back(result_event(
          turn_->session_id, turn_->turn_id, *call.item.call_id,
          tools::failure("failed", ran ? "The turn was cancelled while the call ran." : "The turn was cancelled before the call ran.", "")));
      HOB_CO_TRY_VOID(co_await commit(std::move(journal)));
    }
    HOB_CO_TRY_VOID(co_await observe(i));
  }
  co_return co_await complete("cancelled", "cancelled", std::nullopt);
}

Async<Result<void>> Loop::finish_failed(Error error) { co_return co_await complete("failed", "error", std::move(error)); }

Async<Result<void>> Loop::complete(std::string status, std::string stop_reason, std::optional<Error> error) {
  refresh_state(status);
  wire::TurnState& state = turn_->state;
  state.stop_reason = stop_reason;
  if (fold_.structured()) {
    state.output = *fold_.structured();
    if (auto value = json::parse(*fold_.structured(), json::kGenerated); value) state.structured = *std::move(value);
  } else if (fold_.answer()) {
    state.output = *fold_.answer();
  }
  if (fold_.incomplete()) state.incomplete = true;
  if (error) state.error = error->to_json();
  store::Commit last;
  last.events.push_back({.session_id = turn_->session_id, .turn_id = turn_->turn_id, .type = "turn.completed", .data = describe::write(state)});
  last.put_turns.push_back({.id = turn_->turn_id,
                            .session_id = turn_->session_id,
                            .status = status,
                            .state = describe::write(state),
                            .started_ms = fold_.started_ms(),
                            .ended_ms = s_.clock.wall_ms()});
  log::info("turn.completed", {{"turnId", turn_->turn_id}, {"status", status}, {"stopReason", stop_reason}});
  co_return co_await commit(std::move(last));
}

}  // namespace hob::turn
