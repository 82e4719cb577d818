// RuleExpressions: what must follow, as values, with their derivatives (Brzozowski): terminals joined by sequence, choice,
// repetition and rules.
//
//   RuleExpressions all(rules);
//   e = all.derive(e, rules.class_of('a'));       // what must follow after an 'a'
//
// What must follow is an expression again, so a state is a number, and a stack is a sequence whose rest is shared. Equal
// expressions of one RuleExpressions are one number. There is no expression without a text but kNothing, for rules that
// derive no text are refused, and so is left recursion: a derivative always ends.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/grammar/ir.h"

namespace hob::grammar {

using RuleExpr = uint32_t;
struct Rules;

class RuleExpressions {
 public:
  static constexpr RuleExpr kNothing = 0, kEmpty = 1;

  enum class Kind : uint8_t { nothing, empty, terminal, cat, alt, loop, rule };
  struct Node {
    Kind kind = Kind::nothing;
    bool nullable = false;
    uint32_t a = 0, b = 0;       // terminal: which, and its state; cat: parts; alt: from and count of list(); loop: body;
                                 // rule: its number
    uint32_t min = 0, max = 0;   // loop
    uint32_t least = kUnlimited; // characters of the shortest text
    uint32_t height = 0;         // how deep a derivative goes, at most
    uint32_t cost = 0;           // how many expressions it looks at, at most
    bool operator==(const Node&) const = default;
  };

  explicit RuleExpressions(const Rules& rules);

  RuleExpr terminal(uint32_t terminal, uint32_t state);
  RuleExpr cat(RuleExpr a, RuleExpr b);
  RuleExpr alt(std::vector<RuleExpr> choices);
  RuleExpr loop(RuleExpr body, uint32_t min, uint32_t max);
  RuleExpr rule(uint32_t number);

  /// What may follow a character of this class (Rules::class_of).
  RuleExpr derive(RuleExpr e, uint32_t character_class);
  const Node& at(RuleExpr e) const { return nodes_[e]; }
  RuleExpr member(const Node& alt, uint32_t i) const { return lists_[alt.a + i]; }
  /// A part of the texts that is as short as any, and cheap to go on with.
  RuleExpr narrowed(RuleExpr e);
  /// A shortest text, UTF-8, appended.
  void shortest(RuleExpr e, std::string& out) const;
  /// The same expression here, from another one's.
  RuleExpr copy(const RuleExpressions& from, RuleExpr e);

  /// Ways to begin: a terminal, and what follows its text.
  struct Way {
    uint32_t terminal, state;
    RuleExpr rest;
    bool operator==(const Way&) const = default;
  };
  void ways(RuleExpr e, std::vector<Way>& out);

  size_t size() const { return nodes_.size(); }
  size_t bytes() const;
  /// Of no other expressions in this process, nor of a copy: what is known of an expression is known by this and its number.
  uint64_t serial() const { return serial_.value; }

 private:
  struct Serial {
    uint64_t value;
    Serial();
    Serial(const Serial&) : Serial() {}
    Serial& operator=(const Serial&) = delete;
  };
  struct Key {
    uint32_t kind, a, b, min, max;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    size_t operator()(const Key& key) const;
    size_t operator()(const std::vector<RuleExpr>& list) const;
  };
  RuleExpr intern(Node node);
  RuleExpr derive_now(RuleExpr e, uint32_t character_class);
  RuleExpr copy(const RuleExpressions& from, RuleExpr e, std::unordered_map<RuleExpr, RuleExpr>& done);
  void ways(RuleExpr e, RuleExpr rest, std::vector<Way>& out, std::unordered_map<uint64_t, bool>& seen);

  Serial serial_;
  const Rules* rules_;
  std::vector<Node> nodes_;
  std::vector<RuleExpr> lists_;
  std::unordered_map<Key, RuleExpr, KeyHash> known_;
  std::unordered_map<std::vector<RuleExpr>, RuleExpr, KeyHash> known_lists_;
  std::unordered_map<uint64_t, RuleExpr> derived_;
  int depth_ = 0;
};

}  // namespace hob::grammar
