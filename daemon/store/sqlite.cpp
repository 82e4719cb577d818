#include "daemon/store/sqlite.h"

namespace hob::store {
namespace {

constexpr int kOldestVersion = 3'051'003;  // before it, two connections can lose a reset of the WAL
constexpr int kBusyMs = 1000;

std::string_view name_of(int code) {
  switch (code) {
    case SQLITE_FULL: return "SQLITE_FULL";
    case SQLITE_BUSY: return "SQLITE_BUSY";
    case SQLITE_CORRUPT: return "SQLITE_CORRUPT";
    case SQLITE_NOTADB: return "SQLITE_NOTADB";
    case SQLITE_CANTOPEN: return "SQLITE_CANTOPEN";
    case SQLITE_READONLY: return "SQLITE_READONLY";
    case SQLITE_NOMEM: return "SQLITE_NOMEM";
    case SQLITE_INTERRUPT: return "SQLITE_INTERRUPT";
    case SQLITE_TOOBIG: return "SQLITE_TOOBIG";
    case SQLITE_IOERR_READ: return "SQLITE_IOERR_READ";
    case SQLITE_IOERR_SHORT_READ: return "SQLITE_IOERR_SHORT_READ";
    case SQLITE_IOERR_WRITE: return "SQLITE_IOERR_WRITE";
    case SQLITE_IOERR_FSYNC: return "SQLITE_IOERR_FSYNC";
    case SQLITE_IOERR_DIR_FSYNC: return "SQLITE_IOERR_DIR_FSYNC";
    case SQLITE_IOERR_TRUNCATE: return "SQLITE_IOERR_TRUNCATE";
    case SQLITE_CONSTRAINT_FOREIGNKEY: return "SQLITE_CONSTRAINT_FOREIGNKEY";
    case SQLITE_CONSTRAINT_UNIQUE: return "SQLITE_CONSTRAINT_UNIQUE";
    case SQLITE_CONSTRAINT_PRIMARYKEY: return "SQLITE_CONSTRAINT_PRIMARYKEY";
    default: return "";
  }
}

int remember_frames(void* frames, sqlite3*, const char*, int count) {
  *static_cast<int*>(frames) = count;
  return SQLITE_OK;
}

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const std::string& path, Access access) {
  if (sqlite3_libversion_number() < kOldestVersion) {
    return Error(Code::store_failed, std::string("SQLite 3.51.3 or newer is needed, this is ") +
                                         sqlite3_libversion() + ": older ones can damage a database.");
  }
  std::unique_ptr<Database> database(new Database);
  const int flags = access == Access::write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
  const int code = sqlite3_open_v2(
      path.c_str(), &database->handle_, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
      nullptr);
  if (code != SQLITE_OK) return database->fail(code, "Opening " + path);
  HOB_TRY_VOID(database->guard(access));
  return database;
}

Result<void> Database::guard(Access access) {
  sqlite3_busy_timeout(handle_, kBusyMs);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  // The schema has neither; a file that has them was made by somebody else.
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  sqlite3_limit(handle_, SQLITE_LIMIT_ATTACHED, 0);
  HOB_TRY_VOID(run(
      "PRAGMA mmap_size=0; PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY; PRAGMA foreign_keys=ON;"));
  if (access == Access::read) return run("PRAGMA query_only=ON;");
  // Checkpoints are ours: SQLite's own would hide a failed fsync of the file, and the WAL would then be reset.
  sqlite3_wal_hook(handle_, remember_frames, &wal_frames_);
  return run("PRAGMA synchronous=FULL; PRAGMA secure_delete=ON; PRAGMA journal_size_limit=16777216;");
}

Database::~Database() {
  for (auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(handle_);
}

Error Database::fail(int code, std::string_view what) {
  failure_ = code;
  std::string message = std::string(what) + " failed: " + sqlite3_errstr(code);
  if (handle_ && sqlite3_extended_errcode(handle_) == code) {
    message = std::string(what) + " failed: " + sqlite3_errmsg(handle_);
  }
  std::string name(name_of(code));
  if (name.empty()) name = "SQLite code " + std::to_string(code);
  return Error(Code::store_failed, message + " (" + name + ").").with("sqlite", std::string_view(name));
}

Result<void> Database::run(const std::string& statements) {
  const int code = sqlite3_exec(handle_, statements.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return fail(code, "The statement \"" + statements.substr(0, 60) + "\"");
  return {};
}

Result<int64_t> Database::number(std::string_view sql) {
  Query asked = query(sql);
  HOB_TRY(found, asked.step());
  return found ? asked.number(0) : int64_t{0};
}

Result<std::string> Database::word(std::string_view sql) {
  Query asked = query(sql);
  HOB_TRY(found, asked.step());
  return found ? asked.text(0) : std::string();
}

Query Database::query(std::string_view sql) {
  auto found = statements_.find(sql);
  if (found != statements_.end()) return Query(*this, found->second, SQLITE_OK);
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(
      handle_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code == SQLITE_OK) statements_.emplace(sql, statement);
  return Query(*this, statement, code);
}

Result<void> Database::checkpoint(bool truncate) {
  int frames = 0, copied = 0;
  const int mode = truncate ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
  const int code = sqlite3_wal_checkpoint_v2(handle_, "main", mode, &frames, &copied);
  if (code != SQLITE_OK) return fail(code, "Copying the write-ahead log into the database");
  if (frames == copied) wal_frames_ = 0;
  return {};
}

void Database::leave_wal_at_close() { sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr); }

Query::~Query() {
  if (!statement_) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

Query& Query::bind(int64_t value) {
  if (statement_) keep(sqlite3_bind_int64(statement_, next_++, value));
  return *this;
}

Query& Query::bind(std::string_view value) {
  if (statement_) {
    keep(sqlite3_bind_text64(
        statement_, next_++, value.data() ? value.data() : "", value.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
  }
  return *this;
}

Query& Query::bind_json(const Json& value) { return bind(std::string_view(json::dump(value))); }

Query& Query::bind_optional(const std::optional<std::string>& value) {
  if (value) return bind(std::string_view(*value));
  if (statement_) keep(sqlite3_bind_null(statement_, next_++));
  return *this;
}

Query& Query::bind_reference(std::string_view value) {
  if (!value.empty()) return bind(value);
  if (statement_) keep(sqlite3_bind_null(statement_, next_++));
  return *this;
}

Result<bool> Query::step() {
  if (code_ != SQLITE_OK) return database_.fail(code_, "Preparing a statement");
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return database_.fail(code, "A statement on the store");
}

Result<void> Query::done() {
  HOB_TRY(found, step());
  (void)found;
  return {};
}

std::string Query::text(int column) const {
  const auto* bytes = sqlite3_column_text(statement_, column);
  if (!bytes) return {};
  return std::string(
      reinterpret_cast<const char*>(bytes), static_cast<size_t>(sqlite3_column_bytes(statement_, column)));
}

std::optional<std::string> Query::optional_text(int column) const {
  if (is_null(column)) return std::nullopt;
  return text(column);
}

Result<Json> Query::json(int column) const {
  auto value = json::parse(text(column), kStored);
  if (!value) return Error(Code::store_failed, "A stored value is damaged: " + value.error().message());
  return value;
}

}  // namespace hob::store
