#include "daemon/supervise/restart.h"

#include <algorithm>

namespace hob::supervise {

std::optional<Milliseconds> RestartPolicy::died() {
  const auto now = clock_.now();
  while (!deaths_.empty() && now - deaths_.front() >= options_.window) deaths_.pop_front();
  deaths_.push_back(now);
  ++total_;
  if (deaths_.size() >= options_.intensity) {
    given_up_ = true;
    return std::nullopt;
  }
  if (options_.backoff.empty()) return Milliseconds(0);
  return options_.backoff[std::min(deaths_.size(), options_.backoff.size()) - 1];
}

void RestartPolicy::reset() {
  deaths_.clear();
  given_up_ = false;
}

}  // namespace hob::supervise
