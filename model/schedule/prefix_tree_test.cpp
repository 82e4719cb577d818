// A radix tree against a plain list of the same states.
#include "model/schedule/prefix_tree.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

namespace hob::schedule {
namespace {

using Ids = std::vector<Token>;

size_t common_prefix(const Ids& a, const Ids& b) {
  size_t out = 0;
  while (out < a.size() && out < b.size() && a[out] == b[out]) ++out;
  return out;
}

/// What the tree should say, by looking at everything.
struct Listed {
  std::vector<std::pair<engine::SnapshotId, Ids>> states;  // the oldest use first

  void check(const PrefixTree& tree, const Ids& prompt, size_t back) const {
    size_t common = 0, first = SIZE_MAX, last = 0, beyond = SIZE_MAX;
    for (const auto& [id, ids] : states) {
      common = std::max(common, common_prefix(ids, prompt));
      if (common_prefix(ids, prompt) < ids.size()) continue;
      first = std::min(first, ids.size());
      last = std::max(last, ids.size());
    }
    for (const auto& [id, ids] : states) {
      if (common_prefix(ids, prompt) == common && ids.size() > common && ids.size() <= common + back) beyond = std::min(beyond, ids.size());
    }
    const auto match = tree.match(prompt, back);
    CHECK(match.common == common);
    const auto same = [&](const PrefixTree::State* state, size_t length, bool there) {
      REQUIRE((state != nullptr) == there);
      if (!there) return;
      CHECK(state->length() == length);
      const auto it = std::find_if(states.begin(), states.end(), [&](const auto& one) { return one.first == state->snapshot(); });
      REQUIRE(it != states.end());
      CHECK(it->second.size() == length);
      CHECK(common_prefix(it->second, prompt) == std::min(length, common));
    };
    same(match.first, first, first != SIZE_MAX);
    same(match.last, last, first != SIZE_MAX);
    // Nobody asks for what lies beyond where a state lies exactly at the place, nor for what shares nothing.
    if (common > 0 && last < common) same(match.beyond, beyond, beyond != SIZE_MAX);
    CHECK((tree.at(prompt) != nullptr) == (last == prompt.size() && first != SIZE_MAX));
  }
};

TEST_CASE("an empty tree knows nothing") {
  const PrefixTree tree;
  CHECK(tree.size() == 0);
  CHECK(tree.oldest() == nullptr);
  const auto match = tree.match(Ids{1, 2, 3}, 5);
  CHECK(match.common == 0);
  CHECK(match.first == nullptr);
  CHECK(match.last == nullptr);
  CHECK(match.beyond == nullptr);
  CHECK(tree.match({}, 5).last == nullptr);
}

TEST_CASE("prompts that part inside an edge cut it, and what is erased joins it again") {
  PrefixTree tree;
  tree.insert(Ids{1, 2, 3, 4, 5, 6}, 10);
  CHECK(tree.nodes() == 2);
  tree.insert(Ids{1, 2, 3, 7, 8}, 11);
  CHECK(tree.nodes() == 4);
  CHECK(tree.match(Ids{1, 2, 3, 9}, 0).common == 3);
  CHECK(tree.match(Ids{1, 2, 3, 9}, 0).beyond == nullptr);
  CHECK(tree.match(Ids{1, 2, 3, 9}, 2).beyond->snapshot() == 11);  // the shorter of the two
  tree.insert(Ids{1, 2, 3}, 12);
  CHECK(tree.match(Ids{1, 2, 3, 9}, 2).last->snapshot() == 12);
  tree.erase(*tree.at(Ids{1, 2, 3}));
  CHECK(tree.nodes() == 4);
  tree.erase(*tree.at(Ids{1, 2, 3, 7, 8}));
  CHECK(tree.nodes() == 2);
  CHECK(tree.at(Ids{1, 2, 3, 4, 5, 6})->snapshot() == 10);
  tree.erase(*tree.at(Ids{1, 2, 3, 4, 5, 6}));
  CHECK(tree.nodes() == 1);
  CHECK(tree.oldest() == nullptr);
}

TEST_CASE("any sequence of insertions, uses and removals answers as a list would") {
  std::mt19937 random(1);
  for (int round = 0; round < 60; ++round) {
    PrefixTree tree;
    Listed list;
    const Token alphabet = round % 3 == 0 ? 1 : 2 + static_cast<Token>(random() % 3);
    const auto ids = [&] {
      // Often the beginning of something that is there already, with or without another end.
      Ids out;
      if (!list.states.empty() && random() % 3 > 0) {
        out = list.states[random() % list.states.size()].second;
        out.resize(random() % (out.size() + 1));
      }
      for (size_t more = random() % 6; more > 0; --more) out.push_back(static_cast<Token>(random() % alphabet));
      return out;
    };
    for (int step = 0; step < 120; ++step) {
      Ids one = ids();
      if (one.empty()) one.push_back(0);
      const auto there = std::find_if(list.states.begin(), list.states.end(), [&](const auto& state) { return state.second == one; });
      const auto* state = tree.at(one);
      REQUIRE((state != nullptr) == (there != list.states.end()));
      if (state == nullptr) {
        tree.insert(one, static_cast<engine::SnapshotId>(step));
        list.states.emplace_back(step, one);
      } else if (random() % 2 == 0) {
        tree.renew(*state);
        std::rotate(there, there + 1, list.states.end());
      } else {
        tree.erase(*state);
        list.states.erase(there);
      }
      CHECK(tree.size() == list.states.size());
      CHECK(tree.nodes() <= 2 * tree.size() + 1);
      CHECK((tree.oldest() == nullptr ? list.states.empty() : tree.oldest()->snapshot() == list.states.front().first));
      list.check(tree, ids(), random() % 5);
    }
    while (const auto* oldest = tree.oldest()) tree.erase(*oldest);
    CHECK(tree.nodes() == 1);
  }
}

}  // namespace
}  // namespace hob::schedule
