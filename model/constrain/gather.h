// Gather: what one thread allows, found by walking the tree of tokens: the raw material of a mask that is kept.
//
//   Gather all(trie, machine, tails);
//   all.walk(0, {Thread{local, {}, {}}}, probes(machine, local));
//   all.allowed;  all.exits;  all.closings;
//
// The thread stands on nothing: where its value ends within a token, what the token adds after it is an exit, to be judged
// with the frames that are really below. Where an undeclared key closes, which depends on the keys that are there, is a
// closing, to be judged with the thread itself. Strings of a language are read by LanguageReader, keys of several classes by
// JointReader, listed strings by looking them up, all else by the Machine.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "model/constrain/language_reader.h"
#include "model/constrain/token_trie.h"
#include "model/constrain/walk.h"
#include "model/grammar/machine.h"

namespace hob::constrain {

/// Whether what may follow depends on more than the Local: see Machine::step().
inline bool probes(const grammar::Machine& machine, const grammar::Local& local) {
  return local.kind == grammar::Kind::object || machine.compares(local);
}

/// The tails of a masker: those of the trie, and others as they are met.
class Tails {
 public:
  explicit Tails(const TokenTrie& trie) : trie_(trie) {}
  uint32_t id(std::string_view text);  // a part of a vocabulary's text, kept as a view
  std::string_view text(uint32_t id) const {
    const auto& fixed = trie_.tail_texts();
    return id < fixed.size() ? fixed[id] : more_[id - fixed.size()];
  }
  void clear();
  size_t bytes() const { return more_.size() * 64; }

 private:
  const TokenTrie& trie_;
  std::vector<std::string_view> more_;
  std::unordered_map<std::string_view, uint32_t> ids_;
};

/// Tokens of a tree, gathered part by part in their order.
class Parts {
 public:
  void add(std::span<const Token> tokens);
  /// Sets their bits. Where they are most of `among`, which has them all, what is missing is taken out of it instead.
  void set(const FlatTrie& tree, const Bits* among, Bits& bits) const;

 private:
  std::vector<std::span<const Token>> parts_;
  size_t count_ = 0;
};

class Gather {
 public:
  using Closing = std::pair<uint32_t, std::string>;  // a node of the tree, and the bytes until there

  Gather(const TokenTrie& trie, const grammar::Machine& machine, Tails& tails)
      : allowed(trie.words()), trie_(trie), machine_(machine), tails_(tails) {}

  /// `probing`: see probes().
  void walk(uint32_t root, const grammar::Threads& from, bool probing);
  /// The same for a thread inside a text of a language, with so much room as is given; returns LanguageReader's need.
  uint64_t read(uint32_t root, const grammar::Thread& from, uint32_t room, bool probing);

  /// The same for a thread inside one of a list of texts, outside escapes.
  void read_names(uint32_t root, const grammar::Thread& from, bool probing);
  /// The same for a thread inside a text of a language that must be a new one: an undeclared key (in JSON), or an item
  /// that must differ. Where it may end is told in `ends` if it stands between two characters, else in `closings`.
  void read_new(const grammar::Thread& from, uint32_t enough);

  /// Here no more texts than `enough` go on; one of them is this.
  struct Few {
    uint32_t node;
    bool known;        // which one
    std::string text;  // from where the thread stands
  };
  /// Of the slices' closings, those from `first` on before `last`.
  struct Run {
    uint32_t first, last;
  };
  /// The same for threads inside undeclared keys of several classes, each of endlessly many, that have read the same from the
  /// same place; returns the ends of each.
  std::vector<std::vector<Run>> read_keys(std::span<const grammar::Thread* const> keys);

  Bits allowed;
  std::vector<Exit> exits;
  std::vector<Closing> closings;
  std::vector<Run> ends;
  std::vector<Few> few;

 private:
  bool visit(uint32_t node, grammar::Threads& now, bool probing);
  void leave(uint32_t node);
  void close(uint32_t node, const grammar::Thread& from, bool probing);
  void ask(uint32_t node);
  /// What a free string allows, where the thread stands between two characters; else null.
  const Bits* free_text(const grammar::Local& local) const;
  void read_key(uint32_t root, const grammar::Thread& from);
  /// A child by whose byte some of the listed texts go on.
  struct Named {
    uint32_t node, low, high;
  };
  void read_names(uint32_t node, grammar::Thread& at, const grammar::Thread& from, bool probing);

  const TokenTrie& trie_;
  const grammar::Machine& machine_;
  Tails& tails_;
  std::vector<Named> named_;  // of the nodes on the way down
};

}  // namespace hob::constrain
