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
constexpr uint32_t kEnough = 16;  // texts; more are not looked for among so many keys
constexpr size_t kFew = 2048;  // below, a list of ids is smaller and faster than bits

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
void add(std::span<uint64_t> bits, std::span<const Token> more) {
  for (const Token token : more) set_bit(bits, token);
}
uint64_t hash_text(uint64_t hash, std::string_view text) {
  for (const char c : text) hash = grammar::hash_byte(hash, static_cast<unsigned char>(c));
  return hash;
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
  for (const Thread& thread : threads) mask_one(thread, bits, fresh);
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
    add(bits, slices.all_ends);
    return add_all_exits(thread, bits);
  }
  for (uint32_t n = inside.wanted; n <= room; ++n) {
    add(bits, slices.ends[n]);
    add_exits(thread, slices.exits[n], bits);
  }
}

void Masker::mask_entry(const Thread& thread, const Entry& known, std::span<uint64_t> bits, bool& fresh) {
  if (!known.inside.many.empty()) add(bits, known.inside.many, fresh);
  settle(bits, fresh);
  add(bits, known.inside.few);
  if (known.all_exits) {
    add_all_exits(thread, bits);
  } else {
    add_exits(thread, known.exits, bits);
  }
  uint32_t token = 0, exit = 0;
  for (const Closing& closing : known.closings) {
    const uint32_t tokens = closing.tokens - token, exits = closing.exits - exit;
    const std::string_view text = std::string_view(known.texts).substr(closing.text, closing.size);
    if (!closing.simple) {
      Threads threads{thread};
      if (accept(threads, text)) {
        add(bits, trie_->tree().tokens_at(closing.node));
        walker_.mark(trie_->tree(), closing.node, *machine_, threads, bits);
      }
    } else {
      bool had = false;
      if (thread.extras) {
        const std::string_view rest = text.substr(closing.key, text.size() - 1 - closing.key);
        had = grammar::ExtraKeys::has(thread.extras.get(), hash_text(closing.key == 0 ? thread.top.a : grammar::kHashStart, rest));
      }
      if (!had) {
        add(bits, std::span<const Token>(known.closing_tokens).subspan(token, tokens));
        if (exits > 0) add_exits(thread, std::span<const Exit>(known.closing_exits).subspan(exit, exits), bits);
      }
    }
    token = closing.tokens;
    exit = closing.exits;
  }
  for (const Token one : known.deep) {
    if (!get_bit(bits, one) && reads(thread, one)) set_bit(bits, one);
  }
  add_few(thread, known.few, bits);
  add_new_ends(thread, known.ends, bits);
}

bool Masker::reads(const Thread& thread, Token token) const {
  Threads threads{thread};
  return accept(threads, trie_->vocabulary().bytes[token]);
}

void Masker::add_few(const Thread& thread, std::span<const Gather::Few> few, std::span<uint64_t> bits) {
  const uint64_t start = machine_->text_hash(thread.top);
  for (const Gather::Few& one : few) {
    const auto tokens = trie_->tree().tokens_at(one.node);
    if (one.known && !machine_->taken(thread, hash_text(start, one.text))) {
      add(bits, tokens);
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
      if (machine_->taken(thread, hash_text(start, closings[i].text))) {
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
      add(bits, ends.subspan(from, slices.closings[last - 1].ends - from));
      const auto [all, some] = first == 0 ? std::pair<uint32_t, uint32_t>{} : after.upto[first - 1];
      add(bits, std::span<const Token>(after.all).subspan(all, after.upto[last - 1].first - all));
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
      if (grammar::ExtraKeys::has(thread.extras.get(), hash_text(thread.top.a, slices.closings[i].text))) apart.push_back(i);
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
    add(bits, trie_->tree().tokens_at(node));
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

void Masker::begin_levels(Thread next) {
  After* const after = &after_of(next);
  levels_.push_back({std::move(next), after});
}

void Masker::add_exits(const Thread& thread, std::span<const Exit> exits, std::span<uint64_t> bits) {
  if (exits.empty()) return;
  if (levels_.empty()) begin_levels(grammar::Machine::after(thread));
  for (const Exit& exit : exits) add_exit(thread, exit, bits);
}

void Masker::add_exit(const Thread& thread, const Exit& exit, std::span<uint64_t> bits) {
  const Verdict verdict = follows(0, exit.tail);
  if (verdict == Verdict::yes || (verdict == Verdict::ask && !get_bit(bits, exit.token) && reads(thread, exit.token))) {
    set_bit(bits, exit.token);
  }
}

Masker::After& Masker::list_all_exits() {
  After& after = *levels_[0].after;
  if (after.listed) return after;
  after.listed = true;
  const TokenTrie::Slices& slices = trie_->json();
  uint32_t at = 0;
  for (const TokenTrie::Closing& closing : slices.closings) {
    for (; at < closing.exits; ++at) {
      const Exit& exit = slices.all_exits[at];
      const Verdict verdict = after.verdicts[exit.tail];
      if (verdict == Verdict::yes) after.all.push_back(exit.token);
      if (verdict == Verdict::rest || verdict == Verdict::ask) after.some.push_back(exit);
    }
    after.upto.emplace_back(after.all.size(), after.some.size());
  }
  bytes_ += after.all.size() * 4 + after.some.size() * sizeof(Exit) + after.upto.size() * 8;
  return after;
}

void Masker::add_all_exits(const Thread& thread, std::span<uint64_t> bits) {
  if (levels_.empty()) begin_levels(grammar::Machine::after(thread));
  const After& after = list_all_exits();
  add(bits, after.all);
  add_exits(thread, after.some, bits);
}

// Whether `tail` can be read by what stands below the thread whose mask is made, from `level` on: yes, no, or the thread
// must be asked, for the levels know nothing of a value that must differ.
Masker::Verdict Masker::follows(size_t level, uint32_t tail) {
  After& after = *levels_[level].after;
  Verdict verdict = tail < after.verdicts.size() ? after.verdicts[tail] : Verdict::unknown;
  if (verdict == Verdict::unknown) verdict = judge(after, key_of(levels_[level].thread.top), tail);
  if (verdict == Verdict::ask && !machine_->compares(levels_[level].thread.top)) {
    Threads threads{levels_[level].thread};
    return accept(threads, tails_.text(tail)) ? Verdict::yes : Verdict::no;
  }
  if (verdict != Verdict::rest) return verdict;
  if (levels_.size() == level + 1) {
    Thread next = grammar::Machine::after(levels_[level].thread);
    After* const below = &after_of(next);
    levels_.push_back({std::move(next), below});
  }
  const std::vector<uint32_t>& rests = after.rests[tail];
  Verdict found = Verdict::no;
  for (const uint32_t rest : rests) {
    const Verdict one = follows(level + 1, rest);
    if (one == Verdict::yes) return one;
    if (one == Verdict::ask) found = one;
  }
  return found;
}

// The tails after quotes are judged at once, for they share their beginnings.
Masker::After& Masker::after_of(const Thread& thread) {
  const Local key = key_of(thread.top);
  auto& place = afters_[key];
  if (place) return *place;
  place = std::make_unique<After>();
  After& made = *place;
  made.verdicts.assign(trie_->tail_texts().size(), Verdict::no);
  const FlatTrie& tree = trie_->tails();
  std::vector<uint32_t> asked;
  Walker walker;
  walker.run(tree, 0, *machine_, {Thread{key, {}, {}}}, probes(*machine_, key), [&](uint32_t node, Threads& now) {
    bool alive = false, hole = false, extra = false;
    for (const Thread& one : now) {
      hole = hole || one.top.kind == Kind::hole;
      extra = extra || one.top.kind == Kind::extra;
      alive = alive || one.top.kind != Kind::extra;
    }
    const size_t depth = tree.nodes()[node].depth;
    for (const Token tail : tree.tokens_below(node).subspan(tree.tokens_at(node).size())) {
      if (extra) asked.push_back(tail);
      if (!hole) continue;
      made.rests[tail].push_back(tails_.id(tails_.text(tail).substr(depth)));
      if (made.verdicts[tail] == Verdict::no) made.verdicts[tail] = Verdict::rest;
    }
    for (const Token tail : tree.tokens_at(node)) {
      if (alive) made.verdicts[tail] = Verdict::yes;
      if (extra) asked.push_back(tail);
    }
    std::erase_if(now, [](const Thread& t) { return t.top.kind == Kind::hole || t.top.kind == Kind::extra; });
    return !now.empty();
  });
  for (const uint32_t tail : asked) {
    if (made.verdicts[tail] != Verdict::yes) made.verdicts[tail] = Verdict::ask;
  }
  bytes_ += sizeof(After) + sizeof(Local) + 64 + made.verdicts.size() + made.rests.size() * 96;
  return made;
}

Masker::Verdict Masker::judge(After& after, const Local& local, uint32_t tail) {
  Verdict verdict = Verdict::no;
  std::vector<uint32_t> rests;
  const std::string_view text = tails_.text(tail);
  Threads now{Thread{local, {}, {}}}, next;
  bool ask = false;
  for (size_t i = 0; i < text.size() && !now.empty(); ++i) {
    machine_->step(now, static_cast<unsigned char>(text[i]), next, probes(*machine_, local));
    std::swap(now, next);
    std::erase_if(now, [&](const Thread& t) {
      if (t.top.kind == Kind::extra) return ask = true;
      if (t.top.kind != Kind::hole) return false;
      if (i + 1 == text.size()) {
        verdict = Verdict::yes;
      } else {
        rests.push_back(tails_.id(text.substr(i + 1)));
      }
      return true;
    });
  }
  if (!now.empty()) verdict = Verdict::yes;
  if (verdict == Verdict::no && ask) verdict = Verdict::ask;
  if (verdict == Verdict::no && !rests.empty()) {
    verdict = Verdict::rest;
    after.rests[tail] = std::move(rests);
    bytes_ += 96;
  }
  if (after.verdicts.size() <= tail) after.verdicts.resize(tail + 64, Verdict::unknown);
  after.verdicts[tail] = verdict;
  return verdict;
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

void Masker::fill(Entry& entry, const Gather& found, const Local& local) {
  size_t count = 0;
  for (size_t i = 0; i < found.allowed.size() && count < kFew; ++i) {
    if (found.allowed[i] != 0) count += static_cast<size_t>(std::popcount(found.allowed[i]));
  }
  if (count < kFew) {
    entry.inside.few.reserve(count);
    for (size_t i = 0; i < found.allowed.size(); ++i) {
      for (uint64_t word = found.allowed[i]; word != 0; word &= word - 1) {
        entry.inside.few.push_back(static_cast<Token>(64 * i + static_cast<size_t>(std::countr_zero(word))));
      }
    }
  } else {
    entry.inside.many = found.allowed;
  }
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
