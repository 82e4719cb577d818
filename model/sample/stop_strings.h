// StopStrings: finds the texts that end an answer in a stream, wherever the pieces of the stream part.
//
//   StopStrings stops({"\n\nUser:", "END"});
//   out += stops.push("one EN");            // "one ": what may still become a stop is held back
//   out += stops.push("D two");             // "": and stops.stopped() says "END"; nothing comes after it
//   out += stops.finish();                  // what was held back and became none
//
// The stop that begins first ends the text, the longest of those that begin together; it is not given out. Empty stops are
// ignored. A value; one thread at a time.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hob::sample {

class StopStrings {
 public:
  explicit StopStrings(std::vector<std::string> stops);

  std::string push(std::string_view text);
  std::string finish();
  const std::optional<std::string>& stopped() const { return stopped_; }

 private:
  bool may_grow(std::string_view tail) const;
  std::string take(bool at_end);

  std::vector<std::string> stops_;  // the longest first
  std::string held_;
  std::optional<std::string> stopped_;
};

}  // namespace hob::sample
