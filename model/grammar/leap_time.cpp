#include "model/grammar/leap_time.h"

namespace hob::grammar::leap_time {
namespace {

// By the character that comes next.
enum Phase : uint32_t {
  hour_tens, hour_ones, first_colon, minute_tens, minute_ones, second_colon, six, zero, after_seconds, fraction_first,
  fraction, offset  // and the four places after it
};
constexpr uint32_t kLastMinute = 1439;
constexpr LeapTime kEnd{LeapTime::kOver, 0};

std::optional<LeapTime> zone(uint32_t minute, char32_t c) {
  if (c == '+') return LeapTime{offset, (minute + 1) % 1440};
  if (c == '-') return LeapTime{offset, kLastMinute - minute};
  if ((c == 'Z' || c == 'z') && minute == kLastMinute) return kEnd;
  return std::nullopt;
}

}  // namespace

uint32_t least(LeapTime at) {
  const uint32_t phase = at.phase, value = at.value;
  if (phase >= offset) return offset + 5 - phase;
  const bool zulu = phase == hour_tens || (phase == hour_ones && value == 2) ||
                    ((phase == first_colon || phase == minute_tens) && value == 23) ||
                    (phase == minute_ones && value == 23 * 6 + 5) || (phase > minute_ones && value == kLastMinute);
  const uint32_t zone = zulu ? 1 : 6;
  if (phase <= after_seconds) return after_seconds - phase + zone;
  return zone + (phase == fraction_first ? 1 : 0);
}

std::optional<LeapTime> next(LeapTime at, char32_t c) {
  const uint32_t value = at.value;
  const bool digit = c >= '0' && c <= '9';
  const uint32_t number = digit ? c - '0' : 0;
  const auto go = [&](bool fits, uint32_t then) {
    return fits ? std::optional(LeapTime{at.phase + 1, then}) : std::nullopt;
  };
  switch (at.phase) {
    case hour_tens:
      return go(digit && number <= 2, number);
    case hour_ones:
      return go(digit && value * 10 + number < 24, value * 10 + number);
    case minute_tens:
      return go(digit && number < 6, value * 6 + number);
    case minute_ones:
      return go(digit, value / 6 * 60 + value % 6 * 10 + number);
    case first_colon:
    case second_colon:
      return go(c == ':', value);
    case six:
      return go(c == '6', value);
    case zero:
      return go(c == '0', value);
    case after_seconds:
      return c == '.' ? go(true, value) : zone(value, c);
    case fraction_first:
      return go(digit, value);
    case fraction:
      return digit ? std::optional(at) : zone(value, c);
    default: {
      const uint32_t place = at.phase - offset;
      const char text[] = {static_cast<char>('0' + value / 600), static_cast<char>('0' + value / 60 % 10), ':',
                           static_cast<char>('0' + value % 60 / 10), static_cast<char>('0' + value % 10)};
      if (c != static_cast<char32_t>(text[place])) return std::nullopt;
      return place == 4 ? std::optional(kEnd) : go(true, value);
    }
  }
}

}  // namespace hob::grammar::leap_time
