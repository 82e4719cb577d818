#include "plugins/clock/zone.h"

#include <stdlib.h>

#include <catch2/catch.hpp>
#include <filesystem>

using namespace hob;
using namespace hob::plugins::clock;

namespace {

constexpr int64_t kSummer = 1'721'046'600'000;  // 2024-07-15 12:30 UTC, a Monday
constexpr int64_t kWinter = 1'705'277'100'000;  // 2024-01-15 00:05 UTC, a Monday

bool zones_here() {
  if (std::filesystem::exists("/usr/share/zoneinfo/Europe/Berlin")) return true;
  WARN("skipped: no time zone files on this machine");
  return false;
}

}  // namespace

TEST_CASE("UTC needs no files") {
  auto now = read_clock("utc", kSummer);
  REQUIRE(now.ok());
  CHECK(now->date == "2024-07-15");
  CHECK(now->time == "12:30");
  CHECK(now->zone == "UTC");
  CHECK(now->weekday == "Monday");
}

TEST_CASE("summer time, other days and half hours follow the zone") {
  if (!zones_here()) return;
  CHECK(read_clock("Europe/Berlin", kSummer)->time == "14:30");
  CHECK(read_clock("Europe/Berlin", kWinter)->time == "01:05");
  CHECK(read_clock("America/New_York", kWinter)->date == "2024-01-14");
  CHECK(read_clock("America/New_York", kWinter)->weekday == "Sunday");
  CHECK(read_clock("Asia/Kolkata", kWinter)->time == "05:35");
  CHECK(read_clock("UTC", -1)->time == "23:59");
}

TEST_CASE("a zone is found without regard to case and by its last part") {
  if (!zones_here()) return;
  CHECK(read_clock("europe/berlin", kSummer)->zone == "Europe/Berlin");
  CHECK(read_clock("Berlin", kSummer)->zone == "Europe/Berlin");
  CHECK(read_clock("New York", kSummer)->zone == "America/New_York");
}

TEST_CASE("a zone that there is not is an invalid argument") {
  for (const char* zone :
       {"Europe/Atlantis", "../../etc/passwd", "/etc/passwd", "/usr/share/zoneinfo/UTC", "Europe",
        "tzdata.zi", "UTC+2; rm", "Europe/../../../etc/passwd", "right", "\n"}) {
    INFO(zone);
    auto now = read_clock(zone, kSummer);
    REQUIRE_FALSE(now.ok());
    CHECK(now.error().code() == Code::invalid_params);
  }
  CHECK_FALSE(read_clock(std::string(1000, 'a'), kSummer).ok());
}

TEST_CASE("without a name it is the machine's zone") {
  ::setenv("TZ", "UTC", 1);
  CHECK(read_clock("", kSummer)->zone == "UTC");
}
