#include <algorithm>
#include <unordered_set>

#include "schemas/base/utf8.h"
#include "schemas/schema/checker.h"

namespace hob::schema {
namespace {

using json::Document;
constexpr size_t kFewMembers = 12;

/// Which of `names` (each asked once) `value` lacks; null when none. Large objects are hashed
/// first.
const std::string* first_missing(const std::vector<std::string>& names, const Document& value) {
  if (names.size() <= 2 || value.members.size() <= kFewMembers) {
    const auto missing = std::find_if(names.begin(), names.end(), [&](const std::string& n) {
      return value.find(n) == nullptr;
    });
    return missing == names.end() ? nullptr : &*missing;
  }
  std::unordered_set<std::string_view> keys;
  for (const auto& [key, member] : value.members) keys.insert(key);
  const auto missing = std::find_if(names.begin(), names.end(), [&](const std::string& n) {
    return !keys.contains(n);
  });
  return missing == names.end() ? nullptr : &*missing;
}

}  // namespace

bool Checker::object(const Node& node, const Document& value, Marks* marks) {
  const ObjectRules& rules = node.object;
  const size_t size = value.members.size();
  if (!required(node, value)) return false;
  for (size_t i = 0; i < size; ++i) {
    if (!member(node, value, i, marks)) return false;
  }
  if (rules.min_properties && size < *rules.min_properties) {
    return fail(node, "minProperties", [&] {
      return "Wanted at least " + std::to_string(*rules.min_properties) + " properties, got " +
             std::to_string(size) + ".";
    });
  }
  if (rules.max_properties && size > *rules.max_properties) {
    return fail(node, "maxProperties", [&] {
      return "Wanted at most " + std::to_string(*rules.max_properties) + " properties, got " +
             std::to_string(size) + ".";
    });
  }
  return dependencies(node, value, marks);
}

bool Checker::required(const Node& node, const Document& value) {
  const std::string* missing = first_missing(node.object.required, value);
  if (missing == nullptr) return true;
  return fail(node, "required", [&] { return "The property \"" + *missing + "\" is missing."; });
}

bool Checker::member(const Node& node, const Document& value, size_t at, Marks* marks) {
  const ObjectRules& rules = node.object;
  const auto& [key, item] = value.members[at];
  const Step step{key, 0, true};
  bool spoken = false;
  if (const auto property = rules.properties.find(key); property != rules.properties.end()) {
    if (!check_at(*property->second, item, step)) return false;
    spoken = true;
  }
  for (const PatternProperty& pattern : rules.patterns) {
    if (!spend(node, 1 + key.size() / 256)) return false;
    if (!pattern.pattern.found_in(key)) continue;
    if (!check_at(*pattern.node, item, step)) return false;
    spoken = true;
  }
  if (!spoken && rules.additional != nullptr) {
    if (!check_at(*rules.additional, item, step)) return false;
    spoken = true;
  }
  if (spoken && marks != nullptr) marks->set(at);
  if (rules.names == nullptr) return true;
  Document name;
  name.kind = Document::Kind::string;
  name.text = key;
  return check(*rules.names, name, nullptr);
}

bool Checker::dependencies(const Node& node, const Document& value, Marks* marks) {
  for (const Dependency& dependency : node.object.dependencies) {
    if (!spend(node, 1 + value.members.size() / 64)) return false;
    if (value.find(dependency.property) == nullptr) continue;
    if (const std::string* missing = first_missing(dependency.names, value)) {
      return fail(node, dependency.word, [&] {
        return "With \"" + dependency.property + "\" the property \"" + *missing +
               "\" is needed, too.";
      });
    }
    if (dependency.node != nullptr && !check(*dependency.node, value, marks)) return false;
  }
  return true;
}

bool Checker::unevaluated_properties(const Node& node, const Document& value, Marks& marks) {
  if (node.object.unevaluated == nullptr) return true;
  for (size_t i = 0; i < value.members.size(); ++i) {
    const auto& [key, item] = value.members[i];
    if (marks.seen[i] == 0 && !check_at(*node.object.unevaluated, item, {key, 0, true}))
      return false;
  }
  marks.all();
  return true;
}

}  // namespace hob::schema
