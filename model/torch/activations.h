// Activations: gated GELU and the soft cap of logits, element by element.
//
//   gelu_times(gate, up, out, count);     // out = gelu(gate) * up; GELU in its tanh form
//   soft_cap(logits, count, 30.0f);       // 30 * tanh(x / 30), in place
//
// T is float or Bf16, rounded where the reference implementation rounds. An element's result depends on nothing but its
// value: not on its place, nor on the count. NaN stays NaN. Raw pointers, no torch: any thread.
#pragma once

#include "model/torch/kernels.h"

namespace hob::torch_engine {

template <typename T>
void gelu_times(const T* gate, const T* up, T* out, size_t count);

template <typename T>
void soft_cap(T* x, size_t count, float cap);

}  // namespace hob::torch_engine
