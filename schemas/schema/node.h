// Node: one schema, compiled: numbers read, patterns built, references followed. The compiler
// writes it, the checker reads it. Nodes, resources and documents live together in a Program and
// never change after compile(); any thread.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "schemas/base/document.h"
#include "schemas/schema/decimal.h"
#include "schemas/schema/format.h"
#include "schemas/schema/index.h"
#include "schemas/schema/pattern.h"

namespace hob::schema {

/// Bits of "type".
enum TypeBit : unsigned {
  kNull = 1,
  kBoolean = 2,
  kInteger = 4,
  kNumber = 8,
  kString = 16,
  kArray = 32,
  kObject = 64
};

/// A number of the schema, and how the schema writes it.
struct Bound {
  Decimal value;
  std::string lexeme;
};

struct NumberRules {
  std::optional<Bound> minimum, maximum, exclusive_minimum, exclusive_maximum, multiple_of;
};

struct StringRules {
  std::optional<size_t> min_length, max_length;
  std::optional<Pattern> pattern;
  const Format* format = nullptr;
};

struct ArrayRules {
  std::vector<const Node*> prefix;
  const Node* rest = nullptr;               // for items after the prefix
  std::string_view prefix_word, rest_word;  // the keywords they came from
  const Node* contains = nullptr;
  bool contains_evaluates = false;  // since 2020-12
  std::optional<size_t> min_contains, max_contains, min_items, max_items;
  bool unique = false;
  const Node* unevaluated = nullptr;
};

struct PatternProperty {
  Pattern pattern;
  const Node* node;
};

struct Dependency {
  std::string property;
  std::vector<std::string> names;
  const Node* node = nullptr;
  std::string_view word;
};

struct ObjectRules {
  std::unordered_map<std::string, const Node*> properties;
  std::vector<PatternProperty> patterns;
  const Node* additional = nullptr;
  const Node* names = nullptr;
  std::vector<std::string> required;
  std::optional<size_t> min_properties, max_properties;
  std::vector<Dependency> dependencies;
  const Node* unevaluated = nullptr;
};

/// How a dynamic reference finds its schema while checking.
struct DynamicRef {
  const Node* fallback = nullptr;
  std::string anchor;  // empty: $recursiveRef
  bool dynamic = false;
};

struct Node {
  enum class Kind { rules, everything, nothing };

  Kind kind = Kind::rules;
  const Resource* resource = nullptr;
  std::string where;  // see Place::pointer

  unsigned types = 0;  // 0: any
  const json::Document* enumeration = nullptr;
  const json::Document* constant = nullptr;
  NumberRules number;
  StringRules string;
  ArrayRules array;
  ObjectRules object;

  const Node* ref = nullptr;
  std::optional<DynamicRef> dynamic_ref;
  std::vector<const Node*> all_of, any_of, one_of;
  const Node* negated = nullptr;
  const Node* condition = nullptr;
  const Node* then_node = nullptr;
  const Node* else_node = nullptr;

  bool needs_marks() const { return array.unevaluated != nullptr || object.unevaluated != nullptr; }
};

struct Program {
  std::deque<Node> nodes;
  const Node* root = nullptr;
  std::vector<std::shared_ptr<Resource>> resources;
  std::vector<std::shared_ptr<const json::Document>> documents;
};

}  // namespace hob::schema
