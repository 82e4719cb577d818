// The exit codes that scripts rely on, and which one a turn or an error has.
#pragma once

#include "schemas/base/error.h"
#include "schemas/wire/client/turn.h"

namespace hob::cli {

enum Exit : int {
  kDone = 0,
  kFailed = 1,
  kUsage = 2,
  kUnreachable = 3,   // no daemon
  kNoModel = 4,       // the model is not there or failed
  kDenied = 5,        // a permission was refused
  kUnfit = 6,         // the output does not fit its schema
  kLimit = 7,         // tokens, calls, time of a turn, context
  kToolFailed = 8,    // a tool failed and the agent gave up
  kTimedOut = 124,
  kInterrupted = 130,
};

/// Of an error that an RPC answered or a turn ended with.
Exit exit_of(const Error& error);

/// Of a turn that is over. A turn in which a permission was refused never is kDone. The agent "gave up" when the turn
/// ended with a tool's error, or when not one of its calls succeeded.
Exit exit_of(const wire::TurnState& turn);

}  // namespace hob::cli
