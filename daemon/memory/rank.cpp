#include "daemon/memory/rank.h"

#include <algorithm>
#include <tuple>

#include "daemon/memory/words.h"

namespace hob::memory {
namespace {

constexpr double kCommonWeight = 0.1;
constexpr double kPrefixShare = 0.5;
constexpr size_t kMinPrefix = 4;

double found_share(const std::string& asked, const std::vector<std::string>& words) {
  double best = 0;
  for (const auto& word : words) {
    if (word == asked) return 1;
    if (asked.size() >= kMinPrefix && word.compare(0, asked.size(), asked) == 0) best = kPrefixShare;
  }
  return best;
}

}  // namespace

std::vector<Ranked> rank(
    const std::vector<std::string>& query, const std::vector<Candidate>& candidates, size_t limit) {
  double whole = 0;
  for (const auto& word : query) whole += is_common(word) ? kCommonWeight : 1;
  const bool all_common = std::all_of(query.begin(), query.end(), [](const auto& word) { return is_common(word); });
  std::vector<Ranked> ranked;
  for (size_t i = 0; i < candidates.size() && whole > 0; ++i) {
    double found = 0;
    bool telling = false;
    for (const auto& word : query) {
      const double share = found_share(word, candidates[i].words);
      found += share * (is_common(word) ? kCommonWeight : 1);
      telling = telling || (share > 0 && (all_common || !is_common(word)));
    }
    if (telling) ranked.push_back({i, found / whole});
  }
  std::stable_sort(ranked.begin(), ranked.end(), [&](const Ranked& a, const Ranked& b) {
    const Candidate& left = candidates[a.index];
    const Candidate& right = candidates[b.index];
    return std::tuple(a.score, left.bm25, left.created_ms) > std::tuple(b.score, right.bm25, right.created_ms);
  });
  if (ranked.size() > limit) ranked.resize(limit);
  return ranked;
}

}  // namespace hob::memory
