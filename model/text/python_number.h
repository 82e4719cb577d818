// python_number: a JSON number as Python prints it, which is how Gemma's template prints it.
//
//   python_number("1E5") == "100000.0"    python_number("-0") == "0"    python_number("12345678901234567890123")
//
// A lexeme without fraction and exponent is an integer and keeps every digit; any other is a double and prints as
// Python's repr. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "schemas/base/result.h"

namespace hob::text {

/// `lexeme` is a number by JSON's grammar. A double beyond its range (1e400) is refused.
Result<std::string> python_number(std::string_view lexeme);

/// Python's repr of a finite double.
std::string python_repr(double value);

}  // namespace hob::text
