// ScoredPieces: a vocabulary as SentencePiece has it (pieces, scores, types; no merges), turned into one with merges.
//
//   HOB_TRY(file, merges_of(std::move(pieces), "model.gguf"));
//   HOB_TRY(tokenizer, Tokenizer::build(std::move(file), source, "model.gguf"));
//
// The rule of such a vocabulary: repeatedly join the adjacent pair whose joined piece has the highest score, the leftmost of
// equals. So each way to cut a piece into two others is a merge, and all merges of one piece have one rank. User-defined
// pieces (runs of newlines, spaces, tabs) go first, the longest before the others, as if they had been found before anything
// was joined. Untrusted; the error names the file and the key.
#pragma once

#include <string_view>
#include <vector>

#include "model/text/tokenizer_file.h"

namespace hob::text {

enum class PieceType : uint8_t { normal = 1, unknown = 2, control = 3, user_defined = 4, unused = 5, byte = 6 };

struct ScoredPieces {
  StringList pieces;  // as the file spells them; spaces may stand for U+2581 in user-defined ones
  std::vector<PieceType> types;
  std::vector<float> scores;  // empty: `merges` says what joins
  StringList merges;          // left and right in turn
};

/// The sizes of all lists must agree (a failed check ends the process). Control pieces become special added tokens.
Result<TokenizerFile> merges_of(ScoredPieces pieces, std::string_view name);

}  // namespace hob::text
