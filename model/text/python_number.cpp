#include "model/text/python_number.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>

namespace hob::text {

Result<std::string> python_number(std::string_view lexeme) {
  if (lexeme.find_first_of(".eE") == std::string_view::npos) {
    return std::string(lexeme == "-0" ? "0" : lexeme);
  }
  double value = 0;
  const auto [end, code] = std::from_chars(lexeme.data(), lexeme.data() + lexeme.size(), value);
  if (code == std::errc::result_out_of_range) {
    // Also what from_chars says of numbers too small to be told from zero, which Python reads as zero.
    value = std::strtod(std::string(lexeme).c_str(), nullptr);
    if (std::isinf(value)) {
      return Error(
          Code::unsupported_content,
          "The number " + std::string(lexeme.substr(0, 40)) + " is beyond a double; write it as a text."
      );
    }
  } else if (code != std::errc() || end != lexeme.data() + lexeme.size()) {
    return Error(Code::invalid_params, "\"" + std::string(lexeme.substr(0, 40)) + "\" is not a JSON number.");
  }
  return python_repr(value);
}

std::string python_repr(double value) {
  std::array<char, 40> buffer;
  const auto [end, code] =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific);
  HOB_CHECK(code == std::errc(), "forty characters hold every double");
  const std::string_view shortest(buffer.data(), static_cast<size_t>(end - buffer.data()));
  const size_t e = shortest.find('e');
  std::string digits;
  std::string out;
  for (const char c : shortest.substr(0, e)) {
    if (c == '-') {
      out += '-';
    } else if (c != '.') {
      digits += c;
    }
  }
  int exponent = 0;
  const std::string_view power = shortest.substr(e + (shortest[e + 1] == '+' ? 2 : 1));
  std::from_chars(power.data(), power.data() + power.size(), exponent);
  if (exponent < -4 || exponent >= 16) {
    out += digits[0];
    if (digits.size() > 1) out.append(".").append(digits, 1);
    const int size = std::abs(exponent);
    out.append(exponent < 0 ? "e-" : "e+").append(size < 10 ? "0" : "").append(std::to_string(size));
  } else if (exponent < 0) {
    out.append("0.").append(static_cast<size_t>(-exponent - 1), '0').append(digits);
  } else {
    const size_t whole = static_cast<size_t>(exponent) + 1;
    if (digits.size() < whole) digits.append(whole - digits.size(), '0');
    out.append(digits, 0, whole).append(".").append(digits.size() > whole ? digits.substr(whole) : "0");
  }
  return out;
}

}  // namespace hob::text
