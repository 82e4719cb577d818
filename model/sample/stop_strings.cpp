#include "model/sample/stop_strings.h"

#include <algorithm>

namespace hob::sample {

StopStrings::StopStrings(std::vector<std::string> stops) : stops_(std::move(stops)) {
  std::erase_if(stops_, [](const std::string& stop) { return stop.empty(); });
  std::stable_sort(stops_.begin(), stops_.end(), [](const std::string& a, const std::string& b) {
    return a.size() > b.size();
  });
}

bool StopStrings::may_grow(std::string_view tail) const {
  return std::any_of(stops_.begin(), stops_.end(), [&](const std::string& stop) {
    return stop.size() > tail.size() && std::string_view(stop).substr(0, tail.size()) == tail;
  });
}

// Gives out what can no longer become a stop. A place where a longer stop may still come waits for it.
std::string StopStrings::take(bool at_end) {
  const std::string_view text = held_;
  size_t at = 0;
  for (; at < text.size(); ++at) {
    const std::string_view tail = text.substr(at);
    if (!at_end && may_grow(tail)) break;
    const auto stop = std::find_if(stops_.begin(), stops_.end(), [&](const std::string& one) {
      return tail.starts_with(one);
    });
    if (stop == stops_.end()) continue;
    stopped_ = *stop;
    std::string out(text.substr(0, at));
    held_.clear();
    return out;
  }
  std::string out(text.substr(0, at));
  held_.erase(0, at);
  return out;
}

std::string StopStrings::push(std::string_view text) {
  if (stopped_) return {};
  held_ += text;
  return take(false);
}

std::string StopStrings::finish() { return stopped_ ? std::string() : take(true); }

}  // namespace hob::sample
