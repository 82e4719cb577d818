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

/// A step that was submitted and is watched.
struct Running {
  Running(Model& model, std::string session, std::vector<Token> prompt, size_t prefix = 0) {
    Request request = model.request(std::move(session), std::move(prompt), prefix);
    cancelled = request.cancelled;
    request.progress = [this](const wire::StepProgress& p) { text += p.text; };
    request.done = [this](Result<wire::StepResult> result) { outcome = std::move(result); };
    REQUIRE(model.scheduler.submit(std::move(request)).ok());
  }
  uint64_t prefilled() const {
    const auto& usage = outcome->value().usage;
    return usage.prompt_tokens - usage.cached_tokens;
  }
  CancelFlag cancelled;
  std::string text;
  std::optional<Result<wire::StepResult>> outcome;
};

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
  CHECK(b->usage.cached_tokens == 30);  // up to the turn that was just opened: eight are run again
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

TEST_CASE("a new session with the same system text and tools prefills what follows them, asked by somebody or by nobody") {
  Model model;
  const std::vector<Token> system = words(25);
  REQUIRE(model.run("one", system + words(5, 1), 25).ok());
  CHECK(model.prefilled("two", system + words(6, 2), 25) == 6);
  CHECK(model.prefilled("", system + words(7, 3), 25) == 7);
  // What nobody asks leaves the prefix, and nothing else: the whole of it runs again, with the state kept before.
  const size_t states = model.scheduler.states();
  CHECK(model.prefilled("", system + words(7, 3), 25) == 7);
  CHECK(model.scheduler.states() == states);
  CHECK(model.engine.sequences() == 0);  // states are kept, no sequences
  CHECK(model.engine.snapshots() == states);
}

TEST_CASE("a fork of a session begins where the one it came from can be left, and that one keeps its own") {
  Model model;
  const std::vector<Token> start = words(20) + std::vector<Token>{kTurn, 10, 12};
  model.replies[12] = {{30, 31, 32, 33, 34, kStop}};
  REQUIRE(model.run("parent", start).ok());
  // Another answer from the turn that was just opened on.
  CHECK(model.prefilled("child", start + std::vector<Token>{13, 14}) == start.size() + 2 - 20);
  // The same answer and another question: the newest token of the answer was never run.
  const std::vector<Token> said = start + std::vector<Token>{30, 31, 32, 33, 34};
  CHECK(model.prefilled("grandchild", said + std::vector<Token>{kStop, 16, 17}) == 3);
  CHECK(model.prefilled("parent", said + std::vector<Token>{kStop, 15}) == 1);  // the grandchild has run the stop token
}

TEST_CASE("a step that begins while another runs takes what that one has kept so far") {
  Model model(1u << 20, 2, 400, /*max_rows=*/4);
  const std::vector<Token> system = words(24), first = system + words(9, 1) + std::vector<Token>{kTurn, 20};
  model.replies[20] = {std::vector<Token>(40, 11)};
  Running one(model, "one", first, 24);
  while (one.text.empty()) model.scheduler.work();
  const uint64_t before = model.engine.tokens_forwarded();
  Running two(model, "two", system + words(6, 2), 24), three(model, "three", first + std::vector<Token>{13, 14}, 24);
  while (!two.outcome || !three.outcome) model.scheduler.work();
  CHECK_FALSE(one.outcome);
  CHECK(two.prefilled() == 6);
  CHECK(three.prefilled() == 2 + 2);  // from the model turn that `one` has opened
  CHECK(model.engine.tokens_forwarded() > before + 10);  // and `one` has gone on
}

TEST_CASE("steps that begin together run what they share once") {
  for (const uint32_t rows : {1u, 4u}) {
    INFO("rows " << rows);
    Model model(1u << 20, 2, 400, rows);
    const std::vector<Token> system = words(41);
    std::vector<std::unique_ptr<Running>> all;
    for (Token i = 0; i < 4; ++i) {
      all.push_back(std::make_unique<Running>(model, std::to_string(i), system + words(3 + i, i), 41));
    }
    CHECK(model.forwarded([&] {
      while (!model.scheduler.idle()) model.scheduler.work();
    }) == 41 + 3 + 4 + 5 + 6);
    CHECK(all[0]->prefilled() == 44);
    for (Token i = 1; i < 4; ++i) CHECK(all[i]->prefilled() == 3 + i);
  }
}

TEST_CASE("who waits for a prefix that is never finished runs it, and who is cancelled waits for nobody") {
  Model model(1u << 20, 2, 400, /*max_rows=*/4);
  const std::vector<Token> system = words(41);
  Running one(model, "one", system + words(3, 1), 41), two(model, "two", system + words(4, 2), 41), three(model, "three", system + words(5, 3), 41);
  model.scheduler.work();
  *three.cancelled = true;
  model.scheduler.work();
  REQUIRE(three.outcome);
  CHECK(three.outcome->value().stop == wire::StepStop::cancelled);
  CHECK_FALSE(two.outcome);
  *one.cancelled = true;
  while (!two.outcome) model.scheduler.work();
  CHECK(two.prefilled() == 45 - 8);  // two chunks of four had run, and were kept
}

TEST_CASE("a turn that was cut is gone on with where it was cut") {
  Model model;
  const std::vector<Token> first = words(30) + std::vector<Token>{kTurn, 20};
  model.replies[20] = {{11, 12, 13, 14, 15, 16, kStop}};
  // In its prompt,
  Request request = model.request("s", first);
  request.progress = [flag = request.cancelled](const wire::StepProgress& p) {
    if (p.done >= 16) *flag = true;
  };
  REQUIRE(model.run(std::move(request))->stop == wire::StepStop::cancelled);
  // and in its answer, of which the next turn's prompt has what was said.
  request = model.request("s", first);
  request.progress = [flag = request.cancelled](const wire::StepProgress& p) {
    if (p.text == "13 ") *flag = true;
  };
  const auto cut = model.run(std::move(request));
  REQUIRE(cut->stop == wire::StepStop::cancelled);
  CHECK(cut->usage.prompt_tokens - cut->usage.cached_tokens == first.size() - 16);
  const std::vector<Token> produced = cut->items[0].produced->ids;
  REQUIRE(produced == std::vector<Token>{11, 12, 13});
  CHECK(model.prefilled("s", first + produced + std::vector<Token>{kStop, 17, 18}) == 1 + 3);  // the newest was never run
}

TEST_CASE("prompts that part in the middle of a page share what comes before") {
  constexpr size_t kPage = engine::ScriptedEngine::kPageTokens;
  for (size_t length = 2 * kPage; length <= 3 * kPage; ++length) {
    INFO("a prefix of " << length);
    Model model;
    const std::vector<Token> prefix = words(length);
    REQUIRE(model.run("a", prefix + std::vector<Token>{20, 21, 22, 23, 24}, length).ok());
    CHECK(model.prefilled("b", prefix + std::vector<Token>{25, 26, 27}, length) == 3);
    model.replies[24] = {{17, kStop}};
    const auto again = model.run("a", prefix + std::vector<Token>{20, 21, 22, 23, 24});
    CHECK(again->usage.cached_tokens == length + 4);
    CHECK(again->items[0].text == "17 ");
  }
}

TEST_CASE("forks of a long prefix cost it once, and a tail each") {
  constexpr uint64_t kPage = engine::ScriptedEngine::kPageTokens * sizeof(Token);
  Model model;
  const std::vector<Token> prefix = words(201);  // 51 pages, the last with one token
  REQUIRE(model.run("", prefix + words(1), 201).ok());
  CHECK(model.engine.cache_bytes() == 51 * kPage);
  for (Token i = 0; i < 10; ++i) {
    CHECK(model.prefilled(std::to_string(i), prefix + std::vector<Token>{10 + i, 11, 12, 13, 14, 15}, 201) == 6);
    // A copy of the last page, and one more.
    CHECK(model.engine.cache_bytes() == (51 + 2 * (i + 1)) * kPage);
  }
}

TEST_CASE("the cache keeps within its bytes, and the least recently used session goes first") {
  Model model(/*cache_bytes=*/200 * sizeof(Token));
  REQUIRE(model.run("a", words(90, 1)).ok());
  REQUIRE(model.run("b", words(90, 2)).ok());
  CHECK(model.prefilled("a", words(90, 1)) == 1);
  REQUIRE(model.run("c", words(90, 3)).ok());
  CHECK(model.engine.cache_bytes() <= 200 * sizeof(Token));
  CHECK(model.prefilled("a", words(90, 1)) == 1);
  CHECK(model.prefilled("b", words(90, 2)) == 90);
}

TEST_CASE("room is made while a step runs, not when it has ended") {
  Model model(/*cache_bytes=*/200 * sizeof(Token));
  REQUIRE(model.run("a", words(90, 1)).ok());
  REQUIRE(model.run("b", words(90, 2)).ok());
  Running c(model, "c", words(90, 3));
  while (!c.outcome) {
    model.scheduler.work();
    CHECK(model.engine.cache_bytes() <= 200 * sizeof(Token));
  }
}

TEST_CASE("what prompts begin with stays, whatever comes and goes meanwhile") {
  // A system turn, and a turn of a session behind it from which one answer after another is asked for.
  Model model(/*cache_bytes=*/300 * sizeof(Token));
  const std::vector<Token> system = words(40), turn = system + words(30, 1);
  CHECK(model.prefilled("s", turn + std::vector<Token>{kTurn, 20, 11, 12, 13}, 40) == 75);
  for (Token i = 0; i < 8; ++i) {
    INFO("round " << i);
    CHECK(model.prefilled("other", std::vector<Token>(90, 10 + i)) == 90);
    CHECK(model.prefilled("s", turn + std::vector<Token>{kTurn, 21 + i, 11, 12, 13}, 40) == 5);
  }
  CHECK(model.prefilled("new", system + words(30, 2), 40) == 30);
  CHECK(model.prefilled("other", std::vector<Token>(90, 10)) == 90);  // long gone
}

TEST_CASE("states that nobody used for long go, however many there are") {
  Model model(1u << 30);
  for (Token i = 0; i < 30; ++i) {
    for (Token j = 0; j < 40; ++j) REQUIRE(model.run("s", {10 + i % 30, 10 + j % 30, 10 + j / 30}).ok());
  }
  CHECK(model.scheduler.states() <= 1024);
  CHECK(model.engine.snapshots() == model.scheduler.states());
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
