#include "model/torch/need.h"

#include "model/torch/kernels.h"

namespace hob::torch_engine {

namespace {
constexpr uint64_t kWorkBytes = 64u << 20;
}

DecoderOptions decoder_options(WeightType asked, bool force_bf16, gemma::Dtype in_file) {
  const bool bf16 = asked == WeightType::bf16 || (asked == WeightType::automatic && in_file == gemma::Dtype::bf16);
  DecoderOptions out;
  out.compute = bf16 && (force_bf16 || cpu_has_bf16()) ? Compute::bf16 : Compute::f32;
  out.narrow_weights = bf16 && out.compute == Compute::f32;
  out.slack = kCacheSlack;
  return out;
}

MemoryNeed memory_need(const gemma::Config& config, const gemma::Weights& weights, const DecoderOptions& options) {
  MemoryNeed out;
  // Mapped weights count, too: a model whose every token reads from the disk is of no use.
  out.weights = weights.hot_bytes() + Decoder::copied_bytes(weights, options);
  out.caches = Decoder::kv_bytes_per_token(config, options.compute) * options.context +
               Decoder::sliding_bytes(config, options);
  out.work = kWorkBytes;
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
