// Masker: where keys and texts end that must be new ones. What stands after such an end is the same for all, so the places
// where the slices' tokens close are judged at once, and those that would end a key or item which is there are left out.
#include <algorithm>

#include "model/constrain/masker.h"
#include "model/grammar/machine_text.h"

namespace hob::constrain {

using grammar::Kind;
using grammar::Local;
using grammar::Thread;
using grammar::Threads;

namespace {

constexpr uint32_t kEnough = 16;  // texts; more are not looked for among so many keys

}  // namespace

bool Masker::reads(const Thread& thread, Token token) const {
  Threads threads{thread};
  return accept(threads, trie_->vocabulary().bytes[token]);
}

void Masker::add_few(const Thread& thread, std::span<const Gather::Few> few, std::span<uint64_t> bits) {
  const uint64_t start = machine_->text_hash(thread.top);
  for (const Gather::Few& one : few) {
    const auto tokens = trie_->tree().tokens_at(one.node);
    if (one.known && !machine_->taken(thread, grammar::hash_text(start, one.text))) {
      set_bits(bits, tokens);
      continue;
    }
    for (const Token token : tokens) {
      if (reads(thread, token)) set_bit(bits, token);
    }
  }
}

void Masker::add_new_ends(const Thread& thread, std::span<const Gather::Run> runs, std::span<uint64_t> bits) {
  if (runs.empty()) return;
  const auto& closings = trie_->json().closings;
  const bool last = machine_->few_left(thread);  // perhaps what follows this end is not what follows another
  const uint64_t start = machine_->text_hash(thread.top);
  std::vector<uint32_t> apart;
  for (const Gather::Run& run : runs) {
    for (uint32_t i = run.first; i < run.last; ++i) {
      if (machine_->taken(thread, grammar::hash_text(start, closings[i].text))) {
        apart.push_back(i);
      } else if (last) {
        for (const Token token : trie_->tree().tokens_below(closings[i].node)) {
          if (reads(thread, token)) set_bit(bits, token);
        }
      }
    }
  }
  if (last) return;
  Threads ended;
  machine_->ended(thread, ended);
  add_ends(thread, ended, runs, apart, bits);
}

// The tokens that end a text at the closings of `runs` but those `apart`, where `ended` is what stands after each end.
void Masker::add_ends(const Thread& thread, const Threads& ended, std::span<const Gather::Run> runs,
                      std::span<const uint32_t> apart, std::span<uint64_t> bits) {
  const TokenTrie::Slices& slices = trie_->json();
  const std::span<const Token> ends(slices.all_ends);
  for (const Thread& end : ended) {
    levels_.clear();
    begin_levels(end);
    const After& after = list_all_exits();
    const auto add_run = [&](uint32_t first, uint32_t last) {
      const uint32_t from = first == 0 ? 0 : slices.closings[first - 1].ends;
      set_bits(bits, ends.subspan(from, slices.closings[last - 1].ends - from));
      const auto [all, some] = first == 0 ? std::pair<uint32_t, uint32_t>{} : after.upto[first - 1];
      set_bits(bits, std::span<const Token>(after.all).subspan(all, after.upto[last - 1].first - all));
      for (uint32_t i = some; i < after.upto[last - 1].second; ++i) {
        const Exit& exit = after.some[i];
        if (after.verdicts[exit.tail] != Verdict::ask) {
          add_exit(thread, exit, bits);
        } else if (!get_bit(bits, exit.token) && reads(thread, exit.token)) {
          set_bit(bits, exit.token);
        }
      }
    };
    auto hole = apart.begin();
    for (const Gather::Run& run : runs) {
      uint32_t first = run.first;
      for (; hole != apart.end() && *hole < run.last; ++hole) {
        if (first < *hole) add_run(first, *hole);
        first = *hole + 1;
      }
      if (first < run.last) add_run(first, run.last);
    }
  }
  levels_.clear();
}

// An undeclared key stands the same after its end whatever it is, so all places where one may close are judged at once; but
// not where it would be a declared one, or one that is there.
void Masker::mask_key_end(const Thread& thread, std::span<uint64_t> bits) {
  const TokenTrie::Slices& slices = trie_->json();
  std::span<const uint32_t> declared;
  if (thread.top.low < thread.top.high) declared = declared_ends(thread.top);
  std::vector<uint32_t> apart(declared.begin(), declared.end());  // closings that are no end of a new undeclared key
  if (thread.extras) {
    for (uint32_t i = 0; i < slices.closings.size(); ++i) {
      if (grammar::ExtraKeys::has(thread.extras.get(), grammar::hash_text(thread.top.a, slices.closings[i].text))) apart.push_back(i);
    }
    std::sort(apart.begin(), apart.end());
  }
  Thread undeclared{thread.top, thread.below, {}};
  undeclared.top.low = undeclared.top.high = undeclared.top.position = 0;
  Threads ended;
  machine_->step(Threads{undeclared}, '"', ended);
  const Gather::Run all{0, static_cast<uint32_t>(slices.closings.size())};
  add_ends(thread, ended, {&all, 1}, apart, bits);
  for (const uint32_t closing : declared) {
    const uint32_t node = slices.closings[closing].node;
    const auto below = trie_->tree().tokens_below(node);
    Threads threads{thread};
    if (!accept(threads, std::string_view(trie_->vocabulary().bytes[below.front()]).substr(0, trie_->tree().nodes()[node].depth))) continue;
    set_bits(bits, trie_->tree().tokens_at(node));
    walker_.mark(trie_->tree(), node, *machine_, threads, bits);
  }
}

// The closings that end a declared key which still fits.
const std::vector<uint32_t>& Masker::declared_ends(const Local& local) {
  Local key;
  key.kind = Kind::object;
  key.phase = grammar::key;
  key.node = local.node;
  key.spec = local.spec;
  key.low = local.low;
  key.high = local.high;
  key.position = local.position;
  const auto [at, fresh] = declared_.try_emplace(key);
  if (!fresh) return at->second;
  const auto& names = machine_->ir().nodes[local.node].objects[local.spec].names;
  const auto& closing_of = trie_->json().closing_of;
  for (uint32_t i = local.low; i < local.high; ++i) {
    const auto [first, last] = closing_of.equal_range(std::string_view(names[i]).substr(local.position));
    for (auto one = first; one != last; ++one) at->second.push_back(one->second);
  }
  std::sort(at->second.begin(), at->second.end());
  bytes_ += sizeof(Local) + 64 + at->second.size() * 4;
  return at->second;
}

// Inside an undeclared key of a language, or an item that is a text of one, too; lengths are part of an item's language.
const Masker::Entry& Masker::new_text_entry(const Thread& thread) {
  const Local& top = thread.top;
  const grammar::Node& node = machine_->ir().nodes[top.node];
  const bool item = top.kind == Kind::string;
  const auto language_of = [](const grammar::StringSpec& text) {
    return text.differing != grammar::kNoLanguage ? text.differing : text.language;
  };
  Local key;
  key.kind = top.kind;
  key.phase = grammar::key;
  key.lex = top.lex;
  key.utf8 = top.utf8;
  key.hex = top.hex;
  key.node = item ? language_of(node.strings[top.spec]) : node.objects[top.spec].others[top.way - 1u].language;
  key.position = top.position;
  key.state = top.state;
  key.way = 1;
  key.b = top.b >> 32 << 32;
  uint32_t enough = 0;
  if (!machine_->language(top)->endless()) {
    const size_t names = item ? 0 : node.objects[top.spec].names.size();
    const bool many = names > kEnough || grammar::ExtraKeys::more_than(machine_->others(thread), kEnough - static_cast<uint32_t>(names));
    enough = many ? grammar::kUnlimited - 1 : kEnough;
  }
  key.high = enough;
  if (const auto found = cache_.find(key); found != cache_.end()) return *found->second;
  auto made = std::make_unique<Entry>();
  Gather gather(*trie_, *machine_, tails_);
  gather.read_new(thread, enough);
  fill(*made, gather, top);
  made->ends = std::move(gather.ends);
  made->few = std::move(gather.few);
  return keep(key, std::move(made));
}

// Whether this is in a key of a class, of endlessly many, and reads the same text as these from the same place in it.
bool Masker::joins(const Thread& thread, std::span<const Thread* const> keys) const {
  const Local& top = thread.top;
  if (top.kind != Kind::object || top.way == 0 || machine_->dialect() != grammar::Dialect::json) return false;
  if (!machine_->language(top)->endless()) return false;
  if (keys.empty()) return true;
  const Local& first = keys.front()->top;
  return thread.below == keys.front()->below && top.node == first.node && top.spec == first.spec && top.lex == first.lex &&
         top.utf8 == first.utf8 && top.hex == first.hex && top.position == first.position && top.b >> 32 == first.b >> 32;
}

void Masker::mask_keys(std::span<const Thread* const> keys, std::span<uint64_t> bits, bool& fresh) {
  const Joint& known = joint(keys);
  add_inside(known.entry, bits, fresh);
  for (size_t i = 0; i < keys.size(); ++i) {
    levels_.clear();
    add_closings(*keys[i], known.entry, bits);
    add_new_ends(*keys[i], known.ends[i], bits);
  }
}

const Masker::Joint& Masker::joint(std::span<const Thread* const> keys) {
  const Local& first = keys.front()->top;
  std::vector<uint64_t> key{first.lex | uint64_t{first.utf8} << 8 | uint64_t{first.hex} << 16 | uint64_t{first.position} << 32, first.b >> 32};
  for (const Thread* one : keys) {
    const grammar::LanguageId of = machine_->ir().nodes[first.node].objects[first.spec].others[one->top.way - 1u].language;
    key.push_back(uint64_t{of} << 32 | one->top.state);
  }
  auto& place = joints_[key];
  if (place) return *place;
  Gather gather(*trie_, *machine_, tails_);
  Joint made;
  made.ends = gather.read_keys(keys);
  fill(made.entry, gather, first);
  bytes_ += made.entry.bytes() + key.size() * 8 + 128;
  for (const auto& ends : made.ends) bytes_ += ends.capacity() * sizeof(Gather::Run);
  place = std::make_unique<Joint>(std::move(made));
  return *place;
}

}  // namespace hob::constrain
