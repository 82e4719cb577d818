// Linear: a matrix in the dtype that its weights are kept in, and its product with activations.
//
//   at::Tensor y = product(layer.q_proj, x, 0);      // x [rows, in] -> [rows, out]
//
// Rows come in two sorts. A chunk of one sequence (the first `many` rows) is one matrix product of its own. All others are few
// (kFewRows of a sequence at most): they share one pass over the weights, and the result of each is what it would be
// alone. bf16 weights under f32 activations are widened inside the product (few) or panel by panel (many), so that they are
// read at half the bytes and never stand in memory twice. Tensors are only named here: torch's headers stay in .cpp
// files. Weights of mapped files borrow the mapping. [model] thread.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <vector>

namespace at {
class Tensor;
}

namespace hob::torch_engine {

/// Rows of one sequence that are few. Beyond, a matrix product of their own costs less.
inline constexpr int64_t kFewRows = 8;

struct Matrix {
  std::shared_ptr<const at::Tensor> weight;  // [out, in]
};

/// x [rows, in], contiguous.
at::Tensor product(const Matrix& matrix, const at::Tensor& x, int64_t many);
/// The products of several matrices with the same rows; few rows go through all of them at once.
std::vector<at::Tensor> products(std::initializer_list<const Matrix*> matrices, const at::Tensor& x, int64_t many);

}  // namespace hob::torch_engine
