#include "daemon/store/rows.h"

#include "daemon/memory/words.h"

namespace hob::store {
namespace {

/// A foreign key that points nowhere is the caller's mistake, or a race with an erasure; not the disk's.
Result<void> done(Database& database, Query& query, const std::string& session_id) {
  auto result = query.done();
  if (result || database.failure() != SQLITE_CONSTRAINT_FOREIGNKEY) return result;
  return Error(Code::not_found, "There is no session " + session_id + ".")
      .with("what", std::string_view("session"))
      .with("id", std::string_view(session_id));
}

Result<void> put(Database& database, const SessionRow& row) {
  Query query = database.query(
      "INSERT INTO sessions(id, cwd, title, mode, settings, parent_id, ephemeral, created_ms, updated_ms, turns) "
      "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO UPDATE SET cwd = excluded.cwd, "
      "title = excluded.title, mode = excluded.mode, settings = excluded.settings, parent_id = excluded.parent_id, "
      "ephemeral = excluded.ephemeral, created_ms = excluded.created_ms, updated_ms = excluded.updated_ms, "
      "turns = excluded.turns");
  query.bind(row.id).bind(row.cwd).bind_optional(row.title).bind(row.mode).bind_json(row.settings);
  query.bind_optional(row.parent_id).bind(int64_t{row.ephemeral}).bind(row.created_ms).bind(row.updated_ms);
  return query.bind(int64_t{row.turns}).done();
}

Result<void> put(Database& database, const TurnRow& row) {
  Query query = database.query(
      "INSERT INTO turns(id, session_id, status, state, started_ms, ended_ms) VALUES(?, ?, ?, ?, ?, ?) "
      "ON CONFLICT(id) DO UPDATE SET session_id = excluded.session_id, status = excluded.status, "
      "state = excluded.state, started_ms = excluded.started_ms, ended_ms = excluded.ended_ms");
  query.bind(row.id).bind_reference(row.session_id).bind(row.status).bind_json(row.state);
  query.bind(row.started_ms).bind(row.ended_ms);
  return done(database, query, row.session_id);
}

Result<void> put(Database& database, const ApprovalRow& row) {
  Query query = database.query(
      "INSERT INTO approvals(id, session_id, turn_id, call_id, tool, arguments, requested_ms, outcome) "
      "VALUES(?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO UPDATE SET session_id = excluded.session_id, "
      "turn_id = excluded.turn_id, call_id = excluded.call_id, tool = excluded.tool, "
      "arguments = excluded.arguments, requested_ms = excluded.requested_ms, outcome = excluded.outcome");
  query.bind(row.id).bind_reference(row.session_id).bind(row.turn_id).bind(row.call_id).bind(row.tool);
  query.bind_json(row.arguments).bind(row.requested_ms).bind(row.outcome);
  return done(database, query, row.session_id);
}

Result<void> forget_memory(Database& database, int64_t row) {
  Query words = database.query("DELETE FROM memory_words WHERE rowid = ?");
  HOB_TRY_VOID(words.bind(row).done());
  Query memory = database.query("DELETE FROM memories WHERE row = ?");
  return memory.bind(row).done();
}

/// The row of the memory that this one replaces: the same id, or the same key in the same scope.
Result<std::vector<int64_t>> replaced(Database& database, const MemoryRow& row) {
  std::vector<int64_t> rows;
  Query query = database.query(
      "SELECT row FROM memories WHERE id = ?1 OR (scope = ?2 AND scope_id = ?3 AND key = ?4)");
  query.bind(row.id).bind(row.scope).bind(row.scope_id).bind_optional(row.key);
  for (;;) {
    HOB_TRY(found, query.step());
    if (!found) return rows;
    rows.push_back(query.number(0));
  }
}

Result<void> put(Database& database, const MemoryRow& row) {
  HOB_TRY(old_rows, replaced(database, row));
  for (const int64_t old : old_rows) HOB_TRY_VOID(forget_memory(database, old));
  Json tags = Json::array();
  std::string folded;
  for (const auto& word : memory::words(row.text)) folded += word + ' ';
  for (const auto& tag : row.tags) {
    tags.push_back(tag);
    for (const auto& word : memory::words(tag)) folded += word + ' ';
  }
  Query query = database.query(
      "INSERT INTO memories(id, scope, scope_id, key, text, tags, session_id, turn_id, created_ms) "
      "VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)");
  query.bind(row.id).bind(row.scope).bind(row.scope_id).bind_optional(row.key).bind(row.text).bind_json(tags);
  HOB_TRY_VOID(query.bind(row.session_id).bind(row.turn_id).bind(row.created_ms).done());
  Query words = database.query("INSERT INTO memory_words(rowid, words) VALUES(?, ?)");
  return words.bind(sqlite3_last_insert_rowid(database.handle())).bind(folded).done();
}

Result<void> put(Database& database, const IdempotencyRow& row, const std::string& session_id, int64_t now_ms) {
  Query forget = database.query("DELETE FROM idempotency WHERE at_ms < ?");
  HOB_TRY_VOID(forget.bind(now_ms - kIdempotencyMs).done());
  Query query = database.query(
      "INSERT INTO idempotency(method, key, params_hash, result, at_ms, session_id) VALUES(?, ?, ?, ?, ?, ?) "
      "ON CONFLICT(method, key) DO UPDATE SET result = excluded.result, at_ms = excluded.at_ms "
      "WHERE params_hash = excluded.params_hash");
  query.bind(row.method).bind(row.key).bind(row.params_hash).bind_json(row.result);
  HOB_TRY_VOID(query.bind(row.at_ms > 0 ? row.at_ms : now_ms).bind(session_id).done());
  if (sqlite3_changes(database.handle()) == 1) return {};
  return invalid_params("/idempotencyKey", "a key that is new, or the parameters it was first used with",
                        "the key of another " + row.method);
}

Result<void> put(Database& database, const AuditRow& row, int64_t now_ms) {
  Query query = database.query("INSERT INTO audit(at_ms, who, what, detail) VALUES(?, ?, ?, ?)");
  return query.bind(now_ms).bind(row.who).bind(row.what).bind_json(row.detail).done();
}

Result<Event> append(Database& database, NewEvent&& fresh, int64_t now_ms) {
  Query query = database.query(
      "INSERT INTO events(at_ms, session_id, turn_id, item_id, type, hidden, data, secret) "
      "VALUES(?, ?, ?, ?, ?, ?, ?, ?)");
  query.bind(now_ms).bind(fresh.session_id).bind(fresh.turn_id).bind(fresh.item_id).bind(fresh.type);
  query.bind(int64_t{fresh.hidden}).bind_json(fresh.data);
  query.bind_optional(fresh.secret.is_null() ? std::nullopt : std::optional(json::dump(fresh.secret)));
  HOB_TRY_VOID(query.done());
  Event event;
  static_cast<NewEvent&>(event) = std::move(fresh);
  event.row = sqlite3_last_insert_rowid(database.handle());
  event.at_ms = now_ms;
  return event;
}

/// The session that an idempotency row is erased with, where it does not say.
std::string session_of(const Commit& commit) {
  if (!commit.put_turns.empty()) return commit.put_turns.front().session_id;
  if (!commit.events.empty()) return commit.events.front().session_id;
  if (!commit.put_sessions.empty()) return commit.put_sessions.front().id;
  return "";
}

}  // namespace

Result<std::vector<Event>> put(Database& database, Commit commit, int64_t now_ms) {
  for (const auto& row : commit.put_sessions) HOB_TRY_VOID(put(database, row));
  for (const auto& row : commit.put_turns) HOB_TRY_VOID(put(database, row));
  for (const auto& row : commit.put_approvals) HOB_TRY_VOID(put(database, row));
  for (const auto& row : commit.put_memories) HOB_TRY_VOID(put(database, row));
  for (const auto& row : commit.put_idempotency) {
    HOB_TRY_VOID(put(database, row, row.session_id.empty() ? session_of(commit) : row.session_id, now_ms));
  }
  for (const auto& row : commit.audit) HOB_TRY_VOID(put(database, row, now_ms));
  std::vector<Event> events;
  events.reserve(commit.events.size());
  for (auto& fresh : commit.events) {
    HOB_TRY(event, append(database, std::move(fresh), now_ms));
    events.push_back(std::move(event));
  }
  return events;
}

Result<void> erase(Database& database, const std::string& session_id) {
  std::vector<int64_t> memories;
  {
    Query query = database.query("SELECT row FROM memories WHERE scope = 'session' AND scope_id = ?");
    query.bind(session_id);
    for (;;) {
      HOB_TRY(found, query.step());
      if (!found) break;
      memories.push_back(query.number(0));
    }
  }
  for (const int64_t row : memories) HOB_TRY_VOID(forget_memory(database, row));
  for (const char* sql :
       {"DELETE FROM approvals WHERE session_id = ?", "DELETE FROM turns WHERE session_id = ?",
        "DELETE FROM events WHERE session_id = ?", "DELETE FROM idempotency WHERE session_id = ?",
        "DELETE FROM sessions WHERE id = ?"}) {
    Query query = database.query(sql);
    HOB_TRY_VOID(query.bind(session_id).done());
  }
  return {};
}

Result<Event> event_of(const Query& query) {
  Event event;
  event.row = query.number(0);
  event.at_ms = query.number(1);
  event.session_id = query.text(2);
  event.turn_id = query.text(3);
  event.item_id = query.text(4);
  event.type = query.text(5);
  event.hidden = query.number(6) != 0;
  HOB_TRY(data, query.json(7));
  event.data = std::move(data);
  if (!query.is_null(8)) {
    HOB_TRY(secret, query.json(8));
    event.secret = std::move(secret);
  }
  return event;
}

Result<SessionRow> session_of(const Query& query) {
  SessionRow row;
  row.id = query.text(0);
  row.cwd = query.text(1);
  row.title = query.optional_text(2);
  row.mode = query.text(3);
  HOB_TRY(settings, query.json(4));
  row.settings = std::move(settings);
  row.parent_id = query.optional_text(5);
  row.ephemeral = query.number(6) != 0;
  row.created_ms = query.number(7);
  row.updated_ms = query.number(8);
  row.turns = static_cast<uint32_t>(query.number(9));
  return row;
}

Result<TurnRow> turn_of(const Query& query) {
  TurnRow row;
  row.id = query.text(0);
  row.session_id = query.text(1);
  row.status = query.text(2);
  HOB_TRY(state, query.json(3));
  row.state = std::move(state);
  row.started_ms = query.number(4);
  row.ended_ms = query.number(5);
  return row;
}

Result<ApprovalRow> approval_of(const Query& query) {
  ApprovalRow row;
  row.id = query.text(0);
  row.session_id = query.text(1);
  row.turn_id = query.text(2);
  row.call_id = query.text(3);
  row.tool = query.text(4);
  HOB_TRY(arguments, query.json(5));
  row.arguments = std::move(arguments);
  row.requested_ms = query.number(6);
  row.outcome = query.text(7);
  return row;
}

Result<MemoryRow> memory_of(const Query& query, int first) {
  MemoryRow row;
  row.id = query.text(first);
  row.scope = query.text(first + 1);
  row.scope_id = query.text(first + 2);
  row.key = query.optional_text(first + 3);
  row.text = query.text(first + 4);
  HOB_TRY(tags, query.json(first + 5));
  for (const auto& tag : tags) {
    if (tag.is_string()) row.tags.push_back(tag.get<std::string>());
  }
  row.session_id = query.text(first + 6);
  row.turn_id = query.text(first + 7);
  row.created_ms = query.number(first + 8);
  return row;
}

}  // namespace hob::store
