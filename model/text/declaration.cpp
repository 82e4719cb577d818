#include "model/text/declaration.h"

#include <string>

#include "model/text/value.h"

namespace hob::text {
namespace {

using json::Document;
using Kind = Document::Kind;

Error refused(std::string_view field, std::string_view what) {
  return Error(Code::invalid_params, std::string(field) + " " + std::string(what));
}

std::string upper_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

Result<void> write_properties(const Document& properties, Pieces& out);

Result<void> write_names(const Document& required, Pieces& out) {
  if (required.kind != Kind::array) return refused("required", "must be an array of names");
  out.ours("[");
  bool first = true;
  for (const Document& name : required.items) {
    if (name.kind != Kind::string) return refused("required", "must hold names only");
    if (!first) out.ours(",");
    first = false;
    out.quoted(name.text);
  }
  out.ours("]");
  return {};
}

// The type of a property in capitals. A list of types becomes the text of a Python list.
Result<std::string> property_type(const Document* type) {
  if (type == nullptr) return std::string();
  if (type->kind == Kind::string) return upper_case(type->text);
  if (type->kind != Kind::array) return refused("type", "must be the name of a type; leave null out");
  std::string list = "[";
  for (const Document& one : type->items) {
    if (one.kind != Kind::string) return refused("type", "must be a list of names");
    if (list.size() > 1) list += ", ";
    list += "'" + upper_case(one.text) + "'";
  }
  return list + "]";
}

Result<void> write_items(const Document& items, Pieces& out) {
  out.ours("items:{");
  bool first = true;
  for (const auto* member : sorted_members(items)) {
    const auto& [key, value] = *member;
    if (value.kind == Kind::null) continue;
    if (!first) out.ours(",");
    first = false;
    if (key == "properties") {
      out.ours("properties:{");
      HOB_TRY_VOID(write_properties(value, out));
      out.ours("}");
    } else if (key == "required") {
      out.ours("required:");
      HOB_TRY_VOID(write_names(value, out));
    } else if (key == "type") {
      out.ours("type:");
      if (value.kind == Kind::string) {
        out.quoted(upper_case(value.text));
      } else if (value.kind == Kind::array) {
        Document capitals = value;
        for (Document& one : capitals.items) one.text = upper_case(one.text);
        HOB_TRY_VOID(write_names(capitals, out));
      } else {
        return refused("type", "must be the name of a type or a list of names");
      }
    } else {
      out.theirs(key);
      out.ours(":");
      HOB_TRY_VOID(write_value(value, Keys::quoted, out));
    }
  }
  out.ours("}");
  return {};
}

// An object without properties: whatever else it says is taken for properties, as the template does.
Document stray_properties(const Document& property) {
  Document stray;
  stray.kind = Kind::object;
  for (const auto& [key, value] : property.members) {
    const bool standard = key == "description" || key == "type" || key == "properties" || key == "required" ||
                          key == "nullable";
    if (!standard) stray.members.emplace_back(key, value);
  }
  return stray;
}

Result<void> write_property(const Document& property, Pieces& out) {
  out.ours("{");
  const Document* type_value = property.find("type");
  HOB_TRY(type, property_type(type_value));
  if (const Document* description = property.find("description"); truthy(description)) {
    if (description->kind != Kind::string) return refused("description", "must be a text");
    out.ours("description:");
    out.quoted(description->text);
    out.ours(",");
  }
  const Document* choices = property.find("enum");
  if (type == "STRING" && truthy(choices)) {
    if (choices->kind != Kind::array) return refused("enum", "must be an array");
    out.ours("enum:");
    HOB_TRY_VOID(write_value(*choices, Keys::quoted, out));
    out.ours(",");
  }
  const Document* items = property.find("items");
  if (type == "ARRAY" && truthy(items) && items->kind == Kind::object) {
    HOB_TRY_VOID(write_items(*items, out));
    out.ours(",");
  }
  if (truthy(property.find("nullable"))) out.ours("nullable:true,");
  if (type == "OBJECT") {
    out.ours("properties:{");
    const Document* inner = property.find("properties");
    if (inner != nullptr && inner->kind == Kind::object) {
      HOB_TRY_VOID(write_properties(*inner, out));
    } else {
      HOB_TRY_VOID(write_properties(stray_properties(property), out));
    }
    out.ours("},");
    if (const Document* required = property.find("required"); truthy(required)) {
      out.ours("required:");
      HOB_TRY_VOID(write_names(*required, out));
      out.ours(",");
    }
  }
  out.ours("type:");
  out.quoted(type);
  out.ours("}");
  return {};
}

Result<void> write_properties(const Document& properties, Pieces& out) {
  if (properties.kind != Kind::object) return refused("properties", "must be an object from name to schema");
  bool first = true;
  for (const auto* member : sorted_members(properties)) {
    if (!first) out.ours(",");
    first = false;
    out.theirs(member->first);
    out.ours(":");
    Result<void> written = write_property(member->second, out);
    if (!written) return std::move(written).error().in("properties." + member->first);
  }
  return {};
}

Result<void> write_parameters(const Document& parameters, Pieces& out) {
  if (parameters.kind != Kind::object) return refused("parameters", "must be a schema object");
  const Document* type = parameters.find("type");
  if (type == nullptr || type->kind != Kind::string) {
    return refused("parameters.type", "must be \"object\"; without it the format is malformed");
  }
  out.ours(",parameters:{");
  if (const Document* properties = parameters.find("properties"); truthy(properties)) {
    out.ours("properties:{");
    HOB_TRY_VOID(write_properties(*properties, out));
    out.ours("},");
  }
  if (const Document* required = parameters.find("required"); truthy(required)) {
    out.ours("required:");
    HOB_TRY_VOID(write_names(*required, out));
    out.ours(",");
  }
  out.ours("type:");
  out.quoted(upper_case(type->text));
  out.ours("}");
  return {};
}

Result<void> write_response(const Document& response, Pieces& out) {
  const Document* type = response.find("type");
  if (type == nullptr || type->kind != Kind::string || upper_case(type->text) != "OBJECT") {
    return refused("response.type", "must be \"object\"; with anything else the format is malformed");
  }
  out.ours(",response:{");
  if (const Document* description = response.find("description"); truthy(description)) {
    if (description->kind != Kind::string) return refused("response.description", "must be a text");
    out.ours("description:");
    out.quoted(description->text);
    out.ours(",");
  }
  out.ours("type:");
  out.quoted("OBJECT");
  out.ours("}");
  return {};
}

}  // namespace

Result<void> write_declaration(const Document& function, Pieces& out) {
  const Document* name = function.find("name");
  if (name == nullptr || name->kind != Kind::string || name->text.empty()) {
    return refused("function.name", "must be a text");
  }
  const auto whole = [&]() -> Result<void> {
    const Document* description = function.find("description");
    if (description != nullptr && description->kind != Kind::string) {
      return refused("description", "must be a text; leave null out");
    }
    out.ours("declaration:");
    out.theirs(name->text);
    out.ours("{description:");
    out.quoted(description == nullptr ? std::string_view() : std::string_view(description->text));
    if (const Document* parameters = function.find("parameters"); truthy(parameters)) {
      HOB_TRY_VOID(write_parameters(*parameters, out));
    }
    if (const Document* response = function.find("response")) {
      HOB_TRY_VOID(write_response(*response, out));
    }
    out.ours("}");
    return {};
  };
  Result<void> written = whole();
  if (!written) return std::move(written).error().in("The tool " + name->text);
  return {};
}

}  // namespace hob::text
