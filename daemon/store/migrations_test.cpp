#include "daemon/store/migrations.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "daemon/store/store_testing.h"

namespace hob::store {
namespace {

const std::vector<Step> kOld = {{"CREATE TABLE a(x)", "INSERT INTO a VALUES(1), (2)"}};
const std::vector<Step> kNew = {kOld[0],
                                {"ALTER TABLE a ADD COLUMN y", "UPDATE a SET y = x * 10", "CREATE INDEX a_by_y ON a(y)"},
                                {"CREATE TABLE b(z)", "INSERT INTO b SELECT sum(y) FROM a"}};
constexpr size_t kStatements = 8;  // of kNew after kOld, with BEGIN, user_version and COMMIT

std::unique_ptr<Database> open_at(const std::string& path) {
  std::ofstream(path, std::ios::app);
  auto database = Database::open(path, Access::write);
  if (!database) FAIL(database.error().message());
  REQUIRE((*database)->word("PRAGMA journal_mode=WAL").value() == "wal");
  return std::move(*database);
}

int64_t number(Database& database, const std::string& sql) {
  const auto value = database.number(sql);
  if (!value) FAIL(value.error().message());
  return *value;
}

/// 1 or 3, and everything that the version promises.
int64_t version_of(Database& database) {
  const int64_t version = number(database, "PRAGMA user_version");
  CHECK(database.word("PRAGMA integrity_check").value() == "ok");
  CHECK(number(database, "SELECT sum(x) FROM a") == 3);
  CHECK(number(database, "SELECT count(*) FROM pragma_table_info('a')") == (version == 1 ? 1 : 2));
  CHECK(number(database, "SELECT count(*) FROM sqlite_schema WHERE name = 'b'") == (version == 1 ? 0 : 1));
  if (version == 3) CHECK(number(database, "SELECT z FROM b") == 30);
  return version;
}

TEST_CASE("steps run in order, once, and a copy of the old form stands beside the file") {
  TestDirectory directory;
  const std::string path = directory.file("x.db");
  auto database = open_at(path);
  REQUIRE(migrate(*database, path, kOld));
  CHECK_FALSE(std::filesystem::exists(path + ".before-v1"));
  REQUIRE(migrate(*database, path, kNew));
  CHECK(version_of(*database) == 3);
  auto copy = Database::open(path + ".before-v3", Access::write);
  REQUIRE(copy);
  CHECK(version_of(**copy) == 1);
  const auto again = migrate(*database, path, kNew, [](size_t) -> Result<void> { return Error(Code::internal, "ran"); });
  CHECK(again);
}

TEST_CASE("a migration that fails at any statement leaves the old form") {
  for (size_t k = 0; k < kStatements; ++k) {
    INFO("statement " << k);
    TestDirectory directory;
    const std::string path = directory.file("x.db");
    auto database = open_at(path);
    REQUIRE(migrate(*database, path, kOld));
    const auto failed = migrate(*database, path, kNew, [k](size_t at) -> Result<void> {
      if (at == k) return Error(Code::store_failed, "told to fail");
      return {};
    });
    REQUIRE_FALSE(failed);
    CHECK(failed.error().message().find("was undone: told to fail") != std::string::npos);
    CHECK_FALSE(database->in_transaction());
    CHECK(version_of(*database) == 1);
    REQUIRE(migrate(*database, path, kNew));
    CHECK(version_of(*database) == 3);
  }
}

TEST_CASE("a migration that is killed at any statement leaves the old form or the new one") {
  for (size_t k = 0; k < kStatements; ++k) {
    INFO("statement " << k);
    TestDirectory directory;
    const std::string path = directory.file("x.db");
    {
      auto database = open_at(path);
      REQUIRE(migrate(*database, path, kOld));
    }
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      auto database = Database::open(path, Access::write);
      (void)migrate(**database, path, kNew, [k](size_t at) -> Result<void> {
        if (at == k) ::raise(SIGKILL);
        return {};
      });
      ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    auto copy = Database::open(path + ".before-v3", Access::write);
    REQUIRE(copy);
    CHECK(version_of(**copy) == 1);
    auto database = open_at(path);
    CHECK(version_of(*database) == 1);
    REQUIRE(migrate(*database, path, kNew));
    CHECK(version_of(*database) == 3);
  }
}

TEST_CASE("a first opening that is killed at any statement is finished by the next") {
  for (size_t k = 0; k < steps()[0].size() + 3; ++k) {
    INFO("statement " << k);
    TestDirectory directory;
    const std::string path = directory.file("state.db");
    std::ofstream(path, std::ios::app);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      auto database = Database::open(path, Access::write);
      (void)(*database)->run("PRAGMA application_id=" + std::to_string(kApplicationId));
      (void)(*database)->word("PRAGMA journal_mode=WAL");
      (void)migrate(**database, path, steps(), [k](size_t at) -> Result<void> {
        if (at == k) ::raise(SIGKILL);
        return {};
      });
      ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    asio::io_context io;
    auto store = open({path, nullptr, nullptr});
    if (!store) FAIL(store.error().message());
    Commit commit;
    commit.events.push_back({.session_id = "s", .type = "e"});
    CHECK(wait(io, (*store)->commit(std::move(commit))));
  }
}

}  // namespace
}  // namespace hob::store
