#include "daemon/policy/approvals.h"

#include <asio/redirect_error.hpp>

namespace hob::policy {
namespace {

constexpr std::string_view kOptions[] = {"allow_once", "allow_always", "reject_once", "reject_always"};

Json options() {
  return Json::array({{{"optionId", "allow_once"}, {"name", "Allow once"}, {"kind", "allow_once"}},
                      {{"optionId", "allow_always"}, {"name", "Allow for this session"}, {"kind", "allow_always"}},
                      {{"optionId", "reject_once"}, {"name", "Reject"}, {"kind", "reject_once"}},
                      {{"optionId", "reject_always"}, {"name", "Reject for this session"}, {"kind", "reject_always"}}});
}

}  // namespace

wire::Approval to_wire(const store::ApprovalRow& row) {
  return {row.id, row.session_id, row.turn_id, row.call_id, row.tool, row.arguments, rfc3339(row.requested_ms), options()};
}

Async<Result<Outcome>> Approvals::ask(store::ApprovalRow row, bool on_disk, CallContext context) {
  if (!on_disk) {
    row.requested_ms = clock_.wall_ms();
    store::Commit commit;
    commit.put_approvals.push_back(row);
    commit.events.push_back({.session_id = row.session_id,
                             .turn_id = row.turn_id,
                             .type = "approval.requested",
                             .data = describe::write(to_wire(row))});
    HOB_CO_TRY(events, co_await store_.commit(std::move(commit)));
    hub_.publish(events);
  }
  auto waiting = std::make_shared<Waiting>(Waiting{row, asio::steady_timer(io_), std::nullopt});
  const int64_t left = row.requested_ms + std::chrono::duration_cast<Milliseconds>(kApprovalLife).count() - clock_.wall_ms();
  waiting->timer.expires_after(Milliseconds(std::max<int64_t>(left, 0)));
  waiting_[row.id] = waiting;
  const auto cancelled = context.cancel.on_cancel([waiting] { waiting->timer.cancel(); });
  if (on_request_) on_request_(to_wire(row));
  while (!waiting->outcome) {
    asio::error_code woken;
    co_await waiting->timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    if (waiting->outcome || waiting->answering) continue;
    if (context.cancel.cancelled() || !woken) {
      const Outcome outcome{context.cancel.cancelled() ? "cancelled" : "expired", ""};
      HOB_CO_TRY_VOID(co_await settle(waiting, outcome, "hobd"));
    }
  }
  co_return *waiting->outcome;
}

Async<Result<void>> Approvals::settle(std::shared_ptr<Waiting> waiting, Outcome outcome, std::string who) {
  waiting->answering = true;
  waiting->row.outcome = outcome.option;
  store::Commit commit;
  commit.put_approvals.push_back(waiting->row);
  commit.events.push_back({.session_id = waiting->row.session_id,
                           .turn_id = waiting->row.turn_id,
                           .type = "approval.resolved",
                           .data = {{"approvalId", waiting->row.id},
                                    {"callId", waiting->row.call_id},
                                    {"tool", waiting->row.tool},
                                    {"optionId", outcome.option},
                                    {"note", outcome.note}}});
  commit.audit.push_back({who, outcome.option + " " + waiting->row.tool, {{"approvalId", waiting->row.id}}});
  auto events = co_await store_.commit(std::move(commit));
  waiting_.erase(waiting->row.id);
  waiting->answering = false;
  waiting->outcome = events ? outcome : Outcome{"cancelled", ""};
  waiting->timer.cancel();
  if (!events) co_return std::move(events).error();
  hub_.publish(*events);
  co_return Result<void>();
}

Async<Result<void>> Approvals::respond(std::string approval_id, std::string option, std::string note, std::string who) {
  const bool known = std::find(std::begin(kOptions), std::end(kOptions), option) != std::end(kOptions);
  if (!known) {
    co_return invalid_params("/optionId", "allow_once, allow_always, reject_once or reject_always", "\"" + option + "\"");
  }
  const auto it = waiting_.find(approval_id);
  if (it == waiting_.end() || it->second->answering) {
    auto row = co_await store_.approval(approval_id);
    if (!row) co_return std::move(row).error();
    co_return invalid_params("/approvalId", "a question that still waits", "one that was answered: " + row->outcome);
  }
  // A named value: g++ 12 destroys an aggregate made inside a co_await expression twice.
  Outcome outcome{std::move(option), std::move(note)};
  const auto waiting = it->second;
  co_return co_await settle(waiting, std::move(outcome), std::move(who));
}

void Approvals::abandon() {
  for (auto& [id, waiting] : std::exchange(waiting_, {})) {
    waiting->outcome = Outcome{"cancelled", ""};
    waiting->timer.cancel();
  }
}

Async<Result<std::vector<wire::Approval>>> Approvals::list(std::optional<std::string> session_id) {
  std::vector<wire::Approval> out;
  for (const auto& [id, waiting] : waiting_) {
    if (!waiting->answering && (!session_id || waiting->row.session_id == *session_id)) out.push_back(to_wire(waiting->row));
  }
  co_return out;
}

}  // namespace hob::policy
