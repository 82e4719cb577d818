#include "schemas/schema/idn.h"

#include <re2/re2.h>

#include <algorithm>

#include "schemas/base/utf8.h"

namespace hob::schema::idn {
namespace {

constexpr size_t kMaxLabel = 63;

// RFC 3492, section 5.
constexpr uint32_t kBase = 36, kTmin = 1, kTmax = 26, kSkew = 38, kDamp = 700, kInitialBias = 72,
                   kInitialN = 128;

uint32_t adapt(uint32_t delta, uint32_t points, bool first) {
  delta = first ? delta / kDamp : delta / 2;
  delta += delta / points;
  uint32_t k = 0;
  for (; delta > (kBase - kTmin) * kTmax / 2; k += kBase) delta /= kBase - kTmin;
  return k + (kBase - kTmin + 1) * delta / (delta + kSkew);
}

uint32_t threshold(uint32_t k, uint32_t bias) {
  return k <= bias ? kTmin : k >= bias + kTmax ? kTmax : k - bias;
}

bool one_of(char32_t c, std::u32string_view set) {
  return set.find(c) != std::u32string_view::npos;
}

bool matches(char32_t c, const RE2& set) {
  return RE2::FullMatch(utf8::encode(std::u32string_view(&c, 1)), set);
}

bool is_mark(char32_t c) {
  static const RE2 kMark("\\p{M}");
  return c >= 0x300 && matches(c, kMark);
}
bool is_greek(char32_t c) {
  static const RE2 kGreek("\\p{Greek}");
  return matches(c, kGreek);
}
bool is_hebrew(char32_t c) {
  static const RE2 kHebrew("\\p{Hebrew}");
  return matches(c, kHebrew);
}
bool is_japanese(char32_t c) {
  static const RE2 kJapanese("[\\p{Hiragana}\\p{Katakana}\\p{Han}]");
  return c != 0x30FB && matches(c, kJapanese);
}
/// Canonical combining class 9.
bool is_virama(char32_t c) {
  return one_of(
      c,
      U"\u094D\u09CD\u0A4D\u0ACD\u0B4D\u0BCD\u0C4D\u0CCD\u0D3B\u0D3C\u0D4D\u0DCA\u0E3A\u0EBA\u0F84"
      U"\u1039"
      U"\u103A\u1714\u1734\u17D2\u1A60\u1B44\u1BAA\u1BAB\u1BF2\u1BF3\u2D7F\uA806\uA8C4\uA953\uA9C0"
      U"\uAAF6\uABED"
  );
}

/// RFC 5892: the exceptions first, then letters, digits and marks that have no capitals.
bool is_allowed(char32_t c) {
  if (c < 0x80) return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  if (one_of(c, U"\u00DF\u03C2\u06FD\u06FE\u0F0B\u3007")) return true;
  if (one_of(c, U"\u00B7\u0375\u05F3\u05F4\u30FB\u200C\u200D"))
    return true;  // judged by their neighbours
  if (one_of(c, U"\u0640\u07FA\u302E\u302F\u3031\u3032\u3033\u3034\u3035\u303B")) return false;
  // Old Hangul letters, compatibility forms and the like change under normalization.
  if ((c >= 0x1100 && c <= 0x11FF) || (c >= 0xA960 && c <= 0xA97F) || (c >= 0xD7B0 && c <= 0xD7FF))
    return false;
  if ((c >= 0xF900 && c <= 0xFAFF) || (c >= 0xFB00 && c <= 0xFDFF) || (c >= 0xFE70 && c <= 0xFFEF))
    return false;
  if (one_of(c, U"\u00AA\u00BA")) return false;
  static const RE2 kLetters("[\\p{Ll}\\p{Lo}\\p{Lm}\\p{Mn}\\p{Mc}\\p{Nd}]");
  return matches(c, kLetters);
}

bool right_to_left(char32_t c) {
  static const RE2 kRight(
      "[\\p{Hebrew}\\p{Arabic}\\p{Syriac}\\p{Thaana}\\p{Nko}\\p{Samaritan}\\p{Mandaic}]"
  );
  return c >= 0x590 && !is_mark(c) && !(c >= 0x660 && c <= 0x669) && !(c >= 0x6F0 && c <= 0x6F9) &&
         matches(c, kRight);
}

/// Arabic letters that join to both sides or to what follows: enough for the rule of U+200C.
bool joins(char32_t c) { return right_to_left(c) && c >= 0x620; }

bool joiner_fits(std::u32string_view label, size_t at) {
  if (at > 0 && is_virama(label[at - 1])) return true;
  if (label[at] == 0x200D) return false;
  size_t before = at;
  while (before > 0 && is_mark(label[before - 1])) --before;
  size_t after = at + 1;
  while (after < label.size() && is_mark(label[after])) ++after;
  return before > 0 && after < label.size() && joins(label[before - 1]) && joins(label[after]);
}

/// RFC 5892, appendix A.
bool context_fits(std::u32string_view label, size_t at) {
  switch (label[at]) {
    case 0xB7:
      return at > 0 && at + 1 < label.size() && label[at - 1] == 'l' && label[at + 1] == 'l';
    case 0x375:
      return at + 1 < label.size() && is_greek(label[at + 1]);
    case 0x5F3:
    case 0x5F4:
      return at > 0 && is_hebrew(label[at - 1]);
    case 0x30FB:
      return std::any_of(label.begin(), label.end(), is_japanese);
    case 0x200C:
    case 0x200D:
      return joiner_fits(label, at);
    default:
      return true;
  }
}

/// RFC 5893, section 2.
bool bidi_fits(std::u32string_view label) {
  const auto european = [](char32_t c) {
    return (c >= '0' && c <= '9') || (c >= 0x6F0 && c <= 0x6F9);
  };
  const auto arabic_digit = [](char32_t c) { return c >= 0x660 && c <= 0x669; };
  const bool any_arabic = std::any_of(label.begin(), label.end(), arabic_digit);
  const bool extended =
      std::any_of(label.begin(), label.end(), [](char32_t c) { return c >= 0x6F0 && c <= 0x6F9; });
  if (any_arabic && extended) return false;
  if (!runs_right_to_left(label)) return true;
  if (!right_to_left(label.front())) return false;
  if (any_arabic && std::any_of(label.begin(), label.end(), european)) return false;
  return std::all_of(label.begin(), label.end(), [&](char32_t c) {
    return right_to_left(c) || european(c) || arabic_digit(c) || is_mark(c) || c == '-' ||
           c == 0x200C || c == 0x200D;
  });
}

}  // namespace

std::optional<std::u32string> punycode_decode(std::string_view text) {
  std::u32string out;
  if (const size_t dash = text.rfind('-'); dash != std::string_view::npos) {
    out.assign(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(dash));
    text.remove_prefix(dash + 1);
  }
  uint64_t i = 0;
  uint32_t n = kInitialN;
  uint32_t bias = kInitialBias;
  for (size_t at = 0; at < text.size();) {
    const uint64_t old = i;
    uint64_t weight = 1;
    for (uint32_t k = kBase;; k += kBase) {
      if (at >= text.size()) return std::nullopt;
      const char c = text[at++];
      uint32_t digit = 0;
      if (c >= 'a' && c <= 'z') {
        digit = static_cast<uint32_t>(c - 'a');
      } else if (c >= 'A' && c <= 'Z') {
        digit = static_cast<uint32_t>(c - 'A');
      } else if (c >= '0' && c <= '9') {
        digit = static_cast<uint32_t>(c - '0') + 26;
      } else {
        return std::nullopt;
      }
      i += digit * weight;
      if (i > 0x7FFFFFFF || weight > 0x7FFFFFFF) return std::nullopt;
      const uint32_t t = threshold(k, bias);
      if (digit < t) break;
      weight *= kBase - t;
    }
    const auto points = static_cast<uint32_t>(out.size() + 1);
    bias = adapt(static_cast<uint32_t>(i - old), points, old == 0);
    n += static_cast<uint32_t>(i / points);
    i %= points;
    if (n > 0x10FFFF || (n >= 0xD800 && n < 0xE000)) return std::nullopt;
    out.insert(out.begin() + static_cast<std::ptrdiff_t>(i++), static_cast<char32_t>(n));
  }
  return out;
}

std::optional<std::string> punycode_encode(std::u32string_view text) {
  // Longer labels are refused anyway; this keeps every sum below 2^32.
  if (text.size() > 256) return std::nullopt;
  std::string out;
  for (const char32_t c : text) {
    if (c < 0x80) out += static_cast<char>(c);
  }
  const auto basic = static_cast<uint32_t>(out.size());
  uint32_t handled = basic;
  if (basic > 0) out += '-';
  uint32_t n = kInitialN;
  uint32_t delta = 0;
  uint32_t bias = kInitialBias;
  while (handled < text.size()) {
    uint32_t next = 0x110000;
    for (const char32_t c : text) {
      if (c >= n && c < next) next = c;
    }
    delta += (next - n) * (handled + 1);
    n = next;
    for (const char32_t c : text) {
      if (c < n) ++delta;
      if (c != n) continue;
      uint32_t q = delta;
      for (uint32_t k = kBase;; k += kBase) {
        const uint32_t t = threshold(k, bias);
        const uint32_t digit = q < t ? q : t + (q - t) % (kBase - t);
        out += static_cast<char>(digit < 26 ? 'a' + digit : '0' + (digit - 26));
        if (q < t) break;
        q = (q - t) / (kBase - t);
      }
      bias = adapt(delta, handled + 1, handled == basic);
      delta = 0;
      ++handled;
    }
    ++delta;
    ++n;
  }
  return out;
}

bool runs_right_to_left(std::u32string_view label) {
  return std::any_of(label.begin(), label.end(), right_to_left);
}

bool is_u_label(std::u32string_view label) {
  if (label.empty() || label.front() == '-' || label.back() == '-') return false;
  if (label.size() >= 4 && label[2] == '-' && label[3] == '-') return false;
  if (is_mark(label.front())) return false;
  for (size_t at = 0; at < label.size(); ++at) {
    if (!is_allowed(label[at]) || !context_fits(label, at)) return false;
  }
  if (!bidi_fits(label)) return false;
  if (std::all_of(label.begin(), label.end(), [](char32_t c) { return c < 0x80; }))
    return label.size() <= kMaxLabel;
  const auto encoded = punycode_encode(label);
  return encoded && encoded->size() + 4 <= kMaxLabel;
}

bool is_a_label(std::string_view label) {
  if (label.size() < 5 || label.size() > kMaxLabel) return false;
  std::string lower(label);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (!lower.starts_with("xn--")) return false;
  const auto decoded = punycode_decode(std::string_view(lower).substr(4));
  if (!decoded || !is_u_label(*decoded)) return false;
  const auto encoded = punycode_encode(*decoded);
  return encoded && *encoded == std::string_view(lower).substr(4) &&
         std::any_of(decoded->begin(), decoded->end(), [](char32_t c) { return c >= 0x80; });
}

}  // namespace hob::schema::idn
