// For the tests of this room: a small engine that says given tokens, and an automaton that reads them.
#pragma once

#include <algorithm>
#include <map>

#include "model/engine/scripted.h"
#include "model/schedule/scheduler.h"

namespace hob::schedule::testing {

// The control tokens; 10 to 39 are words.
inline constexpr Token kStop = 1, kThink = 2, kEndThink = 3, kCall = 4, kEndCall = 5, kQuote = 6, kTurn = 7,
                       kResponse = 8, kAnswer = 9;
inline constexpr uint32_t kVocab = 40;

/// Reads thoughts (2..3), calls (4..5, strings between 6) and an answer (9..9); everything else is text.
class FakeAutomaton final : public Automaton {
 public:
  Result<sample::Mask> mask() override { return sample::Mask(); }
  Result<void> accept(Token token, std::vector<Event>& events) override {
    const std::string word = std::to_string(token) + " ";
    if (token == kThink) {
      where_ = Where::thought;
    } else if (token == kEndThink) {
      where_ = Where::outside;
    } else if (token == kCall) {
      where_ = Where::value;
      arguments_.clear();
    } else if (token == kEndCall) {
      where_ = Where::outside;
      events.push_back({Event::Kind::call, "", "tool", arguments_});
    } else if (token == kAnswer) {
      answering_ = !answering_;
      where_ = answering_ ? Where::value : Where::outside;
      events.push_back({Event::Kind::answer, answering_ ? "[" : "]", "", ""});
    } else if (answering_) {
      events.push_back({Event::Kind::answer, word, "", ""});
    } else if (token == kQuote) {
      where_ = where_ == Where::value ? Where::string : Where::value;
    } else if (where_ == Where::thought) {
      events.push_back({Event::Kind::thought, word, "", ""});
    } else if (where_ == Where::outside) {
      events.push_back({Event::Kind::text, word, "", ""});
    } else {
      arguments_ += word;
    }
    return {};
  }
  Where where() const override { return where_; }
  std::vector<Token> closing() override {
    if (answering_) return {kAnswer};
    switch (where_) {
      case Where::thought:
        return {kEndThink};
      case Where::value:
        return {kEndCall};
      case Where::string:
        return {kQuote, kEndCall};
      case Where::outside:
        break;
    }
    return {};
  }
  void finish(std::optional<Token>, std::vector<Event>&) override {}

 private:
  Where where_ = Where::outside;
  bool answering_ = false;
  std::string arguments_;
};

/// Knows what will be said, or thinks so.
class FixedDrafter final : public Drafter {
 public:
  FixedDrafter(std::vector<Token> reply, size_t prompt) : reply_(std::move(reply)), prompt_(prompt) {}
  std::string_view name() const override { return "fixed"; }
  double prior() const override { return 0.9; }
  std::vector<Token> propose(const DraftInput& input, size_t most) override {
    const size_t said = input.history.size() - prompt_;
    if (said >= reply_.size()) return {};
    const auto from = reply_.begin() + static_cast<ptrdiff_t>(said);
    return {from, from + static_cast<ptrdiff_t>(std::min(most, reply_.size() - said))};
  }

 private:
  std::vector<Token> reply_;
  size_t prompt_;
};

/// A scheduler over a scripted engine whose reply depends on the last token of the prompt.
struct Model {
  explicit Model(uint64_t cache_bytes = 1u << 20, uint32_t max_truncate = 2, uint32_t context = 400,
                 uint32_t max_rows = 1)
      : engine(info(max_truncate, context, max_rows),
               [this](std::span<const Token> history) {
                 const auto it = replies.find(history.back());
                 return it == replies.end() ? engine::ScriptedReply{{kStop}} : it->second;
               },
               interrupt),
        scheduler(engine, control(), cache_bytes, clock) {}

  /// One whose next token is a matter of chance: every token of the alphabet may follow, some more likely.
  Model(engine::ScriptedEngine::Judge judge, uint32_t max_rows)
      : engine(info(8, 4000, max_rows), std::move(judge), interrupt),
        scheduler(engine, control(), 1u << 20, clock) {}
  static engine::ScriptedEngine::Judge chance() {
    return [](std::span<const Token> history, std::span<float> logits) {
      const uint64_t before = history.size() < 2 ? 0 : history[history.size() - 2];
      for (Token id = 10; id < kVocab; ++id) {
        logits[id] = 4 * static_cast<float>(sample::uniform(history.back() * 64 + before, id));
      }
      for (Token id = 0; id < 10; ++id) logits[id] = -20;
    };
  }

  static engine::Info info(uint32_t max_truncate, uint32_t context, uint32_t max_rows = 1) {
    engine::Info out;
    out.max_rows = max_rows;
    out.fingerprint = "fake";
    out.vocab = kVocab;
    out.context = context;
    out.max_truncate = max_truncate;
    out.prefill_chunk = 4;
    out.hidden = 3;
    return out;
  }
  static ControlTokens control() {
    ControlTokens out;
    out.stops = {kStop};
    out.turn_open = kTurn;
    out.response_close = kResponse;
    out.channel_close = kEndThink;
    return out;
  }

  Request request(std::string session, std::vector<Token> prompt, size_t prefix = 0) {
    Request out;
    out.session = std::move(session);
    out.prompt = std::move(prompt);
    out.prefix = prefix;
    out.automaton = [] { return std::make_unique<FakeAutomaton>(); };
    out.drafters = drafters;
    return out;
  }
  Result<wire::StepResult> run(Request request) {
    std::optional<Result<wire::StepResult>> outcome;
    request.done = [&](Result<wire::StepResult> result) { outcome = std::move(result); };
    const auto submitted = scheduler.submit(std::move(request));
    if (!submitted) return submitted.error();
    while (!outcome) scheduler.work();
    return *std::move(outcome);
  }
  Result<wire::StepResult> run(std::string session, std::vector<Token> prompt, size_t prefix = 0) {
    return run(request(std::move(session), std::move(prompt), prefix));
  }
  /// Tokens of its prompt that a step runs.
  uint64_t prefilled(std::string session, std::vector<Token> prompt, size_t prefix = 0) {
    const auto result = run(std::move(session), std::move(prompt), prefix);
    return result ? result->usage.prompt_tokens - result->usage.cached_tokens : ~uint64_t{0};
  }
  /// Tokens that this takes through the engine.
  template <typename Work>
  uint64_t forwarded(Work&& work) {
    const uint64_t before = engine.tokens_forwarded();
    work();
    return engine.tokens_forwarded() - before;
  }

  std::map<Token, engine::ScriptedReply> replies;
  engine::Interrupt interrupt;
  engine::ScriptedEngine engine;
  std::function<Drafters(const Automaton&)> drafters;  // of all requests
  ManualClock clock{0};
  Scheduler scheduler;
};

}  // namespace hob::schedule::testing
