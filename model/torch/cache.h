// LayerCache: the keys and values that one layer of one sequence holds, in pages.
//
//   for (const Slot& slot : cache.prepare(start, time)) ...   // where the new keys and values are to be written
//   for (const Run& run : cache.held(from, start + time)) ... // where they lie, in order
//
// A page [keys, values][kv_heads, kPagePositions, head_dim] holds the positions of one multiple of kPagePositions. Copies of a
// LayerCache share pages: a fork, a snapshot and a session with the same prefix cost a list of pointers until somebody
// writes. Pages that are full never change. Of one that is not, whoever holds its newest position may go on in place; others
// copy it first. Sliding layers let go of pages that lie further back than `keep`, so a snapshot of theirs is the window at
// that length. The sequence, not the cache, knows its length, so a failed forward needs no undoing. [model] thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "model/engine/engine.h"

namespace hob::torch_engine {

/// Small enough that a fork's last page is cheap, large enough that attention does not notice where one ends.
inline constexpr int64_t kPagePositions = 64;

struct CacheShape {
  int64_t kv_heads = 0;
  int64_t head_dim = 0;
  int64_t keep = 0;       // positions before the next one that must stay; 0: all
  bool bf16 = false;

  /// Bytes of keys and values of one position.
  uint64_t position_bytes() const { return static_cast<uint64_t>(2 * kv_heads * head_dim) * (bf16 ? 2 : 4); }
  /// Elements from a head to the next one, of keys and of values alike.
  size_t head_stride() const { return static_cast<size_t>(kPagePositions * head_dim); }
};

/// Bytes of all pages that somebody holds, each counted once.
struct PageMemory {
  uint64_t bytes = 0;
};

struct Page;

/// Places for `count` new positions; head n begins head_stride() elements behind head n - 1.
struct Slot {
  void* keys = nullptr;
  void* values = nullptr;
  int64_t count = 0;
};

/// `count` positions behind one another; heads as in a Slot.
struct Run {
  const void* keys = nullptr;
  const void* values = nullptr;
  int64_t count = 0;
};

class LayerCache {
 public:
  LayerCache(const CacheShape& shape, std::shared_ptr<PageMemory> memory);

  /// Makes room for positions [start, start + time); what lay behind `start` is forgotten.
  std::vector<Slot> prepare(int64_t start, int64_t time);
  std::vector<Run> held(int64_t from, int64_t to) const;
  /// The first position that is still there.
  int64_t first() const { return first_page_ * kPagePositions; }
  const CacheShape& shape() const { return shape_; }

 private:
  CacheShape shape_;
  std::shared_ptr<PageMemory> memory_;
  int64_t first_page_ = 0;  // pages_[0] holds positions from first_page_ * kPagePositions on
  std::vector<std::shared_ptr<Page>> pages_;
};

/// Copies as f32.
engine::Donor copy_out(const LayerCache& cache, int64_t from, int64_t to);

}  // namespace hob::torch_engine
