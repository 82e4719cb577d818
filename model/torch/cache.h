// LayerCache: the keys and values that one layer of one sequence holds.
//
//   Slot slot = cache.prepare(start, time);      // where the new keys and values are to be written
//   Held held = cache.held(from, start + time);  // [kv_heads, positions, head_dim] views
//
// A slab [kv_heads, capacity, head_dim] holds positions from `first` on. Copies of a LayerCache share the slab: forks and
// snapshots cost nothing until somebody writes. Whoever holds the newest position may append in place; others copy
// what they need first. Sliding layers drop what lies further back than `keep` when the slab is full. The sequence, not
// the cache, knows its length, so a failed forward needs no undoing. [model] thread.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "model/engine/engine.h"

namespace at {
class Tensor;
}

namespace hob::torch_engine {

struct CacheShape {
  int64_t kv_heads = 0;
  int64_t head_dim = 0;
  int64_t keep = 0;       // positions before the next one that must stay; 0: all
  int64_t room = 0;       // capacity at which a sliding slab is tidied instead of grown
  int64_t most = 0;       // positions a sequence may have
  bool bf16 = false;
};

struct Slab;

/// Raw places for `time` new positions; head n starts at n * head_stride elements.
struct Slot {
  void* keys = nullptr;
  void* values = nullptr;
  size_t head_stride = 0;
};

class LayerCache {
 public:
  explicit LayerCache(const CacheShape& shape);

  /// Makes room for positions [start, start + time) and returns where they go.
  Slot prepare(int64_t start, int64_t time);
  /// Views of positions [from, to): keys, values.
  std::pair<at::Tensor, at::Tensor> held(int64_t from, int64_t to) const;
  /// The first position that is still there.
  int64_t first() const;
  uint64_t bytes() const;
  /// Identity of the shared storage, for counting it once.
  const void* storage() const { return slab_.get(); }
  const CacheShape& shape() const { return shape_; }

 private:
  CacheShape shape_;
  std::shared_ptr<Slab> slab_;
};

/// Copies as f32.
engine::Donor copy_out(const LayerCache& cache, int64_t from, int64_t to);

}  // namespace hob::torch_engine
