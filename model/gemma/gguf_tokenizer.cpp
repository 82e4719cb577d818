#include "model/gemma/gguf_tokenizer.h"

#include <cmath>

#include "model/gemma/fields.h"
#include "model/text/scored_pieces.h"

namespace hob::gemma {
namespace {

constexpr std::string_view kTokens = "tokenizer.ggml.tokens", kScores = "tokenizer.ggml.scores";
constexpr std::string_view kTypes = "tokenizer.ggml.token_type", kMerges = "tokenizer.ggml.merges";

Error wrong_item(const Gguf& file, std::string_view key, size_t at, const std::string& what) {
  return file.refuse("item " + std::to_string(at) + " of key \"" + std::string(key) + "\" " + what);
}

Result<std::vector<double>> as_long_as_tokens(const Gguf& file, std::string_view key, size_t tokens) {
  HOB_TRY(values, file.numbers(key));
  if (values.size() != tokens) {
    return file.refuse("key \"" + std::string(key) + "\" has " + std::to_string(values.size()) + " items, and " +
                       std::string(kTokens) + " " + std::to_string(tokens));
  }
  return values;
}

Result<void> read_types(const Gguf& file, text::ScoredPieces& out) {
  HOB_TRY(types, as_long_as_tokens(file, kTypes, out.pieces.size()));
  for (size_t i = 0; i < types.size(); ++i) {
    if (!(types[i] >= 1 && types[i] <= 6)) return wrong_item(file, kTypes, i, "must be a type from 1 to 6");
    out.types.push_back(static_cast<text::PieceType>(static_cast<int>(types[i])));
  }
  return {};
}

Result<void> read_scores(const Gguf& file, text::ScoredPieces& out) {
  HOB_TRY(scores, as_long_as_tokens(file, kScores, out.pieces.size()));
  for (size_t i = 0; i < scores.size(); ++i) {
    if (!std::isfinite(scores[i])) return wrong_item(file, kScores, i, "must be a finite number");
    out.scores.push_back(static_cast<float>(scores[i]));
  }
  return {};
}

Result<void> read_merges(const Gguf& file, text::ScoredPieces& out) {
  if (file.count(kMerges) > text::kMaxMerges) {
    return file.refuse("key \"" + std::string(kMerges) + "\" has more than 8,000,000 items");
  }
  size_t at = 0;
  return file.each_text(kMerges, 2 * text::kMaxPieceBytes + 1, [&](std::string_view merge) -> Result<void> {
    // A space can begin no piece here, but a piece of one character stands before the one that parts them.
    const size_t space = merge.find(' ', 1);
    if (space == std::string_view::npos || space + 1 == merge.size()) {
      return wrong_item(file, kMerges, at, "must be two pieces with a space between them");
    }
    out.merges.add(merge.substr(0, space));
    out.merges.add(merge.substr(space + 1));
    ++at;
    return {};
  });
}

}  // namespace

Result<text::Tokenizer> gguf_tokenizer(const Gguf& file) {
  const Fields fields(file.metadata(), file.name(), "key ");
  HOB_TRY(kind, fields.text_or("tokenizer.ggml.model", ""));
  const bool merges = kind == "gemma4";
  if (!merges && kind != "llama") {
    return fields.wrong("tokenizer.ggml.model", "\"llama\" (pieces with scores) or \"gemma4\" (with merges)");
  }
  HOB_TRY(prefix, fields.flag_or("tokenizer.ggml.add_space_prefix", !merges));
  if (prefix) return fields.wrong("tokenizer.ggml.add_space_prefix", "false: Gemma's text has no space before it");
  text::ScoredPieces pieces;
  if (file.count(kTokens) > text::kMaxPieces) {
    return file.refuse("key \"" + std::string(kTokens) + "\" has more than 2,000,000 items");
  }
  HOB_TRY_VOID(file.each_text(kTokens, text::kMaxPieceBytes, [&](std::string_view text) -> Result<void> {
    pieces.pieces.add(text);
    return {};
  }));
  HOB_TRY_VOID(read_types(file, pieces));
  if (merges) {
    HOB_TRY_VOID(read_merges(file, pieces));
  } else {
    HOB_TRY_VOID(read_scores(file, pieces));
  }
  HOB_TRY(made, text::merges_of(std::move(pieces), file.name()));
  const auto head = file.head();
  return text::Tokenizer::build(std::move(made), {reinterpret_cast<const char*>(head.data()), head.size()}, file.name());
}

Result<text::Tokenizer> load_tokenizer(const std::filesystem::path& model) {
  HOB_TRY(found, find_model_files(model));
  if (!found.gguf) return text::Tokenizer::load((found.directory / "tokenizer.json").string());
  HOB_TRY(file, Gguf::open(*found.gguf));
  return gguf_tokenizer(file);
}

}  // namespace hob::gemma
