#include "model/text/scored_pieces.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "schemas/base/json.h"
#include "schemas/base/utf8.h"

namespace hob::text {
namespace {

constexpr std::string_view kSpaceMark = "\u2581";
constexpr size_t kTogether = 128;

std::string with_marks(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == ' ') {
      out += kSpaceMark;
    } else {
      out += c;
    }
  }
  return out;
}

Error bad(std::string_view name, const std::string& what) {
  return Error(Code::model_failed, std::string(name) + ": key \"tokenizer.ggml.tokens\": " + what);
}

std::string in_quotes(std::string_view text) { return json::dump(Json(std::string(text.substr(0, 60)))); }

/// Byte offsets at which a text can be cut in two.
void cuts_of(std::string_view text, std::vector<uint32_t>& out) {
  out.clear();
  for (size_t at = 1; at < text.size(); ++at) {
    if ((static_cast<unsigned char>(text[at]) & 0xC0) != 0x80) out.push_back(static_cast<uint32_t>(at));
  }
}

/// Ids in the order in which their merges go: user-defined pieces, the longest first, then the others by their score.
std::vector<Token> by_rank(const ScoredPieces& in, const StringList& pieces) {
  std::vector<Token> order;
  for (Token id = 0; id < in.types.size(); ++id) {
    if (in.types[id] == PieceType::normal || in.types[id] == PieceType::user_defined) order.push_back(id);
  }
  const auto defined = [&](Token id) { return in.types[id] == PieceType::user_defined; };
  std::stable_sort(order.begin(), order.end(), [&](Token a, Token b) {
    if (defined(a) != defined(b)) return defined(a);
    if (defined(a)) return utf8::length(pieces[a]) > utf8::length(pieces[b]);
    return in.scores[a] > in.scores[b];
  });
  return order;
}

Result<void> add_merges(const ScoredPieces& in, const StringList& pieces, std::string_view name, TokenizerFile& out) {
  const Vocabulary vocabulary{StringList(pieces)};
  const auto joins = [&](Token id) {
    return id != Vocabulary::kAbsent && (in.types[id] == PieceType::normal || in.types[id] == PieceType::user_defined);
  };
  std::vector<uint32_t> cuts;
  std::array<std::string_view, kTogether> texts;
  std::array<Token, kTogether> ids{};
  uint32_t rank = 0;
  for (const Token id : by_rank(in, pieces)) {
    const std::string_view piece = pieces[id];
    cuts_of(piece, cuts);
    for (size_t first = 0; first < cuts.size(); first += kTogether / 2) {
      const size_t some = std::min(kTogether / 2, cuts.size() - first);
      for (size_t i = 0; i < some; ++i) {
        texts[2 * i] = piece.substr(0, cuts[first + i]);
        texts[2 * i + 1] = piece.substr(cuts[first + i]);
      }
      vocabulary.find_all({texts.data(), 2 * some}, {ids.data(), 2 * some});
      for (size_t i = 0; i < some; ++i) {
        if (!joins(ids[2 * i]) || !joins(ids[2 * i + 1])) continue;
        if (out.ranks.size() >= kMaxMerges) return bad(name, "the pieces can be joined in more than 8,000,000 ways");
        out.merges.add(texts[2 * i]);
        out.merges.add(texts[2 * i + 1]);
        out.ranks.push_back(rank);
      }
    }
    ++rank;
  }
  return {};
}

}  // namespace

Result<TokenizerFile> merges_of(ScoredPieces in, std::string_view name) {
  const size_t count = in.pieces.size();
  HOB_CHECK(in.types.size() == count && (in.scores.empty() || in.scores.size() == count), "lists of pieces differ in length");
  if (count > kMaxPieces) return bad(name, "more than 2,000,000 pieces");
  TokenizerFile out;
  out.pieces.reserve(count, in.pieces.bytes() + 4096);
  for (Token id = 0; id < count; ++id) {
    const std::string_view text = in.pieces[id];
    const PieceType type = in.types[id];
    const std::string which = "item " + std::to_string(id);
    if (text.empty()) return bad(name, which + " is empty");
    if (!utf8::valid(text)) return bad(name, which + " is not UTF-8");
    const bool control = type == PieceType::control || type == PieceType::unknown || type == PieceType::unused;
    if (control || type == PieceType::user_defined) {
      if (text.size() > kMaxAddedTokenBytes) return bad(name, which + " is a control piece of more than 256 bytes: " + in_quotes(text));
      if (out.added.size() >= kMaxAddedTokens) return bad(name, "more than 100,000 pieces that are not normal ones");
    }
    // Runs of spaces are merged once they are written as marks: found in raw text they would not join marks beside them.
    const std::string spelled = type == PieceType::user_defined ? with_marks(text) : std::string(text);
    if (control || type == PieceType::user_defined) out.added.push_back({id, spelled, control});
    out.pieces.add(spelled);
  }
  std::vector<Token> sorted(count);
  std::iota(sorted.begin(), sorted.end(), Token{0});
  std::sort(sorted.begin(), sorted.end(), [&](Token a, Token b) { return out.pieces[a] < out.pieces[b]; });
  const auto twin = std::adjacent_find(sorted.begin(), sorted.end(), [&](Token a, Token b) { return out.pieces[a] == out.pieces[b]; });
  if (twin != sorted.end()) {
    return bad(name, "items " + std::to_string(std::min(*twin, twin[1])) + " and " + std::to_string(std::max(*twin, twin[1])) +
                       " are the same: " + in_quotes(out.pieces[*twin]));
  }
  if (in.scores.empty()) {
    out.merges = std::move(in.merges);
  } else {
    const StringList pieces = out.pieces;
    HOB_TRY_VOID(add_merges(in, pieces, name, out));
  }
  return out;
}

}  // namespace hob::text
