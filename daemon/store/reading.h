// reading: the questions that store.h answers, on a connection that only reads. [store's read thread], blocking.
#pragma once

#include <vector>

#include "daemon/store/sqlite.h"
#include "daemon/store/store.h"

namespace hob::store {

Result<std::vector<Event>> read_events(
    Database& database, int64_t after_row, uint32_t limit, const EventFilter& filter);
Result<SessionRow> read_session(Database& database, const std::string& id);
Result<SessionPage> read_sessions(Database& database, const SessionFilter& filter);
Result<TurnRow> read_turn(Database& database, const std::string& id);
Result<std::vector<TurnRow>> read_open_turns(Database& database);
Result<std::vector<ApprovalRow>> read_waiting(Database& database, const std::optional<std::string>& session_id);
Result<ApprovalRow> read_approval(Database& database, const std::string& id);
Result<std::optional<IdempotencyRow>> read_idempotency(
    Database& database, const std::string& method, const std::string& key, int64_t now_ms);
Result<std::vector<MemoryHit>> read_memories(Database& database, const MemoryQuery& query);

}  // namespace hob::store
