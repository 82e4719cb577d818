// Number: an integer kept exactly while it fits 127 bits, else a long double. And how a number is written for a model.
//
// Values; any thread.
#pragma once

#include <string>

#include "schemas/base/result.h"

namespace hob::plugins::calculate {

__extension__ using Integer = __int128;

struct Number {
  bool exact = true;
  Integer integer = 0;       // where exact
  long double real = 0.0L;   // where not

  static Number of(Integer value) { return {true, value, 0.0L}; }
  static Number of(long double value) { return {false, 0, value}; }
  long double as_real() const { return exact ? static_cast<long double>(integer) : real; }
  bool is_zero() const { return exact ? integer == 0 : real == 0.0L; }
};

/// Each is tool_failed where mathematics or the range says no.
Result<Number> add(const Number& a, const Number& b);
Result<Number> subtract(const Number& a, const Number& b);
Result<Number> multiply(const Number& a, const Number& b);
Result<Number> divide(const Number& a, const Number& b);
/// The sign of the divisor, as in mathematics and Python: -7 % 3 is 2.
Result<Number> remainder(const Number& a, const Number& b);
Result<Number> power(const Number& a, const Number& b);
/// The real number, refused when it is infinite or none.
Result<Number> finite(long double value);

/// How many digits are written.
struct Digits {
  int significant = 12;
  int decimals = -1;  // at most so many after the point; -1: as many as are significant
};
/// "391", "0.3", "1.5e+30"; integers in full.
std::string print(const Number& value, const Digits& digits);

}  // namespace hob::plugins::calculate
