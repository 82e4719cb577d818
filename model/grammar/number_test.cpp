#include "model/grammar/number.h"

#include <catch2/catch.hpp>
#include <random>

namespace hob::grammar {
namespace {

NumberSpec spec(bool integer, const char* low, const char* high, bool low_open = false, bool high_open = false) {
  std::optional<Bound> from, to;
  if (*low) from = Bound{Decimal::parse(low), low_open};
  if (*high) to = Bound{Decimal::parse(high), high_open};
  auto range = NumberRange::make(integer, from, to);
  REQUIRE(range);
  return {{*range}};
}

bool accepts(const NumberSpec& numbers, std::string_view text) {
  NumberState state;
  for (const char c : text) {
    if (!number_step(numbers, state, static_cast<unsigned char>(c))) return false;
  }
  return number_can_end(numbers, state);
}

TEST_CASE("decimals compare by value, whatever their spelling") {
  const auto order = [](const char* a, const char* b) { return compare(Decimal::parse(a), Decimal::parse(b)); };
  REQUIRE(order("1", "1.000") == 0);
  REQUIRE(order("100", "1e2") == 0);
  REQUIRE(order("-0", "0") == 0);
  REQUIRE(order("0.1", "1E-1") == 0);
  REQUIRE(order("-3", "2") < 0);
  REQUIRE(order("-3", "-2") < 0);
  REQUIRE(order("1e400", "1e399") > 0);
  REQUIRE(order("0.30000000000000004", "0.3") > 0);
  REQUIRE(order("99999999999999999999", "100000000000000000000") < 0);
}

TEST_CASE("numbers without bounds take every legal spelling") {
  const NumberSpec any = spec(false, "", "");
  for (const char* text : {"0", "-0", "7", "120", "-1.5", "0.0001", "1e5", "1E+05", "2.5e-3", "1e300", "-1e-200",
                           "12345678901234567890", "0.1234567890123456"}) {
    CHECK(accepts(any, text));
  }
  for (const char* text : {"", "-", "01", "1.", ".5", "1e", "1e+", "+1", "1e999", "--1", "0x1", "1e400"}) {
    CHECK_FALSE(accepts(any, text));
  }
  const NumberSpec whole = spec(true, "", "");
  for (const char* text : {"0", "-12", "1.0", "1e2", "1.5e1", "3.00"}) CHECK(accepts(whole, text));
  for (const char* text : {"1.5", "0.1", "1.25e1", "1e-1"}) CHECK_FALSE(accepts(whole, text));
}

TEST_CASE("bounds are exact and decimal") {
  const NumberSpec teen = spec(true, "13", "19");
  for (const char* text : {"13", "19", "15.0", "1.5e1", "130e-1"}) CHECK(accepts(teen, text));
  for (const char* text : {"12", "20", "1", "13.5", "-13", "1e1", "0", "190"}) CHECK_FALSE(accepts(teen, text));
  const NumberSpec exact = spec(true, "1234", "1234");
  for (const char* text : {"1234", "1.234e3", "1234.0", "12340e-1"}) CHECK(accepts(exact, text));
  for (const char* text : {"1.23e3", "1.234e2", "123"}) CHECK_FALSE(accepts(exact, text));
  const NumberSpec tenth = spec(false, "0.1", "0.3", true, true);
  for (const char* text : {"0.2", "0.10000000000000001", "0.29999999999999999", "2e-1"}) CHECK(accepts(tenth, text));
  for (const char* text : {"0.1", "0.3", "0", "0.30000000000000001", "1e-1", "0.100"}) CHECK_FALSE(accepts(tenth, text));
  const NumberSpec big = spec(true, "-9223372036854775808", "18446744073709551615");
  for (const char* text : {"-9223372036854775808", "18446744073709551615", "0", "1e19"}) CHECK(accepts(big, text));
  for (const char* text : {"-9223372036854775809", "18446744073709551616", "2e19"}) CHECK_FALSE(accepts(big, text));
  const NumberSpec double_range = spec(false, "-1.7976931348623157e308", "1.7976931348623157e308");
  for (const char* text : {"0", "1e307", "-5.5"}) CHECK(accepts(double_range, text));
  const NumberSpec positive = spec(false, "0", "", true);
  for (const char* text : {"0.5", "1e-9", "3"}) CHECK(accepts(positive, text));
  for (const char* text : {"0", "0.0", "-1", "-0", "0e5"}) CHECK_FALSE(accepts(positive, text));
  const NumberSpec negative = spec(false, "", "-2.5");
  for (const char* text : {"-2.5", "-3", "-1e9", "-25e-1"}) CHECK(accepts(negative, text));
  for (const char* text : {"0", "2.5", "-2.4", "-0"}) CHECK_FALSE(accepts(negative, text));
  const NumberSpec huge = spec(true, "1e30", "");
  for (const char* text : {"1e30", "5e31", "1.5e30"}) CHECK(accepts(huge, text));
  for (const char* text : {"1e29", "99999999999999999999", "0"}) CHECK_FALSE(accepts(huge, text));
}

TEST_CASE("a range that holds nothing is none") {
  REQUIRE_FALSE(NumberRange::make(true, Bound{Decimal::parse("1.2"), false}, Bound{Decimal::parse("1.8"), false}));
  REQUIRE_FALSE(NumberRange::make(false, Bound{Decimal::parse("2"), false}, Bound{Decimal::parse("1"), false}));
  REQUIRE_FALSE(NumberRange::make(false, Bound{Decimal::parse("2"), true}, Bound{Decimal::parse("2"), false}));
  REQUIRE_FALSE(NumberRange::make(true, Bound{Decimal::parse("4"), true}, Bound{Decimal::parse("5"), true}));
}

TEST_CASE("random digits never lead to a dead end, and every end lies within the bounds") {
  std::mt19937 random(4);
  const char* bounds[][2] = {{"", ""}, {"0", "100"}, {"-5", "5"}, {"1000", "2000"}, {"0.001", "0.0011"}, {"", "-7"},
                             {"7.25", ""}, {"-1e-7", "1e-7"}, {"123456", "123456"}, {"1e25", "1e26"}, {"0", "0"},
                             {"-0.5", "0.5"}, {"99999999999999999998", "1e21"}, {"2.5", "2.5"}};
  for (const auto& bound : bounds) {
    for (const bool integer : {false, true}) {
      std::optional<Bound> low, high;
      if (*bound[0]) low = Bound{Decimal::parse(bound[0]), random() % 2 == 0 && std::string(bound[0]) != bound[1]};
      if (*bound[1]) high = Bound{Decimal::parse(bound[1]), false};
      auto range = NumberRange::make(integer, low, high);
      if (!range) continue;
      const NumberSpec numbers{{*range}};
      for (int walk = 0; walk < 50; ++walk) {
        NumberState state;
        std::string text;
        for (;;) {
          if (number_can_end(numbers, state)) {
            const Decimal value = Decimal::parse(text);
            if (low) REQUIRE(compare(value, low->value) >= (low->exclusive ? 1 : 0));
            if (high) REQUIRE(compare(value, high->value) <= 0);
            if (integer) REQUIRE(value.integral());
            REQUIRE(value.point <= 308);
            if (random() % 3 == 0) break;
          }
          std::vector<char> ways;
          for (const char c : std::string_view("0123456789.-+eE")) {
            NumberState next = state;
            if (number_step(numbers, next, static_cast<unsigned char>(c))) ways.push_back(c);
          }
          if (ways.empty()) {
            INFO(bound[0] << ".." << bound[1] << " " << text);
            REQUIRE(number_can_end(numbers, state));
            break;
          }
          text.push_back(ways[random() % ways.size()]);
          number_step(numbers, state, static_cast<unsigned char>(text.back()));
        }
        NumberState from;
        const size_t keep = random() % (text.size() + 1);
        for (size_t i = 0; i < keep; ++i) number_step(numbers, from, static_cast<unsigned char>(text[i]));
        REQUIRE(accepts(numbers, text.substr(0, keep) + number_completion(numbers, from)));
      }
    }
  }
}

}  // namespace
}  // namespace hob::grammar
