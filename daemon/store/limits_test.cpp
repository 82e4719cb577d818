// What the system around the store may do to it: a second opener, a lock from outside, a limit on the size of files.
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/store/chronicle_testing.h"
#include "daemon/store/sqlite.h"

namespace hob::store {
namespace {

TEST_CASE("a second opener of the same file is told that another daemon has it") {
  TestDirectory directory;
  asio::io_context io;
  auto first = open({directory.file("state.db"), nullptr, nullptr});
  REQUIRE(first);
  for (int i = 0; i < 2; ++i) {
    auto second = open({directory.file("state.db"), nullptr, nullptr});
    REQUIRE_FALSE(second);
    CHECK(second.error().code() == Code::overloaded);
    CHECK(second.error().message().find("Another hobd has ") == 0);
  }
  REQUIRE(wait(io, (*first)->commit(chapter(1))));
  first->reset();
  auto third = open({directory.file("state.db"), nullptr, nullptr});
  REQUIRE(third);
  std::string problem;
  CHECK(read_story(io, **third, problem) == 1);
}

TEST_CASE("a lock held by another program fails the commit that waits for it, and no later one") {
  TestDirectory directory;
  asio::io_context io;
  auto store = open({directory.file("state.db"), nullptr, nullptr});
  REQUIRE(store);
  REQUIRE(wait(io, (*store)->commit(chapter(1))));
  auto intruder = Database::open(directory.file("state.db"), Access::write);
  REQUIRE(intruder);
  REQUIRE((*intruder)->run("BEGIN IMMEDIATE"));
  const auto failed = wait(io, (*store)->commit(chapter(2)));
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code() == Code::store_failed);
  CHECK(failed.error().message().find("SQLITE_BUSY") != std::string::npos);
  CHECK((*store)->health() == "ok");
  CHECK(wait(io, (*store)->events(0, 10, {})));
  REQUIRE((*intruder)->run("ROLLBACK"));
  REQUIRE(wait(io, (*store)->commit(chapter(2))));
}

/// Exit status 0, or the number of the expectation that did not hold.
int live_with_a_limit(const std::string& path) {
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit limit{};
  ::getrlimit(RLIMIT_FSIZE, &limit);
  const rlim_t before = limit.rlim_cur;
  limit.rlim_cur = 400'000;
  if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 1;
  asio::io_context io;
  auto store = open({path, nullptr, nullptr});
  if (!store) return 2;
  int64_t n = 0;
  Result<std::vector<Event>> last = std::vector<Event>();
  while (n < 1000 && last) {
    last = wait(io, (*store)->commit(chapter(n + 1)));
    if (last) ++n;
  }
  if (last || n == 0) return 3;
  if (last.error().code() != Code::store_failed) return 4;
  if ((*store)->health() != "ok") return 5;
  std::string problem;
  if (read_story(io, **store, problem) != n) return 6;
  limit.rlim_cur = before;
  if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 7;
  if (!wait(io, (*store)->commit(chapter(n + 1)))) return 8;
  wait(io, (*store)->stop());
  store->reset();
  auto again = open({path, nullptr, nullptr});
  if (!again) return 9;
  return read_story(io, **again, problem) == n + 1 ? 0 : 10;
}

TEST_CASE("a file that may not grow fails the commit alone, and everything goes on once it may") {
  TestDirectory directory;
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) ::_exit(live_with_a_limit(directory.file("state.db")));
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace hob::store
