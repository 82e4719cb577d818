// unpack: weights that no product reads as they are (F16, the packed types of GGUF files, and what lies there in two places)
// become bf16 or f32, once.
//
//   HOB_TRY_VOID(gemma::unpack(weights, files, Dtype::bf16, 2, progress));    // the files keep the new memory
//
// Row by row out of the mapping, whose pages are given back tensor by tensor: the file never stands in memory twice. Matrices
// become `to`, vectors f32. Nothing happens to tensors that are plain already.
#pragma once

#include <functional>

#include "model/gemma/weights.h"

namespace hob::gemma {

/// Called with the bytes of the files that are done, and those in all.
using UnpackProgress = std::function<void(uint64_t done, uint64_t total)>;

/// `to` is f32 or bf16 (rounded to the nearest, ties to even). `threads` of at least 1 share each matrix.
Result<void> unpack(Weights& weights, Safetensors& files, Dtype to, int threads, const UnpackProgress& progress);

/// Bytes that unpack() takes.
uint64_t unpacked_bytes(const Weights& weights, Dtype to);

}  // namespace hob::gemma
