#include "model/grammar/number.h"

#include <algorithm>

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

// Magnitudes that a number of this sign may have, on the grid. False when there are none.
bool magnitudes(const NumberRange& range, bool negative, Wide& low, Wide& high) {
  const SignedWide from = negative ? -range.grid_high : range.grid_low;
  const SignedWide to = negative ? -range.grid_low : range.grid_high;
  if (to < 0) return false;
  low = from > 0 ? static_cast<Wide>(from) : 0;
  high = static_cast<Wide>(to);
  if (range.integer) {
    low = (low + kOne - 1) / kOne;
    high /= kOne;
  }
  return low <= high;
}

bool overlap(Wide a, Wide b, Wide low, Wide high) { return a <= high && low <= b; }

// Whether the number can be ended without an exponent.
bool plain_completes(const NumberRange& range, const NumberState& s) {
  Wide low = 0, high = 0;
  if (!magnitudes(range, s.negative, low, high)) return false;
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
  if (range.integer) span.low = std::max(span.low, static_cast<int>(m.digits.size()) - m.point);
  return span;
}

// Whether the digits so far begin those of a bound that is allowed itself, so that more digits and an exponent reach it.
bool bound_completes(const NumberRange& range, const NumberState& s) {
  if (s.mantissa == 0) return false;
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

std::optional<NumberRange> NumberRange::make(bool integer, std::optional<Bound> low, std::optional<Bound> high) {
  if (low && high) {
    const int order = compare(low->value, high->value);
    if (order > 0 || (order == 0 && (low->exclusive || high->exclusive))) return std::nullopt;
  }
  NumberRange range;
  range.integer = integer;
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

bool number_step(const NumberSpec& spec, NumberState& state, unsigned char byte) {
  NumberState next = state;
  const bool digit = byte >= '0' && byte <= '9';
  const bool keep = !spec.unbounded();
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
    if (!magnitudes(range, s.negative, low, high)) continue;
    const Wide value = s.mantissa * pow10(kFractionDigits - s.fraction_digits);
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
