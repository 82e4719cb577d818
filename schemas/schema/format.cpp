#include "schemas/schema/format.h"

#include <array>

#include "schemas/schema/pattern.h"

namespace hob::schema {
namespace formats {

bool json_pointer(std::string_view text) {
  if (!text.empty() && text.front() != '/') return false;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '~') continue;
    if (at + 1 >= text.size() || (text[at + 1] != '0' && text[at + 1] != '1')) return false;
  }
  return true;
}

bool relative_json_pointer(std::string_view text) {
  size_t digits = 0;
  while (digits < text.size() && text[digits] >= '0' && text[digits] <= '9') ++digits;
  if (digits == 0 || (digits > 1 && text[0] == '0')) return false;
  text.remove_prefix(digits);
  return text == "#" || json_pointer(text);
}

bool uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const bool dash = at == 8 || at == 13 || at == 18 || at == 23;
    const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (dash ? c != '-' : !hex) return false;
  }
  return true;
}

/// Well formed by ECMA-262; look-around and back-references are fine here, since nothing is run.
bool regex(std::string_view text) { return translate(text).ok(); }

}  // namespace formats

const Format* find_format(std::string_view name) {
  static constexpr std::array kFormats = {
      Format{"date-time", formats::date_time},
      Format{"date", formats::date},
      Format{"time", formats::time},
      Format{"duration", formats::duration},
      Format{"email", formats::email},
      Format{"idn-email", formats::idn_email},
      Format{"hostname", formats::hostname},
      Format{"idn-hostname", formats::idn_hostname},
      Format{"ipv4", formats::ipv4},
      Format{"ipv6", formats::ipv6},
      Format{"uri", formats::uri},
      Format{"uri-reference", formats::uri_reference},
      Format{"iri", formats::iri},
      Format{"iri-reference", formats::iri_reference},
      Format{"uri-template", formats::uri_template},
      Format{"json-pointer", formats::json_pointer},
      Format{"relative-json-pointer", formats::relative_json_pointer},
      Format{"uuid", formats::uuid},
      Format{"regex", formats::regex},
  };
  for (const Format& format : kFormats) {
    if (format.name == name) return &format;
  }
  return nullptr;
}

}  // namespace hob::schema
