// lines: a text as lines without their ends, and what is no text. Views borrow the text. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hob::plugins::files {

/// "a\nb\n" and "a\nb" are two lines; "" is none. A carriage return stays at the end of its line.
std::vector<std::string_view> lines_of(std::string_view text);

/// A NUL byte near the beginning: not text.
bool is_binary(std::string_view bytes);

std::string_view trimmed_right(std::string_view line);
std::string_view trimmed(std::string_view line);
/// The white space that a line begins with.
std::string_view indentation(std::string_view line);

}  // namespace hob::plugins::files
