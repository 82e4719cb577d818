// RestartPolicy: how soon something that died may start again, and when it is given up. Pure logic.
//
//   RestartPolicy policy({.intensity = 3, .window = 300s, .backoff = {1s, 2s, 4s, 8s}}, clock);
//   if (auto wait = policy.died()) start_after(*wait); else disable();
//
// Deaths older than the window are forgotten, so that a process which dies now and then is always started again. The
// clock is only asked for its steady hands. One owner, one thread.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "schemas/base/clock.h"

namespace hob::supervise {

class RestartPolicy {
 public:
  struct Options {
    size_t intensity = 3;                // this many deaths within the window: given up
    Milliseconds window{300'000};
    std::vector<Milliseconds> backoff;   // after the n-th death within the window; the last one repeats; empty: 0
  };

  RestartPolicy(Options options, const Clock& clock) : options_(std::move(options)), clock_(clock) {}

  /// Notes a death. How long to wait before the next start; nothing: give up.
  std::optional<Milliseconds> died();
  /// Forgets all deaths: somebody has asked for a new attempt.
  void reset();
  bool given_up() const { return given_up_; }
  /// All deaths ever noted; reset() keeps them.
  uint32_t total() const { return total_; }

 private:
  Options options_;
  const Clock& clock_;
  std::deque<std::chrono::steady_clock::time_point> deaths_;
  uint32_t total_ = 0;
  bool given_up_ = false;
};

}  // namespace hob::supervise
