// JSON Schemas to the typed normal form.
//
//   Ir ir;
//   SchemaBuilder builder(ir, Dialect::json);
//   HOB_TRY(root, builder.add(document));
//   ir.settle();                                 // several builders may share one Ir
//   HOB_TRY_VOID(builder.check());               // or: no value fits, and why
//
// A keyword is enforced, or the schema is refused with its JSON Pointer and the keyword (schema_unsupported); what no
// value fits is schema_unsatisfiable. Enforced: type, enum, const, properties, required, additionalProperties, min- and
// maxProperties, dependentRequired, dependentSchemas, dependencies, items, prefixItems, additionalItems, contains with
// its counts, min- and maxItems,
// min- and maxLength, minimum, maximum and the exclusive ones, multipleOf, local $ref with $defs, definitions and $anchor,
// allOf, anyOf, oneOf, not, and if with then and else. Keywords of a type that cannot come are of no effect, as are
// annotations and words that are no keywords of JSON Schema.
//
// How: a node is built from a *set* of schemas that must hold, or must not. $ref and allOf add to the set, anyOf, oneOf and
// the like split it, and so does a schema that must not hold, into the ways in which it can fail; what is left is intersected type by type; equal sets are one node, which is also what makes recursion end.
// In Dialect::gemma an object that declares properties and says nothing of others takes no others: an argument that a
// tool did not declare helps nobody. The document must live as long as the
// builder. One use, one thread.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/grammar/ir.h"
#include "schemas/base/document.h"
#include "schemas/base/result.h"

namespace hob::grammar {

inline constexpr size_t kMaxWork = 200'000;  // schemas looked at, each time in each set

class SchemaBuilder {
 public:
  SchemaBuilder(Ir& ir, Dialect dialect) : ir_(ir), dialect_(dialect) {}

  /// The node of `schema`; once per builder.
  Result<NodeId> add(const json::Document& schema);
  /// The same for a tool's parameters: the value is an object, whether the schema says so or not.
  Result<NodeId> add_arguments(const json::Document& schema);
  /// After Ir::settle(): whether anything fits.
  Result<void> check() const;

 private:
  /// One schema of a set, and where it stands. A `denied` one must not hold: at first as a whole, then, once it is known
  /// which of its assertions fails, `failing` names it ("-" where other items of the set say it).
  struct Item {
    const json::Document* schema = nullptr;
    std::string pointer{};
    bool denied = false;
    std::string_view failing{};
    uint32_t index = 0;     // of the property, name or item that fails
    uint32_t settled = 0;   // of its choices (anyOf, oneOf, if, ...), so many are made
    /// The schemas whose branch this is; with true, a branch that leads back to it adds nothing.
    std::vector<std::pair<const json::Document*, bool>> from{};
  };
  using Items = std::vector<Item>;
  /// One of several ways in which a schema of a set can hold, or fail: what it adds.
  struct Way {
    Items adds{};
    std::string_view failing = "-";
    uint32_t index = 0;
  };
  /// A part of a schema that says "or".
  struct Choice {
    std::string_view keyword;
    std::vector<Way> ways;
  };

  Result<NodeId> node(Items items);
  /// Adds a schema with what its $ref and allOf add; false when the set can hold for nothing.
  Result<bool> gather(Item item, Items& out, std::vector<const json::Document*>& path);
  Result<void> expand(Items items, Node& out, int depth);
  Result<void> split(const Items& items, size_t which, const Choice& choice, Node& out, int depth);
  Result<std::optional<Choice>> choice(const Item& item);
  /// The ways in which a denied schema can fail, as far as the rest of the set leaves them.
  Result<std::vector<Way>> failures(const Item& item, const Items& items);
  static Result<std::vector<std::string>> needed_names(const json::Document& rule, const std::string& pointer,
                                                       std::string_view keyword);
  Result<void> dependency_failures(const Item& item, std::string_view keyword, std::vector<Way>& out);
  Result<void> constant_failures(const Item& item, std::string_view keyword, std::vector<Way>& out);
  /// Schemas of our own: an object that has the member `name`; a value equal to this array or object.
  const json::Document* present(const json::Document& source, const std::string& name);
  const json::Document* only(const json::Document& value);
  static Item branch(const Item& whole, const json::Document& schema, std::string pointer, bool denied = false);
  Result<void> direct(const Items& items, Node& out);
  Result<void> constants(const Items& items, Node& out);
  Result<void> add_numbers(const Items& items, bool integer, bool fraction, Node& out);
  Result<void> add_string(const Items& items, Node& out);
  /// What `pattern` or `format` says; kNoLanguage for nothing.
  Result<LanguageId> language_of(const json::Document& schema, const std::string& pointer, std::string_view keyword);
  Result<void> add_array(const Items& items, Node& out);
  /// Items, from the place `first` on, of which a number must be there.
  struct Counted {
    Item item;
    uint32_t first = 0;
    Tally tally;
  };
  Result<void> add_contains(const Item& item, std::vector<Counted>& kinds);
  Result<NodeId> counted_item(Items set, const std::vector<Counted>& kinds, size_t place, unsigned mask);
  Result<void> add_object(const Items& items, Node& out);
  Result<void> add_constant(const json::Document& value, const std::string& pointer, std::string_view keyword,
                            Node& out);
  Result<NodeId> constant_node(const json::Document& value, const std::string& pointer, std::string_view keyword);
  Result<const json::Document*> resolve(const Item& item, const json::Document& reference, std::string& pointer);
  /// The strictest count of `keyword`; a denied `opposite` counts, too, by one more or less.
  Result<std::optional<uint32_t>> count(const Items& items, const char* keyword, const char* opposite, bool largest);
  Result<bool> admits(const json::Document& schema, const std::string& pointer, const json::Document& value, int depth);
  Result<bool> admits_choices(const json::Document& schema, const std::string& pointer, const json::Document& value,
                              int depth);
  Result<bool> admits_direct(const json::Document& schema, const std::string& pointer, const json::Document& value,
                             int depth);
  Result<bool> admits_object(const json::Document& schema, const std::string& pointer, const json::Document& value,
                             int depth);
  Result<bool> admits_string(const json::Document& schema, const std::string& pointer, const json::Document& value);
  Result<bool> admits_array(const json::Document& schema, const std::string& pointer, const json::Document& value,
                            int depth);
  bool disjoint(const Node& a, const Node& b, int depth) const;
  bool disjoint(NodeId a, NodeId b, int depth) const;
  bool disjoint(const ArraySpec& a, const ArraySpec& b, int depth) const;
  bool disjoint(const ObjectSpec& a, const ObjectSpec& b, int depth) const;
  void find_anchors(const json::Document& value, const std::string& pointer, bool root);
  void impossible(const std::string& pointer, std::string why);
  static void tidy(Node& node);
  static bool bare_key(std::string_view name);
  static Error unwritable_key(const std::string& pointer, std::string_view keyword, const std::string& name);

  Ir& ir_;
  Dialect dialect_;
  const json::Document* root_ = nullptr;
  bool conditions_ = true;       // drafts before 7 know no if
  bool siblings_of_ref_ = true;  // drafts up to 7 ignore what stands beside $ref
  std::vector<std::string> nested_ids_;  // pointers of schemas inside that have an $id of their own
  std::map<std::string, std::pair<const json::Document*, std::string>> anchors_;
  std::map<std::vector<std::pair<const json::Document*, bool>>, NodeId> made_;
  std::deque<json::Document> own_;  // schemas that say what a keyword means
  std::map<std::pair<const json::Document*, std::string>, const json::Document*> present_;
  std::map<const json::Document*, const json::Document*> only_;
  std::map<const json::Document*, NodeId> constants_;
  std::set<NodeId> unfinished_;
  NodeId result_ = kNone;
  std::string why_;  // nothing fits, as far as seen
  size_t work_ = 0;
  int nesting_ = 0;
};

}  // namespace hob::grammar
