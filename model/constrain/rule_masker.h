// RuleMasker: the tokens that a state of a RuleMachine allows, as bits, with what can be kept kept.
//
//   masker.mask(state, bits);      // sets all of `bits`
//
// A state can go on in one or more ways, each inside a terminal with the rest of the answer below it. What is kept depends
// on the place in the terminal alone: the tokens that stay inside, and the others by what they add after an end of
// it, as a tree of such tails, which the rest of the answer reads. One thread uses a masker.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/constrain/language_reader.h"
#include "model/constrain/token_trie.h"
#include "model/grammar/rule_machine.h"

namespace hob::constrain {

class RuleMasker {
 public:
  RuleMasker(std::shared_ptr<const TokenTrie> trie, std::shared_ptr<grammar::RuleMachine> machine)
      : trie_(std::move(trie)), machine_(std::move(machine)) {}

  grammar::RuleMachine& machine() const { return *machine_; }
  void mask(const grammar::RuleState& state, std::span<uint64_t> bits);
  void clear();
  size_t bytes() const { return bytes_ + machine_->bytes(); }

 private:
  /// Where in which terminal.
  struct Key {
    uint32_t terminal = 0, state = 0, bits = 0, utf8 = 0;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    size_t operator()(const Key& key) const;
  };
  struct Entry {
    std::vector<Token> few;  // tokens that stay inside, where they are few
    Bits many;               // where they are many
    std::vector<uint32_t> ends;  // nodes where the terminal may end and others go on, where they are few
    FlatTrie exits;              // else what others add after an end
    uint64_t need = 0;       // the most characters from an end that one of the tokens inside leads to, or more
  };

  const Entry& entry(const Key& key);
  /// The tokens of `tree` below `root` that can be read from `place`.
  void walk(const FlatTrie& tree, uint32_t root, grammar::RuleExpressions& all, const grammar::RulePlace& place, std::span<uint64_t> bits);

  std::shared_ptr<const TokenTrie> trie_;
  std::shared_ptr<grammar::RuleMachine> machine_;
  std::unordered_map<Key, std::unique_ptr<Entry>, KeyHash> cache_;
  size_t bytes_ = 0;
  LanguageReader reader_;
  std::vector<grammar::RulePlace> places_;
  std::vector<grammar::RuleExpressions::Way> ways_;
};

}  // namespace hob::constrain
