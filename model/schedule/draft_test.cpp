// Drafts: they save forwards and change nothing of what is said.
#include "model/schedule/draft.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "model/schedule/test_model.h"

namespace hob::schedule {
namespace {

using namespace testing;
using engine::Fault;
using wire::StepStop;

std::function<Drafters(const Automaton&)> fixed(std::vector<Token> reply, size_t prompt) {
  return [reply = std::move(reply), prompt](const Automaton&) {
    Drafters out;
    out.push_back(std::make_unique<FixedDrafter>(reply, prompt));
    return out;
  };
}

/// Everything of a result but its times.
Json without_times(const Result<wire::StepResult>& result) {
  REQUIRE(result.ok());
  Json out = describe::write(*result);
  for (const char* name : {"prefillSeconds", "decodeSeconds", "maskSeconds", "draftedTokens", "acceptedTokens"}) {
    out["usage"].erase(name);
  }
  return out;
}

/// A reply with and without a drafter that is right; what `more` asks for besides.
struct Both {
  explicit Both(std::vector<Token> reply, std::function<void(Request&)> more = [](Request&) {}) {
    Model plain(1u << 20, 8), drafted(1u << 20, 8);
    for (Model* model : {&plain, &drafted}) model->replies[20] = {reply};
    drafted.drafters = fixed(reply, 2);
    for (Model* model : {&plain, &drafted}) {
      Request request = model->request("s", {10, 20});
      more(request);
      std::string& text = model == &plain ? plain_text : drafted_text;
      request.progress = [&text](const wire::StepProgress& p) { text += p.text + p.arguments; };
      const auto result = model->run(std::move(request));
      (model == &plain ? without : with) = without_times(result);
    }
    forwards_saved = plain.engine.forwards() - drafted.engine.forwards();
    // What is kept for the next turn is the same, too.
    std::vector<Token> next{10, 20};
    next.insert(next.end(), reply.begin(), reply.end());
    CHECK(plain.run("s", next)->usage.cached_tokens == drafted.run("s", next)->usage.cached_tokens);
  }
  Json without, with;
  std::string plain_text, drafted_text;
  uint64_t forwards_saved = 0;
};

TEST_CASE("a right draft saves forwards, and the step is the same: text, thought, calls, ids and usage") {
  const Both both({kThink, 30, 31, kEndThink, 11, 12, 13, kCall, kQuote, 14, kQuote, kEndCall, kCall, 15, kEndCall, kStop});
  CHECK(both.with == both.without);
  CHECK(both.drafted_text == both.plain_text);
  CHECK(both.with["stop"] == "tool_calls");
  CHECK(both.forwards_saved >= 8);
}

TEST_CASE("limits, stop strings and loops that fall inside a draft end the step where they would without") {
  std::vector<Token> loop(60, 12);
  loop.insert(loop.begin(), 11);
  loop.push_back(kStop);
  const Both repetition(loop);
  CHECK(repetition.with == repetition.without);
  CHECK(repetition.with["stop"] == "repetition");

  std::vector<Token> thought(60, 12);
  thought.insert(thought.begin(), kThink);
  thought.insert(thought.end(), {kEndThink, 13, kStop});
  const Both closed(thought);
  CHECK(closed.with == closed.without);
  CHECK(closed.with["items"].size() == 2);

  for (uint32_t most = 1; most < 10; ++most) {
    INFO("maxTokens " << most);
    const Both cut({11, 12, kCall, 13, 14, kEndCall, 15, 16, kStop}, [&](Request& r) { r.max_tokens = most; });
    CHECK(cut.with == cut.without);
    const Both answer({kAnswer, 12, 13, 14, kAnswer, kStop}, [&](Request& r) { r.max_tokens = most; });
    CHECK(answer.with == answer.without);
  }
  const Both stopped({11, 12, 13, 14, 15, 16, kStop}, [](Request& r) {
    r.stop_strings = {"13 1"};
    r.logprobs = 1;
  });
  CHECK(stopped.with == stopped.without);
  CHECK(stopped.with["stopString"] == "13 1");
  CHECK(stopped.drafted_text == "11 12 ");
}

TEST_CASE("the end of the context inside a draft is the same end") {
  for (uint32_t context = 4; context < 12; ++context) {
    INFO("context " << context);
    const auto run = [&](bool draft) {
      Model model(1u << 20, 8, context);
      model.replies[20] = {{11, 12, 13, 14, 15, 16, 17, kStop}};
      if (draft) model.drafters = fixed({11, 12, 13, 14, 15, 16, 17, kStop}, 2);
      return without_times(model.run("s", {10, 20}));
    };
    CHECK(run(true) == run(false));
  }
}

/// Says anything, with tokens that do not exist among it, and more than it was asked for.
class Liar final : public Drafter {
 public:
  std::string_view name() const override { return "liar"; }
  std::vector<Token> propose(const DraftInput& input, size_t most) override {
    const auto drawn = static_cast<size_t>(sample::uniform(3, input.history.size()) * 12);
    std::vector<Token> out;
    for (size_t i = 0; i < most + drawn; ++i) out.push_back(static_cast<Token>(10 + (drawn + i) % 33));
    return out;
  }
};

Drafters all_drafters(const Automaton& automaton) {
  Drafters out = free_drafters(automaton);
  out.push_back(std::make_unique<Liar>());
  return out;
}

TEST_CASE("a drafter may lie: sampled and greedy tokens are the same with and without, alone and beside others") {
  const auto speak = [](bool draft, double temperature, uint32_t rows) {
    Model model(Model::chance(), rows);
    if (draft) model.drafters = all_drafters;
    std::vector<Json> outcomes(3);
    size_t open = outcomes.size();
    for (size_t i = 0; i < outcomes.size(); ++i) {
      Request request = model.request("s" + std::to_string(i), std::vector<Token>(20 * i + 3, static_cast<Token>(10 + i)));
      request.sampling.temperature = temperature;
      request.sampling.seed = i;
      request.max_tokens = 300;
      request.done = [&, i](Result<wire::StepResult> result) {
        outcomes[i] = without_times(result);
        --open;
      };
      REQUIRE(model.scheduler.submit(std::move(request)).ok());
    }
    while (open > 0) model.scheduler.work();
    return outcomes;
  };
  for (const double temperature : {0.0, 0.3, 1.0}) {
    INFO("temperature " << temperature);
    const std::vector<Json> plain = speak(false, temperature, 1);
    CHECK(speak(true, temperature, 1) == plain);
    CHECK(speak(true, temperature, 4) == plain);
    CHECK(speak(false, temperature, 4) == plain);
  }
}

/// Forbids some tokens, and says so.
class Choosy final : public Automaton {
 public:
  Result<sample::Mask> mask() override {
    bits_[0] = ~uint64_t{0} << 10 & ~(uint64_t{1} << (10 + count_ % 7)) & ~(uint64_t{1} << 15);
    return sample::Mask(bits_);
  }
  Result<void> accept(Token token, std::vector<Event>& events) override {
    if (!sample::allows(*mask(), token)) return Error(Code::internal, "The mask did not allow this.");
    ++count_;
    events.push_back({Event::Kind::text, std::to_string(token) + " ", "", ""});
    return {};
  }
  Where where() const override { return Where::outside; }
  std::vector<Token> forced(size_t most) const override { return std::vector<Token>(most, 15); }  // a bad guess
  size_t legal(std::span<const Token> tokens) const override {
    Choosy ahead = *this;
    std::vector<Event> events;
    size_t count = 0;
    while (count < tokens.size() && ahead.accept(tokens[count], events)) ++count;
    return count;
  }
  std::vector<Token> closing() override { return {}; }
  void finish(std::optional<Token>, std::vector<Event>&) override {}

 private:
  std::vector<uint64_t> bits_{0};
  size_t count_ = 0;
};

TEST_CASE("each drafted position is chosen under its own mask, and drafts end before what is forbidden") {
  const auto speak = [](bool draft) {
    Model model(Model::chance(), 1);
    if (draft) model.drafters = all_drafters;
    Request request = model.request("s", std::vector<Token>(8, 11));
    request.automaton = [] { return std::make_unique<Choosy>(); };
    request.sampling.temperature = 0.2;
    request.max_tokens = 400;
    const Json out = without_times(model.run(std::move(request)));
    for (const DraftCount& count : model.scheduler.draft_counts()) {
      if (count.name == "grammar") CHECK(count.drafted == 0);  // all of it was cut
    }
    return out;
  };
  CHECK(speak(true) == speak(false));
}

TEST_CASE("what fails inside a draft is tried without it") {
  Model model(1u << 20, 8);
  model.replies[20] = {{11, 12, 13}, Fault::nan};
  model.drafters = fixed({11, 12, 13, 14}, 2);
  std::string text;
  Request request = model.request("s", {10, 20});
  request.progress = [&](const wire::StepProgress& p) { text += p.text; };
  CHECK(model.run(std::move(request)).error().code() == Code::model_failed);
  CHECK(text == "11 12 13 ");
}

TEST_CASE("drawn tokens are spread as the probabilities say: chi-square over 100,000 draws through drafts") {
  constexpr Token kWords = 12;  // 10 to 21
  const auto judge = [](std::span<const Token> history, std::span<float> logits) {
    std::fill(logits.begin(), logits.end(), -1000.0f);
    for (Token id = 10; id < 10 + kWords; ++id) {
      logits[id] = 2.5f * static_cast<float>(sample::uniform(history.back(), id));
    }
  };
  Model model(judge, 1);
  model.drafters = all_drafters;
  std::map<Token, std::map<Token, double>> seen;
  size_t draws = 0;
  for (uint64_t seed = 0; draws < 100'000; ++seed) {
    Request request = model.request("", {10, 11, 12});
    request.sampling.temperature = 0.8;
    request.sampling.top_p = 0.9;
    request.sampling.seed = seed;
    request.max_tokens = 500;
    Token last = 12;
    const auto spoken = model.run(std::move(request));
    for (const Token token : spoken->items.at(0).produced->ids) {
      ++seen[last][token];
      last = token;
      ++draws;
    }
  }
  uint64_t accepted = 0;
  for (const DraftCount& count : model.scheduler.draft_counts()) accepted += count.accepted;
  CHECK(accepted > 5'000);
  sample::Options options;
  options.temperature = 0.8;
  options.top_p = 0.9;
  sample::Sampler sampler(options);
  double square = 0, freedom = 0;
  for (auto& [last, counts] : seen) {
    std::vector<float> logits(kVocab);
    judge(std::vector<Token>{last}, logits);
    const auto wanted = sampler.distribution(logits, {});
    REQUIRE(wanted.ok());
    double total = 0;
    for (const auto& [token, count] : counts) total += count;
    for (const sample::Candidate& one : *wanted) {
      const double expected = total * one.probability;
      square += (counts[one.token] - expected) * (counts[one.token] - expected) / expected;
    }
    CHECK(counts.size() == wanted->size());  // nothing outside top-p ever came
    freedom += static_cast<double>(wanted->size() - 1);
  }
  CHECK(freedom > 50);
  CHECK(square < freedom + 4 * std::sqrt(2 * freedom));  // one in 30,000 by chance; the seeds are fixed
}

/// A model whose forwards take time by the manual clock, and which repeats itself: 20 words round and round.
struct Timed {
  Timed(int forward_ms, int position_ms)
      : model([this, forward_ms, position_ms](std::span<const Token> history, std::span<float> logits) {
          if (model.engine.forwards() != forwards) model.clock.advance(Milliseconds(forward_ms));
          forwards = model.engine.forwards();
          model.clock.advance(Milliseconds(position_ms));
          logits[10 + (history.back() - 10 + 1) % 20] = 30;
        }, 1) {
    model.drafters = free_drafters;
  }
  const DraftCount& count(std::string_view name) const {
    for (const DraftCount& one : model.scheduler.draft_counts()) {
      if (one.name == name) return one;
    }
    throw std::runtime_error("no such drafter");
  }
  Result<wire::StepResult> run(uint32_t tokens) {
    Request request = model.request("s", {10, 11, 12});
    request.max_tokens = tokens;
    return model.run(std::move(request));
  }
  uint64_t forwards = 0;
  Model model;
};

TEST_CASE("where positions are cheap, drafts pay, and the speed-up is told") {
  Timed timed(100, 1);
  const auto result = timed.run(600);
  REQUIRE(result.ok());
  CHECK(result->usage.output_tokens == 600);
  CHECK(result->usage.drafted_tokens == timed.count("lookup").drafted);
  CHECK(result->usage.accepted_tokens == timed.count("lookup").accepted);
  const DraftPace& pace = timed.model.scheduler.pace();
  CHECK(timed.count("lookup").accepted > 400);
  CHECK_FALSE(timed.count("lookup").resting);
  CHECK(*pace.speed_up() > 3);
  CHECK(static_cast<double>(pace.tokens()) / static_cast<double>(pace.steps()) > 3);
}

TEST_CASE("where each position costs like a forward, drafting stops, and costs next to nothing from then on") {
  Timed timed(1, 100);
  const auto result = timed.run(600);
  REQUIRE(result.ok());
  CHECK(timed.count("lookup").resting);
  CHECK(timed.count("lookup").drafted < 60);
  CHECK(*timed.model.scheduler.pace().speed_up() > 0.9);
  Timed plain(1, 100);
  plain.model.drafters = nullptr;
  CHECK(without_times(plain.run(600)) == without_times(result));
}

/// Looks at the states that it is given.
class Seer final : public Drafter {
 public:
  explicit Seer(std::vector<size_t>& widths) : widths_(widths) {}
  std::string_view name() const override { return "seer"; }
  bool wants_hidden() const override { return true; }
  std::vector<Token> propose(const DraftInput& input, size_t most) override {
    widths_.push_back(input.hidden.size());
    CHECK(input.seq != 0);
    return std::vector<Token>(std::min<size_t>(most, 2), 12);
  }

 private:
  std::vector<size_t>& widths_;
};

TEST_CASE("a drafter that wants the model's state is given that of the newest token") {
  std::vector<size_t> widths;
  Model model(1u << 20, 8);
  model.replies[20] = {{11, 12, 12, 13, kStop}};
  model.drafters = [&](const Automaton&) {
    Drafters out;
    out.push_back(std::make_unique<Seer>(widths));
    return out;
  };
  REQUIRE(model.run("s", {10, 20}).ok());
  REQUIRE_FALSE(widths.empty());
  for (const size_t width : widths) CHECK(width == model.engine.info().hidden);
}

}  // namespace
}  // namespace hob::schedule
