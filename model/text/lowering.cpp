#include "model/text/lowering.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

#include "model/text/value.h"

namespace hob::text {
namespace {

using json::Document;
using Kind = Document::Kind;

constexpr int kMaxDepth = 12;  // of references and nested schemas; below it a type says no more than its name

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
  const Document* properties = nullptr;
  const Document* required = nullptr;
};

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
    if (reference == nullptr || reference->kind != Kind::string || !reference->text.starts_with("#")) return nullptr;
    const Document* at = &root_;
    std::string_view rest = std::string_view(reference->text).substr(1);
    while (!rest.empty() && at != nullptr) {
      if (rest[0] != '/') return nullptr;
      rest.remove_prefix(1);
      std::string token;
      const std::string_view raw = rest.substr(0, rest.find('/'));
      rest.remove_prefix(raw.size());
      for (size_t i = 0; i < raw.size(); ++i) {
        if (raw[i] == '~' && i + 1 < raw.size()) {
          token += raw[++i] == '1' ? '/' : '~';
        } else {
          token += raw[i];
        }
      }
      if (at->kind == Kind::array) {
        size_t index = at->items.size();
        std::from_chars(token.data(), token.data() + token.size(), index);
        at = index < at->items.size() ? &at->items[index] : nullptr;
      } else {
        at = at->find(token);
      }
    }
    return at;
  }

  // Collects what `schema` says into `out`, through references and unions.
  void read(const Document& schema, Property& out, int depth) const {
    if (schema.kind != Kind::object || depth > kMaxDepth) return;
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
      if (out.properties == nullptr) out.properties = inner;
      if (out.type.empty()) out.type = "object";
    }
    if (const Document* required = schema.find("required"); truthy(required) && required->kind == Kind::array) {
      if (out.required == nullptr) out.required = required;
    }
    if (truthy(schema.find("nullable"))) out.nullable = true;
    for (const char* key : {"anyOf", "oneOf", "allOf"}) {
      const Document* parts = schema.find(key);
      if (parts == nullptr) continue;
      for (const Document& part : parts->items) {
        Property one;
        read(part, one, depth + 1);
        if (one.nullable) out.nullable = true;
        if (!one.type.empty()) add_type(out, one.type, others);
        if (out.description.empty() && parts->items.size() == 1) out.description = one.description;
        out.choices.insert(out.choices.end(), one.choices.begin(), one.choices.end());
        if (out.items == nullptr) out.items = one.items;
        if (out.properties == nullptr) out.properties = one.properties;
        if (out.required == nullptr) out.required = one.required;
      }
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
      if (property.properties != nullptr && depth < kMaxDepth) {
        for (const auto& [name, value] : property.properties->members) {
          inner.members.emplace_back(name, schema(value, depth + 1));
        }
      }
      out.members.emplace_back("properties", std::move(inner));
      if (property.required != nullptr) {
        Document names;
        names.kind = Kind::array;
        for (const Document& name : property.required->items) {
          if (name.kind == Kind::string) names.items.push_back(name);
        }
        if (!names.items.empty()) out.members.emplace_back("required", std::move(names));
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
};

}  // namespace

Document lower_parameters(const Document& schema) {
  if (schema.kind != Kind::object || schema.members.empty()) return {};
  return Lowering(schema).object(schema, 0);
}

}  // namespace hob::text
