#include "daemon/async/async.h"

#include <asio/detached.hpp>

#include "schemas/base/log.h"

namespace hob {

void CancelToken::cancel() const {
  if (state_->cancelled.exchange(true, std::memory_order_acq_rel)) return;
  // A callback may register, release or cancel again; each runs at most once.
  while (!state_->callbacks.empty()) {
    const auto node = state_->callbacks.extract(state_->callbacks.begin());
    node.mapped()();
  }
}

CancelToken::Registration CancelToken::on_cancel(std::function<void()> callback) const {
  Registration registration;
  if (cancelled()) {
    callback();
    return registration;
  }
  registration.state_ = state_;
  registration.id_ = ++state_->next;
  state_->callbacks.emplace(registration.id_, std::move(callback));
  return registration;
}

void spawn(const asio::any_io_executor& executor, Async<void> coroutine, const char* what) {
  asio::co_spawn(executor, std::move(coroutine), [what](std::exception_ptr failure) {
    if (!failure) return;
    try {
      std::rethrow_exception(failure);
    } catch (const std::exception& e) {
      log::error("coroutine.failed", {{"what", what}, {"message", e.what()}});
      check_failed(__FILE__, __LINE__, what, e.what());
    }
  });
}

}  // namespace hob
