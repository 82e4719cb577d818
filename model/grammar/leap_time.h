// leap_time: RFC 3339's times with a leap second, "hh:mm:60", perhaps a fraction, and the offset that makes it the last of
// a day in UTC: an automaton of a few phases that counts, in the place of 1,440 texts.
//
//   LeapTime at;                                     // before its first character
//   for (char32_t c : text) at = *leap_time::next(at, c);
#pragma once

#include <cstdint>
#include <optional>

namespace hob::grammar {

struct LeapTime {
  uint32_t phase = 0;
  /// The first digit of the hour, the hour, the hour and the first digit of the minute, the minute of the day, or that of
  /// the offset.
  uint32_t value = 0;
  bool over() const { return phase == kOver; }
  static constexpr uint32_t kOver = UINT32_MAX;
};

namespace leap_time {

/// Characters of the shortest way to the end.
uint32_t least(LeapTime at);
/// After this character; nullopt: it does not fit.
std::optional<LeapTime> next(LeapTime at, char32_t c);

}  // namespace leap_time
}  // namespace hob::grammar
