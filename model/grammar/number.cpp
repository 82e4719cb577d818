#include "model/grammar/number.h"

#include <algorithm>
#include <utility>

namespace hob::grammar {
namespace {

constexpr int kWholeDigits = 20;
constexpr int kFractionDigits = 18;
constexpr int kMaxPoint = 308;   // values stay below 1e308
constexpr int kMinPoint = -300;  // and, unless zero, well above the least normal double

constexpr Wide pow10(int n) {
  Wide value = 1;
  for (int i = 0; i < n; ++i) value *= 10;
  return value;
}
constexpr SignedWide kGridMax = static_cast<SignedWide>(pow10(38));  // above all that is written without an exponent
constexpr Wide kOne = pow10(kFractionDigits);

std::string digits_of(Wide value) {
  std::string text;
  while (value > 0) {
    text.push_back(static_cast<char>('0' + static_cast<int>(value % 10)));
    value /= 10;
  }
  std::reverse(text.begin(), text.end());
  return text;
}

// floor or ceil of the value in units of 1e-18, clamped; `exact` tells whether nothing was rounded.
SignedWide to_grid(const Decimal& value, bool up, bool& exact) {
  exact = true;
  if (value.zero()) return 0;
  if (value.point > kWholeDigits) return value.negative ? -kGridMax : kGridMax;
  const int take = value.point + kFractionDigits;
  Wide magnitude = 0;
  for (int i = 0; i < take; ++i) {
    const int digit = i < static_cast<int>(value.digits.size()) ? value.digits[static_cast<size_t>(i)] - '0' : 0;
    magnitude = magnitude * 10 + static_cast<Wide>(digit);
  }
  exact = take >= static_cast<int>(value.digits.size());
  auto grid = static_cast<SignedWide>(magnitude);
  if (!exact && up != value.negative) ++grid;  // away from zero
  return value.negative ? -grid : grid;
}

int compare_magnitude(const Decimal& a, const Decimal& b) {
  if (a.zero() || b.zero()) return static_cast<int>(!a.zero()) - static_cast<int>(!b.zero());
  if (a.point != b.point) return a.point < b.point ? -1 : 1;
  const int order = a.digits.compare(b.digits);
  return order < 0 ? -1 : (order > 0 ? 1 : 0);
}

// Magnitudes that a number of this sign may have, on the grid, or as integers. False when there are none.
bool magnitudes(const NumberRange& range, bool negative, Wide& low, Wide& high, bool integers) {
  const SignedWide from = negative ? -range.grid_high : range.grid_low;
  const SignedWide to = negative ? -range.grid_low : range.grid_high;
  if (to < 0) return false;
  low = from > 0 ? static_cast<Wide>(from) : 0;
  high = static_cast<Wide>(to);
  if (integers) {
    low = (low + kOne - 1) / kOne;
    high /= kOne;
  }
  return low <= high;
}

constexpr Wide kMaxStep = pow10(36);

Wide gcd(Wide a, Wide b) {
  while (b != 0) a = std::exchange(b, a % b);
  return a;
}
// The least common multiple; 0 when it is too large.
Wide lcm(Wide a, Wide b) {
  const Wide part = a / gcd(a, b);
  return part > kMaxStep / b ? 0 : part * b;
}
// A positive decimal in units of 1e-18; 0 when it is finer than that or too large.
Wide on_grid(const Decimal& value) {
  const int last = value.point - static_cast<int>(value.digits.size()) + kFractionDigits;
  if (value.zero() || value.negative || last < 0 || value.point > kFractionDigits + 1) return 0;
  Wide grid = 0;
  for (const char c : value.digits) grid = grid * 10 + static_cast<Wide>(c - '0');
  grid *= pow10(last);
  return grid > kMaxStep ? 0 : grid;
}

bool allowed(const NumberRange& range, Wide value) {
  const Wide step = range.integer ? kOne : range.step;
  if (step != 0 && value % step != 0) return false;
  return std::none_of(range.avoid.begin(), range.avoid.end(), [&](Wide avoid) { return value % avoid == 0; });
}

// Whether an allowed value lies between the two. Of the multiples of the step, those to avoid come at least every second,
// third, ... one, and no run of them is longer than some thirty for eight divisors (Jacobsthal): a few are tried.
bool allowed_between(const NumberRange& range, Wide low, Wide high) {
  constexpr int kTries = 64;
  const Wide step = range.integer ? kOne : std::max<Wide>(range.step, 1);
  Wide value = (low + step - 1) / step * step;
  for (int n = 0; n < kTries && value <= high; ++n, value += step) {
    if (allowed(range, value)) return true;
  }
  return false;
}

// The least power of ten that makes `digits` (as a number) * 10^power a multiple of the step; large when none does.
int power_for(const std::string& digits, Wide step) {
  constexpr int kMost = 130;  // beyond it all factors of two and five are there
  Wide rest = 0;
  for (const char c : digits) rest = (rest * 10 + static_cast<Wide>(c - '0')) % step;
  for (int power = 0; power <= kMost; ++power) {
    if (rest == 0) return power;
    rest = rest * 10 % step;
  }
  return 1'000'000;
}

bool overlap(Wide a, Wide b, Wide low, Wide high) { return a <= high && low <= b; }

// Whether the number can be ended without an exponent.
bool plain_completes(const NumberRange& range, const NumberState& s) {
  Wide low = 0, high = 0;
  if (!magnitudes(range, s.negative, low, high, range.integer && range.plain())) return false;
  if (!range.plain()) {
    const auto some = [&](Wide first, Wide last) { return allowed_between(range, std::max(first, low), std::min(last, high)); };
    if (s.phase > NumberState::whole) {
      const Wide unit = pow10(kFractionDigits - s.fraction_digits);
      return some(s.mantissa * unit, s.mantissa * unit + unit - 1);
    }
    const int more = s.phase == NumberState::zero ? 0 : kWholeDigits - s.whole_digits;
    for (int j = 0; j <= more; ++j) {
      const Wide scale = pow10(j) * kOne;
      if (some(s.mantissa * scale, (s.mantissa + 1) * scale - 1)) return true;
    }
    return false;
  }
  if (s.phase <= NumberState::whole) {
    const int more = s.phase == NumberState::zero ? 0 : kWholeDigits - s.whole_digits;
    for (int j = 0; j <= more; ++j) {
      const Wide scale = range.integer ? pow10(j) : pow10(j) * kOne;
      if (overlap(s.mantissa * scale, (s.mantissa + 1) * scale - 1, low, high)) return true;
    }
    return false;
  }
  const Wide unit = pow10(kFractionDigits - s.fraction_digits);
  const Wide first = s.mantissa * unit;
  if (!range.integer) return overlap(first, first + unit - 1, low, high);
  return first % kOne == 0 && overlap(first / kOne, first / kOne, low, high);
}

struct Span {
  int low = 1, high = 0;
  bool empty() const { return low > high; }
};

// The exponents that bring the mantissa written so far into the range.
Span exponents(const NumberRange& range, const NumberState& s, bool unbounded) {
  if (unbounded) {
    // The mantissa is not kept: it is below 10^whole_digits and not below 10^-fraction_digits, or zero.
    const int low = range.integer ? s.last_nonzero : kMinPoint + s.fraction_digits;
    return {low, kMaxPoint - s.whole_digits};
  }
  const bool negative = s.negative;
  const auto& near = negative ? range.high : range.low;   // bounds the magnitude from below
  const auto& far = negative ? range.low : range.high;    // and from above
  const bool near_counts = near && near->value.negative == negative && !near->value.zero();
  if (far && far->value.negative != negative && !far->value.zero()) return {};
  if (s.mantissa == 0) {
    if (!range.avoid.empty()) return {};
    if (near_counts || (near && near->exclusive && near->value.zero())) return {};
    if (far && far->value.zero() && far->exclusive) return {};
    return {-kMaxPoint, kMaxPoint};
  }
  if (far && far->value.zero()) return {};
  Decimal m;
  m.digits = digits_of(s.mantissa);
  m.point = static_cast<int>(m.digits.size()) - s.fraction_digits;
  while (m.digits.back() == '0') m.digits.pop_back();
  Span span{kMinPoint - m.point, kMaxPoint - m.point};
  if (near_counts) {
    const int order = m.digits.compare(near->value.digits);
    span.low = std::max(span.low, near->value.point - m.point + (order < 0 || (order == 0 && near->exclusive) ? 1 : 0));
  }
  if (far) {
    const int order = m.digits.compare(far->value.digits);
    span.high = std::min(span.high, far->value.point - m.point - (order > 0 || (order == 0 && far->exclusive) ? 1 : 0));
  }
  const int units = static_cast<int>(m.digits.size()) - m.point;  // the exponent that leaves no fraction
  if (range.integer) span.low = std::max(span.low, units);
  if (range.step != 0) span.low = std::max(span.low, units - kFractionDigits + power_for(m.digits, range.step));
  for (const Wide avoid : range.avoid) {
    span.high = std::min(span.high, units - kFractionDigits + power_for(m.digits, avoid) - 1);
  }
  return span;
}

// Whether the digits so far begin those of a bound that is allowed itself, so that more digits and an exponent reach it.
bool bound_completes(const NumberRange& range, const NumberState& s) {
  if (s.mantissa == 0 || !range.plain()) return false;
  const std::string digits = digits_of(s.mantissa);
  for (const auto* bound : {&range.low, &range.high}) {
    if (!*bound || (*bound)->exclusive || (*bound)->value.zero()) continue;
    const Decimal& value = (*bound)->value;
    if (value.negative != s.negative || (range.integer && !value.integral())) continue;
    if (value.point > kMaxPoint || value.point < kMinPoint) continue;
    bool begins = true;
    for (size_t i = 0; begins && i < digits.size(); ++i) {
      begins = digits[i] == (i < value.digits.size() ? value.digits[i] : '0');
    }
    const size_t more = value.digits.size() - std::min(value.digits.size(), digits.size());
    if (begins && more + s.fraction_digits <= kFractionDigits) return true;
  }
  return false;
}

// Whether the exponent written so far can become one of `span`.
bool exponent_completes(const NumberState& s, const Span& span) {
  if (span.empty()) return false;
  const int least = s.exponent_count == 0 ? 1 : 0;
  int scale = least == 1 ? 10 : 1;
  for (int more = least; s.exponent_count + more <= 3; ++more, scale *= 10) {
    const int first = s.exponent_value * scale, last = first + scale - 1;
    const bool free_sign = s.phase == NumberState::exponent;
    if ((free_sign || !s.exponent_negative) && first <= span.high && span.low <= last) return true;
    if ((free_sign || s.exponent_negative) && -last <= span.high && span.low <= -first) return true;
  }
  return false;
}

bool completes(const NumberSpec& spec, const NumberState& s) {
  const bool unbounded = spec.unbounded();
  for (const NumberRange& range : spec.ranges) {
    if (s.phase <= NumberState::minus) {  // no digit yet: some first one must do
      if (unbounded) return true;
      for (int sign = s.phase == NumberState::start ? 0 : 1; sign < 2; ++sign) {
        NumberState next = s;
        next.negative = sign == 1;
        next.whole_digits = 1;
        for (Wide digit = 0; digit <= 9; ++digit) {
          next.phase = digit == 0 ? NumberState::zero : NumberState::whole;
          next.mantissa = digit;
          if (plain_completes(range, next) || !exponents(range, next, false).empty() || bound_completes(range, next)) {
            return true;
          }
        }
      }
      continue;
    }
    if (s.phase >= NumberState::exponent) {
      if (exponent_completes(s, exponents(range, s, unbounded))) return true;
      continue;
    }
    if (unbounded) {
      // Without bounds only integers can fail: a fraction that is not zero needs an exponent, which is always there.
      return true;
    }
    if (plain_completes(range, s) || !exponents(range, s, false).empty() || bound_completes(range, s)) return true;
  }
  return false;
}

}  // namespace

Decimal Decimal::parse(std::string_view lexeme) {
  Decimal value;
  size_t i = 0;
  if (i < lexeme.size() && lexeme[i] == '-') value.negative = true, ++i;
  bool seen_dot = false;
  for (; i < lexeme.size() && lexeme[i] != 'e' && lexeme[i] != 'E'; ++i) {
    if (lexeme[i] == '.') {
      seen_dot = true;
    } else {
      value.digits.push_back(lexeme[i]);
      if (!seen_dot) ++value.point;
    }
  }
  if (i < lexeme.size()) {
    ++i;
    bool negative = false;
    if (i < lexeme.size() && (lexeme[i] == '+' || lexeme[i] == '-')) negative = lexeme[i++] == '-';
    int exponent = 0;
    for (; i < lexeme.size(); ++i) exponent = std::min(exponent * 10 + (lexeme[i] - '0'), 1'000'000);
    value.point += negative ? -exponent : exponent;
  }
  while (!value.digits.empty() && value.digits.back() == '0') value.digits.pop_back();
  const size_t zeros = std::min(value.digits.find_first_not_of('0'), value.digits.size());
  value.digits.erase(0, zeros);
  value.point -= static_cast<int>(zeros);
  if (value.digits.empty()) value = Decimal{};
  return value;
}

int compare(const Decimal& a, const Decimal& b) {
  if (a.negative != b.negative) return a.negative ? -1 : 1;
  return a.negative ? compare_magnitude(b, a) : compare_magnitude(a, b);
}

bool multiple_of(const Decimal& value, const Decimal& step) {
  if (value.zero()) return true;
  const int last = value.point - static_cast<int>(value.digits.size());
  const int power = last - (step.point - static_cast<int>(step.digits.size()));
  if (power < 0 || step.digits.size() > 37) return false;  // both end in a digit that is not 0
  Wide divisor = 0;
  for (const char c : step.digits) divisor = divisor * 10 + static_cast<Wide>(c - '0');
  return power_for(value.digits, divisor) <= power;
}

bool Steps::take(const Decimal& divisor) {
  Wide more = on_grid(divisor);
  if (more == 0) return false;
  if (step != 0) more = lcm(more, step);
  if (more != 0 && integer) more = lcm(more, kOne);
  if (more == 0) return false;
  integer = more == kOne;
  step = integer ? 0 : more;
  return true;
}

bool Steps::shun(const Decimal& divisor) {
  const Wide more = on_grid(divisor);
  if (more == 0 || avoid.size() >= kMaxAvoid) return false;
  avoid.push_back(more);
  return true;
}

std::optional<NumberRange> NumberRange::make(bool integer, std::optional<Bound> low, std::optional<Bound> high) {
  return make(Steps{integer, 0, {}}, std::move(low), std::move(high));
}

std::optional<NumberRange> NumberRange::make(const Steps& steps, std::optional<Bound> low, std::optional<Bound> high) {
  if (low && high) {
    const int order = compare(low->value, high->value);
    if (order > 0 || (order == 0 && (low->exclusive || high->exclusive))) return std::nullopt;
  }
  NumberRange range;
  range.integer = steps.integer;
  range.step = steps.step;
  range.avoid = steps.avoid;
  range.grid_low = -kGridMax;
  range.grid_high = kGridMax;
  bool exact = true;
  if (low) {
    range.grid_low = to_grid(low->value, true, exact);
    if (low->exclusive && exact) ++range.grid_low;
  }
  if (high) {
    range.grid_high = to_grid(high->value, false, exact);
    if (high->exclusive && exact) --range.grid_high;
  }
  range.low = std::move(low);
  range.high = std::move(high);
  NumberSpec alone{{range}};
  if (!completes(alone, NumberState{})) return std::nullopt;
  return range;
}

bool number_step(const NumberSpec& spec, NumberState& state, unsigned char byte, bool keep) {
  NumberState next = state;
  const bool digit = byte >= '0' && byte <= '9';
  keep = keep || !spec.unbounded();
  switch (state.phase) {
    case NumberState::start:
      if (byte == '-') {
        next.phase = NumberState::minus;
        next.negative = true;
        break;
      }
      [[fallthrough]];
    case NumberState::minus:
      if (!digit) return false;
      next.phase = byte == '0' ? NumberState::zero : NumberState::whole;
      next.whole_digits = 1;
      if (keep) next.mantissa = static_cast<Wide>(byte - '0');
      break;
    case NumberState::zero:
    case NumberState::whole:
      if (digit) {
        if (state.phase == NumberState::zero || state.whole_digits >= kWholeDigits) return false;
        ++next.whole_digits;
        if (keep) next.mantissa = state.mantissa * 10 + static_cast<Wide>(byte - '0');
      } else if (byte == '.') {
        next.phase = NumberState::dot;
      } else if (byte == 'e' || byte == 'E') {
        next.phase = NumberState::exponent;
      } else {
        return false;
      }
      break;
    case NumberState::dot:
    case NumberState::fraction:
      if (digit) {
        if (state.fraction_digits >= kFractionDigits) return false;
        next.phase = NumberState::fraction;
        ++next.fraction_digits;
        if (byte != '0') next.last_nonzero = next.fraction_digits;
        if (keep) next.mantissa = state.mantissa * 10 + static_cast<Wide>(byte - '0');
      } else if ((byte == 'e' || byte == 'E') && state.phase == NumberState::fraction) {
        next.phase = NumberState::exponent;
      } else {
        return false;
      }
      break;
    case NumberState::exponent:
      if (byte == '+' || byte == '-') {
        next.phase = NumberState::exponent_sign;
        next.exponent_negative = byte == '-';
        break;
      }
      [[fallthrough]];
    case NumberState::exponent_sign:
    case NumberState::exponent_digits:
      if (!digit || state.exponent_count >= 3) return false;
      next.phase = NumberState::exponent_digits;
      ++next.exponent_count;
      next.exponent_value = static_cast<uint16_t>(state.exponent_value * 10 + (byte - '0'));
      break;
    default:
      return false;
  }
  if (!completes(spec, next)) return false;
  state = next;
  return true;
}

bool number_completes(const NumberSpec& spec, const NumberState& state) { return completes(spec, state); }

bool number_can_end(const NumberSpec& spec, const NumberState& s) {
  const bool unbounded = spec.unbounded();
  for (const NumberRange& range : spec.ranges) {
    if (s.phase == NumberState::exponent_digits) {
      const Span span = exponents(range, s, unbounded);
      const int value = s.exponent_negative ? -s.exponent_value : s.exponent_value;
      if (!span.empty() && span.low <= value && value <= span.high) return true;
      continue;
    }
    if (s.phase != NumberState::zero && s.phase != NumberState::whole && s.phase != NumberState::fraction) continue;
    if (unbounded) {
      if (!range.integer || s.last_nonzero == 0) return true;
      continue;
    }
    Wide low = 0, high = 0;
    if (!magnitudes(range, s.negative, low, high, range.integer && range.plain())) continue;
    const Wide value = s.mantissa * pow10(kFractionDigits - s.fraction_digits);
    if (!range.plain()) {
      if (allowed(range, value) && overlap(value, value, low, high)) return true;
      continue;
    }
    if (range.integer ? value % kOne == 0 && overlap(value / kOne, value / kOne, low, high)
                      : overlap(value, value, low, high)) {
      return true;
    }
  }
  return false;
}

std::string number_completion(const NumberSpec& spec, NumberState state) {
  // Every step taken keeps a completion and the digits are capped, so walking on must reach an end; a byte that ends
  // the number at once is taken first.
  std::string text;
  while (!number_can_end(spec, state)) {
    std::optional<std::pair<char, NumberState>> chosen;
    for (const char c : std::string_view("0123456789-.e+")) {
      NumberState next = state;
      if (!number_step(spec, next, static_cast<unsigned char>(c))) continue;
      const bool ends = number_can_end(spec, next);
      if (!chosen || ends) chosen = {c, next};
      if (ends) break;
    }
    if (!chosen) break;
    text.push_back(chosen->first);
    state = chosen->second;
  }
  return text;
}

}  // namespace hob::grammar
