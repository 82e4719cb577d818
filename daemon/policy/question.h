// Question: what a person is asked about: one call of a turn, or several that the model made in one step. One answer
// decides all of them. The wire's shape, the store's row and the journalled event are made from it, and the event gives
// it back after a restart.
//
//   Question question{.id = id, .session_id = s, .turn_id = t, .calls = {{call_id, "write_file", arguments, rule}}};
//   auto again = question_of(event);                  // of an approval.requested
//
// Pure values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/store/store.h"
#include "schemas/wire/client/tools.h"

namespace hob::policy {

struct Question {
  std::string id;
  std::string session_id;
  std::string turn_id;
  std::vector<wire::ApprovalCall> calls;  // at least one, in the model's order
  int64_t requested_ms = 0;

  /// "write_file", or of several "write_file, run_command": each name once.
  std::string tools() const;
};

wire::Approval to_wire(const Question& question);
store::ApprovalRow to_row(const Question& question, const std::string& outcome);
store::NewEvent requested_event(const Question& question);
store::NewEvent resolved_event(const Question& question, const std::string& option, const std::string& note);

/// Of an approval.requested; nullopt for one that cannot be read.
std::optional<Question> question_of(const store::Event& requested);
/// The calls that an approval.resolved decides, with their tools; no arguments.
std::vector<wire::ApprovalCall> decided_by(const store::Event& resolved);

}  // namespace hob::policy
