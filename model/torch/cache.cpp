#include "model/torch/cache.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "model/torch/kernels.h"

namespace hob::torch_engine {

/// Keys, then values.
struct Page {
  Page(const CacheShape& shape, std::shared_ptr<PageMemory> in)
      : bytes(shape.position_bytes() * kPagePositions), data(::operator new(bytes, kAlign)), memory(std::move(in)) {
    memory->bytes += bytes;
  }
  ~Page() {
    memory->bytes -= bytes;
    ::operator delete(data, kAlign);
  }
  Page(const Page&) = delete;
  Page& operator=(const Page&) = delete;

  std::byte* keys() const { return static_cast<std::byte*>(data); }
  std::byte* values() const { return keys() + bytes / 2; }

  static constexpr std::align_val_t kAlign{64};
  uint64_t bytes;
  void* data;
  std::shared_ptr<PageMemory> memory;
  int64_t filled = 0;  // positions below this one are somebody's
};

namespace {

size_t row_bytes(const CacheShape& shape) { return static_cast<size_t>(shape.head_dim) * (shape.bf16 ? 2 : 4); }

/// A page with the first `count` positions of another.
std::shared_ptr<Page> copy_of(const Page& page, int64_t count, const CacheShape& shape) {
  auto out = std::make_shared<Page>(shape, page.memory);
  const size_t head = row_bytes(shape) * kPagePositions, used = row_bytes(shape) * static_cast<size_t>(count);
  for (size_t at = 0; at < out->bytes; at += head) std::memcpy(out->keys() + at, page.keys() + at, used);
  return out;
}

}  // namespace

LayerCache::LayerCache(const CacheShape& shape, std::shared_ptr<PageMemory> memory)
    : shape_(shape), memory_(std::move(memory)) {}

std::vector<Slot> LayerCache::prepare(int64_t start, int64_t time) {
  const int64_t needed = shape_.keep > 0 ? std::max<int64_t>(0, start - shape_.keep) / kPagePositions : 0;
  const int64_t gone = std::min<int64_t>(std::max<int64_t>(0, needed - first_page_), std::ssize(pages_));
  pages_.erase(pages_.begin(), pages_.begin() + gone);
  first_page_ += gone;
  HOB_CHECK(start >= first() && start <= first() + std::ssize(pages_) * kPagePositions, "a cache has no gaps");
  pages_.resize(static_cast<size_t>((start - first() + kPagePositions - 1) / kPagePositions));
  std::vector<Slot> out;
  for (int64_t at = start; at < start + time; at += out.back().count) {
    const int64_t index = at % kPagePositions;
    if (index == 0) {
      pages_.push_back(std::make_shared<Page>(shape_, memory_));
    } else if (pages_.back().use_count() > 1 && pages_.back()->filled != index) {
      pages_.back() = copy_of(*pages_.back(), index, shape_);
    }
    Page& page = *pages_.back();
    const int64_t count = std::min(kPagePositions - index, start + time - at);
    page.filled = index + count;
    const size_t offset = row_bytes(shape_) * static_cast<size_t>(index);
    out.push_back({page.keys() + offset, page.values() + offset, count});
  }
  return out;
}

std::vector<Run> LayerCache::held(int64_t from, int64_t to) const {
  HOB_CHECK(
    from >= first() && to <= first() + std::ssize(pages_) * kPagePositions, "positions that a cache does not hold"
  );
  std::vector<Run> out;
  for (int64_t at = from; at < to; at += out.back().count) {
    const int64_t index = at % kPagePositions;
    const Page& page = *pages_[static_cast<size_t>(at / kPagePositions - first_page_)];
    const size_t offset = row_bytes(shape_) * static_cast<size_t>(index);
    out.push_back({page.keys() + offset, page.values() + offset, std::min(kPagePositions - index, to - at)});
  }
  return out;
}

engine::Donor copy_out(const LayerCache& cache, int64_t from, int64_t to) {
  const CacheShape& shape = cache.shape();
  engine::Donor out;
  out.kv_heads = static_cast<uint32_t>(shape.kv_heads);
  out.head_dim = static_cast<uint32_t>(shape.head_dim);
  out.length = static_cast<uint32_t>(to - from);
  if (to == from) return out;
  const auto runs = cache.held(from, to);
  const auto copy = [&](const void* Run::*which) {
    std::vector<float> all(static_cast<size_t>(shape.kv_heads * (to - from) * shape.head_dim));
    float* at = all.data();
    for (size_t head = 0; head < static_cast<size_t>(shape.kv_heads); ++head) {
      for (const Run& run : runs) {
        const auto count = static_cast<size_t>(run.count * shape.head_dim);
        if (shape.bf16) {
          widen_all(static_cast<const Bf16*>(run.*which) + head * shape.head_stride(), at, count);
        } else {
          std::memcpy(at, static_cast<const float*>(run.*which) + head * shape.head_stride(), count * sizeof(float));
        }
        at += count;
      }
    }
    return all;
  };
  out.keys = copy(&Run::keys);
  out.values = copy(&Run::values);
  return out;
}

}  // namespace hob::torch_engine
