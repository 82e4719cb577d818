// Turns: starts, cancels, watches and resumes turns. One active turn for each session.
//
//   HOB_CO_TRY(started, co_await turns.start(params, "peer uid 1000 pid 42"));   // returns when it is durable
//   HOB_CO_TRY(state, co_await turns.wait(started.turn_id, 60s, context));
//
// Each turn is one coroutine (loop.h) whose state is a fold over journalled events. All of it on [io].
#pragma once

#include <map>
#include <memory>
#include <string>

#include "daemon/backend/backend.h"
#include "daemon/config/config.h"
#include "daemon/events/hub.h"
#include "daemon/policy/approvals.h"
#include "daemon/policy/policy.h"
#include "daemon/store/once.h"
#include "daemon/tools/tool.h"
#include "schemas/wire/client/turn.h"

namespace hob::turn {

/// What a turn needs of the house; everything outlives every turn.
struct Surroundings {
  store::Store& store;
  store::Once& once;
  events::Hub& hub;
  backend::Backend& backend;
  tools::Registry& tools;
  policy::Policy& policy;
  policy::Approvals& approvals;
  const Clock& clock;
  Random& random;
  config::LimitsConfig limits;
  uint64_t call_timeout_ms = 60'000;
  asio::any_io_executor io;
  asio::any_io_executor work;
};

/// A turn that runs in this process.
struct ActiveTurn {
  std::string turn_id;
  std::string session_id;
  CancelToken cancel;          // the user's
  bool abandoned = false;      // the daemon stops: leave the turn as it is on disk
  bool waiting_approval = false;
  wire::TurnState state;       // as far as it is
  bool over = false;
  std::vector<std::shared_ptr<asio::steady_timer>> waiters;
};

class Turns {
 public:
  explicit Turns(Surroundings surroundings) : s_(std::move(surroundings)) {}

  Async<Result<wire::TurnStartResult>> start(wire::TurnStart params, std::string who);
  Result<void> cancel(const std::string& turn_id);
  Async<Result<wire::TurnState>> get(std::string turn_id);
  Async<Result<wire::TurnState>> wait(std::string turn_id, Milliseconds timeout, CallContext context);
  /// Picks up every turn that was running or waiting when the daemon last stopped.
  Async<Result<size_t>> resume_all();
  /// Waits up to `grace` for running turns, then leaves the rest as they are on disk.
  Async<void> stop(Milliseconds grace);

  size_t active() const { return active_.size(); }
  std::optional<std::string> active_turn(const std::string& session_id) const;
  /// Cancels the session's turn and waits until it is over (before the session is erased).
  Async<void> end_session(std::string session_id);

 private:
  void launch(std::shared_ptr<ActiveTurn> turn);
  Async<void> run(std::shared_ptr<ActiveTurn> turn);

  Surroundings s_;
  std::map<std::string, std::shared_ptr<ActiveTurn>> active_;   // by turn
  std::map<std::string, std::string> by_session_;               // session -> its active turn
  bool draining_ = false;
};

}  // namespace hob::turn
