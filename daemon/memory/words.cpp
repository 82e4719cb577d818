#include "daemon/memory/words.h"

#include <algorithm>
#include <array>

#include "schemas/base/utf8.h"

namespace hob::memory {
namespace {

bool is_plain(char32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

/// Punctuation, spaces and symbols beyond ASCII; everything else there counts as a letter.
bool is_foreign_gap(char32_t c) {
  return (c >= 0x80 && c < 0xC0 && c != 0xAA && c != 0xB5 && c != 0xBA) || c == 0xD7 || c == 0xF7 ||
         (c >= 0x2000 && c < 0x2C00) || (c >= 0x3000 && c < 0x3040) || (c >= 0xFF00 && c < 0xFF10) ||
         (c >= 0xE000 && c < 0xF900) || (c >= 0x1F000 && c < 0x20000);
}

bool stands_alone(char32_t c) {
  return (c >= 0x3040 && c < 0xA000) || (c >= 0xAC00 && c < 0xD800) || (c >= 0xF900 && c < 0xFB00) ||
         (c >= 0x20000 && c < 0x32000);
}

/// Simple case folding of the scripts of Europe; the rest stays.
char32_t lower(char32_t c) {
  if (c >= 'A' && c <= 'Z') return c + 32;
  if (c >= 0xC0 && c <= 0xDE && c != 0xD7) return c + 32;
  if ((c >= 0x100 && c <= 0x137) || (c >= 0x14A && c <= 0x177)) return c | 1;
  if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E)) return c + (c & 1);
  if (c >= 0x391 && c <= 0x3A9) return c + 32;
  if (c >= 0x410 && c <= 0x42F) return c + 32;
  if (c >= 0x400 && c <= 0x40F) return c + 80;
  return c;
}

bool ends(const std::string& word, std::string_view ending) {
  return word.size() > ending.size() && word.compare(word.size() - ending.size(), ending.size(), ending) == 0;
}

bool ascii_letters(const std::string& word) {
  return std::all_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

bool is_apostrophe(char32_t c) { return c == '\'' || c == 0x2019; }

}  // namespace

std::string fold(std::string word) {
  if (word.size() < 3 || !ascii_letters(word)) return word;
  if (word.size() >= 5) {
    const size_t our = word.find("our", 1);
    if (our != std::string::npos) word.erase(our + 1, 1);
  }
  const auto drop = [&word](size_t count) { word.resize(word.size() - count); };
  if (ends(word, "ies") && word.size() > 4) {
    drop(3);
    word += 'y';
  } else if (ends(word, "sses") || ends(word, "xes") || ends(word, "ches") || ends(word, "shes")) {
    drop(2);
  } else if (ends(word, "s") && word.size() > 3 && !ends(word, "ss") && !ends(word, "us") && !ends(word, "is")) {
    drop(1);
  }
  if (ends(word, "ing") && word.size() > 5) {
    drop(3);
  } else if (ends(word, "ed") && word.size() > 4) {
    drop(2);
  }
  if (ends(word, "e") && word.size() > 3) drop(1);
  if (word.size() > 3 && word[word.size() - 1] == word[word.size() - 2]) drop(1);
  if (word.size() > 3 && word.back() == 'y') word.back() = 'i';
  return word;
}

std::vector<std::string> words(std::string_view text) {
  std::vector<std::string> out;
  std::string word;
  const auto finish = [&] {
    if (word.empty()) return;
    if (word.size() > kMaxWordBytes) word = std::string(utf8::prefix(word, kMaxWordBytes));
    out.push_back(fold(std::move(word)));
    word.clear();
  };
  for (size_t at = 0; at < text.size();) {
    const char32_t c = utf8::next(text, at);
    if (is_apostrophe(c) && !word.empty()) {
      // "Mia's" is Mia, and "don't" is one word.
      size_t ahead = at;
      const char32_t next = ahead < text.size() ? utf8::next(text, ahead) : U' ';
      const bool last = ahead >= text.size() || !is_plain(static_cast<unsigned char>(text[ahead]));
      if ((next == 's' || next == 'S') && last) at = ahead;
      continue;
    }
    if (c == utf8::kInvalid || (c < 0x80 && !is_plain(c)) || is_foreign_gap(c)) {
      finish();
    } else if (stands_alone(c)) {
      finish();
      utf8::append(word, c);
      finish();
    } else {
      utf8::append(word, lower(c));
    }
  }
  finish();
  return out;
}

bool is_common(std::string_view folded) {
  static constexpr std::array<std::string_view, 62> kCommon = {
      "a",    "about", "am",   "an",   "and",  "ar",    "are",   "as",   "at",   "be",   "by",
      "can",  "did",   "do",   "does", "doe",  "for",   "from",  "has",  "have", "hav",  "he",
      "her",  "hi",    "his",  "how",  "i",    "im",    "in",    "is",   "it",   "its",  "me",
      "my",   "of",    "on",   "or",   "our",  "she",   "so",    "tel",  "that", "the",  "their",
      "they", "thi",   "this", "to",   "user", "was",   "we",    "were", "wer",  "what", "when",
      "wher", "which", "who",  "whos", "with", "would", "you"};
  return std::find(kCommon.begin(), kCommon.end(), folded) != kCommon.end();
}

}  // namespace hob::memory
