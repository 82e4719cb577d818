// Generation: one step of the model, from the end of its prompt to a stop, cut into single forwards.
//
//   Generation generation(request, tools);          // tools: engine, cache, control tokens, clock
//   generation.begin();                              // takes a sequence, or ends with context_exceeded
//   while (!generation.done()) {
//     generation.look_at_cancel();
//     engine::Row row = generation.next_row({});     // a prefill chunk, or the newest token and a draft behind it
//     generation.take(engine.forward({{row}}));      // samples, reads, reports
//   }
//
// The scheduler does this for several of them at once. A cancelled step ends like any other, with what it has. Ends: a stop
// token; max_tokens or the end of the context (what is open is closed by the shortest way; a call closed so is dropped); a
// stop string in free text; a loop of tokens outside strings (in the thought channel the channel is closed instead); a
// failed forward. Drafts (draft.h) save forwards and change nothing of what is said. `done` is called once, from begin() or
// take(). Thread [model].
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "model/schedule/automaton.h"
#include "model/schedule/draft.h"
#include "model/schedule/draft_pace.h"
#include "model/schedule/prefix_cache.h"
#include "model/schedule/repetition.h"
#include "model/schedule/transcript.h"
#include "schemas/base/clock.h"
#include "schemas/wire/step.h"

namespace hob::schedule {

/// Set by [read], looked at by [model].
using CancelFlag = std::shared_ptr<std::atomic<bool>>;

/// The tokens that the loop itself must know.
struct ControlTokens {
  std::vector<Token> stops;
  std::vector<Token> suppressed;
  std::optional<Token> turn_open, response_close, channel_close;
};

struct Request {
  std::string session;                   // empty: what it runs is not kept, but for the prefix
  std::vector<Token> prompt;
  size_t prefix = 0;                     // length of the system turn, shared by sessions; 0: none
  bool inside_thought = false;           // the prompt ends inside the thought channel
  std::function<std::unique_ptr<Automaton>()> automaton;  // called on [model]; null: only the prompt is prefilled
  std::function<Drafters(const Automaton&)> drafters;     // null: every token has a forward of its own
  sample::Options sampling;
  bool repetition_guard = true;          // a loop of tokens ends the step
  uint32_t max_tokens = 2048;
  std::vector<std::string> stop_strings;
  std::vector<Token> stop_ids;           // end free text, as stop strings do; elsewhere tokens like any other
  std::optional<uint32_t> logprobs;      // wanted, with so many of the likeliest tokens at each position
  std::function<std::string(Token)> spell = [](Token) { return std::string(); };  // for logprobs
  CancelFlag cancelled = std::make_shared<std::atomic<bool>>(false);
  std::function<void(wire::StepProgress)> progress = [](const wire::StepProgress&) {};
  std::function<void(Result<wire::StepResult>)> done;
};

/// What drafts brought so far, over all steps.
struct DraftCount {
  std::string_view name;
  uint64_t drafted = 0, accepted = 0;
  bool resting = false;  // the last step left it alone, because it would lose
};
using DraftCounts = std::vector<DraftCount>;

class Generation {
 public:
  struct Tools {
    engine::Engine& engine;
    PrefixCache& cache;
    const ControlTokens& control;
    const Clock& clock;
    const DraftPace& pace;
    DraftCounts& counts;
  };
  /// What else is in the forward.
  struct Beside {
    size_t positions = 0;  // of other rows that decode
    bool prefill = false;  // a chunk, beside which a few positions more cost little
    bool baseline = false;  // no drafts this time
  };

  Generation(Request request, Tools tools);

  void begin();
  bool done() const { return done_; }
  const std::string& session() const { return request_.session; }
  /// Tokens chosen so far.
  uint64_t said() const { return said_; }
  bool cancelled() const { return request_.cancelled->load(std::memory_order_relaxed); }
  /// Ends it, with what it has, when its cancel flag is set.
  void look_at_cancel();
  bool prefilling() const { return lease_.tokens.size() < request_.prompt.size(); }
  /// It is about to run the beginning of this prompt up to a place that will be kept: who waits need not run it.
  bool will_keep_prefix_of(const std::vector<Token>& prompt) const;
  const std::vector<Token>& prompt() const { return request_.prompt; }
  engine::Row next_row(const Beside& beside);
  /// The outcome of the last row; a batch of several rows gives each its own.
  void take(Result<engine::RowOutput> output);

 private:
  using Stop = wire::StepStop;
  static constexpr size_t kMostDrafted = 16;
  static constexpr size_t kBesidePrefill = 4;
  struct Piece {
    size_t drafter, count;
  };
  struct Guesser {
    std::unique_ptr<Drafter> drafter;
    DraftTrust trust;
    size_t count;  // its place in Tools::counts
  };
  size_t next_boundary(size_t from) const;
  void at_boundary();
  struct Ending {
    Stop stop;
    std::optional<Token> token = std::nullopt;
  };
  void add_drafters();
  std::vector<Token> draft(const Beside& beside);
  bool wants_hidden() const;
  /// Reads the positions of a row as far as each choice is what was drafted, and takes back the rest.
  void take_choices(engine::RowOutput output);
  void settle_draft(size_t accepted, bool refused);
  /// Chooses the next token from the logits of one position and takes it; how the step ends with it, if it does.
  Result<std::optional<Ending>> read(std::span<const float> logits);
  Result<Token> choose(std::span<const float> logits);
  Result<std::optional<wire::TokenLogprob>> judge(std::span<const float> logits, Token token) const;
  Result<void> accept(Token token, std::optional<wire::TokenLogprob> logprob = std::nullopt);
  void close(Ending ending);
  void finish(Stop stop);
  void fail(Error error);
  void end(Result<wire::StepResult> result);

  Request request_;
  Tools tools_;
  std::unique_ptr<Automaton> automaton_;
  sample::Sampler sampler_;
  RepetitionGuard guard_;
  PrefixCache::Lease lease_;          // held from begin() to the end
  std::vector<size_t> boundaries_;    // prompt lengths at which the state is remembered, ascending
  std::vector<Token> row_ids_;        // of the row that is under way
  std::vector<Guesser> guessers_;
  std::vector<Piece> pieces_;         // of the draft that is under way, in order
  std::vector<Token> history_;        // prompt and what was said, for the drafters; empty without any
  std::vector<float> hidden_;
  uint64_t said_ = 0;
  bool skip_draft_ = false;           // the last one made the forward fail
  Transcript transcript_;
  bool close_thought_ = false;  // the thought goes in circles
  bool done_ = false;
  wire::StepResult result_;
  std::chrono::steady_clock::time_point started_, prefilled_;
};

}  // namespace hob::schedule
