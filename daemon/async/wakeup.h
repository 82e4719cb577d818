// Wakeup: how one coroutine on [io] tells others that something has changed.
//
//   while (!ready_) co_await wakeup_.wait(deadline);     // the waiter looks again each time
//   ready_ = true; wakeup_.notify();                     // wakes all who wait now
//
// It carries no state, so nothing can be lost or counted twice: the condition lives with its owner. A waiter wakes at a
// notify() or at its deadline, whichever comes first. The Wakeup may die before its waiters; they then sleep until
// their deadline.
#pragma once

#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <list>
#include <memory>
#include <optional>

#include "daemon/async/async.h"

namespace hob {

class Wakeup {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit Wakeup(asio::any_io_executor executor)
      : executor_(std::move(executor)), waiting_(std::make_shared<std::list<asio::steady_timer*>>()) {}

  void notify() {
    for (asio::steady_timer* timer : *waiting_) timer->cancel();
  }

  Async<void> wait(std::optional<Time> deadline = std::nullopt) { return sleep(executor_, waiting_, deadline); }

 private:
  using Waiting = std::shared_ptr<std::list<asio::steady_timer*>>;

  struct Place {
    Waiting list;
    std::list<asio::steady_timer*>::iterator at;
    ~Place() { list->erase(at); }
  };

  // Static, so that the coroutine holds the list and not `this`.
  static Async<void> sleep(asio::any_io_executor executor, Waiting waiting, std::optional<Time> deadline) {
    asio::steady_timer timer(executor, deadline.value_or(Time::max()));
    const Place place{waiting, waiting->insert(waiting->end(), &timer)};
    asio::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }

  asio::any_io_executor executor_;
  Waiting waiting_;
};

}  // namespace hob
