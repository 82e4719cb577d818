// PrefixTree: a radix tree of states by the token ids that they stand for.
//
//   tree.insert(tokens, snapshot);
//   auto match = tree.match(prompt, 16);      // match.last: the longest state that is a prefix of `prompt`
//
// A node is a place where states lie or sequences of ids part; the edge to it carries the ids in between, so what begins
// alike is kept once and a look-up costs as many comparisons as the prompt has ids. States know the order of their last
// use. The tree owns no snapshot: whoever erases a state drops it. Any one thread.
#pragma once

#include <list>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "model/engine/engine.h"

namespace hob::schedule {

using engine::Token;

class PrefixTree {
  struct Node;

 public:
  class State {
   public:
    State(engine::SnapshotId snapshot, Node* node) : snapshot_(snapshot), node_(node) {}
    engine::SnapshotId snapshot() const { return snapshot_; }
    size_t length() const { return node_->length; }

   private:
    friend class PrefixTree;
    engine::SnapshotId snapshot_;
    Node* node_;
  };

  struct Match {
    size_t common = 0;              // ids of the prompt that something kept begins with
    const State* first = nullptr;   // the shortest state that is a prefix of the prompt,
    const State* last = nullptr;    // and the longest
    const State* beyond = nullptr;  // begins with the `common` ids and goes on for 1 to `back` others; the shortest such
  };

  PrefixTree() : root_(std::make_unique<Node>()) {}

  Match match(std::span<const Token> prompt, size_t back) const;
  /// The state of exactly these ids, or null.
  const State* at(std::span<const Token> tokens) const;
  /// Adds a state as the one used last. There must be none of these ids.
  void insert(std::span<const Token> tokens, engine::SnapshotId snapshot);
  /// Makes it the one used last.
  void renew(const State& state);
  void erase(const State& state);
  /// The one whose last use lies furthest back, or null.
  const State* oldest() const { return states_.empty() ? nullptr : &states_.front(); }
  size_t size() const { return states_.size(); }
  /// Nodes of the tree, its root included; never more than twice its states and one.
  size_t nodes() const;

 private:
  using States = std::list<State>;
  struct Node {
    std::vector<Token> label;  // ids from the parent to here
    size_t length = 0;         // ids from the root to here
    Node* parent = nullptr;
    std::map<Token, std::unique_ptr<Node>> children;  // by the first id of their labels
    std::optional<States::iterator> state;
  };
  static size_t count(const Node& node);
  /// The shortest state at or below `node` of at most `longest` ids.
  static const State* shortest(const Node& node, size_t longest);
  /// Where `tokens` end; a node is made there.
  Node& place(std::span<const Token> tokens);
  /// Cuts the edge to `node` behind its first `count` ids; the node that is now between.
  static Node& split(Node& node, size_t count);
  /// Takes away what neither holds a state nor is a place where ids part.
  void tidy(Node* node);

  std::unique_ptr<Node> root_;  // of length 0; it holds no state
  States states_;               // the oldest use first
};

}  // namespace hob::schedule
