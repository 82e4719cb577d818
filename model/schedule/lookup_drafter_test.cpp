#include "model/schedule/lookup_drafter.h"

#include <catch2/catch.hpp>
#include <map>
#include <random>

namespace hob::schedule {
namespace {

using Tokens = std::vector<Token>;

TEST_CASE("what followed the same tokens before is proposed") {
  LookupDrafter drafter;
  const Tokens history{1, 2, 3, 4, 5, 6, 2, 3};
  CHECK(drafter.propose({history}, 3) == Tokens{4, 5, 6});
  CHECK(drafter.propose({history}, 100) == Tokens{4, 5, 6, 2, 3});
  CHECK(drafter.propose({history}, 0).empty());
  const Tokens ahead{4};
  CHECK(drafter.propose({history, ahead}, 2) == Tokens{5, 6});
}

TEST_CASE("the longest run decides, and of equal ones the newest") {
  LookupDrafter drafter;
  CHECK(drafter.propose({Tokens{1, 2, 3, 7, 9, 2, 3, 8, 9, 1, 2, 3}}, 1) == Tokens{7});
  LookupDrafter other;
  CHECK(other.propose({Tokens{2, 3, 7, 2, 3, 8, 2, 3}}, 1) == Tokens{8});
}

TEST_CASE("a history without a repetition has nothing to propose") {
  LookupDrafter drafter;
  CHECK(drafter.propose({Tokens{1, 2, 3, 4}}, 4).empty());
  CHECK(LookupDrafter().propose({Tokens{1}}, 4).empty());
  CHECK(LookupDrafter().propose({Tokens{}}, 4).empty());
}

TEST_CASE("as the history grows, proposals are those of a plain search for the newest and longest") {
  std::mt19937 chance(7);
  LookupDrafter drafter;
  Tokens history;
  size_t proposed = 0, missed = 0;
  for (size_t step = 0; step < 4000; ++step) {
    history.push_back(static_cast<Token>(chance() % 6));
    if (step % 3 != 0) continue;  // several tokens may come between two proposals
    Tokens wanted;
    for (size_t length = LookupDrafter::kLongest; length >= LookupDrafter::kShortest && wanted.empty(); --length) {
      for (size_t end = history.size() - 1; history.size() > length && end >= length && wanted.empty(); --end) {
        if (!std::equal(history.end() - length, history.end(), history.begin() + (end - length))) continue;
        wanted.assign(history.begin() + end, history.begin() + std::min(history.size(), end + 4));
      }
    }
    const Tokens got = drafter.propose({history}, 4);
    ++proposed;
    if (got != wanted) ++missed;  // two runs that share a place in the index
  }
  CHECK(proposed > 1000);
  CHECK(missed * 5 < proposed);
}

}  // namespace
}  // namespace hob::schedule
