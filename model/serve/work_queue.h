// WorkQueue: tasks for one thread.
//
//   WorkQueue queue;  std::thread thread([&] { while (auto task = queue.wait()) (*task)(); });
//   queue.push([] { ... });  queue.close();
//
// push() and close() from any thread, wait() and poll() from one.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>

namespace hob::serve {

class WorkQueue {
 public:
  using Task = std::function<void()>;

  void push(Task task) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    changed_.notify_one();
  }
  /// No more tasks come: wait() gives those that are left, then nullopt.
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  std::optional<Task> wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || !tasks_.empty(); });
    return take();
  }
  /// A task if there is one now.
  std::optional<Task> poll() {
    const std::lock_guard lock(mutex_);
    return take();
  }

 private:
  std::optional<Task> take() {
    if (tasks_.empty()) return std::nullopt;
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    return task;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task> tasks_;
  bool closed_ = false;
};

}  // namespace hob::serve
