#include "model/text/structured_type.h"

#include <algorithm>
#include <vector>

namespace hob::text {
namespace {

constexpr size_t kMaxTypeTokens = 400;
constexpr int kMaxDepth = 24;
constexpr size_t kMaxTypeBytes = 20'000;  // far over 400 tokens: stops references that multiply

// Keywords that change the shape of a value in a way that the notation cannot show.
constexpr const char* kBeyond[] = {
    "allOf", "not", "if", "prefixItems", "patternProperties", "dependentSchemas", "dependentRequired",
    "propertyNames", "contains", "unevaluatedProperties", "unevaluatedItems", "$dynamicRef", "additionalItems",
};

class TypeWriter {
 public:
  explicit TypeWriter(const Json& root) : root_(root) {}

  // Appends the type of `schema`; false where it cannot be said.
  bool write(const Json& schema, int depth) {
    if (depth > kMaxDepth || out.size() > kMaxTypeBytes) return false;
    if (schema.is_boolean()) {
      out += "any";
      return schema.get<bool>();
    }
    if (!schema.is_object()) return false;
    if (!write_bare(schema, depth)) return false;
    const auto description = schema.find("description");
    if (description != schema.end() && description->is_string()) {
      std::string text = description->get<std::string>();
      std::replace(text.begin(), text.end(), '\n', ' ');
      if (!text.empty()) out += " (" + text + ")";
    }
    return true;
  }

  std::string out;

 private:
  bool write_bare(const Json& schema, int depth) {
    for (const char* keyword : kBeyond) {
      if (schema.contains(keyword)) return false;
    }
    if (schema.contains("$ref")) return write_reference(schema["$ref"], depth);
    if (schema.contains("const")) {
      out += json::dump(schema["const"]);
      return true;
    }
    if (schema.contains("enum")) return write_choices(schema["enum"]);
    for (const char* keyword : {"anyOf", "oneOf"}) {
      if (schema.contains(keyword)) return write_union(schema[keyword], depth);
    }
    if (!schema.contains("type")) {
      if (schema.contains("properties")) return write_type("object", schema, depth);
      if (schema.contains("items")) return write_type("array", schema, depth);
      out += "any";
      return true;
    }
    const Json& type = schema["type"];
    if (type.is_string()) return write_type(type.get_ref<const std::string&>(), schema, depth);
    if (!type.is_array() || type.empty()) return false;
    for (size_t at = 0; at < type.size(); ++at) {
      if (!type[at].is_string()) return false;
      if (at > 0) out += " | ";
      if (!write_type(type[at].get_ref<const std::string&>(), schema, depth)) return false;
    }
    return true;
  }

  bool write_reference(const Json& reference, int depth) {
    if (!reference.is_string()) return false;
    const std::string& text = reference.get_ref<const std::string&>();
    if (text.empty() || text[0] != '#') return false;
    if (std::find(open_.begin(), open_.end(), text) != open_.end()) return false;  // recursive
    try {
      const Json::json_pointer pointer(text.substr(1));
      if (!root_.contains(pointer)) return false;
      open_.push_back(text);
      const bool written = write_bare(root_.at(pointer), depth + 1);
      open_.pop_back();
      return written;
    } catch (const Json::exception&) {
      return false;  // no pointer: an anchor, or an escape that is none
    }
  }

  bool write_choices(const Json& choices) {
    if (!choices.is_array() || choices.empty()) return false;
    for (size_t at = 0; at < choices.size(); ++at) {
      if (at > 0) out += " | ";
      out += json::dump(choices[at]);
    }
    return true;
  }

  bool write_union(const Json& parts, int depth) {
    if (!parts.is_array() || parts.empty()) return false;
    for (size_t at = 0; at < parts.size(); ++at) {
      if (at > 0) out += " | ";
      if (!write(parts[at], depth + 1)) return false;
    }
    return true;
  }

  bool write_type(const std::string& type, const Json& schema, int depth) {
    if (type == "object") return write_object(schema, depth);
    if (type == "array") {
      out += "[";
      const auto items = schema.find("items");
      if (items == schema.end()) {
        out += "any";
      } else if (!write(*items, depth + 1)) {
        return false;
      }
      out += "]";
      return true;
    }
    out += type;
    return type == "string" || type == "integer" || type == "number" || type == "boolean" || type == "null";
  }

  bool write_object(const Json& schema, int depth) {
    const auto properties = schema.find("properties");
    const bool has_keys = properties != schema.end() && properties->is_object() && !properties->empty();
    const auto more = schema.find("additionalProperties");
    if (more != schema.end() && !more->is_boolean()) return false;
    if (!has_keys && !(more != schema.end() && *more == Json(false))) return false;  // an open map
    std::vector<std::string> required;
    if (const auto list = schema.find("required"); list != schema.end() && list->is_array()) {
      for (const Json& name : *list) {
        if (name.is_string()) required.push_back(name.get<std::string>());
      }
    }
    for (const std::string& name : required) {
      if (!has_keys || !properties->contains(name)) return false;  // a key that the notation would hide
    }
    out += "{";
    bool first = true;
    if (has_keys) {
      for (const auto& [name, property] : properties->items()) {
        if (!first) out += ", ";
        first = false;
        out += json::dump(Json(name));
        if (std::find(required.begin(), required.end(), name) == required.end()) out += "?";
        out += ": ";
        if (!write(property, depth + 1)) return false;
      }
    }
    out += "}";
    return true;
  }

  const Json& root_;
  std::vector<std::string> open_;
};

}  // namespace

std::optional<std::string> structured_type(const Json& schema) {
  TypeWriter writer(schema);
  if (!writer.write(schema, 0)) return std::nullopt;
  return std::move(writer.out);
}

std::string structured_line(const Json& schema, const Tokenizer& tokenizer) {
  std::optional<std::string> type = structured_type(schema);
  if (type && tokenizer.encode(*type, Control::as_text).size() > kMaxTypeTokens) type.reset();
  return "Answer with JSON: " + (type ? *type : json::dump(schema));
}

}  // namespace hob::text
