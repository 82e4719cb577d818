// The typed normal form of JSON Schemas: what a value may be, said per type, with nothing left to resolve.
//
//   Ir ir = ...;                         // schema.h makes it
//   const Node& node = ir.nodes[root];   // a union: null, booleans, numbers, strings, arrays, objects
//
// Nodes name each other by index, so recursion is a cycle of indices; equal schemas are the same node. Bounds are
// numbers, never expansions: an array of at most 1,000 items is one ArraySpec. `min_depth` is how many containers
// the shallowest value of a node opens; kImpossible marks a node that no value fits. Immutable once built; any thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/grammar/number.h"

namespace hob::grammar {

class Languages;
using NodeId = uint32_t;
using LanguageId = uint32_t;  // of language.h
inline constexpr LanguageId kNoLanguage = 0xFFFFFFFF;
inline constexpr uint32_t kNone = 0xFFFFFFFF;
inline constexpr uint32_t kUnlimited = 0xFFFFFFFF;
/// Of a repetition's count, after one more turn.
inline uint32_t one_less(uint32_t count) { return count == kUnlimited || count == 0 ? count : count - 1; }
inline constexpr int kMaxDepth = 48;      // containers open at once in a generated value
inline constexpr int kImpossible = 1000;  // above any depth

/// How a value is written.
enum class Dialect : uint8_t {
  json,   // RFC 8259, with bounded white space
  gemma,  // Gemma 4's call syntax: strings between quote tokens, bare keys, no white space
};

struct StringSpec {
  uint32_t min_length = 0, max_length = kUnlimited;  // code points
  std::vector<std::string> literals;                 // where not empty: one of these, sorted, unique
  LanguageId language = kNoLanguage;                 // and one of these texts; it is not empty and knows min_length
  LanguageId differing = kNoLanguage;  // with all lengths known: for items that differ
};

/// So many items must be of a kind.
struct Tally {
  uint32_t min = 0, max = kUnlimited;
};

struct ArraySpec {
  std::vector<NodeId> prefix;  // items 0..n-1
  NodeId rest = kNone;         // every further item
  uint32_t min_items = 0, max_items = kUnlimited;
  bool unique = false;         // items differ
  std::vector<Tally> tallies;  // few
  /// With tallies: what an item may be, by its place and the set of tallies that it counts for (as bits), kNone where that
  /// cannot be; see way().
  std::vector<NodeId> ways;
  int min_depth = 1;

  static constexpr size_t kMaxTallies = 3;
  static constexpr uint32_t kMaxTally = 60'000;
  NodeId item(size_t index) const { return index < prefix.size() ? prefix[index] : rest; }
  unsigned masks() const { return 1u << tallies.size(); }
  NodeId way(uint32_t index, unsigned mask) const {
    return ways[std::min(static_cast<size_t>(index), prefix.size()) * masks() + mask];
  }
};

struct Property {
  NodeId node = kNone;
  bool required = false;
  NodeId witness = kNone;  // where the object wants one: a value of `node` that is one
};

/// The undeclared keys of one language, and what their values are.
struct KeyClass {
  LanguageId language = kNoLanguage;  // kNoLanguage: every key, and there is no other class
  NodeId node = kNone;
  NodeId witness = kNone;  // where the object wants one: a value of `node` that is one
  uint32_t keys = kUnlimited;  // so many, less the names

  static constexpr size_t kMostFinite = 16;  // classes with a limit; they come first
  static constexpr size_t kMost = 250;
};

struct ObjectSpec {
  std::vector<std::string> names;      // sorted by bytes
  std::vector<Property> properties;    // of names[i]
  std::vector<uint32_t> declared;      // indices into names, in the schema's order
  std::vector<KeyClass> others;        // other keys; they exclude one another
  bool reticent = false;               // other keys are left out by the call dialect; the schema does not forbid them
  bool wants_witness = false;          // some member must be one: it breaks a denied schema's rule for its members
  uint32_t min_properties = 0, max_properties = kUnlimited;
  int min_depth = 1;

  /// Whether the languages of other keys are told apart.
  bool classed() const { return !others.empty() && others[0].language != kNoLanguage; }
};

struct Node {
  bool null = false;
  bool yes = false, no = false;  // true, false
  std::vector<NumberSpec> numbers;  // none or one
  std::vector<StringSpec> strings;
  std::vector<ArraySpec> arrays;
  std::vector<ObjectSpec> objects;
  int min_depth = kImpossible;
};

/// How often each tally was met, 16 bits each, no further than it matters.
using Tallies = uint64_t;
Tallies counted(const ArraySpec& array, Tallies so_far, unsigned mask);

struct Ir {
  std::vector<Node> nodes;
  int max_min_depth = 0;  // the largest min_depth of a possible node

  /// A node that takes any value, made once.
  NodeId any();
  /// A node that takes any object.
  NodeId any_object();
  /// Whether an array with tallies that has `index` items can be completed with items that open at most `limit` containers.
  bool can_finish(const ArraySpec& array, uint32_t index, Tallies so_far, int limit) const;
  /// Whether it may end here.
  static bool can_end(const ArraySpec& array, uint32_t index, Tallies so_far);
  /// The class of a key that is no name; null where it cannot be.
  const KeyClass* class_of(const ObjectSpec& object, std::string_view key) const;
  /// Computes every min_depth and drops alternatives that nothing fits. Call it once, after the last node.
  void settle();
  /// The languages that strings name. They fill themselves as they are read, even through a const Ir.
  Languages& languages() const;
  size_t bytes() const;

 private:
  mutable std::shared_ptr<Languages> languages_;
  NodeId any_ = kNone, any_object_ = kNone;
};

}  // namespace hob::grammar
