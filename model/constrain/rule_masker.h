// RuleMasker: the tokens that a state of a RuleMachine allows, as bits, with what can be kept kept.
//
//   masker.mask(state, bits);      // sets all of `bits`
//
// A state can go on in one or more ways, each inside a terminal with the rest of the answer below it. What is kept depends
// on the place in the terminal alone: the tokens that stay inside, and the others by what they add after an end of
// it, as a tree of such tails, which the rest of the answer reads. Where that had to be read, the whole mask is kept by its
// state as well. One thread uses a masker.
#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/constrain/language_reader.h"
#include "model/constrain/token_set.h"
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
    TokenSet inside;
    std::vector<uint32_t> ends;  // nodes where the terminal may end and others go on, where they are few
    FlatTrie exits;              // else what others add after an end
    uint64_t need = 0;       // the most characters from an end that one of the tokens inside leads to, or more
  };

  /// A state of a RuleMachine: which expressions, and where in them.
  struct StateKey {
    uint64_t serial = 0;
    uint32_t expr = 0, bits = 0, utf8 = 0;
    bool operator==(const StateKey&) const = default;
  };
  struct StateKeyHash {
    size_t operator()(const StateKey& key) const;
  };

  const Entry& entry(const Key& key);
  /// Whether more than what is kept had to be read.
  bool read_mask(const grammar::RuleState& state, std::span<uint64_t> bits);
  /// The tokens of `tree` below `root` that can be read from `place`.
  void walk(const FlatTrie& tree, uint32_t root, grammar::RuleExpressions& all, const grammar::RulePlace& place, std::span<uint64_t> bits);

  std::shared_ptr<const TokenTrie> trie_;
  std::shared_ptr<grammar::RuleMachine> machine_;
  std::unordered_map<Key, std::unique_ptr<Entry>, KeyHash> cache_;
  std::unordered_map<StateKey, std::unique_ptr<TokenSet>, StateKeyHash> masks_;
  size_t bytes_ = 0;
  LanguageReader reader_;
  std::vector<grammar::RulePlace> places_;
  std::vector<grammar::RuleExpressions::Way> ways_;
};

}  // namespace hob::constrain
