#include "model/schedule/prefix_cache.h"

#include <algorithm>

#include "schemas/base/log.h"

namespace hob::schedule {

Result<void> PrefixCache::go_to(engine::SeqId seq, const PrefixTree::State& state, size_t length) {
  HOB_TRY_VOID(engine_.restore(seq, state.snapshot()));
  if (state.length() > length) return engine_.truncate(seq, static_cast<uint32_t>(state.length() - length));
  return {};
}

Result<PrefixCache::Lease> PrefixCache::acquire(const std::vector<Token>& prompt) {
  HOB_CHECK(!prompt.empty(), "A prompt has at least one token.");
  const auto match = tree_.match(std::span(prompt).first(prompt.size() - 1), engine_.info().max_truncate);
  if (match.first != nullptr) tree_.renew(*match.first);
  const bool further = match.last == nullptr || match.last->length() < match.common;
  for (const PrefixTree::State* state : {further ? match.beyond : nullptr, match.last}) {
    if (state == nullptr) continue;
    HOB_TRY(seq, engine_.open());
    const size_t length = std::min(state->length(), match.common);
    // An engine may have less slack than max_truncate after several truncations in a row.
    if (go_to(seq, *state, length)) {
      tree_.renew(*state);
      return Lease{seq, {prompt.begin(), prompt.begin() + static_cast<ptrdiff_t>(length)}};
    }
    engine_.close(seq);
  }
  HOB_TRY(seq, engine_.open());
  return Lease{seq, {}};
}

void PrefixCache::appended(Lease& lease, const std::vector<Token>& ids) {
  lease.tokens.insert(lease.tokens.end(), ids.begin(), ids.end());
  drop_while_too_much();
}

void PrefixCache::remember(const Lease& lease) {
  if (lease.tokens.empty()) return;
  if (const auto* state = tree_.at(lease.tokens)) return tree_.renew(*state);
  auto snapshot = engine_.snapshot(lease.seq);
  if (!snapshot) return log::warn("cache.no_snapshot", {{"error", snapshot.error().message()}});
  tree_.insert(lease.tokens, *snapshot);
  drop_while_too_much();
}

void PrefixCache::release(const Lease& lease) {
  engine_.close(lease.seq);
  drop_while_too_much();
}

void PrefixCache::drop_while_too_much() {
  while (const PrefixTree::State* oldest = tree_.oldest()) {
    if (tree_.size() <= kMaxStates && engine_.cache_bytes() <= budget_bytes_) return;
    const engine::SnapshotId snapshot = oldest->snapshot();
    tree_.erase(*oldest);
    engine_.drop(snapshot);
  }
}

}  // namespace hob::schedule
