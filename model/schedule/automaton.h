// Automaton: what the generation loop asks of whoever reads the model's output while it is made.
//
//   mask() -> which tokens may come;  accept(token) -> text, thought, calls and answers;  closing() -> the shortest way
//   to end what is open.
//
// One automaton lives for one step, from the end of the prompt to the stop token. model/constrain has the one that
// enforces schemas (step_automaton.h adapts it). Thread [model]; made on [compile].
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/engine/engine.h"
#include "model/sample/sampler.h"
#include "schemas/base/result.h"

namespace hob::schedule {

using engine::Token;

/// Something that a token brought to light. Text is new text alone and holds whole characters.
struct Event {
  enum class Kind { text, thought, call_begin, call, answer, words } kind;  // words: an answer held to rules
  std::string text;       // text, thought, answer, words
  std::string name;       // call_begin, call
  std::string arguments;  // call: JSON text
};

enum class Where {
  outside,  // free text, or nothing yet
  thought,  // the thought channel
  value,    // a call or an answer that cannot be over here, not inside a string
  string,   // inside a string of a value
};

class Automaton {
 public:
  virtual ~Automaton() = default;

  /// The tokens that may come next; empty: all of them. Valid until the next call.
  virtual Result<sample::Mask> mask() = 0;
  /// Takes a token that the mask allowed. Stop tokens go to finish().
  virtual Result<void> accept(Token token, std::vector<Event>& events) = 0;
  virtual Where where() const = 0;
  /// At most `most` tokens that will most likely come, because there is one way to go on; for drafts.
  virtual std::vector<Token> forced(size_t most) const {
    static_cast<void>(most);
    return {};
  }
  /// How many of these tokens may come next, one after another.
  virtual size_t legal(std::span<const Token> tokens) const { return tokens.size(); }
  /// The shortest tokens that end what is open (a thought, a call, an answer); empty when nothing is.
  virtual std::vector<Token> closing() = 0;
  /// Gives out what is held back; with the stop token where there was one. The automaton is spent afterwards.
  virtual void finish(std::optional<Token> stop, std::vector<Event>& events) = 0;
};

}  // namespace hob::schedule
