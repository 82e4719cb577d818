// dequantise: rows of packed weights, as GGUF files hold them, become f32.
//
//   dequantise_row(Dtype::q4_k, row_bytes, out);      // out.size() elements: whole blocks
//
// Blocks of 32 or 256 values share scales; the layouts are those of the format, the arithmetic that of its reference, so that
// values are equal bit by bit. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "model/gemma/safetensors.h"

namespace hob::gemma {

/// f32, f16, bf16 and the packed types. `bytes` must hold exactly out.size() elements (a failed check ends the process).
void dequantise_row(Dtype dtype, std::span<const std::byte> bytes, std::span<float> out);

float half_to_float(uint16_t bits);

}  // namespace hob::gemma
