#include "model/text/lowering.h"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "model/text/local_reference.h"
#include "model/text/value.h"

namespace hob::text {
namespace {

using json::Document;
using Kind = Document::Kind;

constexpr int kMaxDepth = kMaxLoweringDepth;
// Schemas read and properties found. References to what refers back would double with each level: a schema that
// needs more than this is told in part.
constexpr size_t kMaxWork = 50'000;

Document text_value(std::string text) {
  Document value;
  value.kind = Kind::string;
  value.text = std::move(text);
  return value;
}

Document true_value() {
  Document value;
  value.kind = Kind::boolean;
  value.boolean = true;
  return value;
}

std::string_view type_of_value(const Document& value) {
  switch (value.kind) {
    case Kind::string:
      return "string";
    case Kind::boolean:
      return "boolean";
    case Kind::number:
      return value.text.find_first_of(".eE") == std::string::npos ? "integer" : "number";
    case Kind::array:
      return "array";
    case Kind::object:
      return "object";
    case Kind::null:
      return "null";
  }
  return "null";
}

// What a lowered property says, before it is written out.
struct Property {
  std::string description;
  std::string type;
  std::vector<Document> choices;
  bool nullable = false;
  const Document* items = nullptr;
  bool has_properties = false;
  std::vector<std::pair<std::string, const Document*>> properties;  // of two with one name the first counts
  std::unordered_set<std::string> names;                            // of those
  std::vector<std::string> required;
  std::unordered_set<std::string> required_names;
};

void add_property(Property& property, const std::string& name, const Document* schema) {
  if (property.names.insert(name).second) property.properties.emplace_back(name, schema);
}

void add_required(Property& property, const std::string& name) {
  if (property.required_names.insert(name).second) property.required.push_back(name);
}

void add_type(Property& property, std::string_view type, std::vector<std::string>& others) {
  if (type == "null") {
    property.nullable = true;
  } else if (property.type.empty()) {
    property.type = type;
  } else if (property.type != type && std::find(others.begin(), others.end(), type) == others.end()) {
    others.emplace_back(type);
  }
}

void add_sentence(std::string& description, const std::string& sentence) {
  if (!description.empty()) description += description.back() == '.' ? " " : ". ";
  description += sentence;
}

// What every alternative wants is wanted. A list names nothing twice.
void add_required_by_all(Property& property, const std::vector<std::vector<std::string>>& lists) {
  if (lists.empty()) return;
  std::unordered_map<std::string, size_t> wanted;
  for (const auto& list : lists) {
    for (const std::string& name : list) ++wanted[name];
  }
  for (const std::string& name : lists.front()) {
    if (wanted[name] == lists.size()) add_required(property, name);
  }
}

class Lowering {
 public:
  explicit Lowering(const Document& root) : root_(root) {}

  Document object(const Document& schema, int depth) const {
    Property property;
    read(schema, property, depth);
    property.type = "object";
    property.description.clear();
    return write(property, depth, Place::parameters);
  }

 private:
  enum class Place { parameters, property };

  const Document* resolve(const Document& schema) const {
    const Document* reference = schema.find("$ref");
    const bool is_text = reference != nullptr && reference->kind == Kind::string;
    return is_text ? resolve_local(root_, reference->text) : nullptr;
  }

  // Collects what `schema` says into `out`, through references and unions.
  void read(const Document& schema, Property& out, int depth) const {
    if (schema.kind != Kind::object || depth > kMaxDepth || work_ > kMaxWork) return;
    ++work_;
    std::vector<std::string> others;
    if (const Document* text = schema.find("description"); text != nullptr && text->kind == Kind::string) {
      if (out.description.empty()) out.description = text->text;
    }
    if (const Document* target = resolve(schema)) read(*target, out, depth + 1);
    if (const Document* type = schema.find("type")) {
      if (type->kind == Kind::string) add_type(out, type->text, others);
      for (const Document& one : type->items) add_type(out, one.text, others);
    }
    std::vector<Document> choices;
    if (const Document* constant = schema.find("const")) choices = {*constant};
    if (const Document* list = schema.find("enum"); list != nullptr && list->kind == Kind::array) choices = list->items;
    for (const Document& choice : choices) {
      add_type(out, type_of_value(choice), others);
      out.choices.push_back(choice);
    }
    if (const Document* items = schema.find("items"); truthy(items) && items->kind == Kind::object) {
      out.items = items;
      if (out.type.empty()) out.type = "array";
    }
    if (const Document* inner = schema.find("properties"); inner != nullptr && inner->kind == Kind::object) {
      out.has_properties = true;
      work_ += inner->members.size();
      for (const auto& [name, value] : inner->members) add_property(out, name, &value);
      if (out.type.empty()) out.type = "object";
    }
    if (const Document* required = schema.find("required"); truthy(required) && required->kind == Kind::array) {
      for (const Document& name : required->items) {
        if (name.kind == Kind::string) add_required(out, name.text);
      }
    }
    if (truthy(schema.find("nullable"))) out.nullable = true;
    for (const char* key : {"anyOf", "oneOf", "allOf"}) {
      const Document* parts = schema.find(key);
      if (parts == nullptr) continue;
      const bool all = std::string_view(key) == "allOf";
      std::vector<std::vector<std::string>> required_lists;  // one of each alternative that is an object
      for (const Document& part : parts->items) {
        Property one;
        read(part, one, depth + 1);
        if (one.nullable) out.nullable = true;
        if (!one.type.empty()) add_type(out, one.type, others);
        if (out.description.empty() && parts->items.size() == 1) out.description = one.description;
        out.choices.insert(out.choices.end(), one.choices.begin(), one.choices.end());
        if (out.items == nullptr) out.items = one.items;
        out.has_properties = out.has_properties || one.has_properties;
        for (const auto& [name, value] : one.properties) add_property(out, name, value);
        if (all) {
          for (const std::string& name : one.required) add_required(out, name);
        } else if (one.has_properties || !one.required.empty()) {
          required_lists.push_back(std::move(one.required));
        }
      }
      add_required_by_all(out, required_lists);
    }
    if (!others.empty()) {
      std::string sentence = "Type: " + out.type;
      for (size_t at = 0; at < others.size(); ++at) {
        sentence += (at + 1 == others.size() ? " or " : ", ") + others[at];
      }
      add_sentence(out.description, sentence + ".");
    }
  }

  Document write(Property& property, int depth, Place place) const {
    Document out;
    out.kind = Kind::object;
    std::vector<Document> strings;
    std::string others;
    for (const Document& choice : property.choices) {
      if (choice.kind == Kind::string) {
        strings.push_back(choice);
      } else if (choice.kind != Kind::null) {
        others += (others.empty() ? "" : ", ") + json::dump(choice);
      }
    }
    if (!others.empty()) add_sentence(property.description, "One of " + others + ".");
    if (!property.description.empty()) out.members.emplace_back("description", text_value(property.description));
    if (property.type == "string" && !strings.empty()) {
      Document list;
      list.kind = Kind::array;
      list.items = std::move(strings);
      out.members.emplace_back("enum", std::move(list));
    }
    if (property.type == "array" && property.items != nullptr) {
      out.members.emplace_back("items", schema(*property.items, depth + 1));
    }
    if (property.nullable && place == Place::property) out.members.emplace_back("nullable", true_value());
    if (property.type == "object") {
      Document inner;
      inner.kind = Kind::object;
      if (depth < kMaxDepth) {
        for (const auto& [name, value] : property.properties) {
          inner.members.emplace_back(name, schema(*value, depth + 1));
        }
      }
      out.members.emplace_back("properties", std::move(inner));
      if (!property.required.empty()) {
        Document names;
        names.kind = Kind::array;
        for (const std::string& name : property.required) names.items.push_back(text_value(name));
        out.members.emplace_back("required", std::move(names));
      }
    }
    if (!property.type.empty()) out.members.emplace_back("type", text_value(property.type));
    return out;
  }

  Document schema(const Document& schema, int depth) const {
    Property property;
    read(schema, property, depth);
    return write(property, depth, Place::property);
  }

  const Document& root_;
  mutable size_t work_ = 0;
};

}  // namespace

Document lower_parameters(const Document& schema) {
  if (schema.kind != Kind::object || schema.members.empty()) return {};
  return Lowering(schema).object(schema, 0);
}

}  // namespace hob::text
