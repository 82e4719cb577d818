// RepetitionGuard: notices that a model has fallen into a loop.
//
//   if (guard.push(token)) ...   // the last tokens are one token 24 times, or a cycle of 2 to 8 tokens 8 times
//
// Small models end this way ("130.333333..."); nothing a person wants repeats so outside of strings, where the caller
// does not ask. Pure; any one thread.
#pragma once

#include <array>
#include <cstddef>

#include "model/engine/engine.h"

namespace hob::schedule {

class RepetitionGuard {
 public:
  static constexpr size_t kSameToken = 24;
  static constexpr size_t kLongestCycle = 8;
  static constexpr size_t kCycles = 8;

  /// True when the tokens so far end in a loop.
  bool push(engine::Token token);
  void reset();

 private:
  // matches_[p]: how many of the last tokens equal the one p + 1 before them, without a break
  std::array<size_t, kLongestCycle> matches_{};
  std::array<engine::Token, kLongestCycle> last_{};  // a ring
  size_t count_ = 0;
};

}  // namespace hob::schedule
