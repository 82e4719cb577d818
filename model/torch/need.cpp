#include "model/torch/need.h"

#include "model/gemma/unpack.h"
#include "model/torch/kernels.h"

namespace hob::torch_engine {

namespace {
constexpr uint64_t kWorkBytes = 64u << 20;
}

gemma::Dtype kept_dtype(WeightType asked, const gemma::Weights& weights) {
  if (!gemma::is_packed(weights.dtype())) return weights.dtype();
  return asked == WeightType::f32 ? gemma::Dtype::f32 : gemma::Dtype::bf16;
}

DecoderOptions decoder_options(WeightType asked, bool force_bf16, gemma::Dtype kept) {
  const bool bf16 = asked == WeightType::bf16 || (asked == WeightType::automatic && kept == gemma::Dtype::bf16);
  DecoderOptions out;
  out.compute = bf16 && (force_bf16 || cpu_has_bf16()) ? Compute::bf16 : Compute::f32;
  out.narrow_weights = bf16 && out.compute == Compute::f32;
  out.slack = kCacheSlack;
  return out;
}

void compute_in_f32(DecoderOptions& options) {
  if (options.compute == Compute::f32) return;
  options.compute = Compute::f32;
  options.narrow_weights = true;
}

MemoryNeed memory_need(const gemma::Config& config, const gemma::Weights& weights, const DecoderOptions& options) {
  MemoryNeed out;
  // Mapped weights count, too: a model whose every token reads from the disk is of no use.
  const gemma::Weights plain = weights.only(gemma::Packing::plain);
  out.weights = plain.hot_bytes() + Decoder::copied_bytes(plain, options) + gemma::unpacked_bytes(weights, options.weights());
  out.caches = Decoder::kv_bytes_per_token(config, options.compute) * options.context +
               Decoder::sliding_bytes(config, options);
  out.work = kWorkBytes + Decoder::gathered_bytes(config, options);
  return out;
}

uint32_t longest_context(
  const gemma::Config& config, const gemma::Weights& weights, DecoderOptions options, uint64_t available
) {
  const auto fits = [&](uint32_t context) {
    options.context = context;
    return memory_need(config, weights, options).total() <= available;
  };
  uint32_t low = 0, high = config.max_positions;
  while (low < high) {
    const uint32_t middle = high - (high - low) / 2;
    if (fits(middle)) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

std::string gigabytes(uint64_t bytes) {
  const uint64_t hundredths = bytes / 10'000'000;
  const std::string rest = std::to_string(hundredths % 100);
  return std::to_string(hundredths / 100) + "." + (rest.size() == 1 ? "0" : "") + rest + " GB";
}

}  // namespace hob::torch_engine
