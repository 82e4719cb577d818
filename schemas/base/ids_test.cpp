#include "schemas/base/ids.h"

#include <catch2/catch.hpp>
#include <set>

namespace hob {
namespace {

TEST_CASE("ids sort by the time of their making and never repeat") {
  ManualClock clock(1'764'000'000'000);
  SeededRandom random(7);
  std::set<std::string> seen;
  std::string last;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = new_id(clock, random);
    CHECK(is_id(id));
    CHECK(id[14] == '7');
    CHECK(id > last);
    CHECK(seen.insert(id).second);
    last = id;
    clock.advance(Milliseconds(1));
  }
}

TEST_CASE("what is not an id is seen") {
  for (const char* text : {"", "../../etc/passwd", "019aa6c3-8f2e-7b1d-9c55-0d6a3e1f7b4", "019AA6C3-8f2e-7b1d-9c55-0d6a3e1f7b42",
                           "019aa6c3-8f2e-7b1d-9c55-0d6a3e1f7b4/"}) {
    CHECK_FALSE(is_id(text));
  }
}

TEST_CASE("wall time prints as RFC 3339") {
  CHECK(rfc3339(0) == "1970-01-01T00:00:00.000Z");
  CHECK(rfc3339(1'764'018'903'042) == "2025-11-24T21:15:03.042Z");
  CHECK(rfc3339(-1) == "1969-12-31T23:59:59.999Z");
}

}  // namespace
}  // namespace hob
