#include "daemon/store/migrations.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <cerrno>

#include "schemas/base/fd.h"
#include "schemas/base/log.h"

namespace hob::store {
namespace {

/// Copies the whole database to `target` through a temporary name, synced before it gets its own.
Result<void> back_up(Database& source, const std::string& target) {
  const std::string temporary = target + ".part";
  ::unlink(temporary.c_str());
  UniqueFd made(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!made) return Error(Code::store_failed, "Cannot make the copy " + temporary + ": " + errno_text(errno) + ".");
  made.reset();
  sqlite3* copy = nullptr;
  int code = sqlite3_open_v2(temporary.c_str(), &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, nullptr);
  if (code == SQLITE_OK) {
    sqlite3_backup* backup = sqlite3_backup_init(copy, "main", source.handle(), "main");
    code = backup ? sqlite3_backup_step(backup, -1) : sqlite3_errcode(copy);
    const int finished = backup ? sqlite3_backup_finish(backup) : SQLITE_OK;
    if (code == SQLITE_DONE) code = finished;
  }
  sqlite3_close(copy);
  if (code != SQLITE_OK) {
    ::unlink(temporary.c_str());
    return source.fail(code, "Copying the database to " + target + " before changing its form");
  }
  UniqueFd file(::open(temporary.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file || ::fsync(file.get()) != 0 || ::rename(temporary.c_str(), target.c_str()) != 0) {
    return Error(Code::store_failed, "Cannot finish the copy " + target + ": " + errno_text(errno) + ".");
  }
  const size_t slash = target.rfind('/');
  UniqueFd directory(::open(slash == std::string::npos ? "." : target.substr(0, slash + 1).c_str(),
                            O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory) ::fsync(directory.get());
  return {};
}

Result<void> apply(Database& database, const std::vector<Step>& steps, size_t from, const MigrationHook& hook) {
  size_t count = 0;
  const auto run = [&](const std::string& sql) -> Result<void> {
    if (hook) HOB_TRY_VOID(hook(count++));
    return database.run(sql);
  };
  HOB_TRY_VOID(run("BEGIN IMMEDIATE"));
  for (size_t version = from; version < steps.size(); ++version) {
    for (const auto& sql : steps[version]) HOB_TRY_VOID(run(sql));
  }
  HOB_TRY_VOID(run("PRAGMA user_version=" + std::to_string(steps.size())));
  return run("COMMIT");
}

}  // namespace

const std::vector<Step>& steps() {
  static const std::vector<Step> kSteps = {
      {
          "CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
          R"(CREATE TABLE events(
               row INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, session_id TEXT NOT NULL,
               turn_id TEXT NOT NULL, item_id TEXT NOT NULL, type TEXT NOT NULL, hidden INTEGER NOT NULL,
               data TEXT NOT NULL, secret TEXT) STRICT)",
          "CREATE INDEX events_by_session ON events(session_id, row)",
          "CREATE INDEX events_by_turn ON events(turn_id, row) WHERE turn_id <> ''",
          R"(CREATE TABLE sessions(
               id TEXT PRIMARY KEY, cwd TEXT NOT NULL, title TEXT, mode TEXT NOT NULL, settings TEXT NOT NULL,
               parent_id TEXT, ephemeral INTEGER NOT NULL, created_ms INTEGER NOT NULL,
               updated_ms INTEGER NOT NULL, turns INTEGER NOT NULL) STRICT)",
          "CREATE INDEX sessions_by_time ON sessions(updated_ms, id)",
          "CREATE INDEX sessions_by_cwd ON sessions(cwd, updated_ms, id)",
          R"(CREATE TABLE turns(
               id TEXT PRIMARY KEY, session_id TEXT REFERENCES sessions(id), status TEXT NOT NULL,
               state TEXT NOT NULL, started_ms INTEGER NOT NULL, ended_ms INTEGER NOT NULL) STRICT)",
          "CREATE INDEX turns_by_session ON turns(session_id)",
          "CREATE INDEX turns_open ON turns(started_ms) WHERE ended_ms = 0",
          R"(CREATE TABLE approvals(
               id TEXT PRIMARY KEY, session_id TEXT REFERENCES sessions(id), turn_id TEXT NOT NULL,
               call_id TEXT NOT NULL, tool TEXT NOT NULL, arguments TEXT NOT NULL,
               requested_ms INTEGER NOT NULL, outcome TEXT NOT NULL) STRICT)",
          "CREATE INDEX approvals_by_session ON approvals(session_id)",
          "CREATE INDEX approvals_waiting ON approvals(requested_ms) WHERE outcome = ''",
          R"(CREATE TABLE memories(
               row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, scope TEXT NOT NULL, scope_id TEXT NOT NULL,
               key TEXT, text TEXT NOT NULL, tags TEXT NOT NULL, session_id TEXT NOT NULL, turn_id TEXT NOT NULL,
               created_ms INTEGER NOT NULL) STRICT)",
          "CREATE UNIQUE INDEX memories_by_key ON memories(scope, scope_id, key) WHERE key IS NOT NULL",
          "CREATE INDEX memories_by_session ON memories(session_id)",
          // Folded words of each memory (daemon/memory), so that the index and a query agree.
          "CREATE VIRTUAL TABLE memory_words USING fts5(words)",
          "INSERT INTO memory_words(memory_words, rank) VALUES('secure-delete', 1)",
          R"(CREATE TABLE idempotency(
               method TEXT NOT NULL, key TEXT NOT NULL, params_hash TEXT NOT NULL, result TEXT NOT NULL,
               at_ms INTEGER NOT NULL, session_id TEXT NOT NULL, PRIMARY KEY(method, key)) STRICT)",
          "CREATE INDEX idempotency_by_time ON idempotency(at_ms)",
          R"(CREATE TABLE audit(
               row INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, who TEXT NOT NULL,
               what TEXT NOT NULL, detail TEXT NOT NULL) STRICT)",
      },
  };
  return kSteps;
}

Error newer_version(const std::string& path, int64_t found, size_t known) {
  return Error(Code::version_skew, path + " was written by a newer hob (form " + std::to_string(found) +
                                       ", this one knows up to " + std::to_string(known) +
                                       "). It was not touched. Run the newer hob, or point HOB_STATE_DIR elsewhere.");
}

Result<void> migrate(
    Database& database, const std::string& path, const std::vector<Step>& steps, const MigrationHook& hook) {
  HOB_TRY(version, database.number("PRAGMA user_version"));
  if (version < 0 || static_cast<size_t>(version) > steps.size()) return newer_version(path, version, steps.size());
  const auto from = static_cast<size_t>(version);
  if (from == steps.size()) return {};
  if (from > 0) HOB_TRY_VOID(back_up(database, path + ".before-v" + std::to_string(steps.size())));
  auto done = apply(database, steps, from, hook);
  if (!done) {
    if (database.in_transaction()) {
      if (auto undone = database.run("ROLLBACK"); !undone) {
        log::error("store.rollback_failed", {{"message", undone.error().message()}});
      }
    }
    return Error(Code::store_failed, "Bringing " + path + " from form " + std::to_string(from) + " to " +
                                         std::to_string(steps.size()) + " failed and was undone: " +
                                         done.error().message());
  }
  log::info("store.migrated", {{"from", from}, {"to", steps.size()}});
  return {};
}

}  // namespace hob::store
