// RuleMachine: reads texts of Rules byte by byte.
//
//   RuleMachine machine(rules);
//   RuleState state = machine.start();
//   if (machine.read(state, token_bytes)) ...       // false: it does not fit, and nothing changed
//   machine.done(state);                            // whether the text may be over here
//
// A state is what must follow, as one expression: a copy is a pointer and a number, however long the text is. Expressions
// are kept while some state may come back to them; when they are many, the next state moves to fresh ones.
//
// Every state has an end: its completion() is never longer than limit() characters, for a text that leads farther from an
// end than that is not read. A state that could go on in more ways than kMost at once is cut to its shortest one: that
// refuses texts, but never lets a wrong one pass. One thread at a time uses a machine and its states.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "model/grammar/machine_text.h"
#include "model/grammar/rules.h"

namespace hob::grammar {

/// Between two characters (utf8 is 0), or inside one of which `bits` are read; see next_utf8().
struct RulePlace {
  RuleExpr expr = RuleExpressions::kNothing;
  uint32_t bits = 0;
  uint8_t utf8 = 0;
};
struct RuleState : RulePlace {
  std::shared_ptr<RuleExpressions> all;
};

class RuleMachine {
 public:
  static constexpr uint32_t kMostAhead = 4'096;       // characters to the nearest end, where the shortest text has fewer
  static constexpr uint32_t kMost = 4'096;            // ways at once, beside what the rules themselves begin with
  static constexpr uint32_t kMaxHeight = 2'000;
  static constexpr size_t kMaxExpressions = 200'000;  // then fresh ones

  explicit RuleMachine(std::shared_ptr<const Rules> rules);

  const Rules& rules() const { return *rules_; }
  RuleState start();
  /// Reads a token. Not when it does not fit, or leads farther from an end than limit().
  bool read(RuleState& state, std::string_view bytes);
  /// Reads one byte of a token, without the limit; false where it does not fit, and `place` is of no more use.
  bool step(RuleExpressions& all, RulePlace& place, unsigned char byte) const;
  /// Whether a token may end here.
  bool near(RuleExpressions& all, const RulePlace& place) const;
  static bool done(const RuleState& state) { return state.utf8 == 0 && state.all->at(state.expr).nullable; }
  /// A short way to the end.
  std::string completion(const RuleState& state) const;
  /// The only character that may come next, where there is one and the text cannot be over.
  std::optional<char32_t> only(const RuleState& state) const;
  uint32_t limit() const { return limit_; }
  size_t bytes() const;

 private:
  void settle(RuleState& state);
  /// The nearest end after the character begun: the class that leads there, and how far it is.
  std::pair<uint32_t, uint32_t> nearest(RuleExpressions& all, const RulePlace& place) const;

  std::shared_ptr<const Rules> rules_;
  std::shared_ptr<RuleExpressions> all_;
  uint32_t limit_, most_;
};

}  // namespace hob::grammar
