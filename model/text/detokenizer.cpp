#include "model/text/detokenizer.h"

#include "schemas/base/utf8.h"

namespace hob::text {
namespace {

constexpr std::string_view kReplacement = "\uFFFD";

// How many bytes a character has that begins with this byte; 0 where none does.
size_t length_from(uint8_t first) {
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return 2;
  if (first >= 0xE0 && first <= 0xEF) return 3;
  if (first >= 0xF0 && first <= 0xF4) return 4;
  return 0;
}

// Whether some bytes could follow to make it a character (RFC 3629, table 3-7 of Unicode).
bool may_grow(std::string_view held) {
  const auto at = [held](size_t index) { return static_cast<uint8_t>(held[index]); };
  const size_t length = length_from(at(0));
  if (length == 0 || held.size() >= length) return false;
  for (size_t index = 1; index < held.size(); ++index) {
    uint8_t low = 0x80;
    uint8_t high = 0xBF;
    if (index == 1) {
      if (at(0) == 0xE0) low = 0xA0;
      if (at(0) == 0xED) high = 0x9F;
      if (at(0) == 0xF0) low = 0x90;
      if (at(0) == 0xF4) high = 0x8F;
    }
    if (at(index) < low || at(index) > high) return false;
  }
  return true;
}

}  // namespace

Detokenizer::Detokenizer(const Tokenizer& tokenizer, Specials specials)
    : tokenizer_(tokenizer), specials_(specials) {}

void Detokenizer::emit_characters(std::string& out) {
  while (!held_.empty() && !may_grow(held_)) {
    size_t at = 0;
    if (utf8::next(held_, at) == utf8::kInvalid) {
      out += kReplacement;
      at = 1;
    } else {
      out.append(held_, 0, at);
    }
    held_.erase(0, at);
  }
}

std::string Detokenizer::push(Token token) {
  if (tokenizer_.is_byte(token)) {
    std::string out;
    held_ += tokenizer_.shown(token);
    emit_characters(out);
    return out;
  }
  const std::string_view text =
      tokenizer_.is_special(token) && specials_ == Specials::skip ? "" : tokenizer_.shown(token);
  if (text.empty()) return {};
  std::string out = finish();
  out += text;
  return out;
}

std::string Detokenizer::finish() {
  std::string out;
  for (size_t byte = 0; byte < held_.size(); ++byte) out += kReplacement;
  held_.clear();
  return out;
}

}  // namespace hob::text
