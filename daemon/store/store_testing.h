// store_testing: what the tests of this room and of those above it share: a directory that vanishes, and waiting for a
// coroutine where a test is no coroutine.
#pragma once

#include <stdlib.h>

#include <asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <filesystem>
#include <optional>
#include <string>

#include "daemon/store/store.h"
#include "schemas/base/test_directory.h"

namespace hob::store {

/// In memory where there is such a place: thousands of syncs are waited for, and none of them is what is tested.
class TestDirectory : public hob::TestDirectory {
 public:
  TestDirectory() : hob::TestDirectory(On::memory) {}
};

template <typename T>
Async<void> keep_result(Async<T> work, std::optional<T>& out) {
  out.emplace(co_await std::move(work));
}

/// Runs `io` until the coroutine is done.
template <typename T>
T wait(asio::io_context& io, Async<T> work) {
  std::optional<T> out;
  spawn(io.get_executor(), keep_result(std::move(work), out), "test");
  io.restart();
  while (!out && io.run_one() > 0) {
  }
  REQUIRE(out.has_value());
  return std::move(*out);
}

inline Async<bool> then_true(Async<void> work) {
  co_await std::move(work);
  co_return true;
}
inline void wait(asio::io_context& io, Async<void> work) { wait(io, then_true(std::move(work))); }

}  // namespace hob::store
