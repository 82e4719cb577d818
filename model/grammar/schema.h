// JSON Schemas to the typed normal form.
//
//   Ir ir;
//   SchemaBuilder builder(ir, Dialect::json);
//   HOB_TRY(root, builder.add(document));
//   ir.settle();                                 // several builders may share one Ir
//   HOB_TRY_VOID(builder.check());               // or: no value fits, and why
//
// A keyword is enforced, or the schema is refused with its JSON Pointer and the keyword (schema_unsupported); what no
// value fits is schema_unsatisfiable. Enforced: type, enum, const, properties, required, additionalProperties,
// patternProperties, propertyNames, min- and maxProperties, dependentRequired, dependentSchemas, dependencies, items, prefixItems, additionalItems, contains with
// its counts, uniqueItems (where items
// are no closed objects or tuples), min- and maxItems,
// min- and maxLength, minimum, maximum and the exclusive ones, multipleOf, $ref within the document by
// pointer, $id and $anchor, $dynamicRef and $recursiveRef, allOf, anyOf, oneOf, not, and if with then and else. Keywords of a type that cannot come are of no effect, as are
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
#include <unordered_map>
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
    /// The schemas of the set that this one is a part of, at the same place: what it says of members and items they know.
    std::vector<const json::Document*> parents{};
    bool watched = false;  // one of them, or it, says what becomes of members or items that nothing speaks of
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
  Result<std::vector<Way>> watched_ways(const Item& item, const json::Document& branches);
  /// unevaluated.cpp: what `keyword`, of members or items, is in force here: not in draft 7, nor where it says nothing.
  const json::Document* unevaluated(const json::Document& schema, std::string_view keyword) const;
  bool watches(const json::Document& schema) const;
  Result<void> watch(Items& items, const json::Document& schema) const;
  /// The schemas whose part, at any depth, each of the set is: by index, with itself.
  static std::vector<size_t> parts_of(const Items& items, size_t whole);
  /// A schema that holds where one of these does.
  Result<const json::Document*> some_of(const Item& item, std::vector<const json::Document*> schemas);
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
  /// A rule for the items that none of these parts of the set speaks of.
  struct Leftover {
    Item rule;
    std::vector<size_t> parts;
  };
  Result<std::vector<Leftover>> left_items(const Items& items);
  /// Of arrays whose items differ: whether they can be enforced. Once, after the last node.
  Result<void> check_unique();
  Result<void> check_unique(ArraySpec& spec);
  Result<void> add_contains(const Item& item, std::vector<Counted>& kinds, Items& never);
  Result<NodeId> counted_item(Items set, const std::vector<Counted>& kinds, size_t place, unsigned mask);
  Result<void> add_object(const Items& items, Node& out);
  /// What a set says of keys beside names.
  struct Keys {
    struct Rule {
      size_t item = 0, pattern = 0;
      const json::Document* schema = nullptr;
      std::string pointer{};
    };
    std::vector<LanguageId> patterns{};  // all different
    std::vector<Rule> rules{};
    std::optional<LanguageId> base{};  // what propertyNames allows
    const Item* witness = nullptr;     // a denied rule for members: some member of this language, and of none of these
    LanguageId witness_language = kNoLanguage;  // names, breaks it
    std::vector<std::string> witness_not{};
    std::optional<Item> witness_value{};  // as its value
  };
  /// Keys that the same patterns match.
  struct Cell {
    LanguageId language = kNoLanguage;
    std::vector<bool> hits{};
    bool witness = false;
  };
  Result<LanguageId> names_of(Items set, const std::string& pointer);
  Result<Keys> read_keys(const Items& items, bool limited);
  Result<std::vector<Cell>> part_keys(const Keys& keys, const std::string& pointer);
  /// What must hold for the value of a key.
  Items rules_of(const Items& items, const Keys& keys, const Cell& cell, const std::string* name) const;
  Result<void> add_classes(const Items& items, const Keys& keys, std::vector<Cell> cells, bool open, ObjectSpec& out);
  Result<void> name_few_keys(ObjectSpec& object, std::map<std::string, bool>& names, std::vector<std::string>& order,
                             const std::string& pointer);
  Result<void> limit_classes(ObjectSpec& object, const std::string& pointer);
  Result<void> add_constant(const json::Document& value, const std::string& pointer, std::string_view keyword,
                            Node& out);
  Result<NodeId> constant_node(const json::Document& value, const std::string& pointer, std::string_view keyword);
  /// What `keyword` ($ref, $dynamicRef, $recursiveRef) of `item` points at.
  Result<const json::Document*> resolve(const Item& item, std::string_view keyword, std::string& pointer);
  /// Where a schema stands.
  struct Place {
    const json::Document* schema = nullptr;
    std::string pointer{};
  };
  /// A schema with an $id of its own, or the whole.
  struct Resource {
    std::string uri{};
    Place place{};
    uint32_t outer = 0;  // the one that it stands in
  };
  struct Dynamic {
    uint32_t resource = 0;
    Place place{};
  };
  /// dynamic_scopes.cpp: the dynamic anchors met on the way to a schema, by name the resource of the first.
  using Scope = std::map<std::string, uint32_t>;
  void find_names(const json::Document& schema, const std::string& pointer, uint32_t resource);
  uint32_t resource_of(const json::Document& schema) const;
  bool walk(const std::string& fragment, uint32_t resource, Place& place);
  Scope entered(Scope scope, uint32_t resource) const;
  Scope scope_of(const json::Document& schema) const;
  /// Where the dynamic anchor `name` was met first on the way to `from`; `place` where that is no such anchor.
  Place first_met(const json::Document& from, const std::string& name, const Place& place) const;
  /// `target` as it is to those who come from `from`: a copy where dynamic references in it mean something else than where
  /// it stands.
  Result<const json::Document*> seen_from(const json::Document& from, const json::Document& target, const std::string& pointer,
                                          std::string_view keyword);
  void note_copy(const json::Document& original, const json::Document& copy, Scope scope);
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
  bool shares_key(const ObjectSpec& a, const ObjectSpec& b, int depth) const;
  void impossible(const std::string& pointer, std::string why);
  static void tidy(Node& node);
  void join_texts(Node& node);
  static bool bare_key(std::string_view name);
  static Error unwritable_key(const std::string& pointer, std::string_view keyword, const std::string& name);

  Ir& ir_;
  Dialect dialect_;
  const json::Document* root_ = nullptr;
  bool conditions_ = true;       // drafts before 7 know no if
  const char* id_keyword_ = "$id";  // "id" before draft 6
  bool contains_tells_ = true;   // which items are spoken of; not in draft 2019-09
  bool siblings_of_ref_ = true;  // drafts up to 7 ignore what stands beside $ref
  std::vector<Resource> resources_;  // the whole first
  std::unordered_map<const json::Document*, uint32_t> resource_of_;
  std::map<std::string, Place> anchors_;  // by URI with fragment
  std::map<std::string, std::vector<Dynamic>> dynamic_;  // by name; "" are those of $recursiveAnchor
  std::map<std::pair<const json::Document*, Scope>, const json::Document*> copies_;
  std::unordered_map<const json::Document*, Scope> copy_scopes_;
  std::map<std::vector<std::pair<const json::Document*, bool>>, NodeId> made_;
  std::deque<json::Document> own_;  // schemas that say what a keyword means
  std::map<std::pair<const json::Document*, std::string>, const json::Document*> present_;
  std::map<const json::Document*, const json::Document*> only_;
  std::map<std::vector<const json::Document*>, const json::Document*> some_;
  std::map<const json::Document*, NodeId> constants_;
  std::set<NodeId> unfinished_;
  std::string unique_;  // the place of a uniqueItems
  bool any_unique_ = false;
  NodeId result_ = kNone;
  std::string why_;  // nothing fits, as far as seen
  size_t work_ = 0;
  int nesting_ = 0;
};

}  // namespace hob::grammar
