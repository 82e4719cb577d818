#include "daemon/cli/exit_code.h"

namespace hob::cli {

Exit exit_of(const Error& error) {
  switch (error.code()) {
    case Code::model_not_loaded:
    case Code::model_failed:
    case Code::backend_lacks:
      return kNoModel;
    case Code::tool_denied:
      return kDenied;
    case Code::output_truncated:
      return kUnfit;
    case Code::context_exceeded:
    case Code::quota:
      return kLimit;
    case Code::tool_failed:
    case Code::plugin_crashed:
    case Code::outcome_unknown:
      return kToolFailed;
    case Code::interrupted:
    case Code::draining:
    case Code::version_skew:
      return kUnreachable;
    case Code::deadline:
      return kTimedOut;
    case Code::cancelled:
      return kInterrupted;
    default:
      return kFailed;
  }
}

Exit exit_of(const wire::TurnState& turn) {
  const std::string stop = turn.stop_reason.value_or("");
  if (turn.status == "cancelled") return kInterrupted;
  if (turn.denied_calls > 0 || stop == "denied" || stop == "refusal") return kDenied;
  if (turn.status == "failed") {
    const Exit exit = turn.error ? exit_of(Error::from_json(*turn.error)) : kFailed;
    return exit == kDone ? kFailed : exit;
  }
  if (turn.status != "completed") return kFailed;
  if (stop == "max_tokens" || stop == "max_turn_requests" || stop == "loop_detected") return kLimit;
  if (stop != "end_turn") return kFailed;
  if (turn.tool_calls > 0 && turn.failed_calls == turn.tool_calls) return kToolFailed;
  return kDone;
}

}  // namespace hob::cli
