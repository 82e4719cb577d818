#include "daemon/supervise/line_log.h"

#include <algorithm>

namespace hob::supervise {

void LineLog::emit(std::vector<std::string>& out) {
  if (!line_.empty() && line_.back() == '\r') line_.pop_back();
  if (!line_.empty()) out.push_back(std::move(line_));
  line_.clear();
}

void LineLog::tell_dropped(std::vector<std::string>& out) {
  if (dropped_ > 0) out.push_back("[... " + std::to_string(dropped_) + " bytes over the limit were dropped ...]");
  dropped_ = 0;
}

std::vector<std::string> LineLog::push(std::string_view bytes, Time now) {
  std::vector<std::string> out;
  if (!started_ || now - minute_ >= std::chrono::minutes(1)) {
    started_ = true;
    minute_ = now;
    passed_ = 0;
    if (dropped_ > 0) emit(out);  // the line that was cut, then how much is missing
    tell_dropped(out);
  }
  const size_t take = std::min(bytes.size(), kBytesPerMinute - passed_);
  passed_ += take;
  dropped_ += bytes.size() - take;
  for (const char c : bytes.substr(0, take)) {
    if (c == '\n') {
      emit(out);
      continue;
    }
    line_ += c;
    if (line_.size() >= kMaxLine) emit(out);
  }
  return out;
}

std::vector<std::string> LineLog::finish() {
  std::vector<std::string> out;
  emit(out);
  tell_dropped(out);
  return out;
}

}  // namespace hob::supervise
