// TurnFold: what a turn has come to, read from the log alone. The loop holds nothing that a restart needs: after a
// crash the same fold over the same events says where to go on.
//
//   TurnFold fold(turn_id);
//   for (const store::Event& event : events) fold.apply(event);
//   if (fold.open_call()) ... else if (fold.wants_model()) ... else finish
//
// Pure; [io].
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/policy/question.h"
#include "daemon/store/store.h"
#include "schemas/wire/client/turn.h"
#include "schemas/wire/tool.h"

namespace hob::turn {

/// How far one call of the model has come. Each phase is journalled before what follows it.
enum class CallPhase {
  requested,  // the model asked for it
  waiting,    // a person is asked
  answered,   // the person answered
  running,    // intent journalled: the effect may have taken place
  returned,   // the whole result is journalled
  observed,   // the model's view of the result is journalled: nothing is left to do
};

struct CallState {
  wire::Item item;                       // kind tool_call
  CallPhase phase = CallPhase::requested;
  std::shared_ptr<const policy::Question> question;  // waiting; calls that were asked about together share it
  std::string answer;                    // answered: the option id
  std::string note;
  std::optional<wire::CallResult> raw;   // returned
};

class TurnFold {
 public:
  explicit TurnFold(std::string turn_id) : turn_id_(std::move(turn_id)) {}

  /// Events of other turns are ignored, but for the answers that hold "always": for the session.
  void apply(const store::Event& event);

  const std::string& turn_id() const { return turn_id_; }
  const std::string& session_id() const { return session_id_; }
  const wire::TurnStart& params() const { return params_; }
  int64_t started_ms() const { return started_ms_; }
  bool completed() const { return completed_; }
  /// Calls of the newest model step, in order.
  std::vector<CallState>& calls() { return calls_; }
  bool has_open_call() const;
  bool wants_model() const;
  std::optional<wire::StepStop> last_stop() const { return last_stop_; }
  bool incomplete() const { return incomplete_; }
  const std::optional<std::string>& answer() const { return answer_; }
  const std::optional<std::string>& structured() const { return structured_; }
  /// How often this very call with this very result has been observed in the turn.
  uint32_t repeats(const CallState& call) const;
  /// The largest number of repeats of any call.
  uint32_t most_repeats() const;
  /// Tools that the user has allowed or rejected for the session, in any turn of it; of one tool the newest answer holds.
  const std::set<std::string>& always_allowed() const { return always_allowed_; }
  const std::set<std::string>& always_rejected() const { return always_rejected_; }
  /// Counts and sums as clients see them; status and stop reason are the loop's to fill in.
  const wire::TurnState& state() const { return state_; }

  static std::string call_hash(const std::string& name, const std::string& arguments, const Json& result);

 private:
  CallState* find_call(const std::string& call_id);
  void keep_always(const store::Event& resolved);

  std::string turn_id_;
  std::string session_id_;
  wire::TurnStart params_;
  int64_t started_ms_ = 0;
  bool completed_ = false;
  std::vector<CallState> calls_;
  std::optional<wire::StepStop> last_stop_;
  bool incomplete_ = false;
  bool step_begun_ = false;
  std::optional<std::string> answer_;
  std::optional<std::string> structured_;
  std::map<std::string, uint32_t> hashes_;
  std::set<std::string> always_allowed_;
  std::set<std::string> always_rejected_;
  wire::TurnState state_;
};

/// The log's forms of what the loop writes.
store::NewEvent step_event(const std::string& session_id, const std::string& turn_id, const wire::StepResult& result);
store::NewEvent intent_event(const std::string& session_id, const std::string& turn_id, const std::string& call_id);
store::NewEvent result_event(
    const std::string& session_id, const std::string& turn_id, const std::string& call_id, const wire::CallResult& result);

}  // namespace hob::turn
