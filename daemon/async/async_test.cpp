#include "daemon/async/async.h"

#include <asio/io_context.hpp>
#include <asio/thread_pool.hpp>
#include <catch2/catch.hpp>
#include <thread>

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

}  // namespace
}  // namespace hob
