// Detokenizer: turns a stream of tokens into text, never half a character.
//
//   Detokenizer text(tokenizer, Specials::skip);
//   send(text.push(token));   // may be empty while bytes are held back
//   send(text.finish());      // U+FFFD for what never became a character
//
// Byte pieces are held until they form a character. A byte that cannot be part of one becomes U+FFFD at once. For
// runs of bytes that are UTF-8 the pushed text is exactly Tokenizer::decode; for others decode replaces the whole
// run, which a stream cannot take back. The tokenizer must outlive it. One thread at a time.
#pragma once

#include <string>

#include "model/text/tokenizer.h"

namespace hob::text {

class Detokenizer {
 public:
  Detokenizer(const Tokenizer& tokenizer, Specials specials);

  std::string push(Token token);
  /// What is still held back; afterwards a new text may begin.
  std::string finish();
  bool holds_back() const { return !held_.empty(); }

 private:
  void emit_characters(std::string& out);

  const Tokenizer& tokenizer_;
  Specials specials_;
  std::string held_;  // a proper beginning of one character
};

}  // namespace hob::text
