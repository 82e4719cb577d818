// sqlite: the thinnest wrapper that makes SQLite hard to misuse. Only this room includes it.
//
//   HOB_TRY(db, Database::open(path, Access::write));
//   Query query = db->query("SELECT cwd FROM sessions WHERE id = ?");
//   query.bind(id);
//   HOB_TRY(found, query.step());
//   if (found) use(query.text(0));
//
// A Database belongs to one thread at a time (only interrupt() may come from another). Statements are kept prepared;
// a Query borrows one and gives it back reset, so two Queries with the same words must not live at once. Failures
// are `store_failed` with SQLite's own name for them; failure() keeps the code for those who must tell them apart.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "schemas/base/json.h"

namespace hob::store {

/// What columns of JSON may hold: wire values with a few wrappers around them.
inline constexpr json::Limits kStored{256u << 20, 128, 16'000'000};

enum class Access { write, read };

class Query;

class Database {
 public:
  /// Opens an existing file with every guard on. SQLite older than 3.51.3 is refused: it can corrupt a WAL.
  static Result<std::unique_ptr<Database>> open(const std::string& path, Access access);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Runs one or more statements that answer nothing.
  Result<void> run(const std::string& statements);
  /// The first column of the first row; 0 when there is none.
  Result<int64_t> number(std::string_view sql);
  Result<std::string> word(std::string_view sql);
  Query query(std::string_view sql);

  /// Copies every frame of the WAL into the file (and empties the WAL where `truncate` says so).
  Result<void> checkpoint(bool truncate);
  /// Frames in the WAL after the last commit of this connection.
  int wal_frames() const { return wal_frames_; }
  /// The WAL stays beside the file when this connection closes: nothing is written any more.
  void leave_wal_at_close();
  bool in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }
  /// [any] Stops the statement that is running.
  void interrupt() { sqlite3_interrupt(handle_); }
  /// The extended result code of the last failure.
  int failure() const { return failure_; }
  Error fail(int code, std::string_view what);
  sqlite3* handle() { return handle_; }

 private:
  Database() = default;
  Result<void> guard(Access access);

  sqlite3* handle_ = nullptr;
  int failure_ = SQLITE_OK;
  int wal_frames_ = 0;
  std::map<std::string, sqlite3_stmt*, std::less<>> statements_;
};

class Query {
 public:
  Query(Database& database, sqlite3_stmt* statement, int code)
      : database_(database), statement_(statement), code_(code) {}
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  /// Binds the next parameter. A failure shows at step().
  Query& bind(int64_t value);
  Query& bind(std::string_view value);
  Query& bind_json(const Json& value);
  Query& bind_optional(const std::optional<std::string>& value);
  /// Null for "": a reference to nothing.
  Query& bind_reference(std::string_view value);

  /// True: there is a row to look at.
  Result<bool> step();
  /// Runs a statement that answers nothing.
  Result<void> done();

  bool is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  int64_t number(int column) const { return sqlite3_column_int64(statement_, column); }
  double real(int column) const { return sqlite3_column_double(statement_, column); }
  std::string text(int column) const;
  std::optional<std::string> optional_text(int column) const;
  Result<Json> json(int column) const;

 private:
  void keep(int code) {
    if (code_ == SQLITE_OK) code_ = code;
  }
  Database& database_;
  sqlite3_stmt* statement_;
  int code_;
  int next_ = 1;
};

}  // namespace hob::store
