// TokenTrie: the vocabulary as a tree of bytes, flattened depth first, with what is known of strings beforehand.
//
//   HOB_TRY(trie, TokenTrie::make(std::move(vocabulary)));      // once per tokenizer; share it
//   for (uint32_t i = 1; i < nodes.size();) i = fits(nodes[i].byte) ? i + 1 : nodes[i].end;   // skip a failed subtree
//
// A node's tokens are ids[node.tokens .. next node's tokens); those of its whole subtree are contiguous, too, so a
// subtree inside a free string is taken at a blow. The slices answer the commonest mask, "inside a string", without
// walking: tokens that stay inside, by how many characters they add, and where others close the quote.
// Immutable once made; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "model/constrain/vocabulary.h"
#include "schemas/base/result.h"

namespace hob::constrain {

/// A tree of byte strings, flattened depth first.
class FlatTrie {
 public:
  struct Node {
    uint32_t end;     // one past the subtree
    uint32_t tokens;  // first of `ids` at this node
    uint16_t depth;   // bytes from the root
    uint8_t byte;
    bool plain : 1;   // everything below is whole characters that need no care in a JSON string
    bool clean : 1;   // everything below is whole characters
    uint16_t chars;   // most characters that a token adds below this node
    uint16_t list;    // of many children: where they are listed; 0: nowhere, a jump from one's end to the next
  };

  FlatTrie() = default;
  /// From (text, id) pairs; texts may repeat, an empty text hangs at the root.
  explicit FlatTrie(std::vector<std::pair<std::string_view, Token>> texts);

  const std::vector<Node>& nodes() const { return nodes_; }
  std::span<const Token> tokens_at(uint32_t node) const { return tokens(node, node + 1); }
  std::span<const Token> tokens_below(uint32_t node) const { return tokens(node, nodes_[node].end); }
  bool empty() const { return ids_.empty(); }
  size_t bytes() const {
    return nodes_.capacity() * sizeof(Node) + ids_.capacity() * sizeof(Token) + categories_.capacity() * 8 +
           child_bytes_.capacity() + (child_nodes_.capacity() + lists_.capacity()) * 4;
  }
  /// The child of `node` by `byte`; 0 when there is none.
  uint32_t child(uint32_t node, uint8_t byte) const;
  /// Every child, in the order of their bytes: visit(byte, child), until it says false.
  template <typename Visit>
  void each_child(uint32_t node, const Visit& visit) const {
    if (const uint32_t list = nodes_[node].list; list != 0) {
      for (uint32_t i = lists_[list - 1]; i < lists_[list] && visit(child_bytes_[i], child_nodes_[i]); ++i) {
      }
      return;
    }
    for (uint32_t i = node + 1; i < nodes_[node].end && visit(nodes_[i].byte, i); i = nodes_[i].end) {
    }
  }
  /// All tokens, in the order of their bytes: those of a node or subtree are a part of this.
  std::span<const Token> all() const { return ids_; }
  /// The categories (grammar::category_of) of all characters that end below `node`, as bits, where it is read from between
  /// two characters; kBroken is among them where some token below does not end a character.
  uint64_t categories(uint32_t node) const { return categories_[node]; }
  static constexpr uint64_t kBroken = uint64_t{1} << 63;

 private:
  std::span<const Token> tokens(uint32_t first, uint32_t last) const {
    const size_t from = nodes_[first].tokens;
    const size_t to = last < nodes_.size() ? nodes_[last].tokens : ids_.size();
    return {ids_.data() + from, to - from};
  }
  void judge_text();
  void list_children();

  std::vector<Node> nodes_;
  std::vector<Token> ids_;
  std::vector<uint64_t> categories_;
  std::vector<uint8_t> child_bytes_;
  std::vector<uint32_t> child_nodes_;
  std::vector<uint32_t> lists_;  // where each begins in those, and where the last ends
};

using Bits = std::vector<uint64_t>;

/// A token that goes on after the end of a value or string, by what it adds there: a tail is a text known by number.
struct Exit {
  Token token;
  uint32_t tail;
};

/// The inside of a good JSON string, escapes resolved.
std::string decoded(std::string_view text);

class TokenTrie {
 public:
  /// Refused when a byte that JSON needs has no token of its own.
  static Result<std::shared_ptr<const TokenTrie>> make(Vocabulary vocabulary);

  const Vocabulary& vocabulary() const { return vocabulary_; }
  const FlatTrie& tree() const { return tree_; }
  size_t size() const { return vocabulary_.bytes.size(); }
  size_t words() const { return (size() + 63) / 64; }
  /// Every ordinary token.
  const Bits& ordinary() const { return ordinary_; }
  int max_openers() const { return max_openers_; }  // most brackets that one token opens

  /// A node where a string closes after `text`, what its bytes stand for, of so many characters; ends of its parts in
  /// all_ends and all_exits.
  struct Closing {
    uint32_t node, ends, exits, chars;
    std::string text;
  };
  /// What a free string's interior allows, from a place between two characters.
  struct Slices {
    std::vector<Bits> inside;              // [n]: tokens that stay inside and add at most n characters
    std::vector<std::vector<Token>> ends;  // [n]: tokens that close the string as their last byte, after n characters
    std::vector<std::vector<Exit>> exits;  // [n]: tokens that go on after closing it, after n characters
    std::vector<Token> all_ends;
    std::vector<Exit> all_exits;
    std::vector<Closing> closings;         // the nodes where it closes, in order
    std::unordered_multimap<std::string_view, uint32_t> closing_of;  // by Closing::text
    uint32_t most = 0;                     // the largest n
  };
  const Slices& json() const { return json_; }
  const Slices& gemma() const { return gemma_; }
  /// The fewest tokens, longest first, that spell `text`.
  std::vector<Token> spell(std::string_view text) const;
  /// Tokens that spell `text` as the model would write it, where the vocabulary says how.
  std::vector<Token> spell_naturally(std::string_view text) const;
  /// The tails after a closing quote, as a tree whose tokens are their numbers, and their texts.
  const FlatTrie& tails() const { return tails_; }
  const std::vector<std::string_view>& tail_texts() const { return tail_texts_; }
  /// The tails of the tokens strictly below `node`, in their order; `node` reads a quote.
  std::span<const uint32_t> tails_below(uint32_t node) const;
  size_t bytes() const;

 private:
  explicit TokenTrie(Vocabulary vocabulary);
  Slices slice(bool json) const;
  void find_tails();

  Vocabulary vocabulary_;
  FlatTrie tree_;
  Bits ordinary_;
  int max_openers_ = 0;
  FlatTrie tails_;
  std::vector<std::string_view> tail_texts_;
  std::vector<uint32_t> tail_ids_;  // of the tokens below quotes
  std::vector<std::pair<uint32_t, uint32_t>> quotes_;  // nodes that read a quote, and their first in tail_ids_
  Slices json_, gemma_;
};

}  // namespace hob::constrain
