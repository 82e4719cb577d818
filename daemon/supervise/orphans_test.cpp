#include "daemon/supervise/orphans.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "daemon/supervise/child.h"

namespace hob::supervise {
namespace {

using namespace std::chrono_literals;

Async<void> detach(asio::any_io_executor io, pid_t& orphan, bool& own_child_lives) {
  SpawnOptions options;
  options.program = HOB_BINARY_DIR "/tests/hob_test_child";
  options.log_name = "test-child";
  auto child = co_await Child::spawn(io, options, {});
  REQUIRE(child.ok());
  auto reply = co_await (*child)->request("detach", Json::object(), nullptr, {});
  REQUIRE(reply.ok());
  orphan = (*reply)["pid"].get<pid_t>();
  CHECK(::kill(orphan, 0) == 0);
  CHECK(kill_orphans() >= 1);
  CHECK(::kill(orphan, 0) != 0);
  own_child_lives = (co_await (*child)->request("echo", Json::object(), nullptr, {})).ok();
  co_await (*child)->stop(5s);
}

TEST_CASE("a process that double-forks away from its tool is found and killed, our own children are not") {
  // In a process of its own: being a subreaper cannot be taken back from the other tests.
  const pid_t pid = ::fork();
  if (pid == 0) {
    int status = 1;
    if (become_subreaper()) {
      pid_t orphan = 0;
      bool own_child_lives = false;
      asio::io_context io;
      spawn(io.get_executor(), detach(io.get_executor(), orphan, own_child_lives), "detach");
      io.run();
      // The process between the tool and the orphan was the tool's to reap; with the tool gone it is ours.
      if (orphan <= 0 || !own_child_lives) status = 2;
      else if (reap_orphans() != 1) status = 3;
      else status = reap_orphans() == 0 && kill_orphans() == 0 ? 0 : 4;
    }
    ::_exit(status);
  }
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace hob::supervise
