// Sampler: from the logits of one position to one token.
//
//   Sampler sampler({.temperature = 0.7, .top_k = 64, .top_p = 0.95, .seed = 7}, suppressed);
//   HOB_TRY(token, sampler.choose(logits, mask, position));
//
// Order, as transformers' processors have it: the bias, then suppressed tokens and the mask (what they forbid is never
// chosen, whatever the rest says), then temperature, top-k (ties with the k-th stay), top-p (the smallest set that
// reaches p; at least one token), min-p (what is less than p times as probable as the best goes). Temperature 0 is greedy: the largest logit, the lowest id among equals. The drawn number depends on the seed
// and the position alone, so the same seed gives the same tokens whatever else runs. Any one thread at a time.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "model/engine/engine.h"
#include "schemas/base/result.h"

namespace hob::sample {

using engine::Token;

struct Options {
  double temperature = 0.0;  // 0: greedy
  uint32_t top_k = 0;        // 0: no limit
  double top_p = 1.0;
  double min_p = 0.0;        // 0: no limit
  uint64_t seed = 0;
  std::vector<std::pair<Token, float>> bias = {};  // added to the logits of these tokens; of two for one token, both
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
  float biased(float logit, size_t id) const;
  Result<void> gather(std::span<const float> logits, Mask mask);

  Options options_;
  std::vector<Token> suppressed_;  // sorted
  std::vector<Scored> scored_;     // kept between calls for its memory
};

struct LogProbability {
  Token token;
  double value;  // natural logarithm
};

/// What the model itself thought of a token: its logarithm in the softmax of the bare logits, before bias, mask,
/// temperature and limits.
Result<double> log_probability(std::span<const float> logits, Token token);
/// The `count` most probable tokens in that softmax, best first, the lower id of equals first.
Result<std::vector<LogProbability>> top_log_probabilities(std::span<const float> logits, size_t count);

/// A number in [0, 1) from a seed and a counter (two rounds of SplitMix64's finalizer).
double uniform(uint64_t seed, uint64_t counter);

}  // namespace hob::sample
