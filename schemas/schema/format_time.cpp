// RFC 3339: dates, times and durations (appendix A).
#include "schemas/schema/format.h"

namespace hob::schema::formats {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Takes two digits off the front; -1 when they are not there.
int two_digits(std::string_view& text) {
  if (text.size() < 2 || !is_digit(text[0]) || !is_digit(text[1])) return -1;
  const int value = (text[0] - '0') * 10 + (text[1] - '0');
  text.remove_prefix(2);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

bool leap_year(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

bool take_date(std::string_view& text) {
  const int century = two_digits(text);
  const int rest = two_digits(text);
  if (century < 0 || rest < 0 || !take(text, '-')) return false;
  const int month = two_digits(text);
  if (month < 1 || month > 12 || !take(text, '-')) return false;
  const int day = two_digits(text);
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const int days = kDays[month - 1] + (month == 2 && leap_year(century * 100 + rest) ? 1 : 0);
  return day >= 1 && day <= days;
}

bool take_time(std::string_view& text) {
  const int hour = two_digits(text);
  if (hour < 0 || hour > 23 || !take(text, ':')) return false;
  const int minute = two_digits(text);
  if (minute < 0 || minute > 59 || !take(text, ':')) return false;
  const int second = two_digits(text);
  if (second < 0 || second > 60) return false;
  if (take(text, '.')) {
    if (text.empty() || !is_digit(text.front())) return false;
    while (!text.empty() && is_digit(text.front())) text.remove_prefix(1);
  }
  int offset = 0;
  if (!take(text, 'Z') && !take(text, 'z')) {
    const bool west = !text.empty() && text.front() == '-';
    if (!take(text, '+') && !take(text, '-')) return false;
    const int hours = two_digits(text);
    if (hours < 0 || hours > 23 || !take(text, ':')) return false;
    const int minutes = two_digits(text);
    if (minutes < 0 || minutes > 59) return false;
    offset = (hours * 60 + minutes) * (west ? -1 : 1);
  }
  if (second < 60) return true;
  // A leap second falls into the last minute of a day in UTC.
  constexpr int kDay = 24 * 60;
  return (hour * 60 + minute - offset + 2 * kDay) % kDay == kDay - 1;
}

/// Numbers with the units given, in their order and without gaps between the first and the last:
/// "1H30M". False when none is there.
bool take_units(std::string_view& text, std::string_view units) {
  bool any = false;
  size_t next = 0;
  while (!text.empty() && is_digit(text.front())) {
    size_t digits = 0;
    while (digits < text.size() && is_digit(text[digits])) ++digits;
    if (digits == text.size()) return false;
    const size_t unit = units.find(text[digits], next);
    if (unit == std::string_view::npos || (any && unit != next)) return false;
    next = unit + 1;
    any = true;
    text.remove_prefix(digits + 1);
  }
  return any;
}

}  // namespace

bool date(std::string_view text) { return take_date(text) && text.empty(); }

bool time(std::string_view text) { return take_time(text) && text.empty(); }

bool date_time(std::string_view text) {
  return take_date(text) && (take(text, 'T') || take(text, 't')) && take_time(text) && text.empty();
}

bool duration(std::string_view text) {
  if (!take(text, 'P')) return false;
  if (text.size() >= 2 && text.back() == 'W') return take_units(text, "W") && text.empty();
  const bool days = take_units(text, "YMD");
  if (text.empty()) return days;
  return take(text, 'T') && take_units(text, "HMS") && text.empty();
}

}  // namespace hob::schema::formats
