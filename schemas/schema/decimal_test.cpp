#include "schemas/schema/decimal.h"

#include <catch2/catch.hpp>

using hob::schema::Decimal;

TEST_CASE("the same number written in different ways is equal and hashes alike") {
  for (const char* same : {"100", "1e2", "1E+2", "100.000", "0.1e3", "1000e-1"}) {
    CHECK(Decimal(same) == Decimal("100"));
    CHECK(Decimal(same).hash() == Decimal("100").hash());
  }
  CHECK(Decimal("-0") == Decimal("0.0e9"));
  CHECK(Decimal("-0").hash() == Decimal("0").hash());
}

TEST_CASE("numbers that a double cannot tell apart are ordered") {
  CHECK(Decimal("12345678901234567890") < Decimal("12345678901234567891"));
  CHECK(Decimal("0.1") < Decimal("0.1000000000000000000001"));
  CHECK(Decimal("1e400") < Decimal("1e401"));
  CHECK(Decimal("1e-400") > Decimal("0"));
  CHECK(Decimal("-1e400") < Decimal("-1"));
  CHECK(Decimal("-2") < Decimal("-1"));
  CHECK(Decimal("9") < Decimal("10"));
  CHECK(Decimal("0.09") < Decimal("0.1"));
}

TEST_CASE("an exponent without end is larger than any that is kept, and said to be clamped") {
  CHECK(Decimal("1e99999999999999999999999") > Decimal("9e999999"));
  CHECK(Decimal("1e-99999999999999999999999") < Decimal("9e-999999"));
  CHECK(Decimal("1e99999999999999999999999").is_clamped());
  CHECK_FALSE(Decimal("1e400").is_clamped());
  CHECK_FALSE(Decimal("0e99999999999999999999999").is_clamped());
}

TEST_CASE("whole numbers are whole however they are written") {
  for (const char* whole : {"0", "-0.0", "1.0", "1e3", "1.5e1", "12345678901234567890", "1e400"})
    CHECK(Decimal(whole).is_integer());
  for (const char* part : {"0.5", "1e-1", "1.05e1", "-2.5"})
    CHECK_FALSE(Decimal(part).is_integer());
}

TEST_CASE("multiples are exact where doubles are not") {
  CHECK(Decimal("0.3").is_multiple_of(Decimal("0.1")));
  CHECK(Decimal("19.99").is_multiple_of(Decimal("0.01")));
  CHECK(Decimal("4.5").is_multiple_of(Decimal("1.5")));
  CHECK(Decimal("-6").is_multiple_of(Decimal("3")));
  CHECK(Decimal("0").is_multiple_of(Decimal("7")));
  CHECK(Decimal("1e308").is_multiple_of(Decimal("0.5")));
  CHECK(Decimal("1e400").is_multiple_of(Decimal("1e-400")));
  CHECK(Decimal("12345678901234567890").is_multiple_of(Decimal("10")));
  CHECK_FALSE(Decimal("12345678901234567891").is_multiple_of(Decimal("2")));
  CHECK_FALSE(Decimal("0.35").is_multiple_of(Decimal("0.1")));
  CHECK_FALSE(Decimal("1e308").is_multiple_of(Decimal("0.123456789")));
  CHECK_FALSE(Decimal("0.0075").is_multiple_of(Decimal("0.01")));
  CHECK_FALSE(Decimal("1e400").is_multiple_of(Decimal("999999999999999999")));
}

TEST_CASE("counts are whole numbers within their limit") {
  CHECK(Decimal("2.0").as_count(10) == 2);
  CHECK(Decimal("1e1").as_count(10) == 10);
  CHECK(Decimal("0").as_count(10) == 0);
  CHECK(Decimal("11").as_count(10) == -1);
  CHECK(Decimal("-1").as_count(10) == -1);
  CHECK(Decimal("1.5").as_count(10) == -1);
  CHECK(Decimal("1e400").as_count(10) == -1);
}
