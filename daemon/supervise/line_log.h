// LineLog: what a child writes to its standard output and error, cut into lines and to a rate.
//
//   for (const std::string& line : log.push(bytes, clock.now())) log::info("child.output", {{"line", line}});
//
// At most kBytesPerMinute pass within a minute; what is over is counted, and the count comes as a line when the next
// minute has begun or at the end. A line over kMaxLine bytes is broken. Pure; one owner.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace hob::supervise {

class LineLog {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr size_t kBytesPerMinute = 64u << 10;
  static constexpr size_t kMaxLine = 4096;

  std::vector<std::string> push(std::string_view bytes, Time now);
  /// What is left at the end of the stream.
  std::vector<std::string> finish();

 private:
  void emit(std::vector<std::string>& out);
  void tell_dropped(std::vector<std::string>& out);

  std::string line_;
  bool started_ = false;
  Time minute_{};
  size_t passed_ = 0;   // bytes of this minute
  size_t dropped_ = 0;
};

}  // namespace hob::supervise
