// Machine: reads values of an Ir symbol by symbol, a symbol being a byte or the quote token.
//
//   Threads now{machine.start(root)};
//   machine.step(now, '{', next);            // next: every way to go on; empty: the byte is wrong
//   if (machine.done(next)) ...              // the value may be over
//
// A Thread is one way to read what came so far: a small Local (where in the innermost value) over a stack of immutable
// frames, shared between threads, matchers and forks. Memory lives in the frames: keys seen, items counted, string
// length, digits. Unions are several threads; a finished number is two (the number going on, and what follows it).
// A container is pushed with its parent already standing "after the value", so that an end is a plain pop. Every
// thread can be completed: a step that would lead nowhere yields no thread. More than kMaxThreads ways are cut to the
// first ones, which refuses texts but never lets a wrong one pass.
//
// One thread at a time uses a Machine and the threads born of it: frames count references without atomics, and sets of
// seen keys are interned in the machine.
#pragma once

#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "model/grammar/ir.h"
#include "model/grammar/language.h"

namespace hob::grammar {

using Symbol = uint16_t;
inline constexpr Symbol kQuote = 256;  // the `<|"|>` token
inline constexpr size_t kMaxThreads = 256;

/// Bits of Local::unique: the value is an item that must differ from the others, and is a part of one.
enum : uint8_t { kItem = 1, kPart = 2 };

enum class Kind : uint8_t {
  hole,    // below the lowest frame: the value is over and nothing is known of what follows
  tail,    // after the whole value: white space at most
  extra,   // probing: here an undeclared key would close (see Machine::step)
  value,   // before the first byte
  word,    // null, true, false
  number,
  string,
  array,
  object,
};

/// Where a thread stands in its innermost value. Plain bytes: compared and hashed as memory.
struct Local {
  Kind kind = Kind::hole;
  uint8_t phase = 0;
  uint8_t space = 0;   // white space read at this place; in a number: its flags
  uint8_t lex = 0;     // inside a string: escape state; in a number: digits before the point
  uint8_t utf8 = 0;    // inside a string: what the character still wants; in a number: fraction digits
  uint8_t depth = 0;   // containers open around this value
  uint16_t hex = 0;    // a \u escape so far; in a number: exponent value
  NodeId node = 0;
  uint32_t spec = 0;   // index into the node's alternatives
  uint32_t low = 0, high = 0;  // names or literals that still fit, as a range of the sorted list; in an object
                               // before ':', low is the value's node; in a number, the last fraction digit but 0
  uint32_t position = 0;       // bytes of it that are read
  uint32_t count = 0;  // characters, items, or undeclared keys so far
  uint64_t a = 0;      // a key's hash; digits, lower half; an array's tallies
  uint32_t state = 0;  // of the language, inside a text or key of one; position is then the character begun
  uint8_t way = 0;     // in an undeclared key of one language: which, and one
  uint8_t unique = 0;  // a value of an array whose items differ, or part of one
  uint16_t gone = 0;   // in an object: the languages whose keys are all there, as bits
  uint64_t hash = 0;   // of what is read so far of a value that must differ from others
  uint64_t b = 0;      // lower half: id of an object's set of seen keys; upper: a high surrogate; digits, upper half

  bool operator==(const Local& other) const { return std::memcmp(this, &other, sizeof(Local)) == 0; }
};
static_assert(std::has_unique_object_representations_v<Local>);

/// A pointer that counts in the object itself, for one thread.
template <typename T>
class Ref {
 public:
  Ref() = default;
  explicit Ref(T* object) : object_(object) {
    if (object_) ++object_->uses;
  }
  Ref(const Ref& other) : Ref(other.object_) {}
  Ref(Ref&& other) noexcept : object_(other.object_) { other.object_ = nullptr; }
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_ && --object_->uses == 0) T::release(object_);
  }
  T* get() const { return object_; }
  T* operator->() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }
  bool operator==(const Ref& other) const { return object_ == other.object_; }

 private:
  T* object_ = nullptr;
};

/// The undeclared keys that an object has so far, by hash: an equal key always has an equal hash, and a collision only
/// costs the model another letter. A tree by the hash's bits, whose parts are shared by the sets that grew from one.
struct ExtraKeys {
  uint32_t uses = 0;
  uint32_t way = 0;  // of ObjectSpec::others
  uint64_t hash = 0;
  ExtraKeys* next[2] = {nullptr, nullptr};  // counted
  static void release(ExtraKeys* keys);
  static bool has(const ExtraKeys* keys, uint64_t hash);
  /// `keys` and one more that is not among them.
  static Ref<ExtraKeys> with(const Ref<ExtraKeys>& keys, uint64_t hash, uint32_t way = 0);
  static uint32_t count(const ExtraKeys* keys, uint32_t way);
  /// Whether there are more than `most`.
  static bool more_than(const ExtraKeys* keys, uint32_t most);
  static bool equal(const ExtraKeys* a, const ExtraKeys* b);
};

struct Frame {
  uint32_t uses = 0;
  Local local;
  Ref<Frame> below;
  Ref<ExtraKeys> extras;
  static void release(Frame* frame);
};

struct Thread {
  Local top;
  Ref<Frame> below;
  Ref<ExtraKeys> extras;  // of `top` where it is an object
};
using Threads = std::vector<Thread>;

class Machine {
 public:
  Machine(std::shared_ptr<const Ir> ir, Dialect dialect);

  Dialect dialect() const { return dialect_; }
  const Ir& ir() const { return *ir_; }
  /// The thread before a value of `node`; after it stands a tail.
  Thread start(NodeId node) const;
  /// What goes on where the innermost value of `from` is over: its parent, or a hole.
  static Thread after(const Thread& from);
  /// Adds to `out` every way to read `symbol` from `from`. While `probing`, the place where an undeclared key closes or an
  /// item that must differ ends, or may not go on, is reported as a thread of kind `extra` instead of being judged: it
  /// depends on more than the Local.
  void step(const Thread& from, Symbol symbol, Threads& out, bool probing = false) const;
  /// The same from a set; `out` is cleared first and freed of doubles.
  void step(const Threads& from, Symbol symbol, Threads& out, bool probing = false) const;
  /// Whether the value may be over here.
  static bool done(const Threads& threads);
  /// A short way to the end of the value (all containers too).
  std::vector<Symbol> completion(const Thread& from) const;
  /// Adds the symbols that may come next but for white space and escapes, and perhaps some that do not fit; false where
  /// they are too many to list. For guessing what comes, see constrain::Matcher::forced().
  bool likely(const Thread& from, std::vector<Symbol>& out) const;
  /// A short value of `node`, appended.
  void shortest(NodeId node, std::vector<Symbol>& out) const;
  /// The Local as far as masks depend on it: what makes no difference is made equal. `openers`: the most containers
  /// that one token can open.
  /// `longest`: the most characters of one.
  Local mask_key(const Local& local, int openers, uint32_t longest) const;
  /// Where `local` is inside a string whose characters are free: how many more fit, and how many are still wanted.
  struct Interior {
    uint32_t room = 0, wanted = 0;
    bool key = false;  // an open object's key: whether it may close is judged apart
  };
  bool interior(const Local& local, Interior& out) const;
  /// Whether what may follow depends on other items of an array, far below perhaps.
  bool compares(const Local& local) const { return local.unique != 0 || (local.kind == Kind::array && array(local).unique); }
  /// The language that a text must be of, where `local` is inside such a string; else null.
  Language* language(const Local& local) const;
  /// For a thread inside an undeclared key of one language, or inside a text that is an item which must differ. The hash
  /// of what is read of it; whether one of this hash is there already; what stands after its end, whatever it is; and
  /// whether there may be so few of them that the end makes a difference to what follows.
  static uint64_t text_hash(const Local& local) { return local.kind == Kind::object ? local.a : local.hash; }
  bool taken(const Thread& from, uint64_t hash) const;
  void ended(const Thread& from, Threads& out) const;
  bool few_left(const Thread& from) const;
  /// The texts that it must differ from, but for declared keys.
  static const ExtraKeys* others(const Thread& from);
  size_t bytes() const;
  /// The hash by which undeclared keys are told apart.
  static uint64_t key_hash(std::string_view key);

 private:
  struct Seen {
    uint32_t start = 0;  // the empty set that it grew from
    std::vector<uint64_t> bits;
    uint32_t count = 0;
    uint32_t missing = 0;  // required ones not seen
    bool has(uint32_t name) const { return (bits[name / 64] >> (name % 64)) & 1; }
  };

  void begin_value(const Thread& from, Symbol symbol, Threads& out, bool probing) const;
  void step_word(const Thread& from, Symbol symbol, Threads& out, bool probing) const;
  void step_number(const Thread& from, Symbol symbol, Threads& out, bool probing) const;
  void step_string(const Thread& from, Symbol symbol, Threads& out, bool probing) const;
  void step_array(const Thread& from, Symbol symbol, Threads& out, bool probing) const;
  void step_object(const Thread& from, Symbol symbol, Threads& out, bool probing) const;
  void step_key(const Thread& from, Symbol symbol, Threads& out, bool probing) const;
  void close_key(const Thread& from, Threads& out, bool probing) const;
  void enter_value(const Thread& from, NodeId plain, NodeId witness, uint32_t name, Thread next, Threads& out) const;
  /// Goes on after a value of this hash, unless it is an item that was there already.
  void pop(const Thread& from, uint64_t value, Threads& out, bool probing) const;
  /// Adds a thread inside a word, number or text unless it is an item that cannot differ from the others any more.
  void go_on(Thread thread, Threads& out, bool probing) const;
  bool keep_item(Thread& array, uint64_t value) const;
  void keep_part(Local& container, uint64_t value) const;
  /// The same of a text, where no item needs to be known.
  bool text_differs_surely(const Local& local) const;
  /// Whether a value that begins like this one, a word, a number or a string, can end as one that is not there yet.
  bool differs(const Thread& from) const;
  bool number_differs(const NumberSpec& spec, const NumberState& state, const ExtraKeys* had, std::string* rest) const;
  /// The hashes of all values of a node; null where they are many.
  const std::vector<uint64_t>* values(NodeId node) const;
  /// Those of the item that may come next.
  const std::vector<uint64_t>* next_values(const Local& array) const;
  bool can_grow(const Local& container) const;
  std::vector<KeyClass>::const_iterator endless_class(const ObjectSpec& object, int depth) const;
  Thread finish_differing(Thread from, std::vector<Symbol>& out) const;
  Thread finish_container(Thread from, std::vector<Symbol>& out) const;
  std::optional<std::vector<Symbol>> differing_value(const Thread& from) const;
  std::optional<std::u32string> differing_text(const Thread& from) const;
  void shortest_differing(NodeId node, uint32_t spec, std::vector<Symbol>& out) const;
  /// The thread on the frame `below` after these symbols.
  std::optional<Thread> read(const Thread& from, const std::vector<Symbol>& symbols, const Frame* below) const;
  Thread item_thread(const Thread& array) const;
  Local with_item(Local array) const;
  Thread push(const Thread& parent, NodeId node) const;
  bool white(Local& local, Symbol symbol) const;

  // Inside a string or key: reads one byte of it into `local`, decoding escapes; false when it does not fit.
  struct Text {
    const std::vector<std::string>* names = nullptr;  // the literals, or null
    const ObjectSpec* object = nullptr;  // of a key
    bool open = false;                   // other texts are fine, too
    Language* language = nullptr;        // instead of names: the texts of this one
    uint32_t room = kUnlimited;          // characters that may follow this one
  };
  bool read_text(Local& local, const Text& text, unsigned char byte) const;
  bool read_escape(Local& local, const Text& text, unsigned char byte) const;
  bool narrow(Local& local, const Text& text, unsigned char decoded) const;
  bool narrow(Local& local, const Text& text, char32_t decoded) const;
  bool escape_fits(const Local& local, const Text& text) const;
  static bool advance(Local& local, const Text& text, char32_t character);
  static LanguageId language_of(const StringSpec& spec, const Local& local) {
    return (local.unique & kItem) && spec.differing != kNoLanguage ? spec.differing : spec.language;
  }

  const ObjectSpec& object(const Local& local) const { return ir_->nodes[local.node].objects[local.spec]; }
  const ArraySpec& array(const Local& local) const { return ir_->nodes[local.node].arrays[local.spec]; }
  bool fits(NodeId node, int depth) const { return ir_->nodes[node].min_depth + depth <= kMaxDepth; }
  bool available(const ObjectSpec& object, const Local& local, uint32_t name) const;
  bool any_available(const ObjectSpec& object, const Local& local, uint32_t low, uint32_t high) const;
  bool may_be_witness(const ObjectSpec& object, const Local& local, NodeId witness) const;
  bool other_available(const ObjectSpec& object, const Local& local, size_t way) const;
  /// Begins an undeclared key in each language that has one left.
  void open_keys(const Thread& from, Symbol symbol, Threads& out, bool probing) const;
  /// What is known of new keys that begin as this one: that there is one, that there is none, or that the keys which
  /// the object has must be looked at (as said while `probing`).
  enum class Fresh : uint8_t { yes, no, unsure };
  Fresh fresh(const Local& local, const ExtraKeys* extras, bool probing) const;
  /// The rest of a new key that goes on from here.
  std::optional<std::u32string> new_key(const Local& local, const ExtraKeys* extras) const;
  bool declared(const Local& local, uint64_t hash) const;
  /// Whether endlessly many texts of its language go on from here.
  bool endless(const Local& local) const;
  /// The rest of the first text of its language whose hash, begun with `start`, is good.
  std::optional<std::u32string> first_text(const Local& local, uint64_t start, const std::function<bool(uint64_t)>& good) const;
  /// The object and its keys after an undeclared key.
  static void keep_key(const ObjectSpec& object, Local& local, Ref<ExtraKeys>& extras, size_t way, uint64_t hash);
  /// Whether a member may be no witness: none is wanted any more, or another member can be it.
  bool may_be_plain(const ObjectSpec& object, const Local& local, NodeId node, uint32_t name) const;
  bool extra_available(const ObjectSpec& object, const Local& local) const;
  bool item_available(const ArraySpec& array, const Local& local) const;
  Thread finish_text(Thread from, std::vector<Symbol>& out) const;
  void finish_array(const Local& local, int limit, std::vector<Symbol>& out) const;
  void finish_object(Local local, Ref<ExtraKeys> extras, int limit, std::vector<Symbol>& out) const;
  void write_string(std::string_view text, std::vector<Symbol>& out) const;
  void write_key(std::string_view text, std::vector<Symbol>& out) const;

  const Seen& seen(const Local& local) const { return seen_[static_cast<uint32_t>(local.b)]; }
  uint32_t seen_none(NodeId node, uint32_t spec) const;
  uint32_t seen_with(uint32_t seen, const ObjectSpec& object, uint32_t name) const;

  std::shared_ptr<const Ir> ir_;
  Dialect dialect_;
  mutable std::vector<Seen> seen_;
  mutable std::unordered_map<uint64_t, uint32_t> seen_start_, seen_next_;
  mutable std::map<std::pair<uint32_t, std::vector<uint64_t>>, uint32_t> seen_sets_;
  mutable std::unordered_map<NodeId, std::optional<std::vector<uint64_t>>> values_;
  mutable std::unordered_map<uint64_t, std::unordered_set<uint64_t>> declared_;  // hashes of names
};

}  // namespace hob::grammar
