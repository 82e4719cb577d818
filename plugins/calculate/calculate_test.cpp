#include <catch2/catch.hpp>
#include <string>

#include "plugins/calculate/evaluate.h"

using namespace hob;
using namespace hob::plugins::calculate;

namespace {

std::string value(const std::string& expression, const Digits& digits = {}) {
  auto number = evaluate(expression);
  return number.ok() ? print(*number, digits) : "error: " + number.error().message();
}
Code code(const std::string& expression) {
  auto number = evaluate(expression);
  REQUIRE_FALSE(number.ok());
  return number.error().code();
}

}  // namespace

// Expected values: Python 3.11's integers and floats, printed with %.12g.
TEST_CASE("expressions have the value that mathematics gives them") {
  struct Row {
    const char* expression;
    const char* wanted;
  };
  const Row rows[] = {
      {"17 * 23", "391"},
      {"1+2*3", "7"},
      {"(1+2)*3", "9"},
      {"-2^2", "-4"},
      {"(-2)^2", "4"},
      {"2^3^2", "512"},
      {"2**10", "1024"},
      {"2^-1", "0.5"},
      {"--5", "5"},
      {"+-+5", "-5"},
      {"7/2", "3.5"},
      {"6/2", "3"},
      {"6/-1", "-6"},
      {"1/3", "0.333333333333"},
      {"0.1+0.2", "0.3"},
      {"7 % 3", "1"},
      {"-7 % 3", "2"},
      {"7 % -3", "-2"},
      {"5.5 % 2", "1.5"},
      {"2^100", "1267650600228229401496703205376"},
      {"99999999999 * 99999999999", "9999999999800000000001"},
      {"2^64 + 1", "18446744073709551617"},
      {"10^20", "100000000000000000000"},
      {"2^200", "1.60693804426e+60"},
      {"1e3", "1000"},
      {"1.5e-3 * 2", "0.003"},
      {".5 + 5.", "5.5"},
      {"123456789.123456789", "123456789.123"},
      {"sqrt(144)", "12"},
      {"sqrt(2)", "1.41421356237"},
      {"abs(-3)", "3"},
      {"round(2.5)", "3"},
      {"round(-2.5)", "-3"},
      {"round(3.14159, 2)", "3.14"},
      {"floor(-1.5)", "-2"},
      {"ceil(1.2)", "2"},
      {"min(3, 1, 2)", "1"},
      {"max(3, 10^20, 2)", "100000000000000000000"},
      {"sin(0)", "0"},
      {"cos(pi)", "-1"},
      {"tan(1)", "1.55740772465"},
      {"log(1000)", "3"},
      {"log(8, 2)", "3"},
      {"ln(e)", "1"},
      {"exp(1)", "2.71828182846"},
      {"pow(2, 0.5)", "1.41421356237"},
      {"pi", "3.14159265359"},
      {"2 * PI", "6.28318530718"},
      {"3 × 4 ÷ 2 − 1", "5"},
      {" ( ( 1 ) ) ", "1"},
      {"0 * -1", "0"},
      {"1000000 * 1.19", "1190000"},
      {"19.99 * 3", "59.97"},
      {"0^0", "1"},
  };
  for (const Row& row : rows) {
    INFO(row.expression);
    CHECK(value(row.expression) == row.wanted);
  }
}

TEST_CASE("a model that cannot end a run of digits gets as many decimals as it is given") {
  Digits four{.decimals = 4};
  CHECK(value("391/3", four) == "130.3333");
  CHECK(value("1/2", four) == "0.5");
  CHECK(value("2/3", four) == "0.6667");
  CHECK(value("17*23", four) == "391");
  CHECK(value("1/30000", four) == "3.333e-05");
  CHECK(value("9.99999", four) == "10");
  CHECK(value("2^200", four) == "1.607e+60");
  CHECK(value("7/2", Digits{.decimals = 0}) == "4");
}

TEST_CASE("what is no expression is an invalid argument that says where") {
  for (const char* text :
       {"",           "   ",    "1 +",       "* 2",     "(1",     "1)",       "1 2",   "1,2",
        "1,000",      "2x",     "2 pi",      "sqrt",    "sqrt()", "sqrt 4",   "max()", "pow(1)",
        "pow(1,2,3)", "foo(1)", "system(1)", "1..2",    ".",      "2e",       "1 & 2", "15%",
        "(15%)",      "\"1\"",  "1;2",       "max(1,)", "\xff",   "import os"}) {
    INFO(text);
    CHECK(code(text) == Code::invalid_params);
  }
  CHECK(evaluate("12 + abc").error().message().find("abc") != std::string::npos);
  CHECK(code(std::string("1\0+1", 4)) == Code::invalid_params);
}

TEST_CASE("what has no value fails and says why") {
  for (const char* text :
       {"1/0", "1 % 0", "0^-1", "1/(2-2)", "sqrt(-1)", "log(0)", "ln(-1)", "log(8, 1)", "10^5000",
        "(-8)^0.5", "exp(20000)", "asin(2)", "9^9^9^9", "round(1.5, 99)"}) {
    INFO(text);
    CHECK(code(text) == Code::tool_failed);
  }
}

TEST_CASE("length and depth are limited") {
  CHECK(code(std::string(3000, '1')) == Code::invalid_params);
  CHECK(code(std::string(1000, '(') + "1" + std::string(900, ')')) == Code::invalid_params);
  CHECK(code(std::string(1900, '-') + "1") == Code::invalid_params);
  std::string tower = "1";
  for (int i = 0; i < 600; ++i) tower += "^1";
  CHECK(code(tower) == Code::invalid_params);
  CHECK(value(std::string(50, '(') + "1" + std::string(50, ')')) == "1");
  std::string long_sum = "1";
  for (int i = 0; i < 600; ++i) long_sum += "+1";
  CHECK(value(long_sum) == "601");
}
