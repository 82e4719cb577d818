// Sampler: from the logits of one position to one token.
//
//   Sampler sampler({.temperature = 0.7, .top_k = 64, .top_p = 0.95, .seed = 7}, suppressed);
//   HOB_TRY(token, sampler.choose(logits, mask, position));
//
// Order, as transformers' processors have it: suppressed tokens and the mask first (they are never chosen, whatever the
// rest says), then temperature, top-k (ties with the k-th stay), top-p (the smallest set that reaches p; at least one
// token). Temperature 0 is greedy: the largest logit, the lowest id among equals. The drawn number depends on the seed
// and the position alone, so the same seed gives the same tokens whatever else runs. Any one thread at a time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/engine/engine.h"
#include "schemas/base/result.h"

namespace hob::sample {

using engine::Token;

struct Options {
  double temperature = 0.0;  // 0: greedy
  uint32_t top_k = 0;        // 0: no limit
  double top_p = 1.0;
  uint64_t seed = 0;
};

/// One bit a token, bit `id % 64` of word `id / 64`; an empty mask allows all.
using Mask = std::span<const uint64_t>;
inline bool allows(Mask mask, Token token) {
  return mask.empty() || (token / 64 < mask.size() && (mask[token / 64] >> (token % 64) & 1) != 0);
}

struct Candidate {
  Token token;
  double probability;
};

class Sampler {
 public:
  explicit Sampler(Options options, std::vector<Token> suppressed = {});

  /// The token for this position; `model_failed` on NaN or when nothing is allowed.
  Result<Token> choose(std::span<const float> logits, Mask mask, uint64_t position);
  /// What choose() draws from, most probable first. Greedy: one token of probability 1.
  Result<std::vector<Candidate>> distribution(std::span<const float> logits, Mask mask);

 private:
  struct Scored {
    float logit;
    Token token;
  };
  Result<void> gather(std::span<const float> logits, Mask mask);

  Options options_;
  std::vector<Token> suppressed_;  // sorted
  std::vector<Scored> scored_;     // kept between calls for its memory
};

/// A number in [0, 1) from a seed and a counter (two rounds of SplitMix64's finalizer).
double uniform(uint64_t seed, uint64_t counter);

}  // namespace hob::sample
