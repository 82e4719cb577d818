#include "plugins/calculate/number.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace hob::plugins::calculate {
namespace {

constexpr long double kWhole = 9.2e18L;  // below, a long double holds every integer

Error failed(const char* message) { return Error(Code::tool_failed, message); }

std::string digits_of(Integer value) {
  if (value == 0) return "0";
  const bool negative = value < 0;
  std::string out;
  for (; value != 0; value /= 10) {
    int digit = static_cast<int>(value % 10);
    out += static_cast<char>('0' + (digit < 0 ? -digit : digit));
  }
  if (negative) out += '-';
  std::reverse(out.begin(), out.end());
  return out;
}

std::string formatted(const char* format, int digits, long double value) {
  char text[128];
  std::snprintf(text, sizeof text, format, digits, value);
  return text;
}

}  // namespace

Result<Number> finite(long double value) {
  if (std::isnan(value)) return failed("The result is not a real number.");
  if (std::isinf(value)) return failed("The result is too large.");
  return Number::of(value);
}

Result<Number> add(const Number& a, const Number& b) {
  Integer out;
  if (a.exact && b.exact && !__builtin_add_overflow(a.integer, b.integer, &out)) return Number::of(out);
  return finite(a.as_real() + b.as_real());
}

Result<Number> subtract(const Number& a, const Number& b) {
  Integer out;
  if (a.exact && b.exact && !__builtin_sub_overflow(a.integer, b.integer, &out)) return Number::of(out);
  return finite(a.as_real() - b.as_real());
}

Result<Number> multiply(const Number& a, const Number& b) {
  Integer out;
  if (a.exact && b.exact && !__builtin_mul_overflow(a.integer, b.integer, &out)) return Number::of(out);
  return finite(a.as_real() * b.as_real());
}

Result<Number> divide(const Number& a, const Number& b) {
  if (b.is_zero()) return failed("Division by zero.");
  // -1 is left to the reals for the one quotient that does not fit.
  if (a.exact && b.exact && b.integer != -1 && a.integer % b.integer == 0) return Number::of(a.integer / b.integer);
  if (a.exact && b.exact && b.integer == -1) return subtract(Number::of(Integer{0}), a);
  return finite(a.as_real() / b.as_real());
}

Result<Number> remainder(const Number& a, const Number& b) {
  if (b.is_zero()) return failed("Division by zero.");
  if (a.exact && b.exact) {
    if (b.integer == -1) return Number::of(Integer{0});
    Integer out = a.integer % b.integer;
    if (out != 0 && (out < 0) != (b.integer < 0)) out += b.integer;
    return Number::of(out);
  }
  long double divisor = b.as_real(), out = std::fmod(a.as_real(), divisor);
  if (out != 0.0L && (out < 0.0L) != (divisor < 0.0L)) out += divisor;
  return finite(out);
}

Result<Number> power(const Number& a, const Number& b) {
  if (a.is_zero() && b.as_real() < 0.0L) return failed("Division by zero.");
  if (a.exact && b.exact && b.integer >= 0) {
    Integer out = 1, base = a.integer, exponent = b.integer;
    bool fits = true;
    while (exponent > 0) {
      if ((exponent & 1) != 0 && __builtin_mul_overflow(out, base, &out)) fits = false;
      exponent >>= 1;
      if (exponent > 0 && __builtin_mul_overflow(base, base, &base)) fits = false;
      if (!fits) break;
    }
    if (fits) return Number::of(out);
  }
  return finite(std::pow(a.as_real(), b.as_real()));
}

std::string print(const Number& value, const Digits& digits) {
  if (value.exact) return digits_of(value.integer);
  long double real = value.real;
  if (real == std::trunc(real) && std::fabs(real) < kWhole) return digits_of(static_cast<Integer>(real));
  std::string out = formatted("%.*Lg", digits.significant, real);
  if (digits.decimals < 0) return out;
  // Small numbers keep their first digits: 0.00001234 is not 0.
  const long double smallest = std::pow(10.0L, static_cast<long double>(-digits.decimals));
  if (out.find('e') != std::string::npos || std::fabs(real) < smallest)
    return formatted("%.*Lg", std::max(1, digits.decimals), real);
  size_t point = out.find('.');
  if (point == std::string::npos || out.size() - point - 1 <= static_cast<size_t>(digits.decimals)) return out;
  out = formatted("%.*Lf", digits.decimals, real);
  if (out.find('.') != std::string::npos) {
    out.erase(out.find_last_not_of('0') + 1);
    if (out.back() == '.') out.pop_back();
  }
  return out;
}

}  // namespace hob::plugins::calculate
