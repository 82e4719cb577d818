#include "daemon/async/async.h"

#include <asio/io_context.hpp>
#include <asio/thread_pool.hpp>
#include <catch2/catch.hpp>
#include <thread>

#include "daemon/async/wakeup.h"

namespace hob {
namespace {

Async<void> visit(asio::any_io_executor pool, std::thread::id& there, std::thread::id& home, int& got) {
  got = co_await run_on(pool, [&there] {
    there = std::this_thread::get_id();
    return 42;
  });
  home = std::this_thread::get_id();
}

TEST_CASE("work runs elsewhere and its caller wakes up at home") {
  asio::thread_pool pool(1);
  asio::io_context io;
  std::thread::id there, home;
  int got = 0;
  spawn(io.get_executor(), visit(pool.get_executor(), there, home, got), "visit");
  io.run();
  CHECK(got == 42);
  CHECK(home == std::this_thread::get_id());
  CHECK(there != home);
}

TEST_CASE("a cancel token runs each callback once and none that was released") {
  CancelToken token;
  int a = 0, b = 0, late = 0;
  CancelToken::Registration first;
  first = token.on_cancel([&] {
    ++a;
    first.release();
    token.cancel();
  });
  auto second = token.on_cancel([&] { ++b; });
  second.release();
  token.cancel();
  token.cancel();
  const auto third = token.on_cancel([&] { ++late; });
  CHECK(a == 1);
  CHECK(b == 0);
  CHECK(late == 1);
  CHECK(token.cancelled());
}

Async<void> wait_for(Wakeup& wakeup, const bool& ready, int& woken) {
  while (!ready) co_await wakeup.wait();
  ++woken;
}

Async<void> wait_until(Wakeup& wakeup, Wakeup::Time deadline, int& woken) {
  co_await wakeup.wait(deadline);
  ++woken;
}

TEST_CASE("a wakeup wakes everybody who waits, and each looks again") {
  asio::io_context io;
  Wakeup wakeup(io.get_executor());
  bool ready = false;
  int woken = 0;
  spawn(io.get_executor(), wait_for(wakeup, ready, woken), "first");
  spawn(io.get_executor(), wait_for(wakeup, ready, woken), "second");
  io.poll();
  wakeup.notify();
  io.poll();
  CHECK(woken == 0);
  ready = true;
  wakeup.notify();
  io.restart();
  io.run();
  CHECK(woken == 2);
}

TEST_CASE("a wakeup that nobody notifies ends at the deadline, even after its own death") {
  asio::io_context io;
  int woken = 0;
  auto wakeup = std::make_unique<Wakeup>(io.get_executor());
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(5);
  spawn(io.get_executor(), wait_until(*wakeup, deadline, woken), "late");
  io.poll();
  CHECK(woken == 0);
  wakeup.reset();
  io.run();
  CHECK(woken == 1);
  CHECK(std::chrono::steady_clock::now() >= deadline);
}

}  // namespace
}  // namespace hob
