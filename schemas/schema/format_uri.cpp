// References: RFC 3986 (URI), 3987 (IRI), 6570 (templates).
#include <algorithm>

#include "schemas/base/utf8.h"
#include "schemas/schema/format.h"
#include "schemas/schema/uri.h"

namespace hob::schema::formats {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool in(std::string_view set, char c) { return set.find(c) != std::string_view::npos; }

constexpr std::string_view kSubDelims = "!$&'()*+,;=";

/// RFC 3987, ucschar; `private_too` adds iprivate, which only queries may have.
bool iri_character(char32_t c, bool private_too) {
  if (c == utf8::kInvalid || c < 0xA0) return false;
  if (c >= 0xE000 && c <= 0xF8FF) return private_too;
  if (c >= 0xF0000) return private_too && (c & 0xFFFF) <= 0xFFFD;
  if (c >= 0xFDD0 && c <= 0xFDEF) return false;
  if (c >= 0xFFF0 && c <= 0xFFFF) return false;
  if (c >= 0xE0000 && c <= 0xE0FFF) return false;
  return (c & 0xFFFF) <= 0xFFFD;
}

/// Unreserved, percent-encoded, sub-delims and what is in `extra`.
bool made_of(
    std::string_view text, std::string_view extra, bool international, bool query = false
) {
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '%') {
      if (at + 2 >= text.size() || !is_hex(text[at + 1]) || !is_hex(text[at + 2])) return false;
      at += 3;
    } else if (static_cast<unsigned char>(c) >= 0x80) {
      if (!international || !iri_character(utf8::next(text, at), query)) return false;
    } else {
      if (!is_letter(c) && !is_digit(c) && !in("-._~", c) && !in(kSubDelims, c) && !in(extra, c))
        return false;
      ++at;
    }
  }
  return true;
}

bool bracketed_host(std::string_view host) {
  host = host.substr(1, host.size() - 2);
  if (!host.starts_with('v') && !host.starts_with('V')) return ipv6(host);
  const size_t dot = host.find('.');
  if (dot == std::string_view::npos || dot < 2 || dot + 1 >= host.size()) return false;
  const std::string_view version = host.substr(1, dot - 1);
  return std::all_of(version.begin(), version.end(), is_hex) && !in(host, '%') &&
         made_of(host.substr(dot + 1), ":", false);
}

bool good_authority(std::string_view text, bool international) {
  if (const size_t at = text.rfind('@'); at != std::string_view::npos) {
    if (!made_of(text.substr(0, at), ":", international)) return false;
    text.remove_prefix(at + 1);
  }
  const size_t bracket = text.rfind(']');
  const size_t colon = text.rfind(':');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    const std::string_view port = text.substr(colon + 1);
    if (!std::all_of(port.begin(), port.end(), is_digit)) return false;
    text = text.substr(0, colon);
  }
  if (text.starts_with('[')) return text.ends_with(']') && bracketed_host(text);
  return made_of(text, "", international);
}

bool good_scheme(std::string_view text) {
  return !text.empty() && is_letter(text.front()) &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return is_letter(c) || is_digit(c) || in("+-.", c);
         });
}

bool reference(std::string_view text, bool international, bool needs_scheme) {
  const Uri uri = Uri::split(text);
  if (needs_scheme && !uri.scheme) return false;
  if (uri.scheme && !good_scheme(*uri.scheme)) return false;
  if (uri.authority && !good_authority(*uri.authority, international)) return false;
  // A first segment with a colon would have been a scheme.
  if (!uri.scheme && !uri.authority) {
    const size_t colon = uri.path.find(':');
    if (colon != std::string::npos && colon < uri.path.find('/')) return false;
  }
  return made_of(uri.path, ":@/", international) &&
         (!uri.query || made_of(*uri.query, ":@/?", international, true)) &&
         (!uri.fragment || made_of(*uri.fragment, ":@/?", international));
}

/// RFC 6570, 2.3 and 2.4: one name with its modifier.
bool variable(std::string_view text) {
  if (text.ends_with('*')) {
    text.remove_suffix(1);
  } else if (const size_t colon = text.find(':'); colon != std::string_view::npos) {
    const std::string_view length = text.substr(colon + 1);
    if (length.empty() || length.size() > 4 || length[0] == '0' ||
        !std::all_of(length.begin(), length.end(), is_digit))
      return false;
    text = text.substr(0, colon);
  }
  if (text.empty() || text.front() == '.' || text.back() == '.') return false;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '%') {
      if (at + 2 >= text.size() || !is_hex(text[at + 1]) || !is_hex(text[at + 2])) return false;
      at += 2;
    } else if (text[at] == '.') {
      if (text[at - 1] == '.') return false;
    } else if (!is_letter(text[at]) && !is_digit(text[at]) && text[at] != '_') {
      return false;
    }
  }
  return true;
}

bool expression(std::string_view text) {
  if (!text.empty() && in("+#./;?&", text.front())) text.remove_prefix(1);
  for (;;) {
    const size_t comma = text.find(',');
    if (!variable(text.substr(0, comma))) return false;
    if (comma == std::string_view::npos) return true;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

bool uri(std::string_view text) { return reference(text, false, true); }
bool uri_reference(std::string_view text) { return reference(text, false, false); }
bool iri(std::string_view text) { return reference(text, true, true); }
bool iri_reference(std::string_view text) { return reference(text, true, false); }

bool uri_template(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '{') {
      const size_t close = text.find('}', at);
      if (close == std::string_view::npos || !expression(text.substr(at + 1, close - at - 1)))
        return false;
      at = close + 1;
    } else if (c == '%') {
      if (at + 2 >= text.size() || !is_hex(text[at + 1]) || !is_hex(text[at + 2])) return false;
      at += 3;
    } else if (static_cast<unsigned char>(c) >= 0x80) {
      if (!iri_character(utf8::next(text, at), true)) return false;
    } else {
      if (c <= ' ' || c == 0x7f || in("\"<>\\^`|}", c)) return false;
      ++at;
    }
  }
  return true;
}

}  // namespace hob::schema::formats
