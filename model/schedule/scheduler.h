// Scheduler: several steps share one engine, one forward at a time.
//
//   Scheduler scheduler(engine, control, cache_bytes, clock);
//   HOB_TRY_VOID(scheduler.submit(std::move(request)));
//   while (!scheduler.idle()) scheduler.work();          // one forward
//
// Up to kMaxActive steps run in turn, a row each, so a long answer does not keep another session waiting. Steps of one
// session run one after another, because they share a sequence; sessions are taken in the order in which they came. A
// forward has one row today; the loop is written for as many as Info::max_rows allows. Thread [model].
#pragma once

#include <deque>
#include <list>

#include "model/schedule/generation.h"

namespace hob::schedule {

class Scheduler {
 public:
  Scheduler(engine::Engine& engine, ControlTokens control, uint64_t cache_bytes, const Clock& clock);

  /// `overloaded` when too many wait; then `done` is not called.
  Result<void> submit(Request request);
  bool idle() const { return waiting_.empty() && active_.empty(); }
  /// One forward, if there is anything to do.
  void work();

  size_t waiting() const { return waiting_.size(); }
  size_t active() const { return active_.size(); }
  size_t sequences() const { return cache_.size(); }

  static constexpr size_t kMaxActive = 4;
  static constexpr size_t kMaxWaiting = 256;

 private:
  void activate();

  engine::Engine& engine_;
  ControlTokens control_;
  const Clock& clock_;
  PrefixCache cache_;
  std::deque<std::unique_ptr<Generation>> waiting_;
  std::list<std::unique_ptr<Generation>> active_;  // the front is next
};

}  // namespace hob::schedule
