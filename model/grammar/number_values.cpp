// Numbers as values: when two spellings are the same number, and all numbers of a spec where they are few.
#include <algorithm>

#include "model/grammar/machine_text.h"
#include "model/grammar/number.h"

namespace hob::grammar {
namespace {

constexpr int kDecimals = 18;

uint64_t hash_of(bool negative, Wide digits, int scale) {
  if (digits == 0) return mix_hash(0x5A45524F);
  while (digits % 10 == 0) {
    digits /= 10;
    ++scale;
  }
  const uint64_t low = mix_hash(static_cast<uint64_t>(digits)), high = mix_hash(static_cast<uint64_t>(digits >> 64) + 7);
  return mix_hash(low ^ (high << 1) ^ static_cast<uint64_t>(static_cast<int64_t>(scale)) * 0x9E3779B97F4A7C15 ^ (negative ? 0x4D494E5553 : 0));
}

constexpr SignedWide kOne = 1'000'000'000'000'000'000;

// The first multiple of `unit` that is not below `from`.
SignedWide multiple_from(SignedWide from, SignedWide unit) {
  const SignedWide rest = from % unit;
  return rest == 0 ? from : rest > 0 ? from - rest + unit : from - rest;
}

}  // namespace

uint64_t number_hash(const NumberState& s) {
  const int exponent = s.exponent_negative ? -s.exponent_value : s.exponent_value;
  return hash_of(s.negative, s.mantissa, exponent - s.fraction_digits);
}

uint64_t number_hash(SignedWide units) {
  return hash_of(units < 0, static_cast<Wide>(units < 0 ? -units : units), -kDecimals);
}

std::optional<std::vector<SignedWide>> all_numbers(const NumberSpec& spec, size_t most) {
  std::vector<SignedWide> out;
  for (const NumberRange& range : spec.ranges) {
    if (!range.low || !range.high) return std::nullopt;
    SignedWide unit = range.step != 0 ? static_cast<SignedWide>(range.step) : range.integer ? kOne : 1;
    if (range.low->value.point > 20 || range.high->value.point > 20) return std::nullopt;
    if (unit == 1 && range.grid_low != range.grid_high) return std::nullopt;
    const SignedWide first = multiple_from(range.grid_low, unit);
    if ((range.grid_high - first) / unit > static_cast<SignedWide>(8 * most)) return std::nullopt;
    for (SignedWide at = first; at <= range.grid_high; at += unit) {
      const Wide size = static_cast<Wide>(at < 0 ? -at : at);
      const auto shunned = [&](Wide avoid) { return size % avoid == 0; };
      if (std::any_of(range.avoid.begin(), range.avoid.end(), shunned)) continue;
      out.push_back(at);
      if (out.size() > most) return std::nullopt;
    }
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

NumberRange one_number(SignedWide units) {
  NumberRange range;
  Decimal value;
  value.negative = units < 0;
  Wide size = static_cast<Wide>(units < 0 ? -units : units);
  std::string digits;
  for (; size > 0; size /= 10) digits.push_back(static_cast<char>('0' + static_cast<int>(size % 10)));
  std::reverse(digits.begin(), digits.end());
  value.point = static_cast<int>(digits.size()) - kDecimals;
  while (!digits.empty() && digits.back() == '0') digits.pop_back();
  if (digits.empty()) value = Decimal{};
  value.digits = std::move(digits);
  range.integer = value.integral();
  range.low = range.high = Bound{value, false};
  range.grid_low = range.grid_high = units;
  return range;
}

}  // namespace hob::grammar
