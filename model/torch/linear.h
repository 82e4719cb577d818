// Matrix: one weight of a linear layer, in the dtype it is kept in, and its product with activations.
//
//   at::Tensor y = product(layer.q_proj, x);      // x [rows, in] -> [rows, out]
//
// bf16 weights under f32 activations are widened inside the product (a few rows) or panel by panel (many rows), so that
// they are read at half the bytes and never stand in memory twice. Tensors are only named here: torch's headers stay in
// .cpp files. Weights of mapped files borrow the mapping. [model] thread.
#pragma once

#include <memory>

namespace at {
class Tensor;
}

namespace hob::torch_engine {

struct Matrix {
  std::shared_ptr<const at::Tensor> weight;  // [out, in]
};

at::Tensor product(const Matrix& matrix, const at::Tensor& x);

}  // namespace hob::torch_engine
