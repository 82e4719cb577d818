// Names and addresses of the net: RFC 5321 (mail), 1123 (host names), 2673 (IPv4), 4291 (IPv6).
#include <algorithm>

#include "schemas/base/utf8.h"
#include "schemas/schema/format.h"
#include "schemas/schema/idn.h"

namespace hob::schema::formats {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

bool plain_label(std::string_view label) {
  if (label.empty() || label.size() > 63 || label.front() == '-' || label.back() == '-')
    return false;
  if (!std::all_of(label.begin(), label.end(), [](char c) {
        return is_letter(c) || is_digit(c) || c == '-';
      }))
    return false;
  return true;
}

/// Splits at each dot and asks `good` about every part.
template <typename Good>
bool each_label(std::string_view name, Good good) {
  for (;;) {
    const size_t dot = name.find('.');
    if (!good(name.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

bool atom_character(char c, bool international) {
  if (static_cast<unsigned char>(c) >= 0x80) return international;
  return is_letter(c) || is_digit(c) ||
         std::string_view("!#$%&'*+-/=?^_`{|}~").find(c) != std::string_view::npos;
}

bool local_part(std::string_view text, bool international) {
  if (text.empty() || text.size() > 64) return false;
  if (text.front() == '"') {
    if (text.size() < 2 || text.back() != '"') return false;
    text = text.substr(1, text.size() - 2);
    for (size_t at = 0; at < text.size(); ++at) {
      if (text[at] == '"') return false;
      if (text[at] == '\\' && ++at >= text.size()) return false;
      const auto c = static_cast<unsigned char>(text[at]);
      if (c < 0x20 || c == 0x7f || (c >= 0x80 && !international)) return false;
    }
    return true;
  }
  return each_label(text, [&](std::string_view part) {
    return !part.empty() && std::all_of(part.begin(), part.end(), [&](char c) {
      return atom_character(c, international);
    });
  });
}

bool mail_domain(std::string_view text, bool international) {
  if (text.starts_with('[') && text.ends_with(']')) {
    text = text.substr(1, text.size() - 2);
    return text.starts_with("IPv6:") ? ipv6(text.substr(5)) : ipv4(text);
  }
  if (!international) return text.size() <= 253 && each_label(text, plain_label);
  // Not only what IDNA registers: mail systems normalize before they look up (RFC 6531, 3.2).
  return text.size() <= 1000 && each_label(text, [](std::string_view label) {
           return !label.empty() && label.front() != '-' && label.back() != '-' &&
                  std::all_of(label.begin(), label.end(), [](char c) {
                    return static_cast<unsigned char>(c) >= 0x80 || is_letter(c) || is_digit(c) ||
                           c == '-';
                  });
         });
}

bool mailbox(std::string_view text, bool international) {
  const size_t at = text.rfind('@');
  return at != std::string_view::npos && local_part(text.substr(0, at), international) &&
         mail_domain(text.substr(at + 1), international);
}

}  // namespace

bool email(std::string_view text) { return mailbox(text, false); }

bool idn_email(std::string_view text) { return mailbox(text, true); }

bool hostname(std::string_view text) {
  return text.size() <= 253 && each_label(text, [](std::string_view label) {
           if (!plain_label(label)) return false;
           // "xn--" promises a name in another script; other names do not have dashes there by
           // accident.
           if (label.size() < 4 || label[2] != '-' || label[3] != '-') return true;
           return idn::is_a_label(label);
         });
}

bool ipv4(std::string_view text) {
  int parts = 0;
  return each_label(
             text,
             [&](std::string_view part) {
               if (++parts > 4 || part.empty() || part.size() > 3 ||
                   !std::all_of(part.begin(), part.end(), is_digit))
                 return false;
               if (part.size() > 1 && part[0] == '0') return false;
               int value = 0;
               for (const char c : part) value = value * 10 + (c - '0');
               return value <= 255;
             }
         ) &&
         parts == 4;
}

bool ipv6(std::string_view text) {
  int groups = 0;
  bool gap = false;
  if (text.starts_with("::")) {
    gap = true;
    text.remove_prefix(2);
    if (text.empty()) return true;
  }
  for (;;) {
    size_t length = 0;
    while (length < text.size() && is_hex(text[length])) ++length;
    if (length < text.size() && text[length] == '.') {
      groups += 2;
      return (gap ? groups < 8 : groups == 8) && ipv4(text);
    }
    if (length == 0 || length > 4) return false;
    ++groups;
    text.remove_prefix(length);
    if (text.empty()) break;
    if (text.starts_with("::")) {
      if (gap) return false;
      gap = true;
      text.remove_prefix(2);
      if (text.empty()) break;
    } else if (text.front() == ':') {
      text.remove_prefix(1);
    } else {
      return false;
    }
    if (groups > 8) return false;
  }
  return gap ? groups < 8 : groups == 8;
}

}  // namespace hob::schema::formats
