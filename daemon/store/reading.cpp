#include "daemon/store/reading.h"

#include <charconv>

#include "daemon/memory/rank.h"
#include "daemon/memory/words.h"
#include "daemon/store/rows.h"

namespace hob::store {
namespace {

constexpr size_t kMaxQueryWords = 32;
constexpr int64_t kMemoryCandidates = 200;

/// " AND COLUMN = ?" or " AND COLUMN IN (a JSON array)", with the value to bind.
std::string among(std::string_view column, const std::vector<std::string>& values, std::string& bound) {
  if (values.size() == 1) {
    bound = values.front();
    return " AND " + std::string(column) + " = ?";
  }
  bound = json::dump(Json(values));
  return " AND " + std::string(column) + " IN (SELECT value FROM json_each(?))";
}

Error no_such(std::string_view what, const std::string& id) {
  return Error(Code::not_found, "There is no " + std::string(what) + " " + id + ".")
      .with("what", what)
      .with("id", std::string_view(id));
}

template <typename Row>
Result<std::vector<Row>> all(Query& query, Result<Row> (*row_of)(const Query&)) {
  std::vector<Row> rows;
  for (;;) {
    HOB_TRY(found, query.step());
    if (!found) return rows;
    HOB_TRY(row, row_of(query));
    rows.push_back(std::move(row));
  }
}

template <typename Row>
Result<Row> one(Query& query, Result<Row> (*row_of)(const Query&), std::string_view what, const std::string& id) {
  HOB_TRY(found, query.step());
  if (!found) return no_such(what, id);
  return row_of(query);
}

std::string select(std::string_view columns, std::string_view rest) {
  return "SELECT " + std::string(columns) + " FROM " + std::string(rest);
}

/// "MILLISECONDS.ID" of the last row of a page.
struct PageCursor {
  int64_t updated_ms = 0;
  std::string id;
};
Result<PageCursor> page_cursor(const std::string& text) {
  PageCursor cursor;
  const char* end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, cursor.updated_ms);
  if (failure != std::errc() || rest == end || *rest != '.') {
    return invalid_params("/cursor", "the nextCursor of an earlier page", json::brief(Json(text)));
  }
  cursor.id.assign(rest + 1, end);
  return cursor;
}

std::string like_pattern(const std::string& word) {
  std::string pattern = "%";
  for (const char c : word) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern + "%";
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t at = 0; at < text.size() && parts.size() < kMaxQueryWords;) {
    const size_t start = text.find_first_not_of(" \t\n", at);
    if (start == std::string::npos) break;
    const size_t stop = std::min(text.find_first_of(" \t\n", start), text.size());
    parts.push_back(text.substr(start, stop - start));
    at = stop;
  }
  return parts;
}

}  // namespace

Result<std::vector<Event>> read_events(
    Database& database, int64_t after_row, uint32_t limit, const EventFilter& filter) {
  std::string sql = select(kEventColumns, "events WHERE row > ?");
  std::string sessions, types;
  if (filter.session_ids) sql += among("session_id", *filter.session_ids, sessions);
  if (filter.types) sql += among("type", *filter.types, types);
  if (filter.turn_id) sql += " AND turn_id = ? AND turn_id <> ''";
  if (!filter.with_hidden) sql += " AND hidden = 0";
  Query query = database.query(sql + " ORDER BY row LIMIT ?");
  query.bind(after_row);
  if (filter.session_ids) query.bind(sessions);
  if (filter.types) query.bind(types);
  if (filter.turn_id) query.bind(*filter.turn_id);
  query.bind(int64_t{limit});
  return all(query, event_of);
}

Result<SessionRow> read_session(Database& database, const std::string& id) {
  Query query = database.query(select(kSessionColumns, "sessions WHERE id = ?"));
  return one(query.bind(id), session_of, "session", id);
}

Result<SessionPage> read_sessions(Database& database, const SessionFilter& filter) {
  std::string sql = select(kSessionColumns, "sessions WHERE true");
  if (filter.cwd) sql += " AND cwd = ?";
  const auto words = filter.query ? split(*filter.query) : std::vector<std::string>();
  for (size_t i = 0; i < words.size(); ++i) sql += " AND title LIKE ? ESCAPE '\\'";
  PageCursor cursor;
  if (filter.cursor) {
    HOB_TRY(parsed, page_cursor(*filter.cursor));
    cursor = std::move(parsed);
    sql += " AND (updated_ms, id) < (?, ?)";
  }
  Query query = database.query(sql + " ORDER BY updated_ms DESC, id DESC LIMIT ?");
  if (filter.cwd) query.bind(*filter.cwd);
  for (const auto& word : words) query.bind(like_pattern(word));
  if (filter.cursor) query.bind(cursor.updated_ms).bind(cursor.id);
  query.bind(int64_t{filter.limit} + 1);
  HOB_TRY(rows, all(query, session_of));
  SessionPage page;
  page.rows = std::move(rows);
  if (page.rows.size() > filter.limit) {
    page.rows.resize(filter.limit);
    if (!page.rows.empty()) {
      page.next_cursor = std::to_string(page.rows.back().updated_ms) + "." + page.rows.back().id;
    }
  }
  return page;
}

Result<TurnRow> read_turn(Database& database, const std::string& id) {
  Query query = database.query(select(kTurnColumns, "turns WHERE id = ?"));
  return one(query.bind(id), turn_of, "turn", id);
}

Result<std::vector<TurnRow>> read_open_turns(Database& database) {
  Query query = database.query(select(kTurnColumns, "turns WHERE ended_ms = 0 ORDER BY started_ms, id"));
  return all(query, turn_of);
}

Result<std::vector<ApprovalRow>> read_waiting(Database& database, const std::optional<std::string>& session_id) {
  std::string sql = select(kApprovalColumns, "approvals WHERE outcome = ''");
  if (session_id) sql += " AND session_id = ?";
  Query query = database.query(sql + " ORDER BY requested_ms, id");
  if (session_id) query.bind(*session_id);
  return all(query, approval_of);
}

Result<ApprovalRow> read_approval(Database& database, const std::string& id) {
  Query query = database.query(select(kApprovalColumns, "approvals WHERE id = ?"));
  return one(query.bind(id), approval_of, "approval", id);
}

Result<std::optional<IdempotencyRow>> read_idempotency(
    Database& database, const std::string& method, const std::string& key, int64_t now_ms) {
  Query query = database.query(
      "SELECT params_hash, result, at_ms, session_id FROM idempotency "
      "WHERE method = ? AND key = ? AND at_ms >= ?");
  query.bind(method).bind(key).bind(now_ms - kIdempotencyMs);
  HOB_TRY(found, query.step());
  if (!found) return std::optional<IdempotencyRow>();
  HOB_TRY(result, query.json(1));
  return std::optional(IdempotencyRow{method, key, query.text(0), std::move(result), query.number(2), query.text(3)});
}

Result<std::vector<MemoryHit>> read_memories(Database& database, const MemoryQuery& asked) {
  auto words = memory::words(asked.text);
  if (words.size() > kMaxQueryWords) words.resize(kMaxQueryWords);
  std::vector<MemoryHit> hits;
  if (words.empty()) return hits;
  std::string match;
  for (const auto& word : words) match += (match.empty() ? "\"" : " OR \"") + word + "\"*";
  std::string sql = select(kMemoryColumns,
                           "memory_words JOIN memories ON memories.row = memory_words.rowid "
                           "WHERE memory_words MATCH ?");
  sql.insert(std::string_view("SELECT ").size(), "-bm25(memory_words), ");
  if (asked.scope) {
    sql += " AND scope = ?";
    if (asked.scope_id) sql += " AND scope_id = ?";
  } else {
    sql += " AND (scope = 'user' OR scope_id = ?)";
  }
  Query query = database.query(sql + " ORDER BY 1 DESC LIMIT ?");
  query.bind(match);
  if (asked.scope) query.bind(*asked.scope);
  if (asked.scope_id || !asked.scope) query.bind(asked.scope_id.value_or(""));
  query.bind(kMemoryCandidates);
  std::vector<MemoryRow> rows;
  std::vector<memory::Candidate> candidates;
  for (;;) {
    HOB_TRY(found, query.step());
    if (!found) break;
    HOB_TRY(row, memory_of(query, 1));
    memory::Candidate candidate{memory::words(row.text), query.real(0), row.created_ms};
    for (const auto& tag : row.tags) {
      for (auto& word : memory::words(tag)) candidate.words.push_back(std::move(word));
    }
    candidates.push_back(std::move(candidate));
    rows.push_back(std::move(row));
  }
  for (const auto& ranked : memory::rank(words, candidates, asked.limit)) {
    MemoryHit hit;
    static_cast<MemoryRow&>(hit) = std::move(rows[ranked.index]);
    hit.score = ranked.score;
    hits.push_back(std::move(hit));
  }
  return hits;
}

}  // namespace hob::store
