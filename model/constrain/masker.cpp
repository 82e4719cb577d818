#include "model/constrain/masker.h"

#include <algorithm>
#include <cstring>

namespace hob::constrain {
namespace {

using grammar::Kind;
using grammar::Local;
using grammar::Thread;
using grammar::Threads;

constexpr size_t kMaxCacheBytes = 64u << 20;
constexpr size_t kFew = 2048;  // below, a list of ids is smaller and faster than bits

void add(std::span<uint64_t> bits, const Bits& more) {
  for (size_t i = 0; i < more.size(); ++i) bits[i] |= more[i];
}
void add(std::span<uint64_t> bits, const std::vector<Token>& more) {
  for (const Token token : more) set_bit(bits, token);
}

}  // namespace

size_t Masker::KeyHash::operator()(const Local& local) const {
  uint64_t words[sizeof(Local) / 8];
  std::memcpy(words, &local, sizeof(Local));
  uint64_t hash = 0x9E3779B97F4A7C15;
  for (const uint64_t word : words) {
    hash = (hash ^ word) * 0xBF58476D1CE4E5B9;
    hash ^= hash >> 31;
  }
  return hash;
}

void Masker::clear() {
  cache_.clear();
  bytes_ = 0;
}

bool Masker::accept(Threads& threads, std::string_view bytes) const {
  Threads now = threads, next;
  for (const char c : bytes) {
    machine_->step(now, static_cast<unsigned char>(c), next);
    if (next.empty()) return false;
    std::swap(now, next);
  }
  threads = std::move(now);
  return true;
}

void Masker::mask(const Threads& threads, std::span<uint64_t> bits) {
  for (const Thread& thread : threads) mask_one(thread, bits);
}

void Masker::mask_one(const Thread& thread, std::span<uint64_t> bits) {
  mask_quote(thread, bits);
  grammar::Machine::Interior inside;
  if (machine_->interior(thread.top, inside)) return mask_interior(thread, inside, bits);
  const Entry& known = entry(machine_->mask_key(thread.top, trie_->max_openers(), trie_->tree().nodes()[0].chars));
  add(bits, known.few);
  if (!known.many.empty()) add(bits, known.many);
  if (!known.exits.empty()) walker_.mark(known.exits, 0, *machine_, {grammar::Machine::after(thread)}, bits);
  try_closings(thread, known.extras, bits);
}

void Masker::mask_quote(const Thread& thread, std::span<uint64_t> bits) const {
  const auto quote = trie_->vocabulary().control.quote;
  if (machine_->dialect() != grammar::Dialect::gemma || !quote) return;
  Threads next;
  machine_->step(thread, grammar::kQuote, next);
  if (!next.empty()) set_bit(bits, *quote);
}

void Masker::mask_interior(const Thread& thread, const grammar::Machine::Interior& inside, std::span<uint64_t> bits) {
  const bool json = machine_->dialect() == grammar::Dialect::json;
  const TokenTrie::Slices& slices = json ? trie_->json() : trie_->gemma();
  const uint32_t room = std::min(inside.room, slices.most);
  add(bits, slices.inside[room]);
  if (!json) return;
  if (inside.key) return try_closings(thread, slices.closings, bits);
  const Threads after{grammar::Machine::after(thread)};
  if (inside.wanted == 0 && room == slices.most) {
    add(bits, slices.all_ends);
    walker_.mark(slices.all_exits, 0, *machine_, after, bits);
    return;
  }
  for (uint32_t n = inside.wanted; n <= room; ++n) {
    add(bits, slices.ends[n]);
    if (!slices.exits[n].empty()) walker_.mark(slices.exits[n], 0, *machine_, after, bits);
  }
}

void Masker::try_closings(const Thread& thread, const std::vector<std::pair<uint32_t, std::string>>& closings,
                          std::span<uint64_t> bits) {
  for (const auto& [node, text] : closings) {
    Threads threads{thread};
    if (!accept(threads, text)) continue;
    for (const Token token : trie_->tree().tokens_at(node)) set_bit(bits, token);
    walker_.mark(trie_->tree(), node, *machine_, threads, bits);
  }
}

const Masker::Entry& Masker::entry(const Local& local) {
  if (const auto found = cache_.find(local); found != cache_.end()) return *found->second;
  if (bytes_ > kMaxCacheBytes) clear();
  auto made = std::make_unique<Entry>();
  const FlatTrie& tree = trie_->tree();
  const std::vector<std::string>& texts = trie_->vocabulary().bytes;
  std::vector<std::pair<std::string_view, Token>> exits;
  std::vector<Token> allowed;
  walker_.run(tree, 0, *machine_, {Thread{local, {}, {}}}, true, [&](uint32_t node, Threads& now) {
    const FlatTrie::Node& at = tree.nodes()[node];
    bool alive = false;
    for (const Thread& thread : now) {
      if (thread.top.kind == Kind::extra) {
        const Token below = tree.tokens_below(node).front();
        made->extras.emplace_back(node, texts[below].substr(0, at.depth));
        continue;
      }
      alive = true;
      if (thread.top.kind != Kind::hole) continue;
      for (const Token token : tree.tokens_below(node)) {
        if (texts[token].size() > at.depth) exits.emplace_back(std::string_view(texts[token]).substr(at.depth), token);
      }
    }
    if (alive) {
      if (takes_all(at, *machine_, now)) {
        const auto all = tree.tokens_below(node);
        allowed.insert(allowed.end(), all.begin(), all.end());
        return false;
      }
      const auto here = tree.tokens_at(node);
      allowed.insert(allowed.end(), here.begin(), here.end());
    }
    std::erase_if(now, [](const Thread& t) { return t.top.kind == Kind::hole || t.top.kind == Kind::extra; });
    return !now.empty();
  });
  if (allowed.size() < kFew) {
    made->few = std::move(allowed);
    made->few.shrink_to_fit();
  } else {
    made->many.resize(trie_->words());
    add(made->many, allowed);
  }
  if (!exits.empty()) made->exits = FlatTrie(std::move(exits));
  bytes_ += sizeof(Entry) + sizeof(Local) + 64 + made->few.size() * 4 + made->many.size() * 8 + made->exits.bytes();
  for (const auto& closing : made->extras) bytes_ += sizeof(closing) + closing.second.size();
  return *cache_.emplace(local, std::move(made)).first->second;
}

}  // namespace hob::constrain
