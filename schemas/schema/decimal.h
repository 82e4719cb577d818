// Decimal: a JSON number exactly as written, so that 0.1, twenty digits and 1e400 compare as in
// arithmetic and not as doubles.
//
//   Decimal a("1e2"), b("100.0");
//   a == b, a.is_integer()            // both true
//
// Made from the lexeme of a valid JSON number. Exponents beyond 10^15 either way are taken as
// 10^15: still larger (or smaller) than anything a schema may name, since such bounds are refused
// when the schema is read. Pure; any thread.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace hob::schema {

class Decimal {
 public:
  /// `lexeme` is a number by the JSON grammar.
  explicit Decimal(std::string_view lexeme);

  bool is_zero() const { return digits_.empty(); }
  bool is_integer() const { return is_zero() || exponent_ >= 0; }
  bool is_positive() const { return !negative_ && !is_zero(); }
  /// The exponent was too large to keep.
  bool is_clamped() const { return clamped_; }
  /// This number can divide in multiple_of: positive and at most 18 significant digits.
  bool can_divide() const { return is_positive() && digits_.size() <= 18 && !clamped_; }
  /// `*this` is a whole multiple of `divisor`, exactly; `divisor.can_divide()` holds.
  bool is_multiple_of(const Decimal& divisor) const;
  /// The number as a count, when it is a whole number from 0 to `most`; -1 otherwise.
  int64_t as_count(int64_t most) const;
  /// Equal numbers have equal hashes.
  size_t hash() const;

  std::strong_ordering operator<=>(const Decimal& other) const;
  bool operator==(const Decimal& other) const { return (*this <=> other) == 0; }

 private:
  bool negative_ = false;
  bool clamped_ = false;
  std::string digits_;    // no zero at either end; empty for zero
  int64_t exponent_ = 0;  // the value is digits * 10^exponent
};

}  // namespace hob::schema
