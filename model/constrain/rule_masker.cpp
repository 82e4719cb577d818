#include "model/constrain/rule_masker.h"

#include <algorithm>

#include "model/constrain/walk.h"

namespace hob::constrain {
namespace {

using grammar::RuleExpressions;
using grammar::RulePlace;
using grammar::RuleState;

uint64_t mixed(uint64_t a, uint64_t b) {
  uint64_t hash = a * 0x9E3779B97F4A7C15;
  hash ^= hash >> 31;
  hash = (hash ^ b) * 0xBF58476D1CE4E5B9;
  return hash ^ (hash >> 29);
}

constexpr size_t kMaxCacheBytes = 64u << 20;
constexpr size_t kFewEnds = 256;

struct Sink {
  const FlatTrie& tree;
  Bits& inside;
  std::vector<uint32_t> ends;  // nodes
  void add(std::span<const Token> tokens) {
    for (const Token token : tokens) set_bit(inside, token);
  }
  void here(uint32_t node, uint32_t) { add(tree.tokens_at(node)); }
  void all(uint32_t node) { add(tree.tokens_below(node)); }
  void close(uint32_t, uint32_t) {}
  void end(uint32_t node) { ends.push_back(node); }
};

void add(const TokenSet& tokens, std::span<uint64_t> bits) {
  for (size_t i = 0; i < tokens.many.size(); ++i) bits[i] |= tokens.many[i];
  for (const Token token : tokens.few) set_bit(bits, token);
}

}  // namespace

size_t RuleMasker::KeyHash::operator()(const Key& key) const {
  return mixed(uint64_t{key.terminal} << 32 | key.state, uint64_t{key.bits} << 8 | key.utf8);
}

size_t RuleMasker::StateKeyHash::operator()(const StateKey& key) const {
  return mixed(key.serial << 32 ^ key.expr, uint64_t{key.bits} << 8 | key.utf8);
}

void RuleMasker::clear() {
  cache_.clear();
  masks_.clear();
  bytes_ = 0;
}

const RuleMasker::Entry& RuleMasker::entry(const Key& key) {
  const auto known = cache_.find(key);
  if (known != cache_.end()) return *known->second;
  const FlatTrie& tree = trie_->tree();
  const auto& vocabulary = trie_->vocabulary().bytes;
  Bits inside(trie_->words());
  Sink sink{tree, inside, {}};
  LanguageReader::Place place;
  place.state = key.state;
  place.code = key.bits;
  place.utf8 = static_cast<uint8_t>(key.utf8);
  const uint64_t need = reader_.run<true>(tree, 0, machine_->rules().language(key.terminal), false, place, grammar::kUnlimited, sink);
  // Whoever stays inside needs no other way; who does not is kept by its tail after each end.
  std::vector<uint32_t> ends;
  for (const uint32_t node : sink.ends) {
    const auto below = tree.tokens_below(node).subspan(tree.tokens_at(node).size());
    if (std::any_of(below.begin(), below.end(), [&](Token token) { return !get_bit(inside, token); })) ends.push_back(node);
  }
  FlatTrie exits;
  if (ends.size() > kFewEnds) {  // else the tree of all tokens has their tails
    std::vector<std::pair<std::string_view, Token>> tails;
    for (const uint32_t node : ends) {
      const size_t depth = tree.nodes()[node].depth;
      for (const Token token : tree.tokens_below(node).subspan(tree.tokens_at(node).size())) {
        if (!get_bit(inside, token)) tails.emplace_back(std::string_view(vocabulary[token]).substr(depth), token);
      }
    }
    ends.clear();
    exits = FlatTrie(std::move(tails));
  }
  auto made = std::make_unique<Entry>(Entry{TokenSet(inside), std::move(ends), std::move(exits), need});
  bytes_ += sizeof(Entry) + 64 + made->inside.bytes() + made->ends.capacity() * 4 + made->exits.bytes();
  return *(cache_[key] = std::move(made));
}

void RuleMasker::walk(const FlatTrie& tree, uint32_t root, RuleExpressions& all, const RulePlace& place, std::span<uint64_t> bits) {
  const auto& nodes = tree.nodes();
  if (places_.empty()) places_.resize(64);
  places_[0] = place;
  const size_t base = nodes[root].depth;
  for (uint32_t i = root + 1; i < nodes[root].end;) {
    const size_t depth = nodes[i].depth - base;
    if (places_.size() <= depth) places_.resize(2 * depth);
    RulePlace& to = places_[depth];
    to = places_[depth - 1];
    if (!machine_->step(all, to, nodes[i].byte)) {
      i = nodes[i].end;
      continue;
    }
    const auto tokens = tree.tokens_at(i);
    if (!tokens.empty() && machine_->near(all, to)) {
      for (const Token token : tokens) set_bit(bits, token);
    }
    ++i;
  }
}

bool RuleMasker::read_mask(const RuleState& state, std::span<uint64_t> bits) {
  RuleExpressions& all = *state.all;
  bool read = false;
  ways_.clear();
  all.ways(state.expr, ways_);
  for (const RuleExpressions::Way& way : ways_) {
    const Entry& known = entry({way.terminal, way.state, state.bits, state.utf8});
    // Far from an end the tokens are looked at one by one.
    if (known.need + all.at(way.rest).least > machine_->limit()) {
      std::fill(bits.begin(), bits.end(), 0);
      walk(trie_->tree(), 0, all, state, bits);
      return true;
    }
    add(known.inside, bits);
    if (way.rest == RuleExpressions::kEmpty) continue;
    for (const uint32_t node : known.ends) walk(trie_->tree(), node, all, {way.rest}, bits);
    if (!known.exits.empty()) walk(known.exits, 0, all, {way.rest}, bits);
    read = read || !known.ends.empty() || !known.exits.empty();
  }
  return read;
}

void RuleMasker::mask(const RuleState& state, std::span<uint64_t> bits) {
  if (bytes_ > kMaxCacheBytes) clear();
  std::fill(bits.begin(), bits.end(), 0);
  const StateKey key{state.all->serial(), state.expr, state.bits, state.utf8};
  if (const auto known = masks_.find(key); known != masks_.end()) return add(*known->second, bits);
  if (!read_mask(state, bits)) return;
  auto kept = std::make_unique<TokenSet>(bits);
  bytes_ += sizeof(TokenSet) + kept->bytes() + 64;
  masks_[key] = std::move(kept);
}

}  // namespace hob::constrain
