#include "schemas/schema/checker.h"

#include <algorithm>

#include "schemas/base/utf8.h"
#include "schemas/schema/equal.h"

namespace hob::schema {
namespace {

using json::Document;
constexpr size_t kMaxFrames = 600;
/// Steps that any value may take, and steps more for each value inside it.
constexpr size_t kSteps = 300'000;
constexpr size_t kStepsPerNode = 100;
constexpr size_t kMaxValueDepth = 200;
constexpr size_t kMaxBrief = 60;

struct Extent {
  size_t nodes = 0;
  bool too_deep = false;
};

/// Not recursive: nothing is known of the value yet.
Extent measure(const Document& value) {
  Extent extent;
  std::vector<std::pair<const Document*, size_t>> stack{{&value, 1}};
  while (!stack.empty()) {
    const auto [at, depth] = stack.back();
    stack.pop_back();
    ++extent.nodes;
    extent.too_deep = extent.too_deep || depth > kMaxValueDepth;
    for (const Document& item : at->items) stack.emplace_back(&item, depth + 1);
    for (const auto& [key, member] : at->members) stack.emplace_back(&member, depth + 1);
  }
  return extent;
}

unsigned type_of(const Document& value) {
  switch (value.kind) {
    case Document::Kind::null:
      return kNull;
    case Document::Kind::boolean:
      return kBoolean;
    case Document::Kind::number:
      return Decimal(value.text).is_integer() ? kInteger : kNumber;
    case Document::Kind::string:
      return kString;
    case Document::Kind::array:
      return kArray;
    case Document::Kind::object:
      return kObject;
  }
  return 0;
}

std::string name_types(unsigned types) {
  std::string names;
  if ((types & kNumber) != 0) types &= ~static_cast<unsigned>(kInteger);
  const auto add = [&](TypeBit bit, std::string_view name) {
    if ((types & bit) != 0) names += (names.empty() ? "" : " or ") + std::string(name);
  };
  add(kNull, "null");
  add(kBoolean, "true or false");
  add(kInteger, "a whole number");
  add(kNumber, "a number");
  add(kString, "a string");
  add(kArray, "a list");
  add(kObject, "an object");
  return names;
}

}  // namespace

std::string brief(const Document& value) {
  switch (value.kind) {
    case Document::Kind::null:
      return "null";
    case Document::Kind::boolean:
      return value.boolean ? "true" : "false";
    case Document::Kind::array:
      return "a list of " + std::to_string(value.items.size());
    case Document::Kind::object:
      return "an object";
    case Document::Kind::number:
    case Document::Kind::string:
      break;
  }
  std::string text = json::dump(value);
  if (text.size() > kMaxBrief) text = std::string(utf8::prefix(text, kMaxBrief)) + "...";
  return (value.kind == Document::Kind::number ? "the number " : "the string ") + text;
}

void Checker::Marks::merge(const Marks& other) {
  for (size_t i = 0; i < seen.size(); ++i) seen[i] = static_cast<char>(seen[i] | other.seen[i]);
}

std::optional<Violation> Checker::run(const Document& value) {
  const Extent extent = measure(value);
  steps_left_ = kSteps + kStepsPerNode * extent.nodes;
  if (extent.too_deep) {
    give_up(
        *program_.root, "The value is nested deeper than " + std::to_string(kMaxValueDepth) + "."
    );
  } else if (check(*program_.root, value, nullptr)) {
    return std::nullopt;
  }
  // A value that does not fit never passes for want of words.
  if (!violation_) keep(*program_.root, "", "The value does not fit the schema.");
  return std::move(violation_);
}

bool Checker::check(const Node& node, const Document& value, Marks* up) {
  if (node.kind == Node::Kind::everything) return true;
  if (node.kind == Node::Kind::nothing) return nothing(node);
  if (!enter(node, value)) return false;
  const bool composite =
      value.kind == Document::Kind::array || value.kind == Document::Kind::object;
  bool good = false;
  if (composite && (up != nullptr || node.needs_marks())) {
    Marks marks{std::vector<char>(std::max(value.items.size(), value.members.size()), 0)};
    good = spend(node, marks.seen.size() / 64) && apply(node, value, &marks);
    if (good && up != nullptr) up->merge(marks);
  } else {
    good = apply(node, value, nullptr);
  }
  frames_.pop_back();
  return good && !gave_up_;
}

bool Checker::check_at(const Node& node, const Document& value, Step step) {
  path_.push_back(step);
  const bool good = check(node, value, nullptr);
  path_.pop_back();
  return good;
}

bool Checker::apply(const Node& node, const Document& value, Marks* marks) {
  if (!any_value(node, value)) return false;
  switch (value.kind) {
    case Document::Kind::number:
      if (!number(node, value)) return false;
      break;
    case Document::Kind::string:
      if (!string(node, value)) return false;
      break;
    case Document::Kind::array:
      if (!array(node, value, marks)) return false;
      break;
    case Document::Kind::object:
      if (!object(node, value, marks)) return false;
      break;
    case Document::Kind::null:
    case Document::Kind::boolean:
      break;
  }
  if (!references(node, value, marks) || !logic(node, value, marks)) return false;
  if (marks == nullptr) return true;
  // Last, when everything else has spoken.
  return value.kind == Document::Kind::array ? unevaluated_items(node, value, *marks)
                                             : unevaluated_properties(node, value, *marks);
}

bool Checker::enter(const Node& node, const Document& value) {
  if (!spend(node, 1)) return false;
  if (frames_.size() >= kMaxFrames)
    return give_up(node, "Schema and value are nested too deep to check.");
  for (auto frame = frames_.rbegin(); frame != frames_.rend() && frame->value == &value; ++frame) {
    if (frame->node == &node)
      return give_up(node, "The schema applies itself to the same value, without end.");
  }
  frames_.push_back({&node, &value});
  return true;
}

bool Checker::nothing(const Node& node) {
  if (quiet_ != 0 || gave_up_) return false;
  keep(
      node, "",
      path_.empty() || !path_.back().is_key
          ? "No value is allowed here."
          : "The property \"" + std::string(utf8::prefix(path_.back().key, kMaxBrief)) +
                "\" is not allowed here."
  );
  // "additionalProperties": false has its keyword's name; a false that stands elsewhere is only
  // false.
  const size_t slash = node.where.rfind('/');
  const std::string last = slash == std::string::npos ? "" : node.where.substr(slash + 1);
  violation_->keyword = shape_of(last, node.resource->dialect.draft) ? last : "false";
  return false;
}

bool Checker::any_value(const Node& node, const Document& value) {
  if (node.types != 0 && (node.types & type_of(value)) == 0) {
    return fail(node, "type", [&] {
      return "Wanted " + name_types(node.types) + ", got " + brief(value) + ".";
    });
  }
  if (node.constant != nullptr && !equal(*node.constant, value)) {
    return fail(node, "const", [&] {
      return "Wanted " + brief(*node.constant) + ", got " + brief(value) + ".";
    });
  }
  if (node.enumeration == nullptr) return true;
  const auto& choices = node.enumeration->items;
  if (!spend(node, choices.size() / 8)) return false;
  if (std::any_of(choices.begin(), choices.end(), [&](const Document& choice) {
        return equal(choice, value);
      }))
    return true;
  return fail(node, "enum", [&] {
    std::string list;
    for (const Document& choice : choices) {
      if (list.size() > 400) {
        list += ", ...";
        break;
      }
      const std::string text = json::dump(choice);
      list += (list.empty() ? "" : ", ") + std::string(utf8::prefix(text, kMaxBrief));
    }
    return "Wanted one of " + list + ", got " + brief(value) + ".";
  });
}

bool Checker::references(const Node& node, const Document& value, Marks* marks) {
  if (node.ref != nullptr && !check(*node.ref, value, marks)) return false;
  return !node.dynamic_ref || check(dynamic_target(*node.dynamic_ref), value, marks);
}

/// The outermost resource on the way here that has the anchor decides.
const Node& Checker::dynamic_target(const DynamicRef& ref) const {
  if (!ref.dynamic) return *ref.fallback;
  for (const Frame& frame : frames_) {
    const Resource& resource = *frame.node->resource;
    if (ref.anchor.empty()) {
      if (resource.recursive_anchor) return *resource.root_node;
      continue;
    }
    const auto found = resource.dynamic_nodes.find(ref.anchor);
    if (found != resource.dynamic_nodes.end()) return *found->second;
  }
  return *ref.fallback;
}

void Checker::keep(const Node& node, std::string_view keyword, std::string sentence) {
  violation_ = Violation{
      instance(), keyword.empty() ? node.where : node.where + "/" + json::pointer_token(keyword),
      std::string(keyword), std::move(sentence)};
  violation_depth_ = path_.size();
}

bool Checker::give_up(const Node& node, std::string sentence) {
  if (!gave_up_) {
    keep(node, "", std::move(sentence));
    violation_->keyword = "limit";
    gave_up_ = true;
  }
  return false;
}

bool Checker::spend(const Node& node, size_t steps) {
  if (steps > steps_left_)
    return give_up(node, "The value takes more steps to check than are allowed.");
  steps_left_ -= steps;
  return true;
}

std::string Checker::instance() const {
  std::string pointer;
  for (const Step& step : path_)
    pointer += "/" + (step.is_key ? json::pointer_token(step.key) : std::to_string(step.index));
  return pointer;
}

}  // namespace hob::schema
