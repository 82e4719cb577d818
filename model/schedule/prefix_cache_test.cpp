#include "model/schedule/prefix_cache.h"

#include <catch2/catch.hpp>
#include <numeric>

#include "model/schedule/test_model.h"

namespace hob::schedule {
namespace {

using namespace testing;

/// `count` words, different for each `from`.
std::vector<Token> words(size_t count, Token from = 10) {
  std::vector<Token> out(count);
  for (size_t i = 0; i < count; ++i) out[i] = 10 + (from + static_cast<Token>(i) * 7) % 30;
  return out;
}
std::vector<Token> operator+(std::vector<Token> a, const std::vector<Token>& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

TEST_CASE("a follow-up turn prefills the stop token and its own tokens, nothing else") {
  Model model;
  model.replies[20] = {{11, 12, 13, kStop}};
  const std::vector<Token> first = words(30) + std::vector<Token>{kTurn, 20};
  const auto a = model.run("s", first);
  REQUIRE(a.ok());
  CHECK(a->usage.cached_tokens == 0);
  CHECK(a->usage.prompt_tokens == 32);
  const std::vector<Token> produced = a->items[0].produced->ids;
  CHECK(produced == std::vector<Token>{11, 12, 13});
  // The stop token was sampled and never run; then come the new message and the generation prompt.
  const std::vector<Token> second = first + produced + std::vector<Token>{kStop, 14, 15, kTurn, 20};
  CHECK(model.forwarded([&] {
    const auto b = model.run("s", second);
    REQUIRE(b.ok());
    CHECK(b->usage.cached_tokens == 35);
  }) == 5 + 3);  // the prompt's last 5 and the three of the answer
}

TEST_CASE("a thought that is dropped is prefilled from the snapshot before it, not from the start") {
  Model model;
  model.replies[20] = {{kThink, 30, 31, 32, 33, 34, 35, kEndThink, 11, 12, kStop}};
  const std::vector<Token> first = words(30) + std::vector<Token>{kTurn, 20};
  REQUIRE(model.run("s", first).ok());
  const std::vector<Token> second = first + std::vector<Token>{11, 12, kStop, 14, kTurn, 21};
  const auto b = model.run("s", second);
  REQUIRE(b.ok());
  CHECK(b->usage.cached_tokens == 30);  // up to the turn that was just opened
  CHECK(second.size() - 30 == 8);
}

TEST_CASE("a short way back is taken without a snapshot") {
  Model model(1u << 20, /*max_truncate=*/8);
  model.replies[20] = {{30, 11, 12, kStop}};
  const std::vector<Token> first = words(30) + std::vector<Token>{20};
  REQUIRE(model.run("s", first).ok());
  const auto b = model.run("s", first + std::vector<Token>{30, 13, 14});  // parts after 30
  REQUIRE(b.ok());
  CHECK(b->usage.cached_tokens == 32);
}

TEST_CASE("the same prompt again runs one token") {
  Model model;
  const std::vector<Token> prompt = words(20);
  REQUIRE(model.run("s", prompt).ok());
  CHECK(model.forwarded([&] { CHECK(model.run("s", prompt)->usage.cached_tokens == 19); }) == 1);
}

TEST_CASE("sessions with the same system turn share it") {
  Model model;
  const std::vector<Token> system = words(25);
  REQUIRE(model.run("one", system + words(5, 1), 25).ok());
  const auto two = model.run("two", system + words(6, 2), 25);
  REQUIRE(two.ok());
  CHECK(two->usage.cached_tokens == 25);
  const auto nobody = model.run("", system + words(7, 3), 25);
  REQUIRE(nobody.ok());
  CHECK(nobody->usage.cached_tokens == 25);
  CHECK(model.engine.sequences() == 3);  // one, two and the shared one
}

TEST_CASE("a forked session begins from the snapshot of the one it came from, which keeps its own") {
  Model model;
  const std::vector<Token> start = words(20) + std::vector<Token>{kTurn, 10, 12};
  model.replies[12] = {{30, 31, 32, 33, 34, kStop}};
  REQUIRE(model.run("parent", start).ok());
  const auto child = model.run("child", start + std::vector<Token>{13, 14});
  REQUIRE(child.ok());
  CHECK(child->usage.cached_tokens == 20);
  const auto parent = model.run("parent", start + std::vector<Token>{30, 31, 32, 33, 34, kStop, 15});
  REQUIRE(parent.ok());
  CHECK(parent->usage.cached_tokens == start.size() + 5);
}

TEST_CASE("the cache keeps within its bytes, and the least recently used session goes first") {
  Model model(/*cache_bytes=*/200 * sizeof(Token));
  REQUIRE(model.run("a", words(90, 1)).ok());
  REQUIRE(model.run("b", words(90, 2)).ok());
  CHECK(model.run("a", words(90, 1))->usage.cached_tokens == 89);
  REQUIRE(model.run("c", words(90, 3)).ok());
  CHECK(model.engine.cache_bytes() <= 200 * sizeof(Token));
  CHECK(model.run("a", words(90, 1))->usage.cached_tokens == 89);
  CHECK(model.run("b", words(90, 2))->usage.cached_tokens == 0);
}

TEST_CASE("a cache of nothing still answers") {
  Model model(/*cache_bytes=*/0);
  REQUIRE(model.run("a", words(90, 1), 40).ok());
  CHECK(model.engine.cache_bytes() == 0);
  CHECK(model.run("a", words(90, 1), 40)->usage.cached_tokens == 0);
}

TEST_CASE("without any slack and any snapshot a changed prompt begins anew, correctly") {
  Model model(1u << 20, /*max_truncate=*/0);
  REQUIRE(model.run("a", words(50, 1)).ok());
  model.replies[words(50, 2).back()] = {{17, kStop}};
  const auto b = model.run("a", words(50, 2));
  REQUIRE(b.ok());
  CHECK(b->usage.cached_tokens == 0);
  CHECK(b->items[0].text == "17 ");
}

}  // namespace
}  // namespace hob::schedule
