#include "model/gemma/unpack.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "model/gemma/bf16.h"
#include "model/gemma/dequantise.h"

namespace hob::gemma {
namespace {

constexpr size_t kAlignment = 64;
constexpr uint64_t kRowsWorthAThread = 64;

std::shared_ptr<std::byte> memory(uint64_t bytes) {
  void* data = std::aligned_alloc(kAlignment, static_cast<size_t>((bytes + kAlignment - 1) / kAlignment * kAlignment));
  return std::shared_ptr<std::byte>(static_cast<std::byte*>(data), [](std::byte* at) { std::free(at); });
}

Dtype target(const TensorView& view, Dtype to) { return view.shape.size() < 2 ? Dtype::f32 : to; }

void unpack_rows(const TensorView& from, Dtype to, std::byte* out, uint64_t first, uint64_t end) {
  const auto row = static_cast<size_t>(from.shape.back());
  const size_t packed = row / block_elements(from.dtype) * byte_size(from.dtype);
  const auto bytes_of = [&](uint64_t i) {
    std::span<const std::byte> place = from.bytes;
    if (!from.lower.empty()) {
      const uint64_t rows = from.shape[from.shape.size() - 2], half = rows / 2;
      if (i % rows >= half) place = from.lower;
      i = i / rows * half + i % rows % half;
    }
    return place.subspan(static_cast<size_t>(i) * packed, packed);
  };
  std::vector<float> values(row);
  for (uint64_t i = first; i < end; ++i) {
    dequantise_row(from.dtype, bytes_of(i), values);
    std::byte* at = out + i * row * byte_size(to);
    if (to == Dtype::f32) {
      std::memcpy(at, values.data(), row * sizeof(float));
      continue;
    }
    for (size_t k = 0; k < row; ++k, at += 2) {
      const Bf16 narrow = to_bf16(values[k]);
      std::memcpy(at, &narrow, sizeof narrow);
    }
  }
}

}  // namespace

uint64_t unpacked_bytes(const Weights& weights, Dtype to) {
  uint64_t out = 0;
  for (const auto& [name, view] : weights.all()) {
    if (!view.is_plain()) out += view.elements() * byte_size(target(view, to));
  }
  return out;
}

Result<void> unpack(Weights& weights, Safetensors& files, Dtype to, int threads, const UnpackProgress& progress) {
  const Weights packed = weights.only(Packing::packed);
  uint64_t total = 0, done = 0;
  for (const auto& [name, view] : packed.all()) total += view.byte_count();
  for (const auto& [name, view] : packed.all()) {
    const Dtype wanted = target(view, to);
    const uint64_t bytes = view.elements() * byte_size(wanted);
    const auto made = memory(bytes);
    if (!made) return Error(Code::model_failed, "Out of memory while " + name + " was unpacked.");
    const uint64_t rows = view.elements() / view.shape.back();
    const uint64_t workers = std::clamp<uint64_t>(rows / kRowsWorthAThread, 1, static_cast<uint64_t>(std::max(threads, 1)));
    std::vector<std::thread> others;
    for (uint64_t i = 1; i < workers; ++i) {
      others.emplace_back([&, &view = view, i] {
        unpack_rows(view, wanted, made.get(), rows * i / workers, rows * (i + 1) / workers);
      });
    }
    unpack_rows(view, wanted, made.get(), 0, rows / workers);
    for (std::thread& other : others) other.join();
    for (const auto& file : files.files()) {
      const auto whole = file->bytes();
      for (const auto& place : {view.bytes, view.lower}) {
        if (place.data() >= whole.data() && place.data() < whole.data() + whole.size()) file->let_go(place);
      }
    }
    weights.replace(name, {wanted, view.shape, {made.get(), static_cast<size_t>(bytes)}});
    files.keep(made);
    done += view.byte_count();
    if (progress) progress(done, total);
  }
  return {};
}

}  // namespace hob::gemma
