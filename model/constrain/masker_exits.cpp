// Masker: tokens that go on after a value's end, judged by what stands below it.
#include "model/constrain/masker.h"

namespace hob::constrain {

using grammar::Kind;
using grammar::Local;
using grammar::Thread;
using grammar::Threads;

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
  set_bits(bits, after.all);
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

}  // namespace hob::constrain
