#include "model/schedule/repetition.h"

namespace hob::schedule {

bool RepetitionGuard::push(engine::Token token) {
  bool loop = false;
  for (size_t period = 1; period <= kLongestCycle; ++period) {
    size_t& matches = matches_[period - 1];
    const bool same = count_ >= period && last_[(count_ - period) % kLongestCycle] == token;
    matches = same ? matches + 1 : 0;
    // A cycle that stands n times has (n - 1) * period tokens that equal the one a period before.
    const size_t times = period == 1 ? kSameToken : kCycles;
    const bool is_a_run = period > 1 && matches_[0] >= matches;  // of one token, which has a limit of its own
    if (matches >= (times - 1) * period && !is_a_run) loop = true;
  }
  last_[count_ % kLongestCycle] = token;
  ++count_;
  return loop;
}

void RepetitionGuard::reset() { *this = RepetitionGuard(); }

}  // namespace hob::schedule
