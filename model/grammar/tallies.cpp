// Arrays some of whose items are counted: what was counted, and whether the counts can still be met.
#include "model/grammar/ir.h"

namespace hob::grammar {
namespace {

uint32_t count_of(Tallies so_far, size_t tally) { return static_cast<uint32_t>(so_far >> (16 * tally) & 0xFFFF); }

}  // namespace

Tallies counted(const ArraySpec& array, Tallies so_far, unsigned mask) {
  for (size_t i = 0; i < array.tallies.size(); ++i) {
    const Tally& tally = array.tallies[i];
    const uint32_t limit = tally.max == kUnlimited ? tally.min : tally.max + 1;
    if ((mask >> i & 1) && count_of(so_far, i) < limit) so_far += Tallies{1} << (16 * i);
  }
  return so_far;
}

bool Ir::can_end(const ArraySpec& array, uint32_t index, Tallies so_far) {
  if (index < array.min_items) return false;
  for (size_t i = 0; i < array.tallies.size(); ++i) {
    const uint32_t count = count_of(so_far, i);
    if (count < array.tallies[i].min || count > array.tallies[i].max) return false;
  }
  return true;
}

bool Ir::can_finish(const ArraySpec& array, uint32_t index, Tallies so_far, int limit) const {
  const auto fits = [&](uint32_t at, unsigned mask) {
    const NodeId node = array.way(at, mask);
    return node != kNone && nodes[node].min_depth <= limit;
  };
  if (array.tallies.size() > 1) {  // no count has an upper limit and all items are alike: each wanted kind can still come
    bool some = index >= array.min_items;
    for (unsigned mask = 0; mask < array.masks(); ++mask) some = some || fits(index, mask);
    for (size_t i = 0; i < array.tallies.size() && some; ++i) {
      some = count_of(so_far, i) >= array.tallies[i].min;
      for (unsigned mask = 0; mask < array.masks() && !some; ++mask) some = (mask >> i & 1) && fits(index, mask);
    }
    return some;
  }
  const Tally& tally = array.tallies.front();
  const int64_t count = count_of(so_far, 0);
  const int64_t wanted = std::max<int64_t>(0, int64_t{tally.min} - count);
  const int64_t room = tally.max == kUnlimited ? INT64_MAX / 4 : int64_t{tally.max} - count;
  if (room < wanted) return false;
  // Between `low` and `high` of the items up to here can be counted ones.
  int64_t low = 0, high = 0;
  uint32_t at = index;
  for (;; ++at) {
    if (at >= array.min_items && low <= room && high >= wanted) return true;
    if (at >= array.max_items) return false;
    if (at >= array.prefix.size()) break;
    const bool out = fits(at, 0), in = fits(at, 1);
    if (!in && !out) return false;
    low += out ? 0 : 1;
    high += in ? 1 : 0;
  }
  const bool out = fits(at, 0), in = fits(at, 1);
  const int64_t least = at < array.min_items ? array.min_items - at : 0;
  const int64_t most = array.max_items == kUnlimited ? INT64_MAX / 4 : int64_t{array.max_items} - at;
  if (in && out) return low <= room && wanted <= high + most;
  if (in) return std::max(least, wanted - high) <= std::min(most, room - low);
  return out && low <= room && high >= wanted;
}

}  // namespace hob::grammar
