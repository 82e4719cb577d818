#include "model/constrain/token_trie.h"

#include <algorithm>
#include <unordered_map>

#include "model/constrain/language_reader.h"
#include "model/constrain/walk.h"
#include "model/grammar/language.h"
#include "model/grammar/machine_text.h"
#include "schemas/base/document.h"

namespace hob::constrain {
namespace {

constexpr size_t kMaxTokenBytes = 1000;  // longer pieces are never offered under a grammar

bool continuation(uint8_t byte) { return (byte & 0xC0) == 0x80; }

}  // namespace

std::string decoded(std::string_view text) {
  if (text.find('\\') == std::string_view::npos) return std::string(text);
  const auto value = json::parse_document("\"" + std::string(text) + "\"", json::kGenerated);
  return value ? value->text : std::string();
}

FlatTrie::FlatTrie(std::vector<std::pair<std::string_view, Token>> texts) {
  // Most texts differ in their first eight bytes, which compare as one number.
  struct Keyed {
    uint64_t head;
    std::string_view text;
    Token id;
  };
  std::vector<Keyed> order;
  order.reserve(texts.size());
  for (const auto& [text, id] : texts) {
    uint64_t head = 0;
    for (size_t i = 0; i < 8; ++i) head = head << 8 | (i < text.size() ? static_cast<uint8_t>(text[i]) : 0u);
    order.push_back({head, text, id});
  }
  std::sort(order.begin(), order.end(), [](const Keyed& a, const Keyed& b) {
    if (a.head != b.head) return a.head < b.head;
    const int way = a.text.compare(b.text);
    return way != 0 ? way < 0 : a.id < b.id;
  });
  ids_.reserve(texts.size());
  nodes_.push_back({0, 0, 0, 0, false, false, 0, 0});
  std::vector<uint32_t> path{0};  // the nodes of the text before
  std::string_view last;
  for (const auto& [head, text, id] : order) {
    size_t common = 0;
    while (common < last.size() && common < text.size() && last[common] == text[common]) ++common;
    while (path.size() > common + 1) {
      nodes_[path.back()].end = static_cast<uint32_t>(nodes_.size());
      path.pop_back();
    }
    for (size_t i = common; i < text.size(); ++i) {
      path.push_back(static_cast<uint32_t>(nodes_.size()));
      nodes_.push_back({0, static_cast<uint32_t>(ids_.size()), static_cast<uint16_t>(i + 1),
                        static_cast<uint8_t>(text[i]), false, false, 0, 0});
    }
    ids_.push_back(id);
    last = text;
  }
  for (const uint32_t node : path) nodes_[node].end = static_cast<uint32_t>(nodes_.size());
  nodes_.shrink_to_fit();
  judge_text();
  list_children();
}

// A jump from child to child is a place in memory that nothing else has asked for.
void FlatTrie::list_children() {
  constexpr size_t kMany = 8;
  lists_.push_back(0);
  for (uint32_t i = 0; i < nodes_.size() && lists_.size() <= UINT16_MAX; ++i) {
    const size_t from = child_nodes_.size();
    each_child(i, [&](uint8_t byte, uint32_t child) {
      child_bytes_.push_back(byte);
      child_nodes_.push_back(child);
      return true;
    });
    if (child_nodes_.size() - from >= kMany) {
      nodes_[i].list = static_cast<uint16_t>(lists_.size());
      lists_.push_back(static_cast<uint32_t>(child_nodes_.size()));
    } else {
      child_bytes_.resize(from);
      child_nodes_.resize(from);
    }
  }
}

// Backwards over the preorder: a node knows all that is below it when its turn comes.
void FlatTrie::judge_text() {
  constexpr uint8_t kNoText = 255;
  std::vector<uint8_t> wants(nodes_.size(), 0);     // what the character still wants at each node, read from the root
  std::vector<uint32_t> parent(nodes_.size(), 0);
  std::vector<uint64_t> own(nodes_.size(), 0);      // the category of the character that is complete here
  std::vector<uint32_t> path, code;
  for (uint32_t i = 1; i < nodes_.size(); ++i) {
    const size_t depth = nodes_[i].depth;
    if (path.size() < depth) {
      path.resize(depth);
      code.resize(depth);
    }
    parent[i] = depth > 1 ? path[depth - 2] : 0;
    path[depth - 1] = i;
    const uint8_t before = wants[parent[i]], byte = nodes_[i].byte;
    wants[i] = before == kNoText ? kNoText : grammar::next_utf8(before, byte);
    code[depth - 1] = before == 0 ? grammar::lead_bits(byte) : code[depth - 2] << 6 | (byte & 0x3Fu);
    if (wants[i] == 0) own[i] = uint64_t{1} << grammar::category_of(code[depth - 1]);
  }
  for (Node& node : nodes_) node.plain = node.clean = true;
  categories_.assign(nodes_.size(), 0);
  constexpr uint64_t kCare = uint64_t{1} << 5 | uint64_t{1} << 6 | uint64_t{1} << 7 | uint64_t{1} << 8;
  for (size_t i = nodes_.size(); i-- > 1;) {
    Node& node = nodes_[i];
    Node& above = nodes_[parent[i]];
    const bool whole = wants[i] == 0 || (wants[i] != kNoText && tokens_at(static_cast<uint32_t>(i)).empty());
    const bool clean = whole && node.clean;
    above.clean = above.clean && clean;
    above.plain = above.plain && clean && node.plain && node.byte >= 0x20 && !(own[i] & kCare);
    categories_[parent[i]] |= categories_[i] | own[i] | (clean ? 0 : kBroken);
    const auto chars = static_cast<uint16_t>(node.chars + (continuation(node.byte) ? 0 : 1));
    above.chars = std::max(above.chars, chars);
  }
  for (size_t i = 0; i < nodes_.size(); ++i) {
    if (wants[i] == 0) continue;  // known only from between two characters
    nodes_[i].plain = nodes_[i].clean = false;
    if (wants[i] == kNoText) categories_[i] |= kBroken;
  }
}

uint32_t FlatTrie::child(uint32_t node, uint8_t byte) const {
  uint32_t found = 0;
  each_child(node, [&](uint8_t other, uint32_t child) {
    if (other == byte) found = child;
    return other < byte;
  });
  return found;
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
  find_tails();
  json_ = slice(true);
  gemma_ = slice(false);
}

TokenTrie::Slices TokenTrie::slice(bool json) const {
  Slices slices;
  grammar::Languages languages;
  grammar::Language& free = languages.at(languages.everything());
  struct Sink {
    std::vector<std::pair<uint32_t, uint32_t>> exits;  // node, characters before
    std::vector<std::pair<Token, uint32_t>> stays;
    const FlatTrie& tree;
    void here(uint32_t node, uint32_t chars) {
      for (const Token token : tree.tokens_at(node)) stays.emplace_back(token, chars);
    }
    void all(uint32_t) {}
    void close(uint32_t node, uint32_t chars) { exits.emplace_back(node, chars); }
  } sink{{}, {}, tree_};
  LanguageReader reader;
  reader.run<false>(tree_, 0, free, json, {}, grammar::kUnlimited, sink);
  for (const auto& [token, chars] : sink.stays) slices.most = std::max(slices.most, chars);
  for (const auto& [node, chars] : sink.exits) slices.most = std::max(slices.most, chars);
  slices.inside.assign(slices.most + 1, Bits(words()));
  for (const auto& [token, chars] : sink.stays) set_bit(slices.inside[chars], token);
  for (uint32_t n = 1; n <= slices.most; ++n) {
    for (size_t word = 0; word < words(); ++word) slices.inside[n][word] |= slices.inside[n - 1][word];
  }
  slices.ends.resize(slices.most + 1);
  slices.exits.resize(slices.most + 1);
  for (const auto& [node, chars] : sink.exits) {
    const size_t depth = tree_.nodes()[node].depth;
    const auto here = tree_.tokens_at(node), below = tree_.tokens_below(node);
    const std::string_view bytes = std::string_view(vocabulary_.bytes[below.front()]).substr(0, depth);
    slices.ends[chars].insert(slices.ends[chars].end(), here.begin(), here.end());
    slices.all_ends.insert(slices.all_ends.end(), here.begin(), here.end());
    const auto tails = tails_below(node);
    for (size_t i = 0; i < tails.size(); ++i) {
      const Exit exit{below[here.size() + i], tails[i]};
      slices.exits[chars].push_back(exit);
      slices.all_exits.push_back(exit);
    }
    slices.closings.push_back({node, static_cast<uint32_t>(slices.all_ends.size()),
                               static_cast<uint32_t>(slices.all_exits.size()), chars, decoded(bytes.substr(0, depth - 1))});
  }
  for (uint32_t i = 0; i < slices.closings.size(); ++i) slices.closing_of.emplace(slices.closings[i].text, i);
  return slices;
}

void TokenTrie::find_tails() {
  std::unordered_map<std::string_view, uint32_t> known;
  const auto& nodes = tree_.nodes();
  for (uint32_t node = 1; node < nodes.size(); ++node) {
    if (nodes[node].byte != '"') continue;
    quotes_.emplace_back(node, static_cast<uint32_t>(tail_ids_.size()));
    for (const Token token : tree_.tokens_below(node).subspan(tree_.tokens_at(node).size())) {
      const std::string_view text = std::string_view(vocabulary_.bytes[token]).substr(nodes[node].depth);
      const auto [at, fresh] = known.emplace(text, static_cast<uint32_t>(tail_texts_.size()));
      if (fresh) tail_texts_.push_back(text);
      tail_ids_.push_back(at->second);
    }
  }
  std::vector<std::pair<std::string_view, Token>> texts;
  for (uint32_t id = 0; id < tail_texts_.size(); ++id) texts.emplace_back(tail_texts_[id], id);
  tails_ = FlatTrie(std::move(texts));
}

std::span<const uint32_t> TokenTrie::tails_below(uint32_t node) const {
  const auto at = std::lower_bound(quotes_.begin(), quotes_.end(), std::make_pair(node, 0u));
  return std::span<const uint32_t>(tail_ids_).subspan(at->second, tree_.tokens_below(node).size() - tree_.tokens_at(node).size());
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
  total += tails_.bytes() + tail_texts_.size() * sizeof(std::string_view) + tail_ids_.size() * 4 + quotes_.size() * 8;
  for (const Slices* slices : {&json_, &gemma_}) {
    total += slices->inside.size() * words() * 8 + slices->all_exits.size() * 16 + slices->all_ends.size() * 8;
    total += slices->closings.size() * (sizeof(Closing) + 48);
  }
  return total;
}

}  // namespace hob::constrain
