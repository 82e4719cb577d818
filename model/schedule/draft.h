// Drafter: guesses what the model will say next, so that one forward can verify several tokens.
//
//   std::vector<Token> guess = drafter.propose({history, ahead, seq, hidden}, 8);
//   ...one forward over the newest token and the guess; each position's own choice is made as ever...
//   drafter.observe(guess.size(), accepted);
//
// A guess never changes what is said: at every position the token is chosen from the model's own logits, under the mask of
// that place and with the number that the sampler draws for that position. As long as the choice is what was guessed, the
// next position's logits are there already; the first other choice ends the draft and the rest is taken back. (A guess is a
// point mass; so choosing accepts it with just its probability, and a refusal draws from the rest: exact, and token for
// token what would have been said without.) A drafter may therefore be as wrong as it likes.
//
// Drafters live for one step, on [model]. Here are the one that looks back in the history and the one that asks the
// grammar; one that reads the model's hidden state and its keys and values (Engine::donor) or runs a model of its own fits
// the same door.
#pragma once

#include <memory>
#include <string_view>

#include "model/schedule/automaton.h"

namespace hob::schedule {

struct DraftInput {
  std::span<const Token> history;  // prompt and what was said; the newest token last
  std::span<const Token> ahead = {};   // guessed already, behind the history
  engine::SeqId seq = 0;           // holds all of the history but its last token
  std::span<const float> hidden = {};  // the state that the newest token was chosen from, where wants_hidden()
};

class Drafter {
 public:
  virtual ~Drafter() = default;
  /// For status: "lookup", "grammar".
  virtual std::string_view name() const = 0;
  virtual bool wants_hidden() const { return false; }
  /// How likely a guess is right before anything is known.
  virtual double prior() const { return 0.5; }
  /// At most `most` tokens that may come behind the history and what is guessed already; none is an answer, too. The
  /// history only grows between calls.
  virtual std::vector<Token> propose(const DraftInput& input, size_t most) = 0;
  /// How many of the last proposal stood the test; of `tested` alone is anything known.
  virtual void observe(size_t tested, size_t accepted) { static_cast<void>(tested), static_cast<void>(accepted); }
};

using Drafters = std::vector<std::unique_ptr<Drafter>>;

/// What the grammar leaves no choice about (Automaton::forced).
class GrammarDrafter final : public Drafter {
 public:
  explicit GrammarDrafter(const Automaton& automaton) : automaton_(automaton) {}
  std::string_view name() const override { return "grammar"; }
  double prior() const override { return 0.9; }
  std::vector<Token> propose(const DraftInput& input, size_t most) override {
    return input.ahead.empty() ? automaton_.forced(most) : std::vector<Token>();
  }

 private:
  const Automaton& automaton_;
};

/// The grammar, then a look back into the history: what costs nothing but the positions.
Drafters free_drafters(const Automaton& automaton);

}  // namespace hob::schedule
