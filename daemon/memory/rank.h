// rank: which saved texts answer a query of one to three words, best first. The store finds candidates in its index
// and hands them here with the index's own score (bm25, larger is better).
//
//   const auto order = rank(words("cat"), candidates, 5);   // indexes into candidates
//
// First counts how much of the query is in the text, function words for a tenth; a word that only begins alike
// ("vegetar" in "vegetarian") counts half. Then bm25, then the newer one. Texts without any of the query's words are
// left out. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace hob::memory {

struct Candidate {
  std::vector<std::string> words;  // folded, of the text and its tags
  double bm25 = 0;
  int64_t created_ms = 0;
};

struct Ranked {
  size_t index = 0;
  double score = 0;  // the share of the query that was found, 0 to 1
};

std::vector<Ranked> rank(
    const std::vector<std::string>& query, const std::vector<Candidate>& candidates, size_t limit);

}  // namespace hob::memory
