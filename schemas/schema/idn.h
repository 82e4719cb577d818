// Internationalized host names (IDNA 2008: RFC 5890 to 5893): punycode and which characters a label
// may have. The derived property PVALID is taken from Unicode categories as RFC 5892 derives it,
// without its tables of normalization; see README.md for what that leaves out. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hob::schema::idn {

/// "xn--..." that decodes to a valid label and encodes back to itself.
bool is_a_label(std::string_view label);
/// A label of characters, not of punycode.
bool is_u_label(std::u32string_view label);

/// The label has letters that are written from right to left.
bool runs_right_to_left(std::u32string_view label);

/// RFC 3492, without the "xn--". Nothing when malformed.
std::optional<std::u32string> punycode_decode(std::string_view text);
std::optional<std::string> punycode_encode(std::u32string_view text);

}  // namespace hob::schema::idn
