// Masker: the tokens that a set of threads allows, as bits, with what can be kept kept.
//
//   masker.mask(threads, bits);      // sets all of `bits`
//
// The mask of a thread depends mostly on where it stands in its innermost value; what the frames below say matters only
// to tokens that go on after that value's end. So an entry is kept by the Local alone (mask_key), or by the state of a
// text's language: the tokens that stay inside, and the exits: tokens that leave it, each with its tail, what it adds
// after the end. Whether a tail fits the frames that are really there is kept in turn by the Local of what follows the
// value. Places where an undeclared key would close are kept apart, for they depend on the keys that are there: what stands
// after them is the same for all, so only the closings that end a key which is there are taken out. It is the same with
// items that must differ, and where it is more than a text's end that makes them differ, the thread is asked. Inside a
// free string nothing is walked: the slices of the TokenTrie answer. Threads in keys of several classes share one walk. One
// thread uses a masker.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/constrain/gather.h"
#include "model/constrain/token_set.h"
#include "model/constrain/token_trie.h"
#include "model/grammar/machine.h"

namespace hob::constrain {

class Masker {
 public:
  Masker(std::shared_ptr<const TokenTrie> trie, std::shared_ptr<const grammar::Machine> machine)
      : trie_(std::move(trie)), machine_(std::move(machine)), tails_(*trie_) {}

  const grammar::Machine& machine() const { return *machine_; }
  void mask(const grammar::Threads& threads, std::span<uint64_t> bits);
  /// Reads a token's bytes; false, and `threads` untouched, when it does not fit.
  bool accept(grammar::Threads& threads, std::string_view bytes) const;
  void clear();
  size_t bytes() const { return bytes_ + tails_.bytes(); }

 private:
  /// A place where an undeclared key closes: its tokens fit unless the object has the key.
  struct Closing {
    uint32_t node = 0;
    uint32_t text = 0, size = 0;        // part of Entry::texts: the bytes until there
    uint32_t key = 0;                   // where in them the key begins; 0: it has begun before
    uint32_t tokens = 0, exits = 0;     // ends in Entry::closing_tokens and closing_exits
    bool simple = false;                // the key's bytes are those; else the thread is asked
  };
  struct Entry {
    TokenSet inside;
    std::vector<Exit> exits;
    bool all_exits = false;             // they are those of the slices
    uint64_t need = 0;                  // the least room in a text that this is right for
    std::vector<Closing> closings;
    std::string texts;
    std::vector<Token> closing_tokens;
    std::vector<Exit> closing_exits;
    std::vector<Token> deep;            // close two undeclared keys: the thread is asked
    std::vector<Gather::Run> ends;      // of the slices' closings: they end a new text unless it is there
    std::vector<Gather::Few> few;       // all texts that begin so may be there
    size_t bytes() const;
  };
  /// What a tail does to a thread that stands after a value.
  enum class Verdict : uint8_t { unknown, no, yes, rest, ask };
  struct After {
    std::vector<Verdict> verdicts;                             // by tail
    std::unordered_map<uint32_t, std::vector<uint32_t>> rests;  // Verdict::rest: what is left after this value's end, too
    bool listed = false;
    std::vector<Token> all;   // of the slices' exits, those that fit
    std::vector<Exit> some;   // those that must be asked
    std::vector<std::pair<uint32_t, uint32_t>> upto;  // by closing of the slices: the ends of its parts of these
  };
  /// Below a thread: what follows its value's end, level by level.
  struct Level {
    grammar::Thread thread;
    After* after;
  };
  /// Of keys of several classes, read alike so far.
  struct Joint {
    Entry entry;
    std::vector<std::vector<Gather::Run>> ends;  // by key
  };
  struct KeyHash {
    size_t operator()(const grammar::Local& local) const;
  };

  void mask_one(const grammar::Thread& thread, std::span<uint64_t> bits, bool& fresh);
  void mask_interior(const grammar::Thread& thread, const grammar::Machine::Interior& inside, std::span<uint64_t> bits,
                     bool& fresh);
  void mask_entry(const grammar::Thread& thread, const Entry& entry, std::span<uint64_t> bits, bool& fresh);
  void add_inside(const Entry& entry, std::span<uint64_t> bits, bool& fresh) const;
  void add_closings(const grammar::Thread& thread, const Entry& entry, std::span<uint64_t> bits);
  bool joins(const grammar::Thread& thread, std::span<const grammar::Thread* const> keys) const;
  void mask_keys(std::span<const grammar::Thread* const> keys, std::span<uint64_t> bits, bool& fresh);
  const Joint& joint(std::span<const grammar::Thread* const> keys);
  void mask_quote(const grammar::Thread& thread, std::span<uint64_t> bits) const;
  void add_exits(const grammar::Thread& thread, std::span<const Exit> exits, std::span<uint64_t> bits);
  After& list_all_exits();
  void add_ends(const grammar::Thread& thread, const grammar::Threads& ended, std::span<const Gather::Run> runs,
                std::span<const uint32_t> apart, std::span<uint64_t> bits);
  void add_new_ends(const grammar::Thread& thread, std::span<const Gather::Run> runs, std::span<uint64_t> bits);
  void add_few(const grammar::Thread& thread, std::span<const Gather::Few> few, std::span<uint64_t> bits);
  bool reads(const grammar::Thread& thread, Token token) const;
  void add_all_exits(const grammar::Thread& thread, std::span<uint64_t> bits);
  void begin_levels(grammar::Thread next);
  Verdict follows(size_t level, uint32_t tail);
  void add_exit(const grammar::Thread& thread, const Exit& exit, std::span<uint64_t> bits);
  After& after_of(const grammar::Thread& thread);
  Verdict judge(After& after, const grammar::Local& local, uint32_t tail);
  const Entry& entry(const grammar::Local& local);
  void mask_key_end(const grammar::Thread& thread, std::span<uint64_t> bits);
  const std::vector<uint32_t>& declared_ends(const grammar::Local& local);
  const Entry& text_entry(const grammar::Thread& thread);
  const Entry& new_text_entry(const grammar::Thread& thread);
  void fill(Entry& entry, const Gather& found, const grammar::Local& local);
  const Entry& keep(const grammar::Local& key, std::unique_ptr<Entry> made);
  grammar::Local key_of(const grammar::Local& local) const;

  std::shared_ptr<const TokenTrie> trie_;
  std::shared_ptr<const grammar::Machine> machine_;
  Tails tails_;
  std::unordered_map<grammar::Local, std::unique_ptr<Entry>, KeyHash> cache_;
  std::unordered_map<grammar::Local, std::unique_ptr<After>, KeyHash> afters_;
  std::unordered_map<grammar::Local, std::vector<uint32_t>, KeyHash> declared_;
  std::map<std::vector<uint64_t>, std::unique_ptr<Joint>> joints_;  // by where in the text, and languages with their states
  std::vector<const grammar::Thread*> keys_;
  std::vector<Level> levels_;
  size_t bytes_ = 0;
  Walker walker_;
};

}  // namespace hob::constrain
