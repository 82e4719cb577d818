#include "model/constrain/rule_masker.h"

#include <algorithm>
#include <bit>

#include "model/constrain/walk.h"

namespace hob::constrain {
namespace {

using grammar::RuleExpressions;
using grammar::RulePlace;
using grammar::RuleState;

constexpr size_t kMaxCacheBytes = 64u << 20;
constexpr size_t kFewEnds = 256;
constexpr size_t kFew = 2048;  // below, a list of ids is smaller and faster than bits

struct Sink {
  const FlatTrie& tree;
  Bits& inside;
  std::vector<uint32_t> ends;  // nodes
  size_t count = 0;
  void add(std::span<const Token> tokens) {
    for (const Token token : tokens) set_bit(inside, token);
    count += tokens.size();
  }
  void here(uint32_t node, uint32_t) { add(tree.tokens_at(node)); }
  void all(uint32_t node) { add(tree.tokens_below(node)); }
  void close(uint32_t, uint32_t) {}
  void end(uint32_t node) { ends.push_back(node); }
};

}  // namespace

size_t RuleMasker::KeyHash::operator()(const Key& key) const {
  uint64_t hash = (uint64_t{key.terminal} << 32 | key.state) * 0x9E3779B97F4A7C15;
  hash ^= hash >> 31;
  hash = (hash ^ (uint64_t{key.bits} << 8 | key.utf8)) * 0xBF58476D1CE4E5B9;
  return hash ^ (hash >> 29);
}

void RuleMasker::clear() {
  cache_.clear();
  bytes_ = 0;
}

const RuleMasker::Entry& RuleMasker::entry(const Key& key) {
  const auto known = cache_.find(key);
  if (known != cache_.end()) return *known->second;
  const FlatTrie& tree = trie_->tree();
  const auto& vocabulary = trie_->vocabulary().bytes;
  auto made = std::make_unique<Entry>();
  made->many.resize(trie_->words());
  Sink sink{tree, made->many, {}};
  LanguageReader::Place place;
  place.state = key.state;
  place.code = key.bits;
  place.utf8 = static_cast<uint8_t>(key.utf8);
  made->need = reader_.run<true>(tree, 0, machine_->rules().language(key.terminal), false, place, grammar::kUnlimited, sink);
  // Whoever stays inside needs no other way; who does not is kept by its tail after each end.
  std::vector<std::pair<std::string_view, Token>> tails;
  for (const uint32_t node : sink.ends) {
    const auto below = tree.tokens_below(node).subspan(tree.tokens_at(node).size());
    const auto leaves = [&](Token token) { return !get_bit(made->many, token); };
    if (std::any_of(below.begin(), below.end(), leaves)) made->ends.push_back(node);
  }
  const bool few_ends = made->ends.size() <= kFewEnds;  // then the tree of all tokens has their tails
  for (const uint32_t node : made->ends) {
    if (few_ends) break;
    const size_t depth = tree.nodes()[node].depth;
    for (const Token token : tree.tokens_below(node).subspan(tree.tokens_at(node).size())) {
      if (!get_bit(made->many, token)) tails.emplace_back(std::string_view(vocabulary[token]).substr(depth), token);
    }
  }
  if (!few_ends) {
    made->ends.clear();
    made->exits = FlatTrie(std::move(tails));
  }
  if (sink.count < kFew) {
    for (size_t word = 0; word < made->many.size(); ++word) {
      for (uint64_t left = made->many[word]; left != 0; left &= left - 1) {
        made->few.push_back(static_cast<Token>(word * 64 + static_cast<size_t>(std::countr_zero(left))));
      }
    }
    made->many = {};
  }
  bytes_ += sizeof(Entry) + 64 + made->few.capacity() * sizeof(Token) + made->many.capacity() * 8 +
            made->ends.capacity() * 4 + made->exits.bytes();
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

void RuleMasker::mask(const RuleState& state, std::span<uint64_t> bits) {
  if (bytes_ > kMaxCacheBytes) clear();
  std::fill(bits.begin(), bits.end(), 0);
  RuleExpressions& all = *state.all;
  ways_.clear();
  all.ways(state.expr, ways_);
  for (const RuleExpressions::Way& way : ways_) {
    const Entry& known = entry({way.terminal, way.state, state.bits, state.utf8});
    // Far from an end the tokens are looked at one by one.
    if (known.need + all.at(way.rest).least > machine_->limit()) {
      std::fill(bits.begin(), bits.end(), 0);
      return walk(trie_->tree(), 0, all, state, bits);
    }
    for (size_t i = 0; i < known.many.size(); ++i) bits[i] |= known.many[i];
    for (const Token token : known.few) set_bit(bits, token);
    if (way.rest == RuleExpressions::kEmpty) continue;
    for (const uint32_t node : known.ends) walk(trie_->tree(), node, all, {way.rest}, bits);
    if (!known.exits.empty()) walk(known.exits, 0, all, {way.rest}, bits);
  }
}

}  // namespace hob::constrain
