#include "model/schedule/prefix_cache.h"

#include <algorithm>

#include "schemas/base/log.h"

namespace hob::schedule {
namespace {

size_t common_prefix(const std::vector<Token>& a, const std::vector<Token>& b) {
  const size_t most = std::min(a.size(), b.size());
  return static_cast<size_t>(std::mismatch(a.begin(), a.begin() + static_cast<ptrdiff_t>(most), b.begin()).first -
                             a.begin());
}

}  // namespace

PrefixCache::Reach PrefixCache::marked(const Kept& kept, size_t common) {
  for (auto mark = kept.marks.rbegin(); mark != kept.marks.rend(); ++mark) {
    if (mark->length <= common) return {mark->length, &*mark};
  }
  return {};
}

PrefixCache::Reach PrefixCache::reach(const Kept& kept, const std::vector<Token>& prompt) const {
  const size_t common = std::min(common_prefix(kept.tokens, prompt), prompt.size() - 1);
  if (kept.tokens.size() - common <= engine_.info().max_truncate) return {static_cast<uint32_t>(common), nullptr};
  return marked(kept, common);
}

Result<void> PrefixCache::go_to(Kept& kept, Reach reach, const std::vector<Token>& prompt) {
  if (reach.mark == nullptr) {
    const size_t back = kept.tokens.size() - reach.length;
    // An engine may have less slack than max_truncate after several truncations in a row.
    if (back > 0 && !engine_.truncate(kept.seq, static_cast<uint32_t>(back))) reach = marked(kept, reach.length);
  }
  if (reach.mark != nullptr) {
    HOB_TRY_VOID(engine_.restore(kept.seq, reach.mark->snapshot));
  } else if (engine_.length(kept.seq) != reach.length) {
    return Error(Code::internal, "The sequence cannot go back.");
  }
  kept.tokens.assign(prompt.begin(), prompt.begin() + reach.length);
  while (!kept.marks.empty() && kept.marks.back().length > reach.length) {
    engine_.drop(kept.marks.back().snapshot);
    kept.marks.pop_back();
  }
  return {};
}

template <typename Make>
Result<engine::SeqId> PrefixCache::make(Make&& make) {
  while (kept_.size() >= kMaxKept && evict_one(nullptr)) {
  }
  Result<engine::SeqId> seq = make();
  while (!seq && seq.error().code() == Code::overloaded && evict_one(nullptr)) seq = make();
  return seq;
}

PrefixCache::Kept& PrefixCache::add(Kept kept) {
  kept.used = ++uses_;
  return kept_.emplace_back(std::move(kept));
}

Result<PrefixCache::Kept*> PrefixCache::copy(
    Kept& from, const Reach& reach, const std::string& session, const std::vector<Token>& prompt) {
  from.used = ++uses_;
  from.busy = true;  // not evicted while it is copied
  auto seq = make([&] { return reach.mark != nullptr ? engine_.open() : engine_.fork(from.seq); });
  from.busy = false;
  if (!seq) return std::move(seq).error();
  Kept kept{*seq, session, reach.mark != nullptr ? std::vector<Token>() : from.tokens, {}, 0, true, false};
  if (auto moved = go_to(kept, reach, prompt); !moved) {
    engine_.close(*seq);
    return std::move(moved).error();
  }
  return &add(std::move(kept));
}

Result<PrefixCache::Kept*> PrefixCache::acquire(const std::string& session, const std::vector<Token>& prompt) {
  HOB_CHECK(!prompt.empty(), "A prompt has at least one token.");
  Kept* own = nullptr;
  Kept* best = nullptr;
  Reach best_reach;
  for (Kept& kept : kept_) {
    if (kept.busy) continue;
    const bool is_own = !session.empty() && kept.session == session;
    if (is_own) own = &kept;
    const Reach here = reach(kept, prompt);
    if (here.length > best_reach.length || (is_own && here.length == best_reach.length && here.length > 0)) {
      best = &kept;
      best_reach = here;
    }
  }
  if (best != nullptr && best == own) {
    if (go_to(*own, best_reach, prompt)) {
      own->busy = true;
      own->used = ++uses_;
      return own;
    }
    best = nullptr;  // a sequence that does not go back is of no use
  }
  if (own != nullptr) erase(*own);
  if (best != nullptr) {
    if (auto copied = copy(*best, best_reach, session, prompt)) return copied;
  }
  HOB_TRY(seq, make([&] { return engine_.open(); }));
  return &add({seq, session, {}, {}, 0, true, false});
}

void PrefixCache::appended(Kept& kept, const std::vector<Token>& ids) {
  kept.tokens.insert(kept.tokens.end(), ids.begin(), ids.end());
}

void PrefixCache::mark(Kept& kept) {
  const auto length = static_cast<uint32_t>(kept.tokens.size());
  if (kept.session.empty() || (!kept.marks.empty() && kept.marks.back().length >= length)) return;
  auto snapshot = engine_.snapshot(kept.seq);
  if (!snapshot) {
    log::warn("cache.no_snapshot", {{"error", snapshot.error().message()}});
    return;
  }
  kept.marks.push_back({*snapshot, length});
  if (kept.marks.size() > kMaxMarks) {
    engine_.drop(kept.marks.front().snapshot);
    kept.marks.erase(kept.marks.begin());
  }
}

bool PrefixCache::has_shared(const std::vector<Token>& prompt, size_t prefix) const {
  return std::any_of(kept_.begin(), kept_.end(), [&](const Kept& kept) {
    return kept.shared && kept.tokens.size() == prefix && common_prefix(kept.tokens, prompt) == prefix;
  });
}

void PrefixCache::share(const Kept& kept) {
  auto seq = make([&] { return engine_.fork(kept.seq); });
  if (!seq) {
    log::warn("cache.no_fork", {{"error", seq.error().message()}});
    return;
  }
  add({*seq, "", kept.tokens, {}, 0, false, true});
}

void PrefixCache::release(Kept& kept) {
  kept.busy = false;
  kept.used = ++uses_;
  if (kept.session.empty()) {
    erase(kept);
    return;
  }
  while (engine_.cache_bytes() > budget_bytes_) {
    if (evict_one(&kept)) continue;
    if (!kept.marks.empty()) {
      engine_.drop(kept.marks.front().snapshot);
      kept.marks.erase(kept.marks.begin());
      continue;
    }
    erase(kept);
    return;
  }
}

void PrefixCache::discard(Kept& kept) { erase(kept); }

void PrefixCache::erase(Kept& kept) {
  for (const Mark& mark : kept.marks) engine_.drop(mark.snapshot);
  engine_.close(kept.seq);
  kept_.remove_if([&](const Kept& other) { return &other == &kept; });
}

bool PrefixCache::evict_one(const Kept* except) {
  Kept* oldest = nullptr;
  for (Kept& kept : kept_) {
    if (kept.busy || &kept == except) continue;
    if (oldest == nullptr || kept.used < oldest->used) oldest = &kept;
  }
  if (oldest == nullptr) return false;
  erase(*oldest);
  return true;
}

}  // namespace hob::schedule
