// Scheduler: several steps share one engine, one forward at a time.
//
//   Scheduler scheduler(engine, control, cache_bytes, clock);
//   HOB_TRY_VOID(scheduler.submit(std::move(request)));
//   while (!scheduler.idle()) scheduler.work();          // one forward
//
// A forward has the rows of all steps that speak, and one chunk of one prompt at most, as far as Info::max_rows reaches; who
// had to wait is first in the next. So a long prompt keeps nobody waiting for more than a chunk, and a long answer nobody
// at all. A forward that fails is tried again without the row to blame, which pays alone. A step waits
// while another of its session runs, because it begins where that one ends, and while another is still running a prefix
// that it could take over; else steps begin in the order in which they came.
// Thread [model].
#pragma once

#include <algorithm>
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
  size_t states() const { return cache_.states(); }
  const DraftPace& pace() const { return pace_; }
  const DraftCounts& draft_counts() const { return counts_; }

  static constexpr size_t kMaxActive = 4;  // or Info::max_rows, where that is more
  static constexpr size_t kMaxWaiting = 256;

 private:
  using Active = std::list<std::unique_ptr<Generation>>;
  void activate();
  bool must_wait(const Generation& generation) const;
  size_t rows() const { return std::max<size_t>(engine_.info().max_rows, 1); }
  /// Those that the next forward serves; they move to the end of the line.
  std::vector<Generation*> choose();
  void run(std::vector<Generation*> chosen);
  /// After a forward of several rows that failed: the row to blame pays alone, the others run again.
  void run_without(Error error, std::vector<Generation*> chosen, engine::Batch batch);

  engine::Engine& engine_;
  ControlTokens control_;
  const Clock& clock_;
  PrefixCache cache_;
  std::deque<std::unique_ptr<Generation>> waiting_;
  Active active_;  // the front is next
  DraftPace pace_;
  DraftCounts counts_;
};

}  // namespace hob::schedule
