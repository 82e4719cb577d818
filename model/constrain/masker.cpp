#include "model/constrain/masker.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "model/grammar/machine_text.h"

namespace hob::constrain {
namespace {

using grammar::Kind;
using grammar::Local;
using grammar::Thread;
using grammar::Threads;

constexpr size_t kMaxCacheBytes = 64u << 20;

// The first full set is copied; until then the bits hold nothing that counts.
void add(std::span<uint64_t> bits, const Bits& more, bool& fresh) {
  if (fresh) {
    std::copy(more.begin(), more.end(), bits.begin());
    fresh = false;
    return;
  }
  size_t i = 0;
  for (; i + 8 <= more.size(); i += 8) {
    for (size_t k = 0; k < 8; ++k) bits[i + k] |= more[i + k];
  }
  for (; i < more.size(); ++i) bits[i] |= more[i];
}
void settle(std::span<uint64_t> bits, bool& fresh) {
  if (fresh) std::fill(bits.begin(), bits.end(), 0);
  fresh = false;
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

size_t Masker::Entry::bytes() const {
  return sizeof(Entry) + inside.bytes() + (exits.capacity() + closing_exits.capacity()) * sizeof(Exit) +
         closings.capacity() * sizeof(Closing) + texts.capacity() + (closing_tokens.capacity() + deep.capacity()) * 4 +
         ends.capacity() * sizeof(Gather::Run) + few.capacity() * sizeof(Gather::Few);
}

void Masker::clear() {
  cache_.clear();
  afters_.clear();
  declared_.clear();
  joints_.clear();
  tails_.clear();
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
  if (bytes() > kMaxCacheBytes) clear();
  bool fresh = true;
  keys_.clear();
  for (const Thread& thread : threads) {
    if (joins(thread, keys_)) {
      keys_.push_back(&thread);
    } else {
      mask_one(thread, bits, fresh);
    }
  }
  if (keys_.size() > 1) mask_keys(keys_, bits, fresh);
  if (keys_.size() == 1) mask_one(*keys_.front(), bits, fresh);
  settle(bits, fresh);
  levels_.clear();
}

Local Masker::key_of(const Local& local) const {
  return machine_->mask_key(local, trie_->max_openers(), trie_->tree().nodes()[0].chars);
}

void Masker::mask_one(const Thread& thread, std::span<uint64_t> bits, bool& fresh) {
  levels_.clear();
  grammar::Machine::Interior inside;
  const bool item = (thread.top.unique & grammar::kItem) != 0;
  const bool text = thread.top.kind == Kind::string && thread.top.state != 0;
  const bool key = thread.top.kind == Kind::object && thread.top.way != 0 && machine_->dialect() == grammar::Dialect::json;
  // An item of limited length may have no room left by which it could differ.
  if (machine_->interior(thread.top, inside) && (!item || inside.room == grammar::kUnlimited)) {
    mask_interior(thread, inside, bits, fresh);
  } else if (key || (text && item)) {
    mask_entry(thread, new_text_entry(thread), bits, fresh);
  } else if (text) {
    mask_entry(thread, text_entry(thread), bits, fresh);
  } else {
    mask_entry(thread, entry(thread.top), bits, fresh);
  }
  mask_quote(thread, bits);
}

void Masker::mask_quote(const Thread& thread, std::span<uint64_t> bits) const {
  const auto quote = trie_->vocabulary().control.quote;
  if (machine_->dialect() != grammar::Dialect::gemma || !quote) return;
  Threads next;
  machine_->step(thread, grammar::kQuote, next);
  if (!next.empty()) set_bit(bits, *quote);
}

void Masker::mask_interior(const Thread& thread, const grammar::Machine::Interior& inside, std::span<uint64_t> bits,
                           bool& fresh) {
  const bool json = machine_->dialect() == grammar::Dialect::json;
  const TokenTrie::Slices& slices = json ? trie_->json() : trie_->gemma();
  const uint32_t room = std::min(inside.room, slices.most);
  add(bits, slices.inside[room], fresh);
  if (!json) return;
  if (inside.key) return mask_key_end(thread, bits);
  if (thread.top.unique & grammar::kItem) {
    std::vector<Gather::Run> runs;
    for (uint32_t i = 0; i < slices.closings.size(); ++i) {
      if (slices.closings[i].chars < inside.wanted) continue;
      if (runs.empty() || runs.back().last != i) runs.push_back({i, i});
      ++runs.back().last;
    }
    return add_new_ends(thread, runs, bits);
  }
  if (inside.wanted == 0 && room == slices.most) {
    set_bits(bits, slices.all_ends);
    return add_all_exits(thread, bits);
  }
  for (uint32_t n = inside.wanted; n <= room; ++n) {
    set_bits(bits, slices.ends[n]);
    add_exits(thread, slices.exits[n], bits);
  }
}

void Masker::mask_entry(const Thread& thread, const Entry& known, std::span<uint64_t> bits, bool& fresh) {
  add_inside(known, bits, fresh);
  if (known.all_exits) {
    add_all_exits(thread, bits);
  } else {
    add_exits(thread, known.exits, bits);
  }
  add_closings(thread, known, bits);
  for (const Token one : known.deep) {
    if (!get_bit(bits, one) && reads(thread, one)) set_bit(bits, one);
  }
  add_few(thread, known.few, bits);
  add_new_ends(thread, known.ends, bits);
}

void Masker::add_inside(const Entry& known, std::span<uint64_t> bits, bool& fresh) const {
  if (!known.inside.many.empty()) add(bits, known.inside.many, fresh);
  settle(bits, fresh);
  set_bits(bits, known.inside.few);
}

void Masker::add_closings(const Thread& thread, const Entry& known, std::span<uint64_t> bits) {
  uint32_t token = 0, exit = 0;
  for (const Closing& closing : known.closings) {
    const uint32_t tokens = closing.tokens - token, exits = closing.exits - exit;
    const std::string_view text = std::string_view(known.texts).substr(closing.text, closing.size);
    if (!closing.simple) {
      Threads threads{thread};
      if (accept(threads, text)) {
        set_bits(bits, trie_->tree().tokens_at(closing.node));
        walker_.mark(trie_->tree(), closing.node, *machine_, threads, bits);
      }
    } else {
      bool had = false;
      if (thread.extras) {
        const std::string_view rest = text.substr(closing.key, text.size() - 1 - closing.key);
        had = grammar::ExtraKeys::has(thread.extras.get(), grammar::hash_text(closing.key == 0 ? thread.top.a : grammar::kHashStart, rest));
      }
      if (!had) {
        set_bits(bits, std::span<const Token>(known.closing_tokens).subspan(token, tokens));
        if (exits > 0) add_exits(thread, std::span<const Exit>(known.closing_exits).subspan(exit, exits), bits);
      }
    }
    token = closing.tokens;
    exit = closing.exits;
  }
}

const Masker::Entry& Masker::entry(const Local& local) {
  const Local key = key_of(local);
  if (const auto found = cache_.find(key); found != cache_.end()) return *found->second;
  auto made = std::make_unique<Entry>();
  Gather found(*trie_, *machine_, tails_);
  const Thread alone{key, {}, {}};
  if (key.kind == Kind::string && key.lex == grammar::plain && key.low < key.high && (key.unique & grammar::kItem) == 0) {
    found.read_names(0, alone, false);
  } else {
    found.walk(0, {alone}, probes(*machine_, key));
  }
  fill(*made, found, key);
  return keep(key, std::move(made));
}

// Inside a text of a language only the language matters, and the room that is left where that is little.
const Masker::Entry& Masker::text_entry(const Thread& thread) {
  const Local& top = thread.top;
  const grammar::StringSpec& spec = machine_->ir().nodes[top.node].strings[top.spec];
  Local key;
  key.kind = Kind::string;
  key.lex = top.lex;
  key.utf8 = top.utf8;
  key.hex = top.hex;
  key.node = spec.language;
  key.position = top.position;
  key.state = top.state;
  key.b = top.b;
  const uint32_t room = spec.max_length == grammar::kUnlimited ? grammar::kUnlimited : spec.max_length - top.count;
  for (key.count = grammar::kUnlimited;; key.count = room) {
    const auto found = cache_.find(key);
    const Entry* known = found != cache_.end() ? found->second.get() : nullptr;
    if (!known) {
      auto made = std::make_unique<Entry>();
      Gather gather(*trie_, *machine_, tails_);
      Thread alone{top, {}, {}};
      made->need = gather.read(0, alone, key.count, false);
      fill(*made, gather, top);
      known = &keep(key, std::move(made));
    }
    if (key.count == room || room >= known->need) return *known;
  }
}

void Masker::fill(Entry& entry, const Gather& found, const Local& local) {
  entry.inside = TokenSet(found.allowed);
  const auto& all = trie_->json().all_exits;
  entry.all_exits = !all.empty() && found.exits.size() == all.size() &&
                    std::equal(all.begin(), all.end(), found.exits.begin(),
                               [](const Exit& a, const Exit& b) { return a.token == b.token && a.tail == b.tail; });
  if (!entry.all_exits) entry.exits = found.exits;
  // Keys of several languages are read by several threads, and some have no ending left: the thread is asked.
  const bool classed = local.kind == Kind::object && machine_->ir().nodes[local.node].objects[local.spec].classed();
  const bool between = local.kind == Kind::object && local.lex == grammar::plain && local.utf8 == 0 && !classed;
  for (const auto& [node, text] : found.closings) {
    Closing closing;
    closing.node = node;
    closing.text = static_cast<uint32_t>(entry.texts.size());
    closing.size = static_cast<uint32_t>(text.size());
    entry.texts += text;
    // The key is the rest of one begun, or the only string in the text; it is one of this object.
    closing.key = local.phase == grammar::key ? 0 : static_cast<uint32_t>(text.find('"') + 1);
    closing.simple = between && text.find_first_of("\\[{") == std::string::npos && text.find('"', closing.key) + 1 == text.size();
    Threads threads{Thread{local, {}, {}}};
    if (closing.simple && accept(threads, text)) {
      const auto here = trie_->tree().tokens_at(node), below = trie_->tree().tokens_below(node).subspan(here.size());
      const auto tails = trie_->tails_below(node);
      entry.closing_tokens.insert(entry.closing_tokens.end(), here.begin(), here.end());
      for (const Thread& thread : threads) {
        After& after = after_of(thread);
        for (size_t i = 0; i < tails.size(); ++i) {
          const Verdict verdict = after.verdicts[tails[i]];
          if (verdict == Verdict::yes) entry.closing_tokens.push_back(below[i]);
          if (verdict == Verdict::ask) entry.deep.push_back(below[i]);
          if (verdict != Verdict::rest) continue;
          for (const uint32_t rest : after.rests[tails[i]]) entry.closing_exits.push_back({below[i], rest});
        }
      }
    }
    closing.tokens = static_cast<uint32_t>(entry.closing_tokens.size());
    closing.exits = static_cast<uint32_t>(entry.closing_exits.size());
    entry.closings.push_back(closing);
  }
}

const Masker::Entry& Masker::keep(const Local& key, std::unique_ptr<Entry> made) {
  bytes_ += made->bytes() + sizeof(Local) + 64;
  return *cache_.emplace(key, std::move(made)).first->second;
}

}  // namespace hob::constrain
