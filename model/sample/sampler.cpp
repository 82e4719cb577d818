#include "model/sample/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace hob::sample {
namespace {

// The finalizer of SplitMix64 (Steele, Lea, Flood 2014).
uint64_t mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

}  // namespace

double uniform(uint64_t seed, uint64_t counter) {
  return static_cast<double>(mix(mix(seed) ^ counter) >> 11) * 0x1.0p-53;
}

Sampler::Sampler(Options options, std::vector<Token> suppressed)
    : options_(options), suppressed_(std::move(suppressed)) {
  std::sort(suppressed_.begin(), suppressed_.end());
  std::sort(options_.bias.begin(), options_.bias.end());
}

float Sampler::biased(float logit, size_t id) const {
  const auto before = [](const std::pair<Token, float>& one, size_t token) { return one.first < token; };
  auto at = std::lower_bound(options_.bias.begin(), options_.bias.end(), id, before);
  for (; at != options_.bias.end() && at->first == id; ++at) logit += at->second;
  return logit;
}

Result<void> Sampler::gather(std::span<const float> logits, Mask mask) {
  scored_.clear();
  auto next_suppressed = suppressed_.begin();
  const auto take = [&](size_t id) -> bool {
    while (next_suppressed != suppressed_.end() && *next_suppressed < id) ++next_suppressed;
    if (next_suppressed != suppressed_.end() && *next_suppressed == id) return true;
    const float logit = options_.bias.empty() ? logits[id] : biased(logits[id], id);
    if (std::isnan(logit) || logit == std::numeric_limits<float>::infinity()) return false;
    if (logit > -std::numeric_limits<float>::infinity()) scored_.push_back({logit, static_cast<Token>(id)});
    return true;
  };
  bool numbers = true;
  if (mask.empty()) {
    for (size_t id = 0; id < logits.size() && numbers; ++id) numbers = take(id);
  } else {
    for (size_t word = 0; word < mask.size() && numbers; ++word) {
      for (uint64_t bits = mask[word]; bits != 0 && numbers; bits &= bits - 1) {
        const size_t id = word * 64 + static_cast<size_t>(__builtin_ctzll(bits));
        if (id < logits.size()) numbers = take(id);
      }
    }
  }
  if (!numbers) return Error(Code::model_failed, "The model's logits are not numbers (NaN or infinite).");
  if (scored_.empty()) return Error(Code::model_failed, "No token is allowed at this position.");
  return {};
}

Result<std::vector<Candidate>> Sampler::distribution(std::span<const float> logits, Mask mask) {
  HOB_TRY_VOID(gather(logits, mask));
  const auto better = [](const Scored& a, const Scored& b) {
    return a.logit != b.logit ? a.logit > b.logit : a.token > b.token;  // of equals, the lower id leaves top-p first
  };
  if (options_.temperature <= 0) {
    const auto best = std::max_element(scored_.begin(), scored_.end(),
                                       [](const Scored& a, const Scored& b) { return a.logit < b.logit; });
    return std::vector<Candidate>{{best->token, 1.0}};
  }
  if (options_.top_k > 0 && options_.top_k < scored_.size()) {
    const auto kth = scored_.begin() + (options_.top_k - 1);
    std::nth_element(scored_.begin(), kth, scored_.end(), better);
    const float least = kth->logit;
    std::erase_if(scored_, [&](const Scored& s) { return s.logit < least; });
  }
  std::sort(scored_.begin(), scored_.end(), better);
  const double top = scored_.front().logit;
  std::vector<Candidate> out;
  out.reserve(scored_.size());
  double sum = 0;
  for (const Scored& s : scored_) {
    out.push_back({s.token, std::exp((s.logit - top) / options_.temperature)});
    sum += out.back().probability;
  }
  if (options_.top_p < 1.0) {
    // From the least probable up: leave out while all so far together stay within 1 - p.
    double tail = 0;
    while (out.size() > 1) {
      tail += out.back().probability / sum;
      if (tail > 1.0 - options_.top_p) break;
      out.pop_back();
    }
  }
  if (options_.min_p > 0) {
    // The best has the weight 1 here.
    while (out.size() > 1 && out.back().probability < options_.min_p) out.pop_back();
  }
  sum = 0;
  for (const Candidate& c : out) sum += c.probability;
  for (Candidate& c : out) c.probability /= sum;
  return out;
}

namespace {

// The logarithm of the sum of all exponentials.
Result<double> log_sum(std::span<const float> logits) {
  double top = -std::numeric_limits<double>::infinity();
  for (const float logit : logits) {
    if (std::isnan(logit) || logit == std::numeric_limits<float>::infinity()) {
      return Error(Code::model_failed, "The model's logits are not numbers (NaN or infinite).");
    }
    top = std::max(top, static_cast<double>(logit));
  }
  if (!std::isfinite(top)) return Error(Code::model_failed, "The model gives every token the probability 0.");
  double sum = 0;
  for (const float logit : logits) sum += std::exp(logit - top);
  return top + std::log(sum);
}

}  // namespace

Result<double> log_probability(std::span<const float> logits, Token token) {
  if (token >= logits.size()) {
    return Error(Code::invalid_params, "There is no token " + std::to_string(token) + " among " +
                                           std::to_string(logits.size()) + " logits.");
  }
  HOB_TRY(whole, log_sum(logits));
  return logits[token] - whole;
}

Result<std::vector<LogProbability>> top_log_probabilities(std::span<const float> logits, size_t count) {
  HOB_TRY(whole, log_sum(logits));
  std::vector<LogProbability> out(logits.size());
  for (size_t id = 0; id < out.size(); ++id) out[id] = {static_cast<Token>(id), logits[id] - whole};
  count = std::min(count, out.size());
  std::partial_sort(out.begin(), out.begin() + static_cast<ptrdiff_t>(count), out.end(),
                    [](const LogProbability& a, const LogProbability& b) {
                      return a.value != b.value ? a.value > b.value : a.token < b.token;
                    });
  out.resize(count);
  return out;
}

Result<Token> Sampler::choose(std::span<const float> logits, Mask mask, uint64_t position) {
  HOB_TRY(candidates, distribution(logits, mask));
  const double drawn = uniform(options_.seed, position);
  double sum = 0;
  for (const Candidate& c : candidates) {
    sum += c.probability;
    if (drawn < sum) return c.token;
  }
  return candidates.back().token;  // rounding left the sum below the drawn number
}

}  // namespace hob::sample
