// The numbers of a schema, matched digit by digit and exactly.
//
//   NumberSpec spec; spec.ranges.push_back(*NumberRange::make(true, {lo}, {hi}));
//   NumberState state;                       // nothing read yet
//   if (number_step(spec, state, '4')) ...   // state moved; a completion exists
//   if (number_can_end(spec, state)) ...     // the lexeme is a value of the spec
//
// A number is a union of ranges; each may ask for integral values ("1.0" and "1e2" are integers), for multiples of a
// decimal, or for what is no multiple of some. Bounds are decimal,
// never binary: 0.1 is 0.1. A byte is taken only when some lexeme that begins so far fits, so there are no dead ends.
// What may be generated is capped, so that each value is finite in a double: 20 digits before the point, 18 after it,
// three digits of exponent, magnitude below 1e308. Beside bounds, a spelling with an
// exponent is taken where each of its beginnings fits, too, or begins a bound (1.5e3 and 15e2 for [1000, 2000]). Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hob::grammar {

__extension__ typedef unsigned __int128 Wide;
__extension__ typedef __int128 SignedWide;

/// A decimal number: 0.digits * 10^point, digits without zeros at either end; zero has none.
struct Decimal {
  bool negative = false;
  std::string digits;
  int point = 0;

  static Decimal parse(std::string_view lexeme);  // a valid JSON number
  bool zero() const { return digits.empty(); }
  bool integral() const { return point >= static_cast<int>(digits.size()); }
};
/// Less than, equal to or greater than zero, as a compares to b.
int compare(const Decimal& a, const Decimal& b);

struct Bound {
  Decimal value;
  bool exclusive = false;
};

/// Whether `value` is a whole multiple of `step`, which is not zero.
bool multiple_of(const Decimal& value, const Decimal& step);

/// What numbers must be multiples of, and of what they must not be, in units of 1e-18. "integer" is a step of one.
struct Steps {
  bool integer = false;
  Wide step = 0;            // 0: any
  std::vector<Wide> avoid;  // few

  static constexpr size_t kMaxAvoid = 8;
  /// Adds a divisor; false when it is finer than 1e-18, or the least common multiple is above 1e18.
  bool take(const Decimal& divisor);
  /// Adds one of which the number must not be a multiple; false when it is out of these limits, or one too many.
  bool shun(const Decimal& divisor);
  bool plain() const { return step == 0 && avoid.empty(); }
  bool operator==(const Steps& other) const {
    return integer == other.integer && step == other.step && avoid == other.avoid;
  }
};

struct NumberRange {
  bool integer = false;
  Wide step = 0;            // as in Steps
  std::vector<Wide> avoid;
  std::optional<Bound> low, high;
  SignedWide grid_low = 0, grid_high = 0;  // inclusive, in units of 1e-18

  bool plain() const { return step == 0 && avoid.empty(); }

  /// No value when nothing that can be written lies between the bounds.
  static std::optional<NumberRange> make(bool integer, std::optional<Bound> low, std::optional<Bound> high);
  static std::optional<NumberRange> make(const Steps& steps, std::optional<Bound> low, std::optional<Bound> high);
};

struct NumberSpec {
  std::vector<NumberRange> ranges;
  bool unbounded() const { return ranges.size() == 1 && !ranges[0].low && !ranges[0].high && ranges[0].plain(); }
};

struct NumberState {
  enum Phase : uint8_t { start, minus, zero, whole, dot, fraction, exponent, exponent_sign, exponent_digits };
  uint8_t phase = start;
  bool negative = false;
  bool exponent_negative = false;
  uint8_t whole_digits = 0;
  uint8_t fraction_digits = 0;
  uint8_t last_nonzero = 0;  // fraction digits up to the last that is not 0
  uint8_t exponent_count = 0;
  uint16_t exponent_value = 0;
  Wide mantissa = 0;  // all digits so far; not kept where there are no bounds
};

/// Takes one byte; false (and state untouched) when no number of `spec` goes on so. `keep`: the digits are kept in any case.
bool number_step(const NumberSpec& spec, NumberState& state, unsigned char byte, bool keep = false);
/// Whether some number of `spec` goes on from `state`.
bool number_completes(const NumberSpec& spec, const NumberState& state);
/// Equal for equal numbers, however they are written; of a state that can end and has kept its digits.
uint64_t number_hash(const NumberState& state);
/// All numbers of a spec, as units of 1e-18; nothing where there are more than `most`.
std::optional<std::vector<SignedWide>> all_numbers(const NumberSpec& spec, size_t most);
uint64_t number_hash(SignedWide units);
/// The spec of one such number.
NumberRange one_number(SignedWide units);
bool number_can_end(const NumberSpec& spec, const NumberState& state);
/// The bytes that end the number from `state`, few of them.
std::string number_completion(const NumberSpec& spec, NumberState state);

}  // namespace hob::grammar
