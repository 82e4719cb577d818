// Loop: the heart. One turn, from where its log stands to its last event:
//
//   journal the input -> step the model -> journal what it made -> for each call: permission, (approval, one for all
//   calls of a step that need it), journal the intent, run it, journal the whole result, fit it, journal the observation -> step again -> the answer, validated
//   -> journal -> done
//
// Every effect comes after its journal entry. However it goes, a turn ends with `turn.completed`, unless the store
// itself has failed or the daemon abandons it to the next start. Internal to daemon/turn; [io].
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/turn/fold.h"
#include "daemon/turn/turns.h"
#include "schemas/schema/validator.h"

namespace hob::turn {

class Loop {
 public:
  Loop(Surroundings& surroundings, std::shared_ptr<ActiveTurn> turn)
      : s_(surroundings), turn_(std::move(turn)), fold_(turn_->turn_id) {}

  /// Reads the log and goes on from there until the turn is over.
  Async<void> run();

 private:
  struct Streaming;

  // loop.cpp
  Async<Result<void>> load();
  Async<Result<void>> go_on();
  Async<Result<void>> step();
  Async<Result<void>> commit(store::Commit commit);
  Async<Result<void>> finish();
  Async<Result<void>> finish_cancelled();
  Async<Result<void>> finish_failed(Error error);
  Async<Result<void>> complete(std::string status, std::string stop_reason, std::optional<Error> error);
  Result<void> judge_answer() const;
  Result<wire::StepParams> step_params() const;
  bool over_time() const;
  void refresh_state(const std::string& status);

  // calls.cpp
  Async<Result<void>> run_calls();
  Async<Result<void>> run_together(std::vector<size_t> calls);
  Async<Result<void>> run_call(size_t index);
  /// nullopt: go ahead; otherwise the observation that is told instead.
  Async<Result<std::optional<wire::CallResult>>> permission(size_t index, std::vector<store::AuditRow>& audit);
  Async<Result<void>> execute(size_t index, std::vector<store::AuditRow> audit);
  Async<Result<void>> observe(size_t index);
  /// Asks a person about this call and the later ones of the step that would ask, too: one question, one answer for all.
  Async<Result<policy::Outcome>> ask(size_t index);
  policy::Question question_about(size_t index);
  std::optional<wire::CallResult> check_arguments(const CallState& call);
  policy::Context policy_context() const;
  uint32_t result_budget() const;
  CallContext call_context() const;

  Surroundings& s_;
  std::shared_ptr<ActiveTurn> turn_;
  TurnFold fold_;
  store::SessionRow session_;
  std::vector<store::Event> history_;      // of the whole session
  std::vector<wire::ToolDecl> declared_;   // the session's, fixed when it was made
  std::vector<wire::Root> roots_;
  policy::Context standing_;               // what does not change in a turn
  std::map<std::string, schema::Validator> validators_;
  std::chrono::steady_clock::time_point began_;
  std::chrono::steady_clock::duration waited_{};  // for a person: does not count
  bool denied_fatally_ = false;            // onAsk: fail
};

/// Tools as a session declares them; kept in its settings, so that the prefix stays the same for its whole life.
Json declare(const std::vector<wire::ToolInfo>& tools);

}  // namespace hob::turn
