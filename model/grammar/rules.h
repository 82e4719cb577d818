// Rules: what a whole answer may be, as a grammar: terminals (languages of characters) joined by sequence, choice,
// repetition and rules that may name each other.
//
//   HOB_TRY(rules, read_grammar("root ::= \"yes\" | \"no\""));     // gbnf_reader.h; or read_regex("yes|no")
//   RuleMachine machine(rules);                                    // reads texts of it
//
// What is regular is one terminal, however many rules it was written in: an automaton, small enough to be looked at whole.
// What nests without end is left to rules, and so is what would take too many states.
//
// Automata keep what they find out, so one thread at a time uses Rules.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "model/grammar/language.h"
#include "model/grammar/rule_expressions.h"

namespace hob::grammar {

struct Rules {
  static constexpr uint32_t kMaxHeight = 1'000;     // of what rules begin with, rule within rule
  static constexpr uint32_t kMaxCost = 100'000;     // ways to begin a text of a rule
  static constexpr uint32_t kMaxLeast = 100'000;    // characters of the shortest text

  struct Rule {
    std::string name;
    RuleExpr body = RuleExpressions::kNothing;      // of `start`
    bool nullable = false;
    uint32_t least = kUnlimited, height = 0, cost = 0;
  };

  /// A regular part: all its states are known, so that nothing can grow while an answer is written.
  struct Terminal {
    std::unique_ptr<Expressions> expressions;
    Expr root = Expressions::kNothing;
    std::unique_ptr<Language> language;
  };

  std::vector<Terminal> terminals;
  std::vector<Rule> rules;
  std::unique_ptr<RuleExpressions> start;            // every RuleExpressions of a machine begins as a copy
  RuleExpr root = RuleExpressions::kNothing;
  uint32_t cost = 0;                                 // the largest of all rules

  /// Classes of characters that no terminal tells apart.
  std::vector<char32_t> bounds;           // where another class begins
  std::vector<uint32_t> classes;          // of the characters from bounds[i] on; kNone: surrogates
  std::vector<char32_t> representatives;  // one character of each class
  std::vector<bool> single;               // whether the class has this one alone

  uint32_t class_of(char32_t character) const;
  Language& language(uint32_t terminal) const { return *terminals[terminal].language; }
  /// Once all terminals are there.
  void find_classes();
  size_t bytes() const;
};

}  // namespace hob::grammar
