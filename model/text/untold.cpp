#include "model/text/untold.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>

#include "model/text/local_reference.h"
#include "model/text/lowering.h"
#include "schemas/base/json.h"

namespace hob::text {
namespace {

using json::Document;
using Kind = Document::Kind;

constexpr size_t kMaxLines = 200;

// Told, or saying nothing about values.
constexpr std::string_view kTold[] = {"type", "enum", "const", "required", "nullable", "$defs", "definitions", "$schema",
                                      "$id", "$anchor", "$comment", "$vocabulary", "title", "deprecated"};
constexpr std::string_view kOnlyOfProperties[] = {"description", "enum", "const", "nullable"};

template <typename List>
bool has(const List& list, std::string_view key) {
  return std::find(std::begin(list), std::end(list), key) != std::end(list);
}

class Walk {
 public:
  explicit Walk(const Document& root) : root_(root) {}

  void visit(const Document& schema, const std::string& pointer, int depth) {
    if (schema.kind != Kind::object || !seen_.insert(pointer).second) return;
    if (depth > kMaxLoweringDepth) {
      return add(pointer, "", "Lies deeper than " + std::to_string(kMaxLoweringDepth) + " schemas: only its type is told.");
    }
    for (const auto& [key, value] : schema.members) keyword(key, value, pointer, depth);
  }

  std::vector<Untold> take() { return std::move(lines_); }

 private:
  void keyword(const std::string& key, const Document& value, const std::string& pointer, int depth) {
    const std::string here = pointer + "/" + json::pointer_token(key);
    if (pointer.empty() && has(kOnlyOfProperties, key)) {
      return add(here, key, "Stands at the top, where a declaration has no place for it.");
    }
    if (key == "description") {
      if (value.kind != Kind::string) add(here, key, "Only a text is told.");
    } else if (key == "$ref") {
      const Document* target = value.kind == Kind::string ? resolve_local(root_, value.text) : nullptr;
      if (target == nullptr) return add(here, key, "Only references to a place in the same schema are told.");
      visit(*target, value.text.substr(1), depth + 1);
    } else if (key == "properties" && value.kind == Kind::object) {
      for (const auto& [name, one] : value.members) visit(one, here + "/" + json::pointer_token(name), depth + 1);
    } else if (key == "items") {
      if (value.kind == Kind::object) {
        visit(value, here, depth + 1);
      } else if (value.kind != Kind::boolean || !value.boolean) {
        add(here, key, "Only one schema for all items is told.");
      }
    } else if (key == "anyOf" || key == "oneOf" || key == "allOf") {
      union_of(key, value, here, depth);
    } else if (key == "additionalProperties" && value.kind == Kind::boolean && !value.boolean) {
      // That is how the model reads a declaration anyway.
    } else if (!has(kTold, key)) {
      add(here, key, "A declaration has no word for it. The model is held to it without having been told.");
    }
  }

  void union_of(const std::string& key, const Document& parts, const std::string& here, int depth) {
    size_t objects = 0;
    for (size_t at = 0; at < parts.items.size(); ++at) {
      const Document* part = &parts.items[at];
      visit(*part, here + "/" + std::to_string(at), depth + 1);
      const Document* reference = part->find("$ref");
      if (reference != nullptr && reference->kind == Kind::string) part = resolve_local(root_, reference->text);
      if (part != nullptr && part->find("properties") != nullptr) ++objects;
    }
    if (objects > 1 && key != "allOf") {
      add(here, key, "The properties of its alternatives are told as those of one object; which go together is not.");
    }
  }

  void add(const std::string& pointer, std::string keyword, std::string message) {
    if (lines_.size() >= kMaxLines) return;
    if (lines_.size() + 1 == kMaxLines) message = "And more: the list ends here.";
    lines_.push_back({pointer, std::move(keyword), std::move(message)});
  }

  const Document& root_;
  std::unordered_set<std::string> seen_;
  std::vector<Untold> lines_;
};

}  // namespace

std::vector<Untold> untold_keywords(const Document& schema) {
  Walk walk(schema);
  walk.visit(schema, "", 0);
  return walk.take();
}

}  // namespace hob::text
