#include "daemon/supervise/restart.h"

#include <catch2/catch.hpp>

namespace hob::supervise {
namespace {

using namespace std::chrono_literals;

TEST_CASE("deaths within the window wait longer each time, and the last wait repeats") {
  ManualClock clock(0);
  RestartPolicy policy({.intensity = 10, .window = 300s, .backoff = {1s, 2s, 4s, 8s}}, clock);
  for (const auto wait : {1s, 2s, 4s, 8s, 8s}) {
    CHECK(policy.died() == Milliseconds(wait));
    clock.advance(10s);
  }
}

TEST_CASE("the third death within the window gives up, and asking again starts anew") {
  ManualClock clock(0);
  RestartPolicy policy({.intensity = 3, .window = 60s, .backoff = {}}, clock);
  CHECK(policy.died() == 0ms);
  clock.advance(20s);
  CHECK(policy.died() == 0ms);
  clock.advance(39s);
  CHECK_FALSE(policy.died());
  CHECK(policy.given_up());
  policy.reset();
  CHECK_FALSE(policy.given_up());
  CHECK(policy.died() == 0ms);
  CHECK(policy.total() == 4);
}

TEST_CASE("a death that is older than the window no longer counts") {
  ManualClock clock(0);
  RestartPolicy policy({.intensity = 2, .window = 60s, .backoff = {1s, 2s}}, clock);
  for (int i = 0; i < 5; ++i) {
    CHECK(policy.died() == 1s);
    clock.advance(60s);
  }
  CHECK_FALSE(policy.given_up());
}

}  // namespace
}  // namespace hob::supervise
