// rows: structs of store.h to SQL and back, one pair for each table. No transactions here: the caller has one open
// (writer.cpp), or reads (reading.cpp). Failures are store_failed, or what the caller did wrong: not_found for a row of
// a session that is not there, invalid_params for an idempotency key used with other parameters.
#pragma once

#include <string>
#include <vector>

#include "daemon/store/sqlite.h"
#include "daemon/store/store.h"

namespace hob::store {

inline constexpr int64_t kIdempotencyMs = 24 * 3600 * 1000;

/// Everything of a commit, in the order that references need; `now_ms` is the time of the events.
Result<std::vector<Event>> put(Database& database, Commit commit, int64_t now_ms);
/// Deletes all of a session but its audit; the caller empties the WAL afterwards.
Result<void> erase(Database& database, const std::string& session_id);

inline constexpr std::string_view kEventColumns =
    "row, at_ms, session_id, turn_id, item_id, type, hidden, data, secret";
inline constexpr std::string_view kSessionColumns =
    "id, cwd, title, mode, settings, parent_id, ephemeral, created_ms, updated_ms, turns";
inline constexpr std::string_view kTurnColumns = "id, session_id, status, state, started_ms, ended_ms";
inline constexpr std::string_view kApprovalColumns =
    "id, session_id, turn_id, call_id, tool, arguments, requested_ms, outcome";
inline constexpr std::string_view kMemoryColumns =
    "id, scope, scope_id, key, text, tags, memories.session_id, memories.turn_id, created_ms";

/// The row that a query with those columns stands on.
Result<Event> event_of(const Query& query);
Result<SessionRow> session_of(const Query& query);
Result<TurnRow> turn_of(const Query& query);
Result<ApprovalRow> approval_of(const Query& query);
Result<MemoryRow> memory_of(const Query& query, int first);  // number of its first column

}  // namespace hob::store
