#include <algorithm>

#include "schemas/schema/checker.h"

namespace hob::schema {

using json::Document;

bool Checker::probe(const Node& node, const Document& value, Marks* marks) {
  ++quiet_;
  const bool good = check(node, value, marks);
  --quiet_;
  return good;
}

bool Checker::logic(const Node& node, const Document& value, Marks* marks) {
  for (const Node* part : node.all_of) {
    if (!check(*part, value, marks)) return false;
  }
  if (!node.any_of.empty() && !any_of(node, value, marks)) return false;
  if (!node.one_of.empty() && !one_of(node, value, marks)) return false;
  if (node.negated != nullptr) {
    const bool fits = probe(*node.negated, value, nullptr);
    if (gave_up_) return false;
    if (fits)
      return fail(node, "not", [&] {
        return "The value fits what is excluded: " + brief(value) + ".";
      });
  }
  return node.condition == nullptr || conditional(node, value, marks);
}

bool Checker::any_of(const Node& node, const Document& value, Marks* marks) {
  bool good = false;
  std::optional<Violation> nearest;
  size_t nearest_depth = 0;
  for (const Node* choice : node.any_of) {
    violation_.reset();
    if (check(*choice, value, marks)) {
      good = true;
      // With marks every choice that fits has its say.
      if (marks == nullptr) break;
    } else if (gave_up_) {
      return false;
    } else if (violation_ && (!nearest || violation_depth_ > nearest_depth)) {
      nearest = std::move(violation_);
      nearest_depth = violation_depth_;
    }
  }
  violation_.reset();
  if (good) return true;
  return fail(node, "anyOf", [&] {
    std::string sentence =
        "The value fits none of the " + std::to_string(node.any_of.size()) + " choices.";
    if (nearest) sentence += " The nearest: " + to_string(*nearest);
    return sentence;
  });
}

bool Checker::one_of(const Node& node, const Document& value, Marks* marks) {
  std::optional<size_t> first;
  std::optional<Violation> nearest;
  size_t nearest_depth = 0;
  for (size_t i = 0; i < node.one_of.size(); ++i) {
    violation_.reset();
    const bool good = check(*node.one_of[i], value, marks);
    if (gave_up_) return false;
    if (good && first) {
      return fail(node, "oneOf", [&] {
        return "The value fits choices " + std::to_string(*first) + " and " + std::to_string(i) +
               "; only one may fit.";
      });
    }
    if (good) {
      first = i;
    } else if (violation_ && (!nearest || violation_depth_ > nearest_depth)) {
      nearest = std::move(violation_);
      nearest_depth = violation_depth_;
    }
  }
  violation_.reset();
  if (first) return true;
  return fail(node, "oneOf", [&] {
    std::string sentence =
        "The value fits none of the " + std::to_string(node.one_of.size()) + " choices.";
    if (nearest) sentence += " The nearest: " + to_string(*nearest);
    return sentence;
  });
}

bool Checker::conditional(const Node& node, const Document& value, Marks* marks) {
  const bool holds = probe(*node.condition, value, marks);
  if (gave_up_) return false;
  const Node* branch = holds ? node.then_node : node.else_node;
  return branch == nullptr || check(*branch, value, marks);
}

}  // namespace hob::schema
