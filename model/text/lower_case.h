// lower_case: Unicode lower case, for the order of keys in Gemma's format (which sorts by the lower-cased name).
//
// Python's str.lower but for one rule: a capital sigma at the end of a word becomes an ordinary small sigma, which
// changes nothing but the order of two Greek names that differ in nothing else. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace hob::text {

std::string lower_case(std::string_view text);

}  // namespace hob::text
