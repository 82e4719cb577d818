#include "model/schedule/draft_pace.h"

#include <catch2/catch.hpp>

namespace hob::schedule {
namespace {

using std::chrono::milliseconds;

/// Costs that grow by `slope` of the first position with each one more.
DraftPace measured(double slope, size_t to = 17) {
  DraftPace pace;
  for (size_t round = 0; round < 8; ++round) {
    for (size_t positions = 1; positions <= to; ++positions) {
      const auto time = milliseconds(static_cast<int>(1000 * (1 + slope * static_cast<double>(positions - 1))));
      pace.measured({positions, 1, 1}, time);
    }
  }
  return pace;
}

TEST_CASE("where positions are cheap, drafts are as long as they are trusted") {
  const DraftPace pace = measured(0.03);
  CHECK(pace.length(0, 0.95, 16) == 16);
  const size_t half = pace.length(0, 0.5, 16);
  CHECK(half >= 2);
  CHECK(half <= 5);
  CHECK(pace.length(0, 0.02, 16) == 0);
  CHECK(pace.length(0, 0.95, 3) == 3);
}

TEST_CASE("where each position costs like a forward of its own, nothing is drafted") {
  const DraftPace pace = measured(1.0);
  CHECK(pace.length(0, 0.98, 16) == 0);
  CHECK(pace.length(3, 0.98, 16) == 0);
}

TEST_CASE("a draft stops where the cost jumps") {
  DraftPace pace;
  for (int round = 0; round < 4; ++round) {
    for (size_t positions = 1; positions <= 12; ++positions) {
      pace.measured({positions, 1, 1}, milliseconds(positions <= 4 ? 100 : 1000));
    }
  }
  CHECK(pace.length(0, 0.9, 11) == 3);
  CHECK(pace.length(2, 0.9, 11) == 1);
  CHECK(pace.length(3, 0.9, 11) == 0);
}

TEST_CASE("before anything is measured drafts are tried, and first come forwards to compare with") {
  DraftPace pace;
  CHECK(pace.length(0, 0.5, 8) == 8);
  CHECK(pace.wants_baseline(1));
  for (size_t i = 0; i < DraftPace::kFirstBaselines; ++i) pace.measured({1, 1, 1}, milliseconds(100));
  CHECK_FALSE(pace.wants_baseline(1));
  CHECK(pace.wants_baseline(2));
  for (size_t i = 0; i < DraftPace::kBaselineEvery; ++i) pace.measured({4, 1, 3}, milliseconds(120));
  CHECK(pace.wants_baseline(1));
  CHECK(pace.steps() == DraftPace::kFirstBaselines + DraftPace::kBaselineEvery);
}

TEST_CASE("the speed-up is the time without drafts over the time with them") {
  DraftPace pace;
  CHECK_FALSE(pace.speed_up());
  pace.measured({1, 1, 1}, milliseconds(100));
  CHECK(*pace.speed_up() == Approx(1));
  for (int i = 0; i < 1000; ++i) pace.measured({4, 1, 3}, milliseconds(150));
  CHECK(*pace.speed_up() == Approx(2).margin(0.01));
}

TEST_CASE("one forward that the machine kept waiting does not spoil the mean") {
  DraftPace pace = measured(0.03);
  pace.measured({1, 1, 1}, milliseconds(1'000'000));
  CHECK(pace.length(0, 0.3, 16) <= 3);  // forwards without drafts do not look endless from then on
}

TEST_CASE("trust follows what guesses came to, and is tried again now and then") {
  DraftTrust trust(0.5);
  for (int i = 0; i < 60; ++i) trust.observe(0, true);
  CHECK(trust.rate() < 0.03);
  size_t probes = 0;
  for (size_t i = 0; i < 4 * DraftTrust::kProbeEvery; ++i) probes += trust.probe() ? 1 : 0;
  CHECK(probes == 4);
  for (int i = 0; i < 10; ++i) trust.observe(8, false);
  CHECK(trust.rate() > 0.9);
}

}  // namespace
}  // namespace hob::schedule
