// fold: from the log of a session to what it says: its items, and how far each turn is. Nothing else remembers a turn.
//
//   Fold fold;
//   for (const auto& event : events) HOB_TRY_VOID(fold.add(event));     // in the order of the log
//   fold.items();                       // what the next step sends to the model
//   fold.turn(id)->open_calls();        // an intent without a result: the daemon died in between
//
// Events that it knows: turn.started {input...}; item.completed (data: a wire::Item without `produced`, secret:
// {"produced": ...}); the hidden journal.intent {callId, ...} and journal.result {callId, ok, result};
// approval.requested {approvalId, callId} and approval.resolved {approvalId, outcome}; turn.completed (a
// wire::TurnState). Others are passed over: they tell clients what these imply. A value.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "daemon/store/store.h"
#include "schemas/wire/client/session.h"
#include "schemas/wire/client/turn.h"
#include "schemas/wire/item.h"

namespace hob::session {

/// One tool call of a turn, as far as the journal has it.
struct CallFold {
  std::string call_id;
  Json intent;               // data of journal.intent; null: none yet
  Json result;               // data of journal.result; null: none yet
  bool observed = false;     // its tool_result item is in the history
  std::string approval_id;   // of the last approval.requested; empty: none
  std::string outcome;       // of its approval.resolved; empty: waiting, where there is an approval
};

struct TurnFold {
  std::string turn_id;
  Json started = Json::object();          // data of turn.started
  uint32_t steps = 0;                     // the highest step of its items
  std::vector<CallFold> calls;            // in the order of the log
  std::optional<wire::TurnState> state;   // once it is over

  bool over() const { return state.has_value(); }
  /// Calls that began and have no result in the journal.
  std::vector<const CallFold*> open_calls() const;
  /// Calls whose approval nobody has answered.
  std::vector<const CallFold*> waiting_calls() const;
  const CallFold* call(const std::string& call_id) const;
};

class Fold {
 public:
  /// store_failed when an event that must be understood is not: a damaged row is not skipped.
  Result<void> add(const store::Event& event);

  const std::vector<wire::Item>& items() const { return items_; }
  const std::vector<TurnFold>& turns() const { return turns_; }
  const TurnFold* turn(const std::string& turn_id) const;
  int64_t last_row() const { return last_row_; }

 private:
  Result<void> add_item(const store::Event& event);
  TurnFold& turn_of(const store::Event& event);
  CallFold& call_of(const store::Event& event, const std::string& call_id);

  std::vector<wire::Item> items_;
  std::vector<TurnFold> turns_;
  std::map<std::string, size_t> turn_index_;
  int64_t last_row_ = 0;
};

/// All items of the events; what Fold::items gives.
Result<std::vector<wire::Item>> items(const std::vector<store::Event>& events);

/// The item.completed event of an item, with its token ids where no client sees them.
store::NewEvent completed(const std::string& session_id, const wire::Item& item);

wire::SessionInfo session_info(const store::SessionRow& row);

}  // namespace hob::session
