// Store: all SQL of hob. One log of events is the truth; the other tables are projections kept in the same
// transaction, so that nothing acknowledged can be half there.
//
//   Commit commit;
//   commit.events.push_back({.session_id = id, .turn_id = turn, .type = "turn.started", .data = data});
//   commit.put_turns.push_back(row);
//   HOB_CO_TRY(events, co_await store.commit(std::move(commit)));     // on disk: WAL, synchronous=FULL, then resumes
//
// Functions are called on [io] and resume there. One connection on the [store] thread writes; reads of lists and
// search go to a read-only connection. Commits that wait together share one fsync, and each keeps its own atomicity.
// `store_failed` after a failed fsync is final for writes (health "read_only"): the daemon stops acknowledging. A full
// disk fails the commit alone. Rows are plain structs; JSON columns are text that was produced here.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/async/async.h"
#include "schemas/base/clock.h"
#include "schemas/base/json.h"

namespace hob::store {

/// One row of the log. `secret` holds what clients never see (token ids, raw parameters); `hidden` rows are journal
/// only and are never sent to clients.
struct NewEvent {
  std::string session_id;
  std::string turn_id;
  std::string item_id;
  std::string type;
  Json data = Json::object();
  Json secret;           // null: none
  bool hidden = false;
};

struct Event : NewEvent {
  int64_t row = 0;       // global, ascending
  int64_t at_ms = 0;
};

struct SessionRow {
  std::string id;
  std::string cwd;
  std::optional<std::string> title;
  std::string mode = "default";
  Json settings = Json::object();  // what session/new was given: roots, tools, system prompt, response schema
  std::optional<std::string> parent_id;
  bool ephemeral = false;
  int64_t created_ms = 0;
  int64_t updated_ms = 0;
  uint32_t turns = 0;
};

struct TurnRow {
  std::string id;
  std::string session_id;
  std::string status;    // running | waiting_approval | completed | failed | cancelled | interrupted
  Json state = Json::object();  // wire::TurnState as it would be answered
  int64_t started_ms = 0;
  int64_t ended_ms = 0;  // 0: not over
};

struct ApprovalRow {
  std::string id;
  std::string session_id;
  std::string turn_id;
  std::string call_id;
  std::string tool;
  Json arguments;
  int64_t requested_ms = 0;
  std::string outcome;   // empty: waiting; else the option id, "cancelled" or "expired"
};

struct MemoryRow {
  std::string id;
  std::string scope;     // user | workspace | session
  std::string scope_id;  // workspace: directory; session: id; user: ""
  std::optional<std::string> key;
  std::string text;
  std::vector<std::string> tags;
  std::string session_id;
  std::string turn_id;
  int64_t created_ms = 0;
};

struct MemoryHit : MemoryRow {
  double score = 0;
};

struct IdempotencyRow {
  std::string method;
  std::string key;
  std::string params_hash;
  Json result;
  int64_t at_ms = 0;     // rows older than 24 h are forgotten; 0: now
  std::string session_id;  // erased with it; empty: the session of the same commit
};

struct AuditRow {
  std::string who;       // "peer uid 1000 pid 42", "policy", "turn TURN_ID"
  std::string what;      // "allow tool run_command"
  Json detail = Json::object();
};

/// Everything of one transaction: all of it is on disk afterwards, or none.
struct Commit {
  std::vector<NewEvent> events;
  std::vector<SessionRow> put_sessions;
  std::vector<TurnRow> put_turns;
  std::vector<ApprovalRow> put_approvals;
  std::vector<MemoryRow> put_memories;
  std::vector<IdempotencyRow> put_idempotency;
  std::vector<AuditRow> audit;
};

struct EventFilter {
  std::optional<std::vector<std::string>> session_ids;
  std::optional<std::vector<std::string>> types;
  std::optional<std::string> turn_id;
  bool with_hidden = false;
};

/// The whole log of one session, journal rows included. (A function, because g++ 12 cannot compile initializer lists
/// inside a co_await expression.)
inline EventFilter session_log(const std::string& session_id, bool with_hidden = true) {
  EventFilter filter;
  filter.session_ids.emplace().push_back(session_id);
  filter.with_hidden = with_hidden;
  return filter;
}

struct SessionFilter {
  std::optional<std::string> cwd;
  std::optional<std::string> query;
  std::optional<std::string> cursor;  // from the page before
  uint32_t limit = 50;
};

struct SessionPage {
  std::vector<SessionRow> rows;       // newest first
  std::optional<std::string> next_cursor;
};

struct MemoryQuery {
  std::string text;                     // one to three words; matched by word overlap (daemon/memory)
  std::optional<std::string> scope;     // missing: what is of the user, and what is of scope_id
  std::optional<std::string> scope_id;
  uint32_t limit = 5;
};

class Store {
 public:
  virtual ~Store() = default;

  /// Random per database file; part of every cursor.
  virtual const std::string& epoch() const = 0;
  /// Row of the newest event.
  virtual int64_t last_row() const = 0;
  /// "ok", "checking" (quick_check after an unclean stop) or "read_only".
  virtual std::string health() const = 0;

  virtual Async<Result<std::vector<Event>>> commit(Commit commit) = 0;

  virtual Async<Result<std::vector<Event>>> events(int64_t after_row, uint32_t limit, EventFilter filter) = 0;
  virtual Async<Result<SessionRow>> session(std::string id) = 0;            // not_found
  virtual Async<Result<SessionPage>> sessions(SessionFilter filter) = 0;
  virtual Async<Result<uint64_t>> session_count() = 0;
  virtual Async<Result<TurnRow>> turn(std::string id) = 0;                  // not_found
  virtual Async<Result<std::vector<TurnRow>>> open_turns() = 0;             // not over, of all sessions
  virtual Async<Result<std::vector<ApprovalRow>>> approvals(std::optional<std::string> session_id) = 0;  // waiting
  virtual Async<Result<ApprovalRow>> approval(std::string id) = 0;
  virtual Async<Result<std::optional<IdempotencyRow>>> idempotency(std::string method, std::string key) = 0;
  virtual Async<Result<std::vector<MemoryHit>>> search_memory(MemoryQuery query) = 0;
  /// True erasure: rows, full-text index, approvals, turns; secure_delete and a truncating checkpoint.
  virtual Async<Result<void>> erase_session(std::string id) = 0;

  /// Finishes what is queued, checkpoints and closes; later calls answer `draining`.
  virtual Async<void> stop() = 0;
};

struct OpenOptions {
  std::string path;          // state.db; its directory is 0700 and ours
  const Clock* clock = nullptr;
  Random* random = nullptr;
};

/// Opens or makes the database and migrates it. A file that is not a database of ours is refused (`store_failed`,
/// with what to do) and left untouched; a newer schema is refused (`version_skew`); so is a file that another daemon
/// has open (`overloaded`).
Result<std::unique_ptr<Store>> open(OpenOptions options);

}  // namespace hob::store
