#include "model/schedule/lookup_drafter.h"

#include <algorithm>
#include <bit>

namespace hob::schedule {

Drafters free_drafters(const Automaton& automaton) {
  Drafters out;
  out.push_back(std::make_unique<GrammarDrafter>(automaton));
  out.push_back(std::make_unique<LookupDrafter>());
  return out;
}

size_t LookupDrafter::slot(std::span<const Token> run) const {
  uint64_t hash = run.size();
  for (const Token token : run) hash = (hash ^ token) * 0x9e3779b97f4a7c15u, hash ^= hash >> 29;
  return static_cast<size_t>(hash) & (tables_[0].size() - 1);
}

void LookupDrafter::index(std::span<const Token> history) {
  if (history.size() > tables_[0].size() / 2) {
    for (Table& table : tables_) table.assign(std::bit_ceil(history.size() * 3 + 256), 0);
    indexed_ = 0;
  }
  // A run that ends with the history has nothing behind it yet: it is what is looked for, not found.
  for (size_t end = indexed_ + 1; end < history.size(); ++end) {
    for (size_t i = 0; i < kLengths; ++i) {
      const size_t length = kShortest + i;
      if (length <= end) tables_[i][slot(history.subspan(end - length, length))] = static_cast<uint32_t>(end);
    }
  }
  indexed_ = std::max(indexed_, history.size() - 1);
}

std::vector<Token> LookupDrafter::propose(const DraftInput& input, size_t most) {
  const std::span<const Token> history = input.history;
  if (history.size() < kShortest || most == 0) return {};
  index(history);
  // The last tokens of what is said and guessed.
  std::vector<Token> last(history.end() - static_cast<ptrdiff_t>(std::min(history.size(), kLongest)), history.end());
  last.insert(last.end(), input.ahead.begin(), input.ahead.end());
  for (size_t length = std::min(kLongest, last.size()); length >= kShortest; --length) {
    const auto run = std::span<const Token>(last).last(length);
    const size_t end = tables_[length - kShortest][slot(run)];
    if (end < length || !std::equal(run.begin(), run.end(), history.begin() + static_cast<ptrdiff_t>(end - length))) continue;
    const size_t count = std::min(most, history.size() - end);
    const auto found = history.subspan(end, count);
    return {found.begin(), found.end()};
  }
  return {};
}

}  // namespace hob::schedule
