// Pieces: a prompt under construction, with the border between our words and everyone else's.
//
//   Pieces out;
//   out.ours("<|turn>user\n");        // a literal of the format: control tokens in it are control tokens
//   out.theirs(message.text);         // from outside: control tokens in it are plain text
//   tokenizer.encode(out.list());
//
// Neighbours of the same kind are one piece. A value; one thread at a time.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/text/tokenizer.h"

namespace hob::text {

/// The string delimiter of the format.
inline constexpr std::string_view kQuote = "<|\"|>";

class Pieces {
 public:
  void ours(std::string_view text) { add(text, true); }
  void theirs(std::string_view text) { add(text, false); }
  /// Text from outside between two string delimiters.
  void quoted(std::string_view text) {
    ours(kQuote);
    theirs(text);
    ours(kQuote);
  }
  void append(const Pieces& other) {
    for (const Piece& piece : other.list_) add(piece.text, piece.trusted);
  }

  bool empty() const { return list_.empty(); }
  const std::vector<Piece>& list() const { return list_; }
  /// The whole prompt as one text.
  std::string text() const {
    std::string all;
    for (const Piece& piece : list_) all += piece.text;
    return all;
  }

 private:
  void add(std::string_view text, bool trusted) {
    if (text.empty()) return;
    if (list_.empty() || list_.back().trusted != trusted) list_.push_back({"", trusted});
    list_.back().text += text;
  }

  std::vector<Piece> list_;
};

}  // namespace hob::text
