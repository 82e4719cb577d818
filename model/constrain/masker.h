// Masker: the tokens that a set of threads allows, as bits, with what can be kept kept.
//
//   masker.mask(threads, bits);      // ORs into `bits`
//
// The mask of a thread depends mostly on where it stands in its innermost value; what the frames below say matters only
// to tokens that go on after that value's end. So an entry is cached by the Local alone (mask_key): the tokens that stay
// inside, and a small tree of what other tokens add after the end, which is then read with the frames that are really
// there. Places where an undeclared key would close are noted and tried with the thread itself. Inside a free string
// nothing is walked: the slices of the TokenTrie answer. One thread uses a masker.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/constrain/token_trie.h"
#include "model/constrain/walk.h"
#include "model/grammar/machine.h"

namespace hob::constrain {

class Masker {
 public:
  Masker(std::shared_ptr<const TokenTrie> trie, std::shared_ptr<const grammar::Machine> machine)
      : trie_(std::move(trie)), machine_(std::move(machine)) {}

  const grammar::Machine& machine() const { return *machine_; }
  void mask(const grammar::Threads& threads, std::span<uint64_t> bits);
  /// Reads a token's bytes; false, and `threads` untouched, when it does not fit.
  bool accept(grammar::Threads& threads, std::string_view bytes) const;
  void clear();
  size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    std::vector<Token> few;  // where few are allowed
    Bits many;               // where many are
    FlatTrie exits;          // after the value's end
    std::vector<std::pair<uint32_t, std::string>> extras;  // nodes where an undeclared key closes, and the bytes
  };
  struct KeyHash {
    size_t operator()(const grammar::Local& local) const;
  };

  void mask_one(const grammar::Thread& thread, std::span<uint64_t> bits);
  void mask_interior(const grammar::Thread& thread, const grammar::Machine::Interior& inside,
                     std::span<uint64_t> bits);
  void try_closings(const grammar::Thread& thread, const std::vector<std::pair<uint32_t, std::string>>& closings,
                    std::span<uint64_t> bits);
  void mask_quote(const grammar::Thread& thread, std::span<uint64_t> bits) const;
  const Entry& entry(const grammar::Local& local);

  std::shared_ptr<const TokenTrie> trie_;
  std::shared_ptr<const grammar::Machine> machine_;
  std::unordered_map<grammar::Local, std::unique_ptr<Entry>, KeyHash> cache_;
  size_t bytes_ = 0;
  Walker walker_;
};

}  // namespace hob::constrain
