#include "schemas/schema/decimal.h"

#include <algorithm>
#include <functional>

namespace hob::schema {
namespace {

constexpr int64_t kMaxExponent = 1'000'000'000'000'000;
__extension__ using Wide = unsigned __int128;

uint64_t times(uint64_t a, uint64_t b, uint64_t modulus) {
  return static_cast<uint64_t>(static_cast<Wide>(a) * b % modulus);
}

uint64_t power_of_ten(uint64_t exponent, uint64_t modulus) {
  uint64_t result = 1 % modulus;
  for (uint64_t base = 10 % modulus; exponent != 0; exponent >>= 1) {
    if (exponent & 1) result = times(result, base, modulus);
    base = times(base, base, modulus);
  }
  return result;
}

uint64_t remainder(std::string_view digits, uint64_t modulus) {
  uint64_t result = 0;
  for (const char digit : digits) {
    result = static_cast<uint64_t>(
        (static_cast<Wide>(result) * 10 + static_cast<unsigned>(digit - '0')) % modulus
    );
  }
  return result;
}

uint64_t to_integer(std::string_view digits) {
  uint64_t result = 0;
  for (const char digit : digits) result = result * 10 + static_cast<unsigned>(digit - '0');
  return result;
}

}  // namespace

Decimal::Decimal(std::string_view lexeme) {
  size_t at = 0;
  if (at < lexeme.size() && lexeme[at] == '-') {
    negative_ = true;
    ++at;
  }
  int64_t fraction = 0;
  bool after_point = false;
  for (; at < lexeme.size() && lexeme[at] != 'e' && lexeme[at] != 'E'; ++at) {
    if (lexeme[at] == '.') {
      after_point = true;
      continue;
    }
    digits_ += lexeme[at];
    if (after_point) ++fraction;
  }
  int64_t written = 0;
  if (at < lexeme.size()) {
    ++at;
    bool minus = false;
    if (at < lexeme.size() && (lexeme[at] == '+' || lexeme[at] == '-')) minus = lexeme[at++] == '-';
    for (; at < lexeme.size(); ++at) {
      written = written * 10 + (lexeme[at] - '0');
      if (written > kMaxExponent) {
        written = kMaxExponent;
        clamped_ = true;
      }
    }
    if (minus) written = -written;
  }
  exponent_ = written - fraction;
  digits_.erase(0, std::min(digits_.find_first_not_of('0'), digits_.size()));
  while (!digits_.empty() && digits_.back() == '0') {
    digits_.pop_back();
    ++exponent_;
  }
  if (digits_.empty()) {
    negative_ = clamped_ = false;
    exponent_ = 0;
  }
}

bool Decimal::is_multiple_of(const Decimal& divisor) const {
  if (is_zero()) return true;
  const int64_t shift = exponent_ - divisor.exponent_;
  // Were it a multiple with a negative shift, our last digit would be a zero, and there is none.
  if (shift < 0) return false;
  const uint64_t modulus = to_integer(divisor.digits_);
  return times(
             remainder(digits_, modulus), power_of_ten(static_cast<uint64_t>(shift), modulus),
             modulus
         ) == 0;
}

int64_t Decimal::as_count(int64_t most) const {
  if (is_zero()) return 0;
  if (negative_ || exponent_ < 0 || static_cast<int64_t>(digits_.size()) + exponent_ > 18)
    return -1;
  auto count = static_cast<int64_t>(to_integer(digits_));
  for (int64_t i = 0; i < exponent_; ++i) count *= 10;
  return count <= most ? count : -1;
}

size_t Decimal::hash() const {
  const size_t digits = std::hash<std::string>()(digits_);
  return digits * 31 + static_cast<size_t>(exponent_) * 2 + (negative_ ? 1 : 0);
}

std::strong_ordering Decimal::operator<=>(const Decimal& other) const {
  const auto sign = [](const Decimal& d) { return d.is_zero() ? 0 : d.negative_ ? -1 : 1; };
  if (sign(*this) != sign(other) || is_zero()) return sign(*this) <=> sign(other);
  const int64_t magnitude = exponent_ + static_cast<int64_t>(digits_.size());
  const int64_t other_magnitude = other.exponent_ + static_cast<int64_t>(other.digits_.size());
  std::strong_ordering order = magnitude <=> other_magnitude;
  // Without zeros at the ends, digits of equal magnitude compare like text.
  if (order == 0) order = digits_.compare(other.digits_) <=> 0;
  return negative_ ? 0 <=> order : order;
}

}  // namespace hob::schema
