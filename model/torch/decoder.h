// Decoder: Gemma 4's and 3's text layers over libtorch: token ids in, logits out, keys and values appended to caches.
//
//   HOB_TRY(decoder, Decoder::build(config, weights, Compute::f32));
//   auto caches = decoder->empty_caches();
//   Chunk chunk{.ids = ids, .start = 0, .logits_from = ids.size() - 1, .caches = &caches};
//   std::vector<RowOutput> out = decoder->run({&chunk, 1});
//
// Chunks of several sequences go through the layers together: few positions of each (linear.h) and at most one longer chunk
// share every reading of the weights that they can, and what a chunk gives does not depend on the others. The order of operations and the places of rounding are the reference's, so that a
// bf16 run can be compared with it. Weights borrow the mapped files, which must outlive the decoder. run() throws what
// torch throws: the engine is the door that catches it. [model] thread, under inference mode.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "model/engine/engine.h"
#include "model/gemma/config.h"
#include "model/gemma/weights.h"
#include "model/torch/cache.h"

namespace hob::torch_engine {

/// The type of activations; weights may be kept narrower.
enum class Compute { f32, bf16 };

/// Sees what each stage of a chunk gave ("embeddings", "ple", "layer.3", "logits"), as f32: for tests and hunts. Returns
/// true when it wrote other values, which the next stage then starts from.
using Observer = std::function<bool(std::string_view stage, std::span<const int64_t> shape, std::span<float> values)>;

/// Called while weights are made ready: bytes done, bytes in all.
using Progress = std::function<void(uint64_t done, uint64_t total)>;

struct DecoderOptions {
  Compute compute = Compute::f32;
  bool narrow_weights = false;  // keep f32 weights of the files as bf16
  uint32_t context = 0;         // positions a sequence may have
  uint32_t slack = 64;          // positions behind the window that sliding layers keep, for taking steps back
  uint32_t chunk = 256;         // ids that a chunk usually has at most

  /// What matrices are kept as, where the file leaves the choice.
  bool bf16_weights() const { return compute == Compute::bf16 || narrow_weights; }
  gemma::Dtype weights() const { return bf16_weights() ? gemma::Dtype::bf16 : gemma::Dtype::f32; }
};

using Caches = std::vector<LayerCache>;        // one per layer that owns keys and values

struct Chunk {
  std::span<const engine::Token> ids;
  uint32_t start = 0;                          // position of ids[0]
  size_t logits_from = 0;                      // index into ids; ids.size() for none
  bool want_hidden = false;
  std::span<const float> soft_rows;            // [count, hidden]
  std::span<const uint32_t> soft_positions;    // indices into ids
  Caches* caches = nullptr;                    // the sequence's own
};

class Decoder {
 public:
  static std::unique_ptr<Decoder> build(
    const gemma::Config& config, const gemma::Weights& weights, const DecoderOptions& options, const Progress& progress
  );
  ~Decoder();

  Caches empty_caches() const;
  /// Bytes that all caches hold; what copies share is counted once.
  uint64_t cache_bytes() const;
  /// Appends each chunk to its caches. At most one has more than kFewRows ids. Logits are not checked for NaN here.
  /// An observer sees the chunks of one run stacked: the long one first, the others in their order.
  std::vector<engine::RowOutput> run(std::span<const Chunk> chunks);
  void observe(Observer observer);

  /// Bytes of copies that build() made because files are not in the dtype asked for.
  static uint64_t copied_bytes(const gemma::Weights& weights, const DecoderOptions& options);
  /// Bytes that one sequence's caches grow by with each position, and what the sliding layers take at most.
  static uint64_t kv_bytes_per_token(const gemma::Config& config, Compute compute);
  static uint64_t sliding_bytes(const gemma::Config& config, const DecoderOptions& options);
  /// Bytes that a long chunk takes beside, for the keys and values of one layer in one piece.
  static uint64_t gathered_bytes(const gemma::Config& config, const DecoderOptions& options);

 private:
  struct State;
  explicit Decoder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace hob::torch_engine
