#include "model/text/white_space.h"

#include <cstddef>

#include "schemas/base/utf8.h"

namespace hob::text {
namespace {

bool is_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

}  // namespace

std::string_view trim(std::string_view text) {
  size_t begin = 0;
  for (size_t at = 0; at < text.size(); begin = at) {
    if (!is_space(utf8::next(text, at))) break;
  }
  text.remove_prefix(begin);
  while (!text.empty()) {
    size_t start = text.size() - 1;
    while (start > 0 && (static_cast<unsigned char>(text[start]) & 0xC0) == 0x80) --start;
    size_t at = start;
    if (!is_space(utf8::next(text, at)) || at != text.size()) break;
    text.remove_suffix(text.size() - start);
  }
  return text;
}

}  // namespace hob::text
