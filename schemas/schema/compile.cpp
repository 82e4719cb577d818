#include "schemas/schema/compile.h"

#include <unordered_map>

namespace hob::schema {
namespace {

using json::Document;
constexpr int64_t kMaxCount = 1'000'000'000'000'000;
constexpr size_t kMaxNodes = 200'000;
constexpr size_t kMaxPatternInstructions = 1'000'000;

/// One keyword of one schema, while it is read.
struct Spot {
  Node& node;
  const Document& value;
  const Document& schema;  // the object that has the keyword
  const Place& place;      // of that object
  std::string_view keyword;

  std::string pointer() const { return place.pointer + "/" + json::pointer_token(keyword); }
  Error bad(std::string_view sentence) const { return refuse(place.pointer, keyword, sentence); }
};

class Compiler {
 public:
  explicit Compiler(const CompileSettings& settings)
      : settings_(settings),
        index_(settings.known, settings.default_draft),
        program_(std::make_shared<Program>()) {}

  Result<std::shared_ptr<const Program>> run(const Document& schema) {
    auto document = std::make_shared<const Document>(schema);
    HOB_TRY_VOID(index_.add("", document));
    if (settings_.known != nullptr) {
      for (const auto& [uri, other] : settings_.known->documents())
        HOB_TRY_VOID(index_.add(uri, other));
    }
    HOB_TRY(root, node_at(*document, Place{}));
    program_->root = root;
    while (!queue_.empty()) {
      const auto [node, source] = queue_.back();
      queue_.pop_back();
      HOB_TRY_VOID(fill(*node, *source));
    }
    program_->resources = index_.take_resources();
    program_->documents = index_.take_documents();
    HOB_TRY_VOID(refuse_rings(*program_));
    return std::shared_ptr<const Program>(program_);
  }

 private:
  using Read = Result<void> (Compiler::*)(const Spot&);
  struct Keyword {
    Read read;
    unsigned drafts;
    bool assertion;  // belongs to the validation vocabulary
  };
  static const std::unordered_map<std::string_view, Keyword>& table();

  Result<const Node*> node_at(const Document& schema, const Place& fallback) {
    const auto known = nodes_.find(&schema);
    if (known != nodes_.end()) return static_cast<const Node*>(known->second);
    if (schema.kind != Document::Kind::object && schema.kind != Document::Kind::boolean) {
      return refuse(fallback.pointer, "", "a schema is an object, true or false.");
    }
    if (index_.place(&schema) == nullptr) HOB_TRY_VOID(index_.adopt(&schema, fallback));
    const Place& place = *index_.place(&schema);
    if (!place.resource->dialect.refused.empty())
      return refuse(place.pointer, "$schema", place.resource->dialect.refused);
    if (program_->nodes.size() >= kMaxNodes)
      return refuse(place.pointer, "", "there are too many schemas.");
    Node& node = program_->nodes.emplace_back();
    node.where = place.pointer;
    node.resource = place.resource;
    nodes_.emplace(&schema, &node);
    if (schema.kind == Document::Kind::boolean) {
      node.kind = schema.boolean ? Node::Kind::everything : Node::Kind::nothing;
    } else {
      queue_.emplace_back(&node, &schema);
    }
    HOB_TRY_VOID(enter(*place.resource));
    return static_cast<const Node*>(&node);
  }

  /// The first time something of a resource is used, all it may be asked for dynamically is
  /// compiled too.
  Result<void> enter(Resource& resource) {
    if (resource.entered) return {};
    resource.entered = true;
    for (const auto& [name, schema] : resource.dynamic_anchors) {
      HOB_TRY(node, node_at(*schema, Place{}));
      resource.dynamic_nodes.emplace(name, node);
    }
    if (resource.recursive_anchor) {
      HOB_TRY(node, node_at(*resource.root, Place{}));
      resource.root_node = node;
    }
    return {};
  }

  Result<void> fill(Node& node, const Document& schema) {
    const Place place = *index_.place(&schema);
    const Dialect& dialect = place.resource->dialect;
    const Document* ref = dialect.in(kOld) ? schema.find("$ref") : nullptr;
    // In draft 7 everything beside "$ref" is ignored.
    if (ref != nullptr) return read_ref(Spot{node, *ref, schema, place, "$ref"});
    for (const auto& [keyword, value] : schema.members) {
      const auto row = table().find(keyword);
      if (row == table().end() || !dialect.in(row->second.drafts)) continue;
      if (row->second.assertion && !dialect.assertions) continue;
      HOB_TRY_VOID((this->*row->second.read)(Spot{node, value, schema, place, keyword}));
    }
    return {};
  }

  // Parts of keywords.

  Result<const Node*> child(const Spot& spot) {
    return node_at(spot.value, Place{spot.place.resource, spot.pointer()});
  }

  Result<std::vector<const Node*>> list(const Spot& spot, bool may_be_empty = false) {
    if (spot.value.kind != Document::Kind::array || (spot.value.items.empty() && !may_be_empty)) {
      return spot.bad("wanted a list of one schema or more.");
    }
    std::vector<const Node*> nodes;
    for (size_t i = 0; i < spot.value.items.size(); ++i) {
      HOB_TRY(
          node, node_at(
                    spot.value.items[i],
                    Place{spot.place.resource, spot.pointer() + "/" + std::to_string(i)}
                )
      );
      nodes.push_back(node);
    }
    return nodes;
  }

  template <typename Each>
  Result<void> map(const Spot& spot, Each each) {
    if (spot.value.kind != Document::Kind::object) return spot.bad("wanted an object of schemas.");
    for (const auto& [name, schema] : spot.value.members) {
      HOB_TRY(
          node,
          node_at(
              schema, Place{spot.place.resource, spot.pointer() + "/" + json::pointer_token(name)}
          )
      );
      HOB_TRY_VOID(each(name, node));
    }
    return {};
  }

  static Result<std::string> string(const Spot& spot) {
    if (spot.value.kind != Document::Kind::string) return spot.bad("wanted a string.");
    return spot.value.text;
  }

  static Result<std::vector<std::string>> strings(const Spot& spot, const Document& value) {
    if (value.kind != Document::Kind::array) return spot.bad("wanted a list of property names.");
    std::vector<std::string> names;
    for (const Document& name : value.items) {
      if (name.kind != Document::Kind::string) return spot.bad("wanted property names as strings.");
      names.push_back(name.text);
    }
    return names;
  }

  static Result<size_t> count(const Spot& spot) {
    const int64_t value = spot.value.kind == Document::Kind::number
                              ? Decimal(spot.value.text).as_count(kMaxCount)
                              : -1;
    if (value < 0) return spot.bad("wanted a whole number from 0 to 10^15.");
    return static_cast<size_t>(value);
  }

  static Result<Decimal> number(const Spot& spot) {
    if (spot.value.kind != Document::Kind::number) return spot.bad("wanted a number.");
    Decimal value(spot.value.text);
    if (value.is_clamped()) return spot.bad("the exponent is beyond 10^15.");
    return value;
  }

  // The keywords.

  Result<const Node*> follow(const Spot& spot, Target* out = nullptr) {
    HOB_TRY(reference, string(spot));
    HOB_TRY(target, index_.resolve(spot.place, spot.keyword, reference));
    if (out != nullptr) *out = target;
    return node_at(*target.schema, Place{});
  }
  Result<void> read_ref(const Spot& spot) {
    HOB_TRY(node, follow(spot));
    spot.node.ref = node;
    return {};
  }
  Result<void> read_dynamic_ref(const Spot& spot) {
    Target target;
    HOB_TRY(node, follow(spot, &target));
    spot.node.dynamic_ref = DynamicRef{node, target.fragment, target.dynamic_anchor};
    return {};
  }
  Result<void> read_recursive_ref(const Spot& spot) {
    if (spot.value.kind != Document::Kind::string || spot.value.text != "#")
      return spot.bad("wanted \"#\".");
    HOB_TRY(node, follow(spot));
    spot.node.dynamic_ref = DynamicRef{node, {}, spot.place.resource->recursive_anchor};
    return {};
  }
  Result<void> read_definitions(const Spot& spot) {
    return map(spot, [](const std::string&, const Node*) { return Result<void>(); });
  }
  Result<void> read_identity(const Spot& spot) {
    if (spot.value.kind != Document::Kind::string) return spot.bad("wanted a string.");
    return {};
  }

  Result<void> read_type(const Spot& spot) {
    static const std::unordered_map<std::string_view, unsigned> kBits = {
        {"null", kNull},       {"boolean", kBoolean},
        {"integer", kInteger}, {"number", kNumber | kInteger},
        {"string", kString},   {"array", kArray},
        {"object", kObject}};
    const auto add = [&](const Document& name) {
      const auto bit = name.kind == Document::Kind::string ? kBits.find(name.text) : kBits.end();
      if (bit != kBits.end()) spot.node.types |= bit->second;
      return bit != kBits.end();
    };
    bool good = true;
    if (spot.value.kind == Document::Kind::array) {
      good = !spot.value.items.empty();
      for (const Document& name : spot.value.items) good = add(name) && good;
    } else {
      good = add(spot.value);
    }
    if (!good)
      return spot.bad(
          "wanted null, boolean, integer, number, string, array or object, or a list of them."
      );
    return {};
  }
  Result<void> read_enum(const Spot& spot) {
    if (spot.value.kind != Document::Kind::array) return spot.bad("wanted a list of values.");
    spot.node.enumeration = &spot.value;
    return {};
  }
  Result<void> read_const(const Spot& spot) {
    spot.node.constant = &spot.value;
    return {};
  }

  template <auto field>
  Result<void> read_bound(const Spot& spot) {
    HOB_TRY(value, number(spot));
    spot.node.number.*field = Bound{std::move(value), spot.value.text};
    return {};
  }
  Result<void> read_multiple_of(const Spot& spot) {
    HOB_TRY(value, number(spot));
    if (!value.is_positive()) return spot.bad("wanted a number above 0.");
    if (!value.can_divide()) return spot.bad("more than 18 significant digits are not supported.");
    spot.node.number.multiple_of = Bound{std::move(value), spot.value.text};
    return {};
  }
  template <auto rules, auto field>
  Result<void> read_count(const Spot& spot) {
    HOB_TRY(value, count(spot));
    spot.node.*rules.*field = value;
    return {};
  }

  Result<Pattern> pattern(const Spot& spot, const std::string& text) {
    if (const auto known = patterns_.find(text); known != patterns_.end()) return known->second;
    auto compiled = Pattern::compile(text);
    if (!compiled) return spot.bad(compiled.error().message());
    pattern_instructions_ += compiled->size();
    if (pattern_instructions_ > kMaxPatternInstructions)
      return spot.bad("the schema's patterns are too large together.");
    patterns_.emplace(text, *compiled);
    return compiled;
  }
  Result<void> read_pattern(const Spot& spot) {
    HOB_TRY(text, string(spot));
    HOB_TRY(compiled, pattern(spot, text));
    spot.node.string.pattern = std::move(compiled);
    return {};
  }
  Result<void> read_format(const Spot& spot) {
    HOB_TRY(name, string(spot));
    if (settings_.format_assertion || spot.place.resource->dialect.format_assertion) {
      spot.node.string.format = find_format(name);
    }
    return {};
  }

  Result<void> read_prefix_items(const Spot& spot) {
    HOB_TRY(nodes, list(spot));
    spot.node.array.prefix = std::move(nodes);
    spot.node.array.prefix_word = "prefixItems";
    return {};
  }
  Result<void> read_items(const Spot& spot) {
    const bool old = spot.place.resource->dialect.in(kUntil2019);
    if (spot.value.kind == Document::Kind::array) {
      if (!old)
        return spot.bad(
            "a list belongs into prefixItems since draft 2020-12; or name an older $schema."
        );
      HOB_TRY(nodes, list(spot, true));
      spot.node.array.prefix = std::move(nodes);
      spot.node.array.prefix_word = "items";
      return {};
    }
    HOB_TRY(node, child(spot));
    spot.node.array.rest = node;
    spot.node.array.rest_word = "items";
    return {};
  }
  Result<void> read_additional_items(const Spot& spot) {
    HOB_TRY(node, child(spot));
    // It only speaks about what a list in "items" leaves over.
    const Document* items = spot.schema.find("items");
    if (items == nullptr || items->kind != Document::Kind::array) return {};
    spot.node.array.rest = node;
    spot.node.array.rest_word = "additionalItems";
    return {};
  }
  Result<void> read_contains(const Spot& spot) {
    HOB_TRY(node, child(spot));
    spot.node.array.contains = node;
    spot.node.array.contains_evaluates = spot.place.resource->dialect.in(kNew);
    return {};
  }
  Result<void> read_unique_items(const Spot& spot) {
    if (spot.value.kind != Document::Kind::boolean) return spot.bad("wanted true or false.");
    spot.node.array.unique = spot.value.boolean;
    return {};
  }

  Result<void> read_properties(const Spot& spot) {
    return map(spot, [&](const std::string& name, const Node* node) {
      spot.node.object.properties.emplace(name, node);
      return Result<void>();
    });
  }
  Result<void> read_pattern_properties(const Spot& spot) {
    return map(spot, [&](const std::string& text, const Node* node) -> Result<void> {
      HOB_TRY(compiled, pattern(spot, text));
      spot.node.object.patterns.push_back({std::move(compiled), node});
      return {};
    });
  }
  Result<void> read_required(const Spot& spot) {
    HOB_TRY(names, strings(spot, spot.value));
    spot.node.object.required = std::move(names);
    return {};
  }
  Result<void> read_dependencies(const Spot& spot) {
    if (spot.value.kind != Document::Kind::object) return spot.bad("wanted an object.");
    for (const auto& [name, value] : spot.value.members) {
      Dependency dependency{name, {}, nullptr, spot.keyword};
      if (spot.keyword == "dependentRequired" ||
          (spot.keyword == "dependencies" && value.kind == Document::Kind::array)) {
        HOB_TRY(names, strings(spot, value));
        dependency.names = std::move(names);
      } else {
        HOB_TRY(
            node,
            node_at(
                value, Place{spot.place.resource, spot.pointer() + "/" + json::pointer_token(name)}
            )
        );
        dependency.node = node;
      }
      spot.node.object.dependencies.push_back(std::move(dependency));
    }
    return {};
  }

  template <auto field>
  Result<void> read_child(const Spot& spot) {
    HOB_TRY(node, child(spot));
    spot.node.*field = node;
    return {};
  }
  template <auto rules, auto field>
  Result<void> read_child_of(const Spot& spot) {
    HOB_TRY(node, child(spot));
    spot.node.*rules.*field = node;
    return {};
  }
  template <auto field>
  Result<void> read_list(const Spot& spot) {
    HOB_TRY(nodes, list(spot));
    spot.node.*field = std::move(nodes);
    return {};
  }

  CompileSettings settings_;
  Index index_;
  std::shared_ptr<Program> program_;
  std::unordered_map<const Document*, Node*> nodes_;
  std::vector<std::pair<Node*, const Document*>> queue_;
  std::unordered_map<std::string, Pattern> patterns_;
  size_t pattern_instructions_ = 0;
};

const std::unordered_map<std::string_view, Compiler::Keyword>& Compiler::table() {
  using C = Compiler;
  using N = NumberRules;
  static const std::unordered_map<std::string_view, Keyword> kTable = {
      {"$id", {&C::read_identity, kAllDrafts, false}},
      {"$schema", {&C::read_identity, kAllDrafts, false}},
      {"$anchor", {&C::read_identity, kSince2019, false}},
      {"$dynamicAnchor", {&C::read_identity, kNew, false}},
      {"$ref", {&C::read_ref, kAllDrafts, false}},
      {"$dynamicRef", {&C::read_dynamic_ref, kNew, false}},
      {"$recursiveRef", {&C::read_recursive_ref, kMiddle, false}},
      {"$defs", {&C::read_definitions, kSince2019, false}},
      {"definitions", {&C::read_definitions, kAllDrafts, false}},
      {"type", {&C::read_type, kAllDrafts, true}},
      {"enum", {&C::read_enum, kAllDrafts, true}},
      {"const", {&C::read_const, kAllDrafts, true}},
      {"minimum", {&C::read_bound<&N::minimum>, kAllDrafts, true}},
      {"maximum", {&C::read_bound<&N::maximum>, kAllDrafts, true}},
      {"exclusiveMinimum", {&C::read_bound<&N::exclusive_minimum>, kAllDrafts, true}},
      {"exclusiveMaximum", {&C::read_bound<&N::exclusive_maximum>, kAllDrafts, true}},
      {"multipleOf", {&C::read_multiple_of, kAllDrafts, true}},
      {"minLength", {&C::read_count<&Node::string, &StringRules::min_length>, kAllDrafts, true}},
      {"maxLength", {&C::read_count<&Node::string, &StringRules::max_length>, kAllDrafts, true}},
      {"pattern", {&C::read_pattern, kAllDrafts, true}},
      {"format", {&C::read_format, kAllDrafts, false}},
      {"prefixItems", {&C::read_prefix_items, kNew, false}},
      {"items", {&C::read_items, kAllDrafts, false}},
      {"additionalItems", {&C::read_additional_items, kUntil2019, false}},
      {"contains", {&C::read_contains, kAllDrafts, false}},
      {"minContains", {&C::read_count<&Node::array, &ArrayRules::min_contains>, kSince2019, true}},
      {"maxContains", {&C::read_count<&Node::array, &ArrayRules::max_contains>, kSince2019, true}},
      {"minItems", {&C::read_count<&Node::array, &ArrayRules::min_items>, kAllDrafts, true}},
      {"maxItems", {&C::read_count<&Node::array, &ArrayRules::max_items>, kAllDrafts, true}},
      {"uniqueItems", {&C::read_unique_items, kAllDrafts, true}},
      {"unevaluatedItems",
       {&C::read_child_of<&Node::array, &ArrayRules::unevaluated>, kSince2019, false}},
      {"properties", {&C::read_properties, kAllDrafts, false}},
      {"patternProperties", {&C::read_pattern_properties, kAllDrafts, false}},
      {"additionalProperties",
       {&C::read_child_of<&Node::object, &ObjectRules::additional>, kAllDrafts, false}},
      {"propertyNames", {&C::read_child_of<&Node::object, &ObjectRules::names>, kAllDrafts, false}},
      {"required", {&C::read_required, kAllDrafts, true}},
      {"minProperties",
       {&C::read_count<&Node::object, &ObjectRules::min_properties>, kAllDrafts, true}},
      {"maxProperties",
       {&C::read_count<&Node::object, &ObjectRules::max_properties>, kAllDrafts, true}},
      {"dependentRequired", {&C::read_dependencies, kSince2019, true}},
      {"dependentSchemas", {&C::read_dependencies, kSince2019, false}},
      {"dependencies", {&C::read_dependencies, kAllDrafts, false}},
      {"unevaluatedProperties",
       {&C::read_child_of<&Node::object, &ObjectRules::unevaluated>, kSince2019, false}},
      {"allOf", {&C::read_list<&Node::all_of>, kAllDrafts, false}},
      {"anyOf", {&C::read_list<&Node::any_of>, kAllDrafts, false}},
      {"oneOf", {&C::read_list<&Node::one_of>, kAllDrafts, false}},
      {"not", {&C::read_child<&Node::negated>, kAllDrafts, false}},
      {"if", {&C::read_child<&Node::condition>, kAllDrafts, false}},
      {"then", {&C::read_child<&Node::then_node>, kAllDrafts, false}},
      {"else", {&C::read_child<&Node::else_node>, kAllDrafts, false}},
  };
  return kTable;
}

}  // namespace

Result<std::shared_ptr<const Program>> compile_program(
    const Document& schema, const CompileSettings& settings
) {
  return Compiler(settings).run(schema);
}

}  // namespace hob::schema
