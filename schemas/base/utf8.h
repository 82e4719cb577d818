// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hob::utf8 {

inline constexpr char32_t kInvalid = 0xFFFFFFFF;

/// Decodes the code point at `text[at]` and moves `at` past it. Returns kInvalid and moves by one on bad bytes.
char32_t next(std::string_view text, size_t& at);
/// Appends the code point (a valid scalar value).
void append(std::string& out, char32_t code_point);
/// All of them, each a valid scalar value.
std::string encode(std::u32string_view code_points);
/// The offset of the first bad byte, or npos.
size_t first_invalid(std::string_view text);
inline bool valid(std::string_view text) { return first_invalid(text) == std::string_view::npos; }
/// Code points in a valid text.
size_t length(std::string_view text);
/// Replaces each maximal bad byte with U+FFFD.
std::string repair(std::string_view text);
/// The longest prefix of at most `max_bytes` that does not split a character.
std::string_view prefix(std::string_view text, size_t max_bytes);

}  // namespace hob::utf8
