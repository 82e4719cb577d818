#include <unordered_map>

#include "schemas/schema/compile.h"

namespace hob::schema {
namespace {

/// The schemas that `node` applies to the same value. Dynamic references are left to the checker,
/// which knows where they lead.
std::vector<const Node*> in_place(const Node& node) {
  std::vector<const Node*> next;
  for (const auto* list : {&node.all_of, &node.any_of, &node.one_of})
    next.insert(next.end(), list->begin(), list->end());
  for (const Node* one : {node.ref, node.negated, node.condition, node.then_node, node.else_node}) {
    if (one != nullptr) next.push_back(one);
  }
  for (const Dependency& dependency : node.object.dependencies) {
    if (dependency.node != nullptr) next.push_back(dependency.node);
  }
  return next;
}

}  // namespace

Result<void> refuse_rings(const Program& program) {
  enum class Color { open, done };
  struct Frame {
    const Node* node;
    std::vector<const Node*> next;
  };
  std::unordered_map<const Node*, Color> colors;
  for (const Node& start : program.nodes) {
    if (colors.contains(&start)) continue;
    std::vector<Frame> stack;
    const auto open = [&](const Node* node) {
      colors[node] = Color::open;
      stack.push_back({node, in_place(*node)});
    };
    open(&start);
    while (!stack.empty()) {
      Frame& top = stack.back();
      if (top.next.empty()) {
        colors[top.node] = Color::done;
        stack.pop_back();
        continue;
      }
      const Node* next = top.next.back();
      top.next.pop_back();
      const auto color = colors.find(next);
      if (color == colors.end()) {
        open(next);
      } else if (color->second == Color::open) {
        return refuse(
            next->where, "$ref", "the schema applies itself to the same value, without end."
        );
      }
    }
  }
  return {};
}

}  // namespace hob::schema
