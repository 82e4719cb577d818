// StepMaker: from the message of a step to what the scheduler runs: prompt, automaton, sampling.
//
//   StepMaker maker(model);
//   HOB_TRY(request, maker.make(params));    // may compile schemas: milliseconds, seconds for the worst; see patience.h
//   request.done = ...; scheduler.submit(std::move(request));
//
// Any thread, several at once; the request is then handed to [model].
#pragma once

#include <list>
#include <memory>
#include <mutex>

#include "model/constrain/step.h"
#include "model/engine/engine.h"
#include "model/schedule/generation.h"
#include "model/serve/loaded.h"
#include "model/text/prompt.h"
#include "schemas/base/clock.h"

namespace hob::serve {

/// What the threads share of a loaded model; never changed.
struct ModelFacts {
  std::shared_ptr<const text::Tokenizer> tokenizer;
  engine::Info info;
  schedule::ControlTokens control;
  sample::Options sampling;
  text::ModelSize size = text::ModelSize::small;
  std::shared_ptr<const constrain::TokenTrie> trie;
  wire::DraftKind draft = wire::DraftKind::lookup;  // of steps that do not say
};
/// Builds the token trie: part of a second with a real vocabulary.
Result<ModelFacts> facts_of(const Loaded& loaded);

class StepMaker {
 public:
  StepMaker(ModelFacts facts, Random& random);

  Result<schedule::Request> make(const wire::StepParams& params, grammar::Watch* watch = nullptr);
  /// Only fills the cache: no automaton.
  Result<schedule::Request> make_prefill(const wire::StepParams& params);
  /// {prompt, tokens}: what the step would begin with.
  Result<Json> render(const wire::StepParams& params) const;
  /// {tokens}
  Result<Json> tokenize(const wire::TokenizeParams& params) const;
  /// {result}
  Result<Json> fit(const wire::FitParams& params) const;
  /// {compiledMs}, or the error says what cannot be enforced.
  Result<Json> check_schema(const wire::CheckSchemaParams& params, grammar::Watch* watch = nullptr);

 private:
  using Compiled = std::shared_ptr<const constrain::CompiledStep>;
  text::PromptFormat format() const;
  struct Kept {
    std::string key;
    Compiled step;
  };
  Result<Compiled> compile(const wire::StepParams& params, bool inside_thought, grammar::Watch* watch);

  static constexpr size_t kMaxKept = 64;

  ModelFacts facts_;
  Random& random_;
  std::mutex mutex_;
  std::list<Kept> kept_;  // the newest use first
};

}  // namespace hob::serve
