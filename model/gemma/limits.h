// What numbers of a configuration may be at most. No published size comes near these; together they keep every byte count
// below 2^63.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hob::gemma {

inline constexpr uint32_t kMaxVocab = 1u << 22;
inline constexpr uint32_t kMaxHidden = 1u << 16;
inline constexpr uint32_t kMaxWide = 1u << 20;
inline constexpr uint32_t kMaxLayers = 512;
inline constexpr uint32_t kMaxHeads = 1024;
inline constexpr uint32_t kMaxHeadDim = 4096;
inline constexpr uint32_t kMaxPositions = 1u << 24;
inline constexpr uint32_t kMaxExperts = 4096;
inline constexpr size_t kMaxConfigBytes = 4u << 20;

}  // namespace hob::gemma
