// Kills: a child commits and tells what was acknowledged; it is killed at a random moment, again and again on one file.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <random>
#include <thread>

#include "daemon/store/chronicle_testing.h"
#include "schemas/base/fd.h"

namespace hob::store {
namespace {

Async<void> tell(Store& store, int64_t n, int pipe) {
  auto events = co_await store.commit(chapter(n));
  if (!events) ::_exit(3);
  if (::write(pipe, &n, sizeof n) != sizeof n) ::_exit(4);
}

[[noreturn]] void write_story(const std::string& path, int64_t from, unsigned seed, int pipe) {
  asio::io_context io;
  auto store = open({path, nullptr, nullptr});
  if (!store) ::_exit(2);
  std::mt19937 random(seed);
  for (int64_t n = from;;) {
    // Several at once, so that groups are torn, too.
    for (unsigned i = 0; i <= random() % 6; ++i) spawn(io.get_executor(), tell(**store, n++, pipe), "tell");
    io.restart();
    io.run();
  }
}

TEST_CASE("nothing that was acknowledged is lost when the process is killed, and nothing is there by half") {
  TestDirectory directory;
  const std::string path = directory.file("state.db");
  const int kills = full_campaign() ? 1000 : 50;
  int64_t acknowledged = 0, slowest_ms = 0;
  for (int kill = 1; kill <= kills; ++kill) {
    const unsigned seed = 20'000u + static_cast<unsigned>(kill);
    INFO("seed " << seed);
    std::mt19937 random(seed);
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const int64_t from = acknowledged + 1;
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      ::close(ends[0]);
      write_story(path, from, seed, ends[1]);
    }
    ::close(ends[1]);
    UniqueFd pipe(ends[0]);
    for (int64_t acks = random() % 40; acks > 0 && ::read(pipe.get(), &acknowledged, sizeof acknowledged) > 0;) --acks;
    // A few microseconds more or less: anywhere inside a commit.
    for (volatile auto spin = random() % 400'000; spin > 0;) spin = spin - 1;
    ::kill(child, SIGKILL);
    while (::read(pipe.get(), &acknowledged, sizeof acknowledged) > 0) {
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));

    const auto start = std::chrono::steady_clock::now();
    asio::io_context io;
    auto store = open({path, nullptr, nullptr});
    if (!store) FAIL(store.error().message());
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - start);
    slowest_ms = std::max<int64_t>(slowest_ms, took.count());
    std::string problem;
    const int64_t found = read_story(io, **store, problem);
    INFO(problem);
    REQUIRE(found >= acknowledged);
    REQUIRE(found <= acknowledged + 6);
    while ((*store)->health() == "checking") std::this_thread::yield();
    REQUIRE((*store)->health() == "ok");
    acknowledged = found;
  }
  WARN(kills << " kills, " << acknowledged << " chapters, slowest opening " << slowest_ms << " ms");
}

}  // namespace
}  // namespace hob::store
