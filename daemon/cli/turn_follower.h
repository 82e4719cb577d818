// TurnFollower: from the start of a turn to its end, whatever happens on the way: it shows events, asks the person at
// the terminal for permissions, cancels on Ctrl-C or when the time is over, and when the daemon dies it starts it again
// and follows the turn, which the daemon resumes, from the last cursor.
//
//   TurnFollower follower(shared, daemon, view, options);
//   HOB_TRY(end, follower.run(turn_start));
//   end.state, end.exit
//
// One thread; uses standard input while a question is open.
#pragma once

#include <deque>

#include "daemon/cli/reach.h"
#include "daemon/cli/turn_view.h"
#include "schemas/wire/client/tools.h"

namespace hob::cli {

struct FollowOptions {
  std::optional<Milliseconds> timeout;
};

struct TurnEnd {
  wire::TurnState state;
  int exit = kDone;
};

class TurnFollower {
 public:
  TurnFollower(Shared& shared, Daemon& daemon, TurnView& view, FollowOptions options)
      : shared_(shared), daemon_(daemon), view_(view), options_(std::move(options)) {}

  /// `start` needs an idempotency key, since it may be sent again.
  Result<TurnEnd> run(wire::TurnStart start);

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Question {
    Json id;  // of the daemon's request
    std::string approval_id, tool;
    Json arguments;
    Json calls = Json::array();  // where one answer decides several
  };

  Result<void> begin();
  Result<void> subscribe();
  Result<void> reconnect();
  Result<void> catch_up(const std::string& from);
  void take(const Json& message);
  void take_event(wire::EventMessage event);
  void show_question();
  void read_answer();
  void cancel(bool& why);
  TurnEnd end() const;

  Shared& shared_;
  Daemon& daemon_;
  TurnView& view_;
  FollowOptions options_;
  wire::TurnStart start_;
  std::string turn_id_;     // empty until the start was acknowledged
  std::string cursor_;      // of the newest durable event seen
  std::string subscription_;  // empty: none on this connection
  int reconnections_ = 0;
  std::optional<wire::TurnState> over_;
  std::optional<Time> deadline_;   // of the turn, then of the cancellation
  bool timed_out_ = false, interrupted_ = false;
  std::deque<Question> questions_;
  bool asked_ = false;      // the first question is on the screen
  std::string typed_;
};

}  // namespace hob::cli
