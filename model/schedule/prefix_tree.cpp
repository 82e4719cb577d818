#include "model/schedule/prefix_tree.h"

#include <algorithm>

namespace hob::schedule {
namespace {

size_t common_prefix(std::span<const Token> a, std::span<const Token> b) {
  const size_t most = std::min(a.size(), b.size());
  return static_cast<size_t>(std::mismatch(a.begin(), a.begin() + static_cast<ptrdiff_t>(most), b.begin()).first - a.begin());
}

}  // namespace

PrefixTree::Match PrefixTree::match(std::span<const Token> prompt, size_t back) const {
  Match out;
  const Node* node = root_.get();
  for (;;) {
    if (node->state) {
      out.last = &**node->state;
      if (out.first == nullptr) out.first = out.last;
    }
    out.common = node->length;
    const std::span<const Token> rest = prompt.subspan(node->length);
    const auto next = rest.empty() ? node->children.end() : node->children.find(rest.front());
    if (next == node->children.end()) break;
    const size_t common = common_prefix(next->second->label, rest);
    if (common < next->second->label.size()) {
      out.common += common;
      out.beyond = shortest(*next->second, out.common + back);
      return out;
    }
    node = next->second.get();
  }
  if (!node->state && node != root_.get()) out.beyond = shortest(*node, out.common + back);
  return out;
}

const PrefixTree::State* PrefixTree::shortest(const Node& node, size_t longest) {
  if (node.length > longest) return nullptr;
  if (node.state) return &**node.state;
  const State* out = nullptr;
  for (const auto& [token, child] : node.children) {
    const State* here = shortest(*child, longest);
    if (here != nullptr && (out == nullptr || here->length() < out->length())) out = here;
  }
  return out;
}

const PrefixTree::State* PrefixTree::at(std::span<const Token> tokens) const {
  const Match found = match(tokens, 0);
  return found.last != nullptr && found.last->length() == tokens.size() ? found.last : nullptr;
}

PrefixTree::Node& PrefixTree::split(Node& node, size_t count) {
  Node& parent = *node.parent;
  auto between = std::make_unique<Node>();
  const auto cut = node.label.begin() + static_cast<ptrdiff_t>(count);
  between->label.assign(node.label.begin(), cut);
  between->length = parent.length + count;
  between->parent = &parent;
  std::unique_ptr<Node>& place = parent.children.at(node.label.front());
  node.label.erase(node.label.begin(), cut);
  node.parent = between.get();
  between->children.emplace(node.label.front(), std::move(place));
  place = std::move(between);
  return *place;
}

PrefixTree::Node& PrefixTree::place(std::span<const Token> tokens) {
  Node* node = root_.get();
  while (node->length < tokens.size()) {
    const std::span<const Token> rest = tokens.subspan(node->length);
    const auto next = node->children.find(rest.front());
    if (next == node->children.end()) {
      auto leaf = std::make_unique<Node>();
      leaf->label.assign(rest.begin(), rest.end());
      leaf->length = tokens.size();
      leaf->parent = node;
      return *node->children.emplace(rest.front(), std::move(leaf)).first->second;
    }
    Node& child = *next->second;
    const size_t common = common_prefix(child.label, rest);
    node = common < child.label.size() ? &split(child, common) : &child;
  }
  return *node;
}

void PrefixTree::insert(std::span<const Token> tokens, engine::SnapshotId snapshot) {
  HOB_CHECK(!tokens.empty(), "The state of no ids is nobody's.");
  Node& node = place(tokens);
  HOB_CHECK(!node.state, "There is a state of these ids already.");
  node.state = states_.emplace(states_.end(), snapshot, &node);
}

void PrefixTree::renew(const State& state) { states_.splice(states_.end(), states_, *state.node_->state); }

void PrefixTree::erase(const State& state) {
  Node* node = state.node_;
  states_.erase(*node->state);
  node->state.reset();
  tidy(node);
}

void PrefixTree::tidy(Node* node) {
  while (node->parent != nullptr && !node->state && node->children.size() < 2) {
    Node* parent = node->parent;
    const auto place = parent->children.find(node->label.front());
    if (node->children.empty()) {
      parent->children.erase(place);
      node = parent;  // it may be a place where nothing parts any more
      continue;
    }
    std::unique_ptr<Node> child = std::move(node->children.begin()->second);
    child->label.insert(child->label.begin(), node->label.begin(), node->label.end());
    child->parent = parent;
    place->second = std::move(child);
    return;
  }
}

size_t PrefixTree::count(const Node& node) {
  size_t out = 1;
  for (const auto& [token, child] : node.children) out += count(*child);
  return out;
}

size_t PrefixTree::nodes() const { return count(*root_); }

}  // namespace hob::schedule
