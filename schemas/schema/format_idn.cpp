// Host names in any script: RFC 5890 to 5893.
#include <algorithm>
#include <string>
#include <vector>

#include "schemas/base/utf8.h"
#include "schemas/schema/format.h"
#include "schemas/schema/idn.h"

namespace hob::schema::formats {
namespace {

constexpr size_t kMaxName = 253;

bool is_dot(char32_t c) { return c == '.' || c == 0x3002 || c == 0xFF0E || c == 0xFF61; }
bool is_ascii(char32_t c) { return c < 0x80; }

/// The length that the label has on the wire; 0 when it is no label.
size_t wire_length(std::u32string label) {
  const bool ascii = std::all_of(label.begin(), label.end(), is_ascii);
  if (!ascii)
    return idn::is_u_label(label) ? idn::punycode_encode(label).value_or("").size() + 4 : 0;
  // Host names do not care about capitals.
  std::string text;
  for (char32_t& c : label) {
    if (c >= 'A' && c <= 'Z') c += 'a' - 'A';
    text += static_cast<char>(c);
  }
  const bool good = text.starts_with("xn--") ? idn::is_a_label(text) : idn::is_u_label(label);
  return good ? text.size() : 0;
}

}  // namespace

bool idn_hostname(std::string_view text) {
  if (text.size() > 4 * kMaxName) return false;
  size_t total = 0;
  bool any_right_to_left = false;
  bool any_digit_first = false;
  std::u32string label;
  const auto finish = [&] {
    any_right_to_left = any_right_to_left || idn::runs_right_to_left(label);
    any_digit_first =
        any_digit_first || (!label.empty() && label.front() >= '0' && label.front() <= '9');
    const size_t length = wire_length(std::move(label));
    label.clear();
    total += length + 1;
    return length != 0;
  };
  for (size_t at = 0; at < text.size();) {
    const char32_t c = utf8::next(text, at);
    if (c == utf8::kInvalid) return false;
    if (!is_dot(c)) {
      label += c;
    } else if (!finish()) {
      return false;
    }
  }
  // Among labels that run from right to left none begins with a digit (RFC 5893, section 2, rule
  // 1).
  return finish() && total <= kMaxName + 1 && !(any_right_to_left && any_digit_first);
}

}  // namespace hob::schema::formats
