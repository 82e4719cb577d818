// TokenizerFile: what a Hugging Face tokenizer.json says, checked, before anything is built from it.
//
//   HOB_TRY(file, read_tokenizer_file(json, "models/tiny/tokenizer.json"));
//
// The file is untrusted. Only Gemma's kind is accepted (BPE with byte fallback, spaces written as U+2581, no other
// normalisation); everything else is refused by the name of its field, because a tokenizer that is almost right
// makes a model that is almost right. The vocabulary and the merges are read as a stream: as a tree they would take
// a few hundred megabytes. Values; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/text/vocabulary.h"
#include "schemas/base/result.h"

namespace hob::text {

struct AddedToken {
  Token id = 0;
  std::string content;
  bool special = false;
};

struct TokenizerFile {
  StringList pieces;              // by id, added tokens included, without holes
  std::vector<AddedToken> added;  // in the order of the file
  StringList merges;              // left and right in turn
  std::vector<uint32_t> ranks;    // of the merges, the lowest first; empty: their places
};

inline constexpr uint32_t kMaxPieces = 2'000'000;
inline constexpr size_t kMaxMerges = 8'000'000;
inline constexpr size_t kMaxPieceBytes = 4096;
inline constexpr size_t kMaxAddedTokens = 100'000;
inline constexpr size_t kMaxAddedTokenBytes = 256;

/// `name` is the file's name for messages.
Result<TokenizerFile> read_tokenizer_file(std::string_view json, std::string_view name);

}  // namespace hob::text
