// white_space: trimming as Python's str.strip does it, which is how Gemma's template trims. Pure; any thread.
#pragma once

#include <string_view>

namespace hob::text {

/// Cuts Unicode white space at both ends (U+200B, U+2060 and U+FEFF are none).
std::string_view trim(std::string_view text);

}  // namespace hob::text
