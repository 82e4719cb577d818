// output: what a command printed, bounded: its head and its tail, and how many lines lie between.
//
//   Output output(128 << 10, 128 << 10);
//   output.append(bytes); ...
//   std::string text = output.text();   // valid UTF-8, no escape sequences
//
// One thread.
#pragma once

#include <string>
#include <string_view>

namespace hob::plugins::command {

class Output {
 public:
  Output(size_t head, size_t tail) : max_head_(head), max_tail_(tail) {}
  void append(std::string_view bytes);
  bool truncated() const { return cut_bytes_ > 0; }
  /// With the note "[... N lines cut ...]" on a line of its own where something was left out.
  std::string text() const;

 private:
  const size_t max_head_, max_tail_;
  std::string head_, tail_;
  size_t cut_bytes_ = 0, cut_lines_ = 0;
};

/// Text as a terminal's reader would want it in a file: escape sequences and control characters
/// gone, carriage returns as line ends, bytes that are not UTF-8 replaced.
std::string plain(std::string_view bytes);

}  // namespace hob::plugins::command
