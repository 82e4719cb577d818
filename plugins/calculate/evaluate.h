// evaluate: arithmetic as people write it, by recursive descent.
//
//   evaluate("17 * 23")            391
//   evaluate("2 ^ 100 - 1")        exact
//   evaluate("sqrt(2) + max(1, 2)")
//
//   sum     = product {(+ | -) product}
//   product = signed {(* | / | %) signed}
//   signed  = (+ | -) signed | raised                 -2^2 is -4
//   raised  = atom [(^ | **) signed]                  2^3^2 is 2^9
//   atom    = number | name | name(sum {, sum}) | (sum)
//
// × ÷ − and π are understood, too. log is of base 10 unless a second argument says another, ln is
// natural; angles are radians; round(x, n) takes digits. Errors: invalid_params where the text is
// not an expression (with what was there), tool_failed where it has no value. Pure; any thread.
#pragma once

#include <string_view>

#include "plugins/calculate/number.h"

namespace hob::plugins::calculate {

inline constexpr size_t kMaxExpressionBytes = 2000;
inline constexpr int kMaxDepth = 64;

Result<Number> evaluate(std::string_view expression);

}  // namespace hob::plugins::calculate
