// The words of asynchronous code in hobd: Async<T>, run_on, CancelToken, CallContext.
//
//   Async<Result<Reply>> ask(Question question, CallContext context);     // parameters by value
//   HOB_CO_TRY(rows, co_await run_on(pool, [] { return slow(); }));       // visits another thread, wakes up at home
//
// One io_context thread [io] is an implicit strand: nothing here needs a mutex. Coroutine lambdas take arguments, not
// captures, unless co_spawn itself keeps them alive. Every spawn has a handler for its exception (spawn() below).
//
// g++ 12 copies temporaries of aggregate types, and lambdas that capture, bytewise when they stand inside a co_await
// expression, and then frees what is not theirs (a short std::string is enough). Give them a name before:
//
//   auto job = [text] { return parse(text); };
//   auto parsed = co_await run_on(pool, std::move(job));
//
// Nor does it keep to && and || around a co_await (`false && co_await x` awaits), so none stands inside CHECK or REQUIRE.
#pragma once

#include <asio/any_io_executor.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/execution/outstanding_work.hpp>
#include <asio/post.hpp>
#include <asio/prefer.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>
#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "schemas/base/result.h"

namespace hob {

template <typename T>
using Async = asio::awaitable<T>;

/// Says that somebody no longer wants an answer. Copies share one state. cancel() and on_cancel() on [io] alone;
/// cancelled() from any thread.
class CancelToken {
 public:
  CancelToken() : state_(std::make_shared<State>()) {}
  bool cancelled() const { return state_->cancelled.load(std::memory_order_acquire); }
  /// Trips the token once and runs the callbacks.
  void cancel() const;
  /// Keeps `callback` until the Registration dies; runs it at once when the token has tripped.
  class Registration;
  [[nodiscard]] Registration on_cancel(std::function<void()> callback) const;

 private:
  struct State {
    std::atomic<bool> cancelled{false};
    std::map<uint64_t, std::function<void()>> callbacks;
    uint64_t next = 0;
  };
  std::shared_ptr<State> state_;
};

class CancelToken::Registration {
 public:
  Registration() = default;
  Registration(Registration&& other) noexcept : state_(std::exchange(other.state_, nullptr)), id_(other.id_) {}
  Registration& operator=(Registration&& other) noexcept {
    release();
    state_ = std::exchange(other.state_, nullptr);
    id_ = other.id_;
    return *this;
  }
  ~Registration() { release(); }
  void release() {
    if (state_) state_->callbacks.erase(id_);
    state_.reset();
  }

 private:
  friend class CancelToken;
  std::shared_ptr<State> state_;
  uint64_t id_ = 0;
};

/// What a call needs to know of its caller; passed, never ambient.
struct CallContext {
  CallContext() = default;  // no aggregate, so that `{}` may stand in a co_await expression (see above)
  std::string id;
  std::optional<std::chrono::steady_clock::time_point> deadline;
  CancelToken cancel;
};

/// Runs `work` on `executor` and resumes the caller on its own executor. The cancellation slot is cut: work that is
/// under way is not interrupted. The caller's io_context outlives `executor`'s threads: what they leave, they leave there.
template <typename Work>
Async<std::invoke_result_t<Work>> run_on(asio::any_io_executor executor, Work work) {
  using T = std::invoke_result_t<Work>;
  auto outcome = std::make_shared<std::pair<std::exception_ptr, std::optional<T>>>();
  co_await asio::async_initiate<decltype(asio::use_awaitable), void()>(
      [](auto handler, asio::any_io_executor there, auto job, auto out) {
        // The handler's executor is the caller's home; outstanding work keeps the io_context running meanwhile.
        auto home = asio::prefer(asio::get_associated_executor(handler), asio::execution::outstanding_work.tracked);
        auto keep = std::make_shared<decltype(handler)>(std::move(handler));
        asio::post(there, [keep, home, job = std::move(job), out]() mutable {
          try {
            out->second.emplace(job());
          } catch (...) {
            out->first = std::current_exception();
          }
          asio::post(home, [keep]() mutable { std::move (*keep)(); });
        });
      },
      asio::use_awaitable, std::move(executor), std::move(work), outcome);
  if (outcome->first) std::rethrow_exception(outcome->first);
  co_return std::move(*outcome->second);
}

/// Starts a coroutine that nobody awaits. An exception that escapes it is a broken invariant and stops the process.
void spawn(const asio::any_io_executor& executor, Async<void> coroutine, const char* what);

}  // namespace hob
