#include "daemon/store/once.h"

#include <asio/redirect_error.hpp>

#include "daemon/store/store_testing.h"

namespace hob::store {
namespace {

const Json one = {{"a", 1}}, two = {{"a", 2}};

struct House {
  TestDirectory directory;
  asio::io_context io;
  ManualClock clock{1'764'000'000'000};
  std::unique_ptr<Store> store = *open({directory.file("state.db"), &clock, nullptr});
  Once once{*store};
  int effects = 0;
  bool held = false;
  asio::steady_timer gate{io, std::chrono::steady_clock::time_point::max()};
  bool fails = false;           // before anything is journalled

  using Answer = Result<Json>;

  static Async<Answer> request(House& house, Json params, CallContext context = {}) {
    HOB_CO_TRY(claim, co_await house.once.enter("m", "k", std::move(params), context));
    if (claim.answer()) co_return *claim.answer();
    if (house.fails) co_return Error(Code::not_found, "Nothing here.");
    ++house.effects;
    while (house.held) {
      asio::error_code woken;
      co_await house.gate.async_wait(asio::redirect_error(asio::use_awaitable, woken));
    }
    Commit commit;
    claim.keep(commit, {{"n", house.effects}});
    HOB_CO_TRY(kept, co_await house.store->commit(std::move(commit)));
    co_return Json({{"n", house.effects}});
  }
  /// All of them under way before the first is answered: no effect ends before every question to the store is answered.
  std::vector<Answer> at_once(std::vector<Json> all) {
    held = true;
    std::vector<std::optional<Answer>> out(all.size());
    for (size_t i = 0; i < all.size(); ++i) spawn(io.get_executor(), keep_result(request(*this, all[i]), out[i]), "test");
    REQUIRE(wait(io, store->idempotency("after", "them")).ok());  // reads are answered in order
    held = false;
    gate.cancel();
    const auto missing = [&] { return std::any_of(out.begin(), out.end(), [](const auto& one) { return !one; }); };
    io.restart();
    while (missing() && io.run_one() > 0) {
    }
    std::vector<Answer> answers;
    for (auto& one : out) answers.push_back(*std::move(one));
    return answers;
  }
};

TEST_CASE("requests of one key that are under way together have one effect and one answer") {
  House house;
  const auto answers = house.at_once(std::vector<Json>(3, one));
  REQUIRE(answers.size() == 3);
  for (const auto& answer : answers) {
    REQUIRE(answer);
    CHECK(*answer == Json({{"n", 1}}));
  }
  CHECK(house.effects == 1);
  CHECK(*wait(house.io, House::request(house, {{"a", 1}})) == Json({{"n", 1}}));
  CHECK(house.effects == 1);
}

TEST_CASE("other params under a key are refused, under way and afterwards") {
  House house;
  const auto answers = house.at_once(std::vector<Json>{one, two});
  CHECK(answers[0]);
  REQUIRE_FALSE(answers[1]);
  CHECK(answers[1].error().code() == Code::invalid_params);
  CHECK(answers[1].error().data()["pointer"] == "/idempotencyKey");
  CHECK(wait(house.io, House::request(house, {{"a", 2}})).error().code() == Code::invalid_params);
  CHECK(house.effects == 1);
}

TEST_CASE("a request that failed before anything was journalled leaves its key free") {
  House house;
  house.fails = true;
  CHECK(wait(house.io, House::request(house, {{"a", 1}})).error().code() == Code::not_found);
  house.fails = false;
  CHECK(wait(house.io, House::request(house, {{"a", 2}})).ok());
  CHECK(house.effects == 1);
}

TEST_CASE("who waits for the first goes on by itself when the first leaves nothing") {
  House house;
  std::optional<Result<Once::Claim>> first, second;
  spawn(house.io.get_executor(), keep_result(house.once.enter("m", "k", {}, {}), first), "test");
  while (!first) house.io.run_one();
  REQUIRE(*first);
  spawn(house.io.get_executor(), keep_result(house.once.enter("m", "k", {}, {}), second), "test");
  house.io.restart();
  house.io.poll();
  CHECK_FALSE(second);
  first.reset();
  house.io.restart();
  while (!second) house.io.run_one();
  REQUIRE(*second);
  CHECK_FALSE((**second).answer());
}

TEST_CASE("who waits for the first may be cancelled") {
  House house;
  const auto first = wait(house.io, house.once.enter("m", "k", {}, {}));
  REQUIRE(first);
  CallContext context;
  std::optional<Result<Once::Claim>> second;
  spawn(house.io.get_executor(), keep_result(house.once.enter("m", "k", {}, context), second), "test");
  house.io.restart();
  house.io.poll();
  context.cancel.cancel();
  house.io.restart();
  house.io.poll();
  REQUIRE(second);
  CHECK(second->error().code() == Code::cancelled);
}

TEST_CASE("what has begun without an outcome is told as unknown, after a restart, too") {
  House house;
  const auto enter = [&] { return wait(house.io, house.once.enter("m", "k", {{"a", 1}}, {})); };
  {
    const auto claim = enter();
    REQUIRE(claim);
    Commit intent;
    claim->begin(intent);
    REQUIRE(wait(house.io, house.store->commit(std::move(intent))));
  }
  CHECK(enter().error().code() == Code::outcome_unknown);
  Once next(*house.store);
  CHECK(wait(house.io, next.enter("m", "k", {{"a", 1}}, {})).error().code() == Code::outcome_unknown);
}

TEST_CASE("a failure that was kept is told again as it was") {
  House house;
  {
    const auto claim = wait(house.io, house.once.enter("m", "k", {{"a", 1}}, {}));
    Commit outcome;
    claim->keep_error(outcome, Error(Code::overloaded, "Too many.").with("retryAfterMs", 7LL));
    REQUIRE(wait(house.io, house.store->commit(std::move(outcome))));
  }
  const auto again = wait(house.io, house.once.enter("m", "k", {{"a", 1}}, {}));
  REQUIRE_FALSE(again);
  CHECK(again.error().code() == Code::overloaded);
  CHECK(again.error().message() == "Too many.");
  CHECK(again.error().data()["retryAfterMs"] == 7);
}

TEST_CASE("keys are forgotten after a day, are separate for each method, and none is needed") {
  House house;
  REQUIRE(wait(house.io, House::request(house, {{"a", 1}})));
  CHECK_FALSE(wait(house.io, house.once.enter("other", "k", {{"a", 2}}, {}))->answer());
  house.clock.advance(std::chrono::hours(25));
  CHECK(wait(house.io, House::request(house, {{"a", 2}})).ok());
  CHECK(house.effects == 2);
  const auto unkeyed = wait(house.io, house.once.enter("m", std::nullopt, {}, {}));
  Commit commit;
  unkeyed->begin(commit);
  unkeyed->keep(commit, 1);
  CHECK(commit.put_idempotency.empty());
}

}  // namespace
}  // namespace hob::store
