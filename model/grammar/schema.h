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
// maxProperties, items, prefixItems, additionalItems, min- and maxItems, min- and maxLength, minimum, maximum and the
// exclusive ones, multipleOf 1, local $ref with $defs, definitions and $anchor, allOf, anyOf, and oneOf whose branches
// exclude each other visibly. Keywords of a type that cannot come are of no effect, as are annotations and words that are
// no keywords of JSON Schema.
//
// How: a node is built from a *set* of schemas that must all hold. $ref and allOf add to the set, anyOf and oneOf split
// it, and what is left is intersected type by type; equal sets are one node, which is also what makes recursion end.
// In Dialect::gemma an object that declares properties and says nothing of others takes no others: an argument that a
// tool did not declare helps nobody. The document must live as long as the
// builder. One use, one thread.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/grammar/ir.h"
#include "schemas/base/document.h"
#include "schemas/base/result.h"

namespace hob::grammar {

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
  /// One schema of a set, and where it stands.
  struct Item {
    const json::Document* schema = nullptr;
    std::string pointer;
    bool any_of_done = false, one_of_done = false;
    std::vector<const json::Document*> from;  // the schemas whose branch this is
  };
  using Items = std::vector<Item>;

  Result<NodeId> node(Items items);
  /// Adds a schema with what its $ref and allOf add; false when the set can hold for nothing.
  Result<bool> gather(Item item, Items& out, std::vector<const json::Document*>& path);
  Result<void> expand(const Items& items, Node& out, int depth);
  Result<void> split(const Items& items, size_t which, bool one_of, Node& out, int depth);
  Result<void> direct(const Items& items, Node& out);
  Result<void> constants(const Items& items, Node& out);
  Result<void> add_numbers(const Items& items, bool integer, Node& out);
  Result<void> add_string(const Items& items, Node& out);
  Result<void> add_array(const Items& items, Node& out);
  Result<void> add_object(const Items& items, Node& out);
  Result<void> add_constant(const json::Document& value, const std::string& pointer, std::string_view keyword,
                            Node& out);
  Result<NodeId> constant_node(const json::Document& value, const std::string& pointer, std::string_view keyword);
  Result<const json::Document*> resolve(const Item& item, const json::Document& reference, std::string& pointer);
  Result<std::optional<uint32_t>> count(const Items& items, const char* keyword, bool largest);
  Result<bool> admits(const json::Document& schema, const std::string& pointer, const json::Document& value, int depth);
  Result<bool> admits_direct(const json::Document& schema, const std::string& pointer, const json::Document& value,
                             int depth);
  Result<bool> admits_object(const json::Document& schema, const std::string& pointer, const json::Document& value,
                             int depth);
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
  bool siblings_of_ref_ = true;  // drafts up to 7 ignore what stands beside $ref
  bool nested_ids_ = false;
  std::map<std::string, std::pair<const json::Document*, std::string>> anchors_;
  std::map<std::vector<const json::Document*>, NodeId> made_;
  std::map<const json::Document*, NodeId> constants_;
  std::set<NodeId> unfinished_;
  NodeId result_ = kNone;
  std::string why_;  // nothing fits, as far as seen
  size_t work_ = 0;
  int nesting_ = 0;
};

}  // namespace hob::grammar
