#include "model/torch/cache.h"

#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cstring>

namespace hob::torch_engine {

struct Slab {
  at::Tensor keys, values;  // [kv_heads, capacity, head_dim]
  int64_t capacity = 0;
  int64_t first = 0;        // position at index 0
  int64_t filled = 0;       // indices below this hold somebody's positions
};

namespace {

constexpr int64_t kFirstCapacity = 128;

std::shared_ptr<Slab> make_slab(const CacheShape& shape, int64_t capacity) {
  auto slab = std::make_shared<Slab>();
  const auto options = at::TensorOptions().dtype(shape.bf16 ? at::kBFloat16 : at::kFloat);
  slab->keys = at::empty({shape.kv_heads, capacity, shape.head_dim}, options);
  slab->values = at::empty({shape.kv_heads, capacity, shape.head_dim}, options);
  slab->capacity = capacity;
  return slab;
}

/// Moves positions [from, to) of `source` to the front of `target`, which may be the same.
void move_positions(const Slab& source, Slab& target, int64_t from, int64_t to) {
  const auto row = static_cast<size_t>(source.keys.size(2) * source.keys.element_size());
  const auto heads = source.keys.size(0);
  const auto count = static_cast<size_t>(to - from);
  const auto move = [&](const at::Tensor& a, const at::Tensor& b) {
    const auto* in = static_cast<const char*>(a.const_data_ptr());
    auto* out = static_cast<char*>(b.mutable_data_ptr());
    for (int64_t head = 0; head < heads; ++head) {
      std::memmove(
        out + static_cast<size_t>(head * target.capacity) * row,
        in + static_cast<size_t>(head * source.capacity + from - source.first) * row, count * row
      );
    }
  };
  move(source.keys, target.keys);
  move(source.values, target.values);
  target.first = from;
  target.filled = to - from;
}

}  // namespace

LayerCache::LayerCache(const CacheShape& shape) : shape_(shape) {}

Slot LayerCache::prepare(int64_t start, int64_t time) {
  const int64_t from = shape_.keep > 0 ? std::max<int64_t>(slab_ ? slab_->first : 0, start - shape_.keep)
                                       : (slab_ ? slab_->first : 0);
  const bool sole = slab_ && slab_.use_count() == 1;
  const int64_t index = slab_ ? start - slab_->first : 0;
  const bool fits = slab_ && index + time <= slab_->capacity && (sole || index == slab_->filled);
  if (!fits) {
    const int64_t needed = start - from + time;
    const bool tidy = sole && shape_.keep > 0 && slab_->capacity >= shape_.room && needed <= slab_->capacity;
    if (tidy) {
      move_positions(*slab_, *slab_, from, start);
    } else {
      int64_t capacity = std::max(needed, kFirstCapacity);
      if (slab_) capacity = std::max(capacity, std::min(2 * slab_->capacity, shape_.keep > 0 ? shape_.room : shape_.most));
      capacity = std::max(needed, std::min(capacity, shape_.most));
      auto grown = make_slab(shape_, capacity);
      grown->first = from;
      if (slab_) move_positions(*slab_, *grown, from, start);
      slab_ = std::move(grown);
    }
  }
  const int64_t at = start - slab_->first;
  slab_->filled = at + time;
  const auto offset = static_cast<size_t>(at * shape_.head_dim * slab_->keys.element_size());
  return {
    static_cast<char*>(slab_->keys.mutable_data_ptr()) + offset,
    static_cast<char*>(slab_->values.mutable_data_ptr()) + offset,
    static_cast<size_t>(slab_->capacity * shape_.head_dim)
  };
}

std::pair<at::Tensor, at::Tensor> LayerCache::held(int64_t from, int64_t to) const {
  HOB_CHECK(slab_ && from >= slab_->first && to - slab_->first <= slab_->filled, "positions that a cache does not hold");
  return {
    slab_->keys.narrow(1, from - slab_->first, to - from), slab_->values.narrow(1, from - slab_->first, to - from)
  };
}

int64_t LayerCache::first() const { return slab_ ? slab_->first : 0; }

uint64_t LayerCache::bytes() const {
  return slab_ ? static_cast<uint64_t>(slab_->keys.nbytes() + slab_->values.nbytes()) : 0;
}

engine::Donor copy_out(const LayerCache& cache, int64_t from, int64_t to) {
  engine::Donor out;
  out.kv_heads = static_cast<uint32_t>(cache.shape().kv_heads);
  out.head_dim = static_cast<uint32_t>(cache.shape().head_dim);
  out.length = static_cast<uint32_t>(to - from);
  if (to == from) return out;
  const auto [keys, values] = cache.held(from, to);
  const auto copy = [](const at::Tensor& tensor) {
    const at::Tensor flat = tensor.to(at::kFloat).contiguous();
    const float* data = flat.const_data_ptr<float>();
    return std::vector<float>(data, data + flat.numel());
  };
  out.keys = copy(keys);
  out.values = copy(values);
  return out;
}

}  // namespace hob::torch_engine
