#include "daemon/policy/approvals.h"

#include <asio/redirect_error.hpp>

namespace hob::policy {
namespace {

constexpr std::string_view kOptions[] = {"allow_once", "allow_always", "reject_once", "reject_always"};

}  // namespace

Async<Result<Outcome>> Approvals::ask(Question question, bool on_disk, CallContext context) {
  if (!on_disk) {
    question.requested_ms = clock_.wall_ms();
    store::Commit commit;
    commit.put_approvals.push_back(to_row(question, ""));
    commit.events.push_back(requested_event(question));
    HOB_CO_TRY(events, co_await store_.commit(std::move(commit)));
    hub_.publish(events);
  }
  const int64_t left = question.requested_ms + std::chrono::duration_cast<Milliseconds>(kApprovalLife).count() - clock_.wall_ms();
  auto waiting = std::make_shared<Waiting>(Waiting{std::move(question), asio::steady_timer(io_), {}, std::nullopt});
  waiting->timer.expires_after(Milliseconds(std::max<int64_t>(left, 0)));
  waiting_[waiting->question.id] = waiting;
  const auto cancelled = context.cancel.on_cancel([waiting] { waiting->timer.cancel(); });
  if (on_request_) on_request_(waiting->question, waiting->settled);
  bool expired = false;
  while (!waiting->outcome) {
    // The token may have tripped while the question was written: a wake-up that nobody waited for.
    const bool over = expired || context.cancel.cancelled();
    if (!over || waiting->answering) {
      asio::error_code woken;
      co_await waiting->timer.async_wait(asio::redirect_error(asio::use_awaitable, woken));
      if (!woken) {
        expired = true;
        waiting->timer.expires_at(std::chrono::steady_clock::time_point::max());
      }
      continue;
    }
    const Outcome outcome{context.cancel.cancelled() ? "cancelled" : "expired", ""};
    auto written = co_await settle(waiting, outcome, "hobd");
    if (!written) {
      waiting_.erase(waiting->question.id);
      waiting->settled.cancel();
      co_return std::move(written).error();
    }
  }
  co_return *waiting->outcome;
}

Async<Result<void>> Approvals::settle(std::shared_ptr<Waiting> waiting, Outcome outcome, std::string who) {
  const Question& question = waiting->question;
  waiting->answering = true;
  store::Commit commit;
  commit.put_approvals.push_back(to_row(question, outcome.option));
  commit.events.push_back(resolved_event(question, outcome.option, outcome.note));
  commit.audit.push_back({who, outcome.option + " " + question.tools(), {{"approvalId", question.id}}});
  auto events = co_await store_.commit(std::move(commit));
  waiting->answering = false;
  if (!events) {
    waiting->timer.cancel();  // it may have been cancelled meanwhile
    co_return std::move(events).error();
  }
  waiting_.erase(question.id);
  waiting->outcome = outcome;
  waiting->timer.cancel();
  hub_.publish(*events);
  waiting->settled.cancel();
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
    waiting->settled.cancel();
  }
}

Async<Result<std::vector<wire::Approval>>> Approvals::list(std::optional<std::string> session_id) {
  std::vector<wire::Approval> out;
  for (const auto& [id, waiting] : waiting_) {
    if (!waiting->answering && (!session_id || waiting->question.session_id == *session_id)) {
      out.push_back(to_wire(waiting->question));
    }
  }
  co_return out;
}

}  // namespace hob::policy
