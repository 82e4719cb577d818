#include "model/constrain/token_trie.h"

#include <algorithm>

#include "model/constrain/walk.h"
#include "model/grammar/machine.h"

namespace hob::constrain {
namespace {

constexpr size_t kMaxTokenBytes = 1000;  // longer pieces are never offered under a grammar

bool continuation(uint8_t byte) { return (byte & 0xC0) == 0x80; }
int length_of(uint8_t lead) { return lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4; }

}  // namespace

FlatTrie::FlatTrie(std::vector<std::pair<std::string_view, Token>> texts) {
  std::sort(texts.begin(), texts.end());
  ids_.reserve(texts.size());
  nodes_.push_back({0, 0, 0, 0, false, false, 0});
  std::vector<uint32_t> path{0};  // the nodes of the text before
  std::string_view last;
  for (const auto& [text, id] : texts) {
    size_t common = 0;
    while (common < last.size() && common < text.size() && last[common] == text[common]) ++common;
    while (path.size() > common + 1) {
      nodes_[path.back()].end = static_cast<uint32_t>(nodes_.size());
      path.pop_back();
    }
    for (size_t i = common; i < text.size(); ++i) {
      path.push_back(static_cast<uint32_t>(nodes_.size()));
      nodes_.push_back({0, static_cast<uint32_t>(ids_.size()), static_cast<uint16_t>(i + 1),
                        static_cast<uint8_t>(text[i]), false, false, 0});
    }
    ids_.push_back(id);
    last = text;
  }
  for (const uint32_t node : path) nodes_[node].end = static_cast<uint32_t>(nodes_.size());
  nodes_.shrink_to_fit();
  judge_text();
}

// Backwards over the preorder: a node knows all that is below it when its turn comes.
void FlatTrie::judge_text() {
  // How many continuation bytes the character still wants at each node, read from the root; -1: not a text.
  std::vector<int8_t> wants(nodes_.size(), 0);
  std::vector<uint32_t> parent(nodes_.size(), 0);
  std::vector<uint32_t> path;
  for (uint32_t i = 1; i < nodes_.size(); ++i) {
    path.resize(nodes_[i].depth - 1u);
    parent[i] = path.empty() ? 0 : path.back();
    path.push_back(i);
    const int8_t before = wants[parent[i]];
    const uint8_t byte = nodes_[i].byte;
    if (before < 0 || (before > 0) != continuation(byte)) {
      wants[i] = -1;
    } else if (before > 0) {
      wants[i] = static_cast<int8_t>(before - 1);
    } else {
      wants[i] = static_cast<int8_t>(length_of(byte) - 1);
    }
    // Leads with a narrower second byte (E0, ED, F0, F4 and what is no lead at all) are left to the machine.
    if (byte == 0xC0 || byte == 0xC1 || byte == 0xE0 || byte == 0xED || byte == 0xF0 || byte >= 0xF4) wants[i] = -1;
  }
  for (Node& node : nodes_) node.plain = node.clean = true;
  for (size_t i = nodes_.size(); i-- > 1;) {
    Node& node = nodes_[i];
    Node& above = nodes_[parent[i]];
    const bool whole = wants[i] == 0 || (wants[i] > 0 && tokens_at(static_cast<uint32_t>(i)).empty());
    const bool clean = whole && node.clean;
    above.clean = above.clean && clean;
    above.plain = above.plain && clean && node.plain && node.byte >= 0x20 && node.byte != '"' && node.byte != '\\';
    const auto chars = static_cast<uint16_t>(node.chars + (continuation(node.byte) ? 0 : 1));
    above.chars = std::max(above.chars, chars);
  }
  for (size_t i = 0; i < nodes_.size(); ++i) {
    if (wants[i] != 0) nodes_[i].plain = nodes_[i].clean = false;  // only from between two characters
  }
}

uint32_t FlatTrie::child(uint32_t node, uint8_t byte) const {
  for (uint32_t i = node + 1; i < nodes_[node].end; i = nodes_[i].end) {
    if (nodes_[i].byte == byte) return i;
  }
  return 0;
}

Result<std::shared_ptr<const TokenTrie>> TokenTrie::make(Vocabulary vocabulary) {
  vocabulary.special.resize(vocabulary.bytes.size(), false);
  std::shared_ptr<const TokenTrie> trie(new TokenTrie(std::move(vocabulary)));
  for (int byte = 0; byte < 256; ++byte) {
    const bool never = byte == 0xC0 || byte == 0xC1 || byte >= 0xF5;  // in no UTF-8 text
    const uint32_t node = trie->tree_.child(0, static_cast<uint8_t>(byte));
    if (never || (node != 0 && !trie->tree_.tokens_at(node).empty())) continue;
    return Error(Code::model_failed, "the vocabulary has no token for the single byte " + std::to_string(byte) +
                                         ", so not every text can be written; a tokenizer with byte fallback is needed");
  }
  return trie;
}

TokenTrie::TokenTrie(Vocabulary vocabulary) : vocabulary_(std::move(vocabulary)) {
  ordinary_.resize(words());
  std::vector<std::pair<std::string_view, Token>> texts;
  texts.reserve(size());
  for (size_t id = 0; id < size(); ++id) {
    const std::string& bytes = vocabulary_.bytes[id];
    if (vocabulary_.special[id] || bytes.empty() || bytes.size() > kMaxTokenBytes) continue;
    texts.emplace_back(bytes, static_cast<Token>(id));
    set_bit(ordinary_, static_cast<Token>(id));
    const auto openers = std::count_if(bytes.begin(), bytes.end(), [](char c) { return c == '[' || c == '{'; });
    max_openers_ = std::max(max_openers_, static_cast<int>(openers));
  }
  tree_ = FlatTrie(std::move(texts));
  json_ = slice(true);
  gemma_ = slice(false);
}

TokenTrie::Slices TokenTrie::slice(bool json) const {
  Slices slices;
  auto ir = std::make_shared<grammar::Ir>();
  ir->nodes.emplace_back().strings.push_back({0, 1'000'000, {}});  // a limit, so that characters are counted
  ir->settle();
  const grammar::Machine machine(ir, json ? grammar::Dialect::json : grammar::Dialect::gemma);
  grammar::Thread inside;
  inside.top.kind = grammar::Kind::string;

  struct Exit {
    uint32_t node, chars;
  };
  std::vector<Exit> exits;
  std::vector<std::pair<Token, uint32_t>> stays;
  Walker walker;
  std::vector<uint32_t> chars_at;  // by depth: characters before the node
  walker.run(tree_, 0, machine, {inside}, false, [&](uint32_t node, grammar::Threads& now) {
    const size_t depth = tree_.nodes()[node].depth;
    if (chars_at.size() <= depth) chars_at.resize(depth + 1);
    if (now.front().top.kind == grammar::Kind::hole) {
      exits.push_back({node, chars_at[depth - 1]});
      return false;
    }
    chars_at[depth] = now.front().top.count;
    for (const Token token : tree_.tokens_at(node)) stays.emplace_back(token, now.front().top.count);
    return true;
  });
  for (const auto& [token, chars] : stays) slices.most = std::max(slices.most, chars);
  for (const Exit& exit : exits) slices.most = std::max(slices.most, exit.chars);
  slices.inside.assign(slices.most + 1, Bits(words()));
  for (const auto& [token, chars] : stays) set_bit(slices.inside[chars], token);
  for (uint32_t n = 1; n <= slices.most; ++n) {
    for (size_t word = 0; word < words(); ++word) slices.inside[n][word] |= slices.inside[n - 1][word];
  }
  slices.ends.resize(slices.most + 1);
  std::vector<std::vector<std::pair<std::string_view, Token>>> rest(slices.most + 1);
  std::vector<std::pair<std::string_view, Token>> all;
  for (const Exit& exit : exits) {
    const size_t depth = tree_.nodes()[exit.node].depth;
    slices.closings.emplace_back(exit.node,
                                 vocabulary_.bytes[tree_.tokens_below(exit.node).front()].substr(0, depth));
    for (const Token token : tree_.tokens_below(exit.node)) {
      const std::string_view text = vocabulary_.bytes[token];
      if (text.size() == depth) {
        slices.ends[exit.chars].push_back(token);
        slices.all_ends.push_back(token);
      } else {
        rest[exit.chars].emplace_back(text.substr(depth), token);
        all.emplace_back(text.substr(depth), token);
      }
    }
  }
  for (auto& texts : rest) slices.exits.emplace_back(std::move(texts));
  slices.all_exits = FlatTrie(std::move(all));
  return slices;
}

std::vector<Token> TokenTrie::spell(std::string_view text) const {
  std::vector<Token> out;
  while (!text.empty()) {
    uint32_t node = 0;
    size_t length = 0;
    Token best = 0;
    for (size_t i = 0; i < text.size(); ++i) {
      node = tree_.child(node, static_cast<uint8_t>(text[i]));
      if (node == 0) break;
      if (const auto tokens = tree_.tokens_at(node); !tokens.empty()) {
        length = i + 1;
        best = tokens.front();
      }
    }
    if (length == 0) break;  // not reached: every byte has a token
    out.push_back(best);
    text.remove_prefix(length);
  }
  return out;
}

std::vector<Token> TokenTrie::spell_naturally(std::string_view text) const {
  if (!vocabulary_.spell || text.empty()) return spell(text);
  std::vector<Token> tokens = vocabulary_.spell(text);
  std::string_view rest = text;  // believed only where it says the same bytes
  for (const Token token : tokens) {
    if (token >= size() || !get_bit(ordinary_, token) || !rest.starts_with(vocabulary_.bytes[token])) return spell(text);
    rest.remove_prefix(vocabulary_.bytes[token].size());
  }
  return rest.empty() ? tokens : spell(text);
}

size_t TokenTrie::bytes() const {
  size_t total = sizeof(*this) + tree_.bytes() + ordinary_.size() * 8;
  for (const std::string& text : vocabulary_.bytes) total += sizeof(std::string) + (text.size() > 15 ? text.size() : 0);
  for (const Slices* slices : {&json_, &gemma_}) {
    total += slices->inside.size() * words() * 8 + slices->all_exits.bytes() + slices->all_ends.size() * 4;
    for (const FlatTrie& tree : slices->exits) total += tree.bytes();
  }
  return total;
}

}  // namespace hob::constrain
