// CompiledStep: what all matchers of one step share. Made by compile() (step.h).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/constrain/masker.h"
#include "model/constrain/rule_masker.h"
#include "model/constrain/step.h"

namespace hob::constrain {

class CompiledStep {
 public:
  std::shared_ptr<const TokenTrie> trie;
  bool calls = false;         // calls may come
  bool must_call = false;     // and one must
  bool parallel = true;
  bool thinking = false;
  bool starts_in_thought = false;
  std::optional<uint32_t> thought_budget;
  std::vector<Token> stops;        // end of turn
  std::optional<Token> call_stop;  // end after calls
  std::vector<std::string> heads;  // "call:NAME{", sorted
  std::vector<std::string> names;  // of heads[i]
  std::vector<grammar::NodeId> nodes;  // arguments of heads[i]
  std::optional<grammar::NodeId> answer;
  std::unique_ptr<Masker> call_masker, answer_masker;  // caches inside: one thread at a time
  std::unique_ptr<RuleMasker> words_masker;            // instead of an answer: a regular expression or a grammar

  bool free_text() const { return !answer && !words_masker; }

  size_t bytes() const;
};

}  // namespace hob::constrain
