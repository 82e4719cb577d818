#include "model/schedule/generation.h"

#include <catch2/catch.hpp>

#include "model/schedule/test_model.h"

namespace hob::schedule {
namespace {

using namespace testing;
using engine::Fault;
using wire::ItemKind;
using wire::StepStop;

std::vector<Token> repeated(std::vector<Token> before, Token token, size_t times) {
  before.insert(before.end(), times, token);
  before.push_back(kStop);
  return before;
}

TEST_CASE("thought, text and calls become items in order, and the first carries the ids") {
  Model model;
  model.replies[20] = {{kThink, 30, kEndThink, 11, 12, kCall, 13, kEndCall, kCall, 14, kEndCall, kStop}};
  std::vector<wire::StepProgressKind> kinds;
  Request request = model.request("s", {10, 20});
  request.progress = [&](wire::StepProgress p) { kinds.push_back(p.kind); };
  const auto result = model.run(std::move(request));
  REQUIRE(result.ok());
  CHECK(result->stop == StepStop::tool_calls);
  REQUIRE(result->items.size() == 4);
  CHECK(result->items[0].kind == ItemKind::thought);
  CHECK(result->items[1].text == "11 12 ");
  CHECK(result->items[2].arguments == "13 ");
  CHECK(result->items[3].arguments == "14 ");
  REQUIRE(result->items[0].produced);
  CHECK(result->items[0].produced->ids ==
        std::vector<Token>{kThink, 30, kEndThink, 11, 12, kCall, 13, kEndCall, kCall, 14, kEndCall});
  CHECK(result->items[0].produced->fingerprint == "fake");
  CHECK_FALSE(result->items[1].produced);
  CHECK(result->usage.output_tokens == 12);
  using Kind = wire::StepProgressKind;
  CHECK(kinds == std::vector<Kind>{Kind::prefill, Kind::thought, Kind::text, Kind::text, Kind::call, Kind::call});
}

TEST_CASE("prefill comes in chunks, each with its progress") {
  Model model;
  std::vector<uint64_t> done;
  Request request = model.request("s", std::vector<Token>(10, 11));
  request.progress = [&](wire::StepProgress p) { done.push_back(p.done); };
  REQUIRE(model.run(std::move(request)).ok());
  CHECK(done == std::vector<uint64_t>{4, 8, 10});
}

TEST_CASE("a step cancelled during prefill ends cancelled, without items, and its prefix is kept") {
  Model model;
  Request request = model.request("s", std::vector<Token>(20, 11));
  request.progress = [flag = request.cancelled](const wire::StepProgress& p) {
    if (p.done >= 8) *flag = true;
  };
  const auto result = model.run(std::move(request));
  REQUIRE(result.ok());
  CHECK(result->stop == StepStop::cancelled);
  CHECK(result->items.empty());
  CHECK(model.engine.tokens_forwarded() == 8);
  CHECK(model.run("s", std::vector<Token>(20, 11))->usage.cached_tokens == 8);
}

TEST_CASE("a step cancelled while it speaks keeps its text and leaves out the open call") {
  Model model;
  model.replies[20] = {{11, 12, kCall, 13, 14, kEndCall, kStop}};
  Request request = model.request("s", {20});
  size_t forwards = 0;
  const auto flag = request.cancelled;
  std::optional<Result<wire::StepResult>> outcome;
  request.done = [&](Result<wire::StepResult> r) { outcome = std::move(r); };
  REQUIRE(model.scheduler.submit(std::move(request)).ok());
  while (!outcome) {
    if (forwards++ == 4) *flag = true;  // 11 12 <call> 13 are out
    model.scheduler.work();
  }
  const wire::StepResult& result = outcome->value();
  CHECK(result.stop == StepStop::cancelled);
  REQUIRE(result.items.size() == 1);
  CHECK(result.items[0].text == "11 12 ");
  CHECK(result.items[0].produced->ids == std::vector<Token>{11, 12});
  CHECK_FALSE(result.incomplete);
}

TEST_CASE("at the token limit an open call is dropped, from the items and from the ids") {
  Model model;
  model.replies[20] = {{11, kCall, kQuote, 13, 14, 15, 16, kStop}};
  Request request = model.request("s", {20});
  request.max_tokens = 5;
  const auto result = model.run(std::move(request));
  REQUIRE(result.ok());
  CHECK(result->stop == StepStop::max_tokens);
  CHECK(result->incomplete);
  REQUIRE(result->items.size() == 1);
  CHECK(result->items[0].kind == ItemKind::agent_message);
  CHECK(result->items[0].produced->ids == std::vector<Token>{11});
}

TEST_CASE("at the token limit an open answer is closed and marked") {
  Model model;
  model.replies[20] = {{kAnswer, 13, 14, 15, 16, kAnswer, kStop}};
  Request request = model.request("s", {20});
  request.max_tokens = 3;
  const auto result = model.run(std::move(request));
  REQUIRE(result.ok());
  CHECK(result->stop == StepStop::max_tokens);
  CHECK(result->incomplete);
  REQUIRE(result->items.size() == 1);
  CHECK(result->items[0].text == "[13 14 ]");
  CHECK(result->items[0].incomplete == true);
  CHECK(result->items[0].produced->ids == std::vector<Token>{kAnswer, 13, 14, kAnswer});
}

TEST_CASE("text at the token limit is simply cut") {
  Model model;
  model.replies[20] = {{11, 12, 13, 14, kStop}};
  Request request = model.request("s", {20});
  request.max_tokens = 2;
  const auto result = model.run(std::move(request));
  CHECK(result->stop == StepStop::max_tokens);
  CHECK_FALSE(result->incomplete);
  CHECK(result->items[0].text == "11 12 ");
}

TEST_CASE("the end of the context ends a step like its token limit") {
  Model model(1u << 20, 2, /*context=*/8);
  model.replies[20] = {{11, 12, 13, 14, 15, 16, 17, kStop}};
  const auto result = model.run("s", {10, 10, 10, 10, 20});
  REQUIRE(result.ok());
  CHECK(result->stop == StepStop::max_tokens);
  CHECK(result->items[0].produced->ids == std::vector<Token>{11, 12, 13, 14});  // the last one is never run
}

TEST_CASE("a prompt over the context is refused with the numbers") {
  Model model(1u << 20, 2, /*context=*/8);
  const auto refused = model.run("s", std::vector<Token>(8, 11));
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code() == Code::context_exceeded);
  CHECK(refused.error().data()["needed"] == 9);
  CHECK(refused.error().data()["available"] == 8);
  CHECK(model.engine.sequences() == 0);
  CHECK(model.run("s", {}).error().code() == Code::invalid_params);
}

TEST_CASE("a loop of tokens ends the step, but not inside a string") {
  Model model;
  model.replies[20] = {repeated({11}, 12, 60)};
  const auto loop = model.run("a", {20});
  REQUIRE(loop.ok());
  CHECK(loop->stop == StepStop::repetition);
  CHECK(loop->usage.output_tokens == 1 + RepetitionGuard::kSameToken);
  std::vector<Token> string = repeated({kCall, kQuote}, 12, 60);
  string.insert(string.end() - 1, {kQuote, kEndCall});
  model.replies[21] = {string};
  const auto in_string = model.run("b", {21});
  REQUIRE(in_string.ok());
  CHECK(in_string->stop == StepStop::tool_calls);
}

TEST_CASE("a step without the guard says a loop to its end, in thoughts and in text") {
  Model model;
  std::vector<Token> reply = repeated({kThink}, 12, 60);
  reply.insert(reply.end() - 1, {kEndThink});
  reply.insert(reply.end() - 1, 50, 13);
  model.replies[20] = {reply};
  Request request = model.request("a", {20});
  request.repetition_guard = false;
  const auto result = model.run(std::move(request));
  REQUIRE(result.ok());
  CHECK(result->stop == StepStop::end_turn);
  CHECK(result->usage.output_tokens == reply.size());
}

TEST_CASE("a thought that goes in circles is closed, and the step goes on") {
  Model model;
  std::vector<Token> reply = repeated({kThink}, 12, 60);
  reply.insert(reply.end() - 1, {kEndThink, 13});
  model.replies[20] = {reply};
  const auto result = model.run("a", {20});
  REQUIRE(result.ok());
  CHECK(result->stop == StepStop::end_turn);
  REQUIRE(result->items.size() == 2);
  CHECK(result->items[1].text == "13 ");
  CHECK(result->usage.output_tokens < 40);
}

TEST_CASE("a cycle is a loop after eight rounds, whatever came before") {
  RepetitionGuard guard;
  for (const Token token : {1, 2, 3, 4, 5, 6, 7}) CHECK_FALSE(guard.push(token));
  int count = 0;
  bool loop = false;
  while (!loop && count < 100) {
    loop = guard.push(40 + count % 3);
    ++count;
  }
  CHECK(count == 24);
  guard.reset();
  for (int i = 0; i < 200; ++i) CHECK_FALSE(guard.push(static_cast<Token>(i % 9)));  // nine is no short cycle
}

TEST_CASE("NaN fails the step, its sequence is forgotten, and the next step works") {
  Model model;
  model.replies[20] = {{11}, Fault::nan};
  model.replies[21] = {{12, kStop}};
  const auto failed = model.run("s", {10, 10, 20});
  REQUIRE_FALSE(failed.ok());
  CHECK(failed.error().code() == Code::model_failed);
  CHECK(model.engine.sequences() == 0);
  const auto next = model.run("s", {10, 10, 21});
  REQUIRE(next.ok());
  CHECK(next->usage.cached_tokens == 0);
  CHECK(next->items[0].text == "12 ");
}

TEST_CASE("a stop string ends free text, and in a call or an answer it is text like any other") {
  Model model;
  model.replies[20] = {{kCall, 12, 13, kEndCall, 11, 12, 13, 14, kStop}};
  Request request = model.request("s", {20});
  request.stop_strings = {"12 13"};
  std::string shown;
  request.progress = [&](const wire::StepProgress& p) { shown += p.text; };
  const auto result = model.run(std::move(request));
  REQUIRE(result.ok());
  CHECK(result->stop == StepStop::stop_string);
  CHECK(result->stop_string == "12 13");
  REQUIRE(result->items.size() == 2);
  CHECK(result->items[0].arguments == "12 13 ");
  CHECK(result->items[1].text == "11 ");
  CHECK(shown == "11 ");
  CHECK(result->usage.output_tokens == 7);  // 14 was never asked for
  model.replies[21] = {{kAnswer, 12, 13, kAnswer, kStop}};
  Request answer = model.request("t", {21});
  answer.stop_strings = {"12 13"};
  const auto answered = model.run(std::move(answer));
  CHECK(answered->stop == StepStop::end_turn);
  CHECK(answered->items[0].text == "[12 13 ]");
}

TEST_CASE("a stop id ends free text and is not part of it, and in a call or an answer it is a token like any other") {
  Model model;
  model.replies[20] = {{kCall, 12, 13, kEndCall, 11, 12, 13, kStop}};
  Request request = model.request("s", {20});
  request.stop_ids = {40, 12};
  const auto result = model.run(std::move(request));
  REQUIRE(result.ok());
  CHECK(result->stop == StepStop::stop_id);
  CHECK(result->stop_id == 12u);
  REQUIRE(result->items.size() == 2);
  CHECK(result->items[0].arguments == "12 13 ");
  CHECK(result->items[1].text == "11 ");
  REQUIRE(result->items[0].produced);  // what was said is whole: the next turn takes these very tokens
  CHECK(result->items[0].produced->ids == std::vector<uint32_t>{kCall, 12, 13, kEndCall, 11});
  model.replies[21] = {{kThink, 12, kEndThink, kAnswer, 12, 13, kAnswer, kStop}};
  Request answer = model.request("t", {21});
  answer.stop_ids = {12};
  const auto answered = model.run(std::move(answer));
  REQUIRE(answered.ok());
  CHECK(answered->stop == StepStop::end_turn);
  CHECK_FALSE(answered->stop_id);
  CHECK(answered->items.back().text == "[12 13 ]");
}

TEST_CASE("log probabilities come for the tokens that were chosen, with the likeliest ones") {
  Model model;
  model.replies[20] = {{kThink, 30, kEndThink, 11, kStop}};
  Request request = model.request("s", {20});
  request.logprobs = 2;
  request.spell = [](Token token) { return "<" + std::to_string(token) + ">"; };
  const auto result = model.run(std::move(request));
  REQUIRE(result.ok());
  REQUIRE(result->logprobs);
  REQUIRE(result->logprobs->size() == 4);
  const wire::TokenLogprob& last = result->logprobs->back();
  CHECK(last.token == 11);
  CHECK(last.text == "<11>");
  CHECK(last.logprob == Approx(0).margin(1e-9));  // the peak is certain
  REQUIRE(last.top.size() == 2);
  CHECK(last.top[0].token == 11);
  CHECK(last.top[1].logprob < -30);
  CHECK_FALSE(model.run("s", {20})->logprobs);
}

TEST_CASE("the same seed gives the same tokens whatever else runs") {
  const auto speak = [](size_t neighbours, uint32_t rows) {
    Model model(Model::chance(), rows);
    const auto request = [&](const std::string& session, uint64_t seed) {
      Request out = model.request(session, {10, 11});
      out.sampling.temperature = 1;
      out.sampling.seed = seed;
      out.max_tokens = 40;
      out.done = [](const Result<wire::StepResult>&) {};
      return out;
    };
    for (size_t i = 0; i < neighbours; ++i) {
      REQUIRE(model.scheduler.submit(request("n" + std::to_string(i), 100 + i)).ok());
    }
    return model.run(request("s", 7))->items.at(0).produced->ids;
  };
  const std::vector<Token> alone = speak(0, 1);
  CHECK(alone.size() > 10);
  CHECK(speak(3, 1) == alone);
  CHECK(speak(3, 4) == alone);
}

TEST_CASE("two sessions speak in turn, and two steps of one session one after another") {
  Model model;
  for (const Token last : {Token{20}, Token{21}, Token{22}}) model.replies[last] = {{last, last, last, kStop}};
  std::string order;
  size_t open = 0;
  const auto submit = [&](const std::string& session, Token last) {
    Request request = model.request(session, {10, last});
    request.progress = [&order, last](const wire::StepProgress& p) {
      if (p.kind == wire::StepProgressKind::text) order += static_cast<char>('a' + last - 20);
    };
    request.done = [&](const Result<wire::StepResult>& result) {
      CHECK(result.ok());
      --open;
    };
    ++open;
    REQUIRE(model.scheduler.submit(std::move(request)).ok());
  };
  submit("one", 20);
  submit("one", 21);
  submit("two", 22);
  while (open > 0) model.scheduler.work();
  CHECK(order == "acacacbbb");
  CHECK(model.scheduler.idle());
}

TEST_CASE("too many waiting steps are refused as overloaded") {
  Model model;
  for (size_t i = 0; i < Scheduler::kMaxWaiting; ++i) {
    Request request = model.request("s", {10});
    request.done = [](const Result<wire::StepResult>&) {};
    REQUIRE(model.scheduler.submit(std::move(request)).ok());
  }
  CHECK(model.scheduler.submit(model.request("s", {10})).error().code() == Code::overloaded);
}

TEST_CASE("a request without an automaton only fills the cache") {
  Model model;
  Request request = model.request("s", std::vector<Token>(10, 11));
  request.automaton = nullptr;
  const auto result = model.run(std::move(request));
  REQUIRE(result.ok());
  CHECK(result->usage.output_tokens == 0);
  CHECK(model.engine.tokens_forwarded() == 10);
  CHECK(model.run("s", std::vector<Token>(12, 11))->usage.cached_tokens == 10);
}

}  // namespace
}  // namespace hob::schedule
