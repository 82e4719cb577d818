#include "daemon/plugin/host_pool.h"

#include <signal.h>

#include <asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <set>

namespace hob::plugin {
namespace {

using namespace std::chrono_literals;
using PoolPtr = std::shared_ptr<HostPool>;

PoolOptions test_options() {
  PoolOptions options;
  options.program = HOB_BINARY_DIR "/tests/hob_test_host";
  options.arguments.clear();
  return options;
}

HostSpec spec_of(const std::string& plugin) {
  HostSpec spec;
  spec.plugin = plugin;
  spec.library = "/nowhere.so";
  spec.hash = "h";
  return spec;
}

/// Runs a coroutine, then stops the pool.
template <typename F>
void run(PoolOptions options, F test) {
  asio::io_context io;
  const auto pool = std::make_shared<HostPool>(io.get_executor(), std::move(options));
  bool done = false;
  const auto whole = [](F body, PoolPtr p, bool& finished) -> Async<void> {
    co_await body(p);
    co_await HostPool::stop(p);
    finished = true;
  };
  spawn(io.get_executor(), whole(std::move(test), pool, done), "test");
  io.run();
  CHECK(done);
}

Async<std::unique_ptr<HostPool::Lease>> leased(PoolPtr pool, HostSpec spec) {
  auto lease = co_await HostPool::acquire(pool, std::move(spec), {});
  if (!lease) FAIL(lease.error().message());
  co_return std::make_unique<HostPool::Lease>(*std::move(lease));
}

TEST_CASE("the key of a host names all that it is fixed to") {
  const HostSpec base = spec_of("p");
  std::set<std::string> keys{base.key()};
  const auto differs = [&](auto change) {
    HostSpec spec = base;
    change(spec);
    return keys.insert(spec.key()).second;
  };
  CHECK(differs([](HostSpec& s) { s.plugin = "q"; }));
  CHECK(differs([](HostSpec& s) { s.hash = "i"; }));
  CHECK(differs([](HostSpec& s) { s.roots.push_back({"/a", false}); }));
  CHECK(differs([](HostSpec& s) { s.roots.push_back({"/a", true}); }));
  CHECK(differs([](HostSpec& s) { s.grants.read = true; }));
  CHECK(differs([](HostSpec& s) { s.grants.write = true; }));
  CHECK(differs([](HostSpec& s) { s.settings["digits"] = 4; }));
  CHECK_FALSE(differs([](HostSpec& s) { s.session_id = "one"; }));  // no state: sessions share
  CHECK(differs([](HostSpec& s) { s.session_id = "one", s.stateful = true; }));
  CHECK(differs([](HostSpec& s) { s.session_id = "two", s.stateful = true; }));
}

TEST_CASE("an idle host is used again, a busy one gets a neighbour, four at most") {
  run(test_options(), [](PoolPtr pool) -> Async<void> {
    auto first = co_await leased(pool, spec_of("p"));
    const pid_t pid = first->child()->pid();
    first.reset();
    std::vector<std::unique_ptr<HostPool::Lease>> leases;
    for (int i = 0; i < 4; ++i) leases.push_back(co_await leased(pool, spec_of("p")));
    CHECK(leases[0]->child()->pid() == pid);
    CHECK(leases[1]->child()->pid() != pid);
    CHECK(pool->count("p") == 4);
    CallContext context;
    context.deadline = std::chrono::steady_clock::now() + 5ms;
    auto fifth = co_await HostPool::acquire(pool, spec_of("p"), context);
    REQUIRE_FALSE(fifth.ok());
    CHECK(fifth.error().code() == Code::deadline);
    auto other = co_await leased(pool, spec_of("other"));  // other plugins are not held up
    CHECK(other->child()->alive());
    const pid_t freed = leases[2]->child()->pid();
    leases[2].reset();
    auto sixth = co_await leased(pool, spec_of("p"));
    CHECK(sixth->child()->pid() == freed);
  });
}

TEST_CASE("who waits gets the next free host, and a queue that is full says so") {
  PoolOptions options = test_options();
  options.hosts_per_key = 1;
  options.max_waiting = 2;
  run(options, [](PoolPtr pool) -> Async<void> {
    auto held = co_await leased(pool, spec_of("p"));
    int served = 0;
    const auto wait = [](PoolPtr p, int& count) -> Async<void> {
      auto lease = co_await leased(p, spec_of("p"));
      ++count;
    };
    const auto io = co_await asio::this_coro::executor;
    for (int i = 0; i < 2; ++i) spawn(io, wait(pool, served), "wait");
    co_await asio::post(asio::use_awaitable);
    auto refused = co_await HostPool::acquire(pool, spec_of("p"), {});
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().code() == Code::overloaded);
    CHECK(served == 0);
    held.reset();
    for (int i = 0; i < 20 && served < 2; ++i) co_await asio::post(asio::use_awaitable);
    CHECK(served == 2);
    CHECK(pool->count("p") == 1);
  });
}

TEST_CASE("a plugin with state has one host for each session") {
  run(test_options(), [](PoolPtr pool) -> Async<void> {
    HostSpec one = spec_of("p");
    one.stateful = true;
    one.session_id = "one";
    HostSpec two = one;
    two.session_id = "two";
    auto first = co_await leased(pool, one);
    auto second = co_await leased(pool, two);
    CHECK(first->child()->pid() != second->child()->pid());
    CallContext context;
    context.deadline = std::chrono::steady_clock::now() + 5ms;
    auto got1 = co_await HostPool::acquire(pool, one, context);
    CHECK(got1.error().code() == Code::deadline);
    const pid_t pid = first->child()->pid();
    first.reset();
    auto again = co_await leased(pool, one);
    CHECK(again->child()->pid() == pid);
  });
}

TEST_CASE("an idle host is stopped after its time, and one that died is never handed out") {
  PoolOptions options = test_options();
  options.idle = 5ms;
  run(options, [](PoolPtr pool) -> Async<void> {
    HostSpec remembering = spec_of("memory");
    remembering.stateful = true;
    auto lease = co_await leased(pool, remembering);
    lease.reset();
    lease = co_await leased(pool, spec_of("p"));
    const std::shared_ptr<supervise::Child> child = lease->child();
    const auto io = co_await asio::this_coro::executor;
    Wakeup changed(io);
    bool ended = false;
    child->on_exit([&](const supervise::Exit&) {
      ended = true;
      changed.notify();
    });
    lease.reset();
    while (!ended) co_await changed.wait();
    CHECK(pool->count("p") == 0);
    CHECK(pool->count("memory") == 1);  // idle for longer, but it keeps what it knows

    lease = co_await leased(pool, spec_of("p"));
    const pid_t pid = lease->child()->pid();
    lease->discard();
    lease.reset();
    lease = co_await leased(pool, spec_of("p"));
    CHECK(lease->child()->pid() != pid);
  });
}

TEST_CASE("when too many hosts run, the one that is idle longest makes room") {
  PoolOptions options = test_options();
  options.max_hosts = 2;
  run(options, [](PoolPtr pool) -> Async<void> {
    (co_await leased(pool, spec_of("a"))).reset();
    (co_await leased(pool, spec_of("b"))).reset();
    auto third = co_await leased(pool, spec_of("c"));
    CHECK(pool->count("a") == 0);
    CHECK(pool->count("b") == 1);
    auto fourth = co_await leased(pool, spec_of("d"));
    CallContext context;
    context.deadline = std::chrono::steady_clock::now() + 5ms;
    auto got2 = co_await HostPool::acquire(pool, spec_of("e"), context);
    CHECK(got2.error().code() == Code::deadline);
  });
}

TEST_CASE("a host that dies, refuses or never answers at its start is an error that says so") {
  PoolOptions options = test_options();
  options.start_timeout = 20ms;
  run(options, [](PoolPtr pool) -> Async<void> {
    const auto failing = [](PoolPtr p, const char* how) -> Async<Error> {
      HostSpec spec = spec_of("p");
      spec.settings["start"] = how;
      auto lease = co_await HostPool::acquire(p, spec, {});
      if (lease) FAIL("it started");
      co_return lease.error();
    };
    auto got3 = co_await failing(pool, "mute");
    CHECK(got3.code() == Code::deadline);
    CHECK(pool->count("p") == 0);
  });
  run(test_options(), [](PoolPtr pool) -> Async<void> {
    HostSpec spec = spec_of("p");
    spec.settings["start"] = "die";
    const Error died = (co_await HostPool::acquire(pool, spec, {})).error();
    CHECK(died.code() == Code::plugin_crashed);
    CHECK(died.message().find("signal 11") != std::string::npos);
    spec.settings["start"] = "refuse";
    const Error refused = (co_await HostPool::acquire(pool, spec, {})).error();
    CHECK(refused.code() == Code::version_skew);
    CHECK(refused.message() == "It was built for version 99.");
  });
}

TEST_CASE("who waits when the pool stops is told so, and no host is left") {
  PoolOptions options = test_options();
  options.hosts_per_key = 1;
  bool told = false;
  pid_t pid = 0;
  run(options, [&](PoolPtr pool) -> Async<void> {
    auto held = co_await leased(pool, spec_of("p"));
    pid = held->child()->pid();
    const auto wait = [](PoolPtr p, bool& out) -> Async<void> {
      auto lease = co_await HostPool::acquire(p, spec_of("p"), {});
      out = !lease.ok() && lease.error().code() == Code::draining;
    };
    spawn(co_await asio::this_coro::executor, wait(pool, told), "wait");
    co_await asio::post(asio::use_awaitable);
    co_await HostPool::stop(pool);
  });
  CHECK(told);
  CHECK(::kill(pid, 0) != 0);
}

}  // namespace
}  // namespace hob::plugin
