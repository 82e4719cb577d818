#include "model/gemma/dequantise.h"

#include <bit>
#include <cstring>

#include "model/gemma/bf16.h"

namespace hob::gemma {
namespace {

using Byte = uint8_t;

float half_at(const Byte* at) { return half_to_float(static_cast<uint16_t>(at[0] | at[1] << 8)); }

/// d, 16 bytes of nibbles: low nibbles are the first half.
void q4_0(const Byte* block, float* out) {
  const float d = half_at(block);
  for (int i = 0; i < 16; ++i) {
    out[i] = d * static_cast<float>((block[2 + i] & 15) - 8);
    out[i + 16] = d * static_cast<float>((block[2 + i] >> 4) - 8);
  }
}

/// d, 32 fifth bits, 16 bytes of nibbles.
void q5_0(const Byte* block, float* out) {
  const float d = half_at(block);
  uint32_t high = 0;
  std::memcpy(&high, block + 2, 4);
  for (int i = 0; i < 16; ++i) {
    const int low = (block[6 + i] & 15) | static_cast<int>(high >> i & 1) << 4;
    const int top = (block[6 + i] >> 4) | static_cast<int>(high >> (i + 16) & 1) << 4;
    out[i] = d * static_cast<float>(low - 16);
    out[i + 16] = d * static_cast<float>(top - 16);
  }
}

void q8_0(const Byte* block, float* out) {
  const float d = half_at(block);
  for (int i = 0; i < 32; ++i) out[i] = d * static_cast<float>(static_cast<int8_t>(block[2 + i]));
}

struct ScaleMin {
  float scale, min;
};

/// Six-bit scale and minimum of the `index`th of eight groups, packed into 12 bytes.
ScaleMin scale_min(const Byte* packed, int index) {
  const int j = index % 4;
  const int d = packed[j], m = packed[4 + j], both = packed[8 + j];
  if (index < 4) return {static_cast<float>(d & 63), static_cast<float>(m & 63)};
  return {static_cast<float>((both & 15) | (d >> 2 & 48)), static_cast<float>(both >> 4 | (m >> 2 & 48))};
}

/// d, dmin, 12 bytes of scales, then (five bits only) 32 bytes of high bits, then 128 bytes of nibbles.
void q45_k(const Byte* block, float* out, bool five) {
  const float d = half_at(block), dmin = half_at(block + 2);
  const Byte* high = block + 16;
  const Byte* low = block + (five ? 48 : 16);
  for (int group = 0; group < 8; ++group) {
    const ScaleMin own = scale_min(block + 4, group);
    const float scale = d * own.scale, min = dmin * own.min;
    for (int i = 0; i < 32; ++i) {
      int value = low[group / 2 * 32 + i] >> (group % 2 * 4) & 15;
      if (five) value |= (high[i] >> group & 1) << 4;
      const float product = scale * static_cast<float>(value);
      out[group * 32 + i] = product - min;
    }
  }
}

/// 128 bytes of nibbles, 64 bytes of upper bit pairs, 16 signed scales, d.
void q6_k(const Byte* block, float* out) {
  const float d = half_at(block + 208);
  for (int group = 0; group < 8; ++group) {  // of 32 values
    const int half = group / 4, part = group % 4;
    for (int i = 0; i < 32; ++i) {
      const int low = block[half * 64 + part % 2 * 32 + i] >> (part / 2 * 4) & 15;
      const int high = block[128 + half * 32 + i] >> (part * 2) & 3;
      const int at = group * 32 + i;
      const float scale = d * static_cast<float>(static_cast<int8_t>(block[192 + at / 16]));
      out[at] = scale * static_cast<float>((low | high << 4) - 32);
    }
  }
}

}  // namespace

float half_to_float(uint16_t bits) {
  const uint32_t sign = static_cast<uint32_t>(bits & 0x8000u) << 16;
  const uint32_t exponent = bits >> 10 & 31u, fraction = bits & 1023u;
  if (exponent == 0) {
    const float value = static_cast<float>(fraction) * 0x1p-24f;
    return std::bit_cast<float>(std::bit_cast<uint32_t>(value) | sign);
  }
  if (exponent == 31) return std::bit_cast<float>(sign | 0x7f800000u | fraction << 13);
  return std::bit_cast<float>(sign | (exponent + 112) << 23 | fraction << 13);
}

void dequantise_row(Dtype dtype, std::span<const std::byte> bytes, std::span<float> out) {
  const size_t elements = block_elements(dtype), size = byte_size(dtype);
  HOB_CHECK(
    out.size() % elements == 0 && bytes.size() == out.size() / elements * size, "a packed row of another size was given"
  );
  const Byte* at = reinterpret_cast<const Byte*>(bytes.data());
  for (size_t i = 0; i < out.size(); i += elements, at += size) {
    float* to = out.data() + i;
    switch (dtype) {
      case Dtype::f32: std::memcpy(to, at, 4); break;
      case Dtype::f16: *to = half_at(at); break;
      case Dtype::bf16: *to = widen(Bf16{static_cast<uint16_t>(at[0] | at[1] << 8)}); break;
      case Dtype::q4_0: q4_0(at, to); break;
      case Dtype::q5_0: q5_0(at, to); break;
      case Dtype::q8_0: q8_0(at, to); break;
      case Dtype::q4_k: q45_k(at, to, false); break;
      case Dtype::q5_k: q45_k(at, to, true); break;
      case Dtype::q6_k: q6_k(at, to); break;
      default: HOB_CHECK(false, "weights of this dtype have no f32 values");
    }
  }
}

}  // namespace hob::gemma
