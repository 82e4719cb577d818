// The typed normal form of JSON Schemas: what a value may be, said per type, with nothing left to resolve.
//
//   Ir ir = ...;                         // schema.h makes it
//   const Node& node = ir.nodes[root];   // a union: null, booleans, numbers, strings, arrays, objects
//
// Nodes name each other by index, so recursion is a cycle of indices; equal schemas are the same node. Bounds are
// numbers, never expansions: an array of at most 1,000 items is one ArraySpec. `min_depth` is how many containers
// the shallowest value of a node opens; kImpossible marks a node that no value fits. Immutable once built; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/grammar/number.h"

namespace hob::grammar {

using NodeId = uint32_t;
inline constexpr uint32_t kNone = 0xFFFFFFFF;
inline constexpr uint32_t kUnlimited = 0xFFFFFFFF;
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
};

struct ArraySpec {
  std::vector<NodeId> prefix;  // items 0..n-1
  NodeId rest = kNone;         // every further item
  uint32_t min_items = 0, max_items = kUnlimited;
  int min_depth = 1;
};

struct Property {
  NodeId node = kNone;
  bool required = false;
};

struct ObjectSpec {
  std::vector<std::string> names;      // sorted by bytes
  std::vector<Property> properties;    // of names[i]
  std::vector<uint32_t> declared;      // indices into names, in the schema's order
  NodeId additional = kNone;           // every other key; kNone: there is none
  uint32_t min_properties = 0, max_properties = kUnlimited;
  int min_depth = 1;
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

struct Ir {
  std::vector<Node> nodes;
  int max_min_depth = 0;  // the largest min_depth of a possible node

  /// A node that takes any value, made once.
  NodeId any();
  /// A node that takes any object.
  NodeId any_object();
  /// Computes every min_depth and drops alternatives that nothing fits. Call it once, after the last node.
  void settle();
  size_t bytes() const;

 private:
  NodeId any_ = kNone, any_object_ = kNone;
};

}  // namespace hob::grammar
