#include "daemon/turn/turns.h"

#include <asio/redirect_error.hpp>

#include "daemon/session/items.h"
#include "daemon/turn/input.h"
#include "daemon/turn/loop.h"
#include "schemas/base/ids.h"
#include "schemas/base/log.h"

namespace hob::turn {
namespace {

Error no_turn(const std::string& id) {
  return Error(Code::not_found, "There is no turn " + id.substr(0, 64) + ".").with("what", "turn").with("id", id.substr(0, 64));
}

Result<void> check_tool_choice(const Json& choice) {
  if (choice.is_string()) {
    const auto& word = choice.get_ref<const std::string&>();
    if (word == "auto" || word == "none" || word == "required") return {};
  } else if (choice.is_object() && choice.size() == 1 && choice.contains("name") && choice.at("name").is_string()) {
    return {};
  }
  return invalid_params("/toolChoice", "\"auto\", \"none\", \"required\" or {\"name\": tool}", json::brief(choice));
}

}  // namespace

std::optional<std::string> Turns::active_turn(const std::string& session_id) const {
  const auto it = by_session_.find(session_id);
  return it == by_session_.end() ? std::nullopt : std::optional<std::string>(it->second);
}

Async<Result<wire::TurnStartResult>> Turns::start(wire::TurnStart params, std::string who) {
  if (draining_) co_return Error(Code::draining, "The daemon is stopping and takes no new turns.");
  Json written = describe::write(params);
  HOB_CO_TRY(claim, co_await s_.once.enter("turn/start", params.idempotency_key, std::move(written), {}));
  if (claim.answer()) co_return describe::read<wire::TurnStartResult>(*claim.answer());
  HOB_CO_TRY(text, text_of(params.input));
  HOB_CO_TRY_VOID(check_tool_choice(params.tool_choice));
  HOB_CO_TRY(session, co_await s_.store.session(params.session_id));
  if (!params.response_schema) {
    const Json standing = session.settings.value("responseSchema", Json());
    if (standing.is_object() || standing.is_boolean()) params.response_schema = standing;
  }
  if (!params.on_ask) params.on_ask = s_.policy.config().on_ask;
  if (const auto active = active_turn(session.id)) {
    co_return Error(Code::turn_active, "The session has a turn that is not over.").with("turnId", *active);
  }
  auto turn = std::make_shared<ActiveTurn>();
  turn->turn_id = new_id(s_.clock, s_.random);
  turn->session_id = session.id;
  turn->state.turn_id = turn->turn_id;
  turn->state.session_id = session.id;
  turn->state.status = "running";
  by_session_[session.id] = turn->turn_id;  // before anything is awaited: one turn for each session
  active_[turn->turn_id] = turn;

  wire::Item message;
  message.id = new_id(s_.clock, s_.random);
  message.kind = wire::ItemKind::user_message;
  message.turn_id = turn->turn_id;
  message.text = text;
  message.response_schema = params.response_schema;
  const wire::TurnStartResult result{turn->turn_id, events::cursor_of(s_.store, s_.store.last_row())};
  store::Commit commit;
  commit.events.push_back({.session_id = session.id, .turn_id = turn->turn_id, .type = "turn.started", .data = {{"params", describe::write(params)}}});
  commit.events.push_back(session::item_event(session.id, message));
  commit.put_turns.push_back({.id = turn->turn_id,
                              .session_id = session.id,
                              .status = "running",
                              .state = describe::write(turn->state),
                              .started_ms = s_.clock.wall_ms()});
  session.updated_ms = s_.clock.wall_ms();
  ++session.turns;
  if (!session.title) session.title = text.substr(0, text.find('\n')).substr(0, 60);
  commit.put_sessions.push_back(session);
  claim.keep(commit, describe::write(result));
  if (params.allow && !params.allow->empty()) {
    commit.audit.push_back({who, "allow for one turn", {{"turnId", turn->turn_id}, {"tools", describe::write(*params.allow)}}});
  }
  auto events = co_await s_.store.commit(std::move(commit));
  if (!events) {
    active_.erase(turn->turn_id);
    by_session_.erase(session.id);
    co_return std::move(events).error();
  }
  s_.hub.publish(*events);
  launch(turn);
  co_return result;
}

void Turns::launch(std::shared_ptr<ActiveTurn> turn) { spawn(s_.io, run(std::move(turn)), "turn"); }

Async<void> Turns::run(std::shared_ptr<ActiveTurn> turn) {
  log::info("turn.running", {{"turnId", turn->turn_id}, {"sessionId", turn->session_id}});
  {
    Loop loop(s_, turn);
    co_await loop.run();
  }
  turn->over = true;
  active_.erase(turn->turn_id);
  by_session_.erase(turn->session_id);
  for (const auto& waiter : turn->waiters) waiter->cancel();
}

Result<void> Turns::cancel(const std::string& turn_id) {
  const auto it = active_.find(turn_id);
  if (it == active_.end()) {
    return Error(Code::no_active_turn, "The turn " + turn_id.substr(0, 64) + " does not run.").with("turnId", turn_id.substr(0, 64));
  }
  it->second->cancel.cancel();
  return {};
}

Async<Result<wire::TurnState>> Turns::get(std::string turn_id) {
  if (const auto it = active_.find(turn_id); it != active_.end()) {
    wire::TurnState state = it->second->state;
    if (it->second->waiting_approval) state.status = "waiting_approval";
    co_return state;
  }
  auto row = co_await s_.store.turn(turn_id);
  if (!row) {
    if (row.error().code() == Code::not_found) co_return no_turn(turn_id);
    co_return std::move(row).error();
  }
  co_return describe::read<wire::TurnState>(row->state);
}

Async<Result<wire::TurnState>> Turns::wait(std::string turn_id, Milliseconds timeout, CallContext context) {
  const auto it = active_.find(turn_id);
  if (it == active_.end()) co_return co_await get(std::move(turn_id));
  const std::shared_ptr<ActiveTurn> turn = it->second;
  auto waiter = std::make_shared<asio::steady_timer>(s_.io, timeout);
  turn->waiters.push_back(waiter);
  const auto cancelled = context.cancel.on_cancel([waiter] { waiter->cancel(); });
  while (!turn->over && !context.cancel.cancelled()) {
    asio::error_code woken;
    co_await waiter->async_wait(asio::redirect_error(asio::use_awaitable, woken));
    if (!woken) break;  // the time is over
  }
  std::erase(turn->waiters, waiter);
  if (context.cancel.cancelled()) co_return Error(Code::cancelled, "No longer waited for.");
  wire::TurnState state = turn->state;
  if (!turn->over && turn->waiting_approval) state.status = "waiting_approval";
  co_return state;
}

Async<Result<size_t>> Turns::resume_all() {
  HOB_CO_TRY(rows, co_await s_.store.open_turns());
  for (const store::TurnRow& row : rows) {
    if (active_.contains(row.id)) continue;
    auto turn = std::make_shared<ActiveTurn>();
    turn->turn_id = row.id;
    turn->session_id = row.session_id;
    turn->state.turn_id = row.id;
    turn->state.session_id = row.session_id;
    turn->state.status = "running";
    active_[row.id] = turn;
    by_session_[row.session_id] = row.id;
    log::info("turn.resumed", {{"turnId", row.id}});
    launch(std::move(turn));
  }
  co_return rows.size();
}

Async<void> Turns::stop(Milliseconds grace) {
  draining_ = true;
  const auto end = s_.clock.now() + grace;
  const auto all = active_;
  for (const auto& [id, turn] : all) {
    if (turn->waiting_approval) continue;  // it may wait for a day; it goes on at the next start
    const auto left = std::max(std::chrono::duration_cast<Milliseconds>(end - s_.clock.now()), Milliseconds(0));
    (void)co_await wait(id, left, {});
  }
  const auto rest = active_;
  for (const auto& [id, turn] : rest) turn->abandoned = true;
  s_.approvals.abandon();
  for (const auto& [id, turn] : rest) turn->cancel.cancel();
  for (const auto& [id, turn] : rest) (void)co_await wait(id, std::chrono::seconds(5), {});
}

Async<void> Turns::end_session(std::string session_id) {
  const auto id = active_turn(session_id);
  if (!id) co_return;
  (void)cancel(*id);
  (void)co_await wait(*id, std::chrono::seconds(30), {});
}

}  // namespace hob::turn
