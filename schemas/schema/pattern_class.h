// The sets of characters that a pattern names: \d, \s, \p{Letter}. As RE2 writes them inside square
// brackets. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hob::schema {

/// \d \D \w \W \s \S as members of a bracket; nothing for another letter.
std::optional<std::string_view> class_escape(char letter);

/// \p{name} (or \P, when `negated`) as a member of a bracket. Empty when RE2 has no such property.
std::string property_escape(std::string_view name, bool negated);

/// One character, written so that it means itself anywhere: "\x{41}".
std::string literal(char32_t code_point);

}  // namespace hob::schema
