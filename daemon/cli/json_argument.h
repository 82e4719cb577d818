// json_argument: a command line argument that is JSON itself, a file with JSON in it, or "-" for standard input. text_argument:
// one that is a file with text.
#pragma once

#include <cstddef>
#include <string>

#include "schemas/base/json.h"

namespace hob::cli {

inline constexpr size_t kMostGrammar = 256u << 10;  // bytes

/// The text of a file, or of standard input for "-".
Result<std::string> text_argument(const std::string& argument, size_t most);

/// Text that begins like JSON ({, [, ", a digit) or is true, false or null is JSON; anything else names a file.
/// Errors say which of the two was read and what is wrong with it.
Result<Json> json_argument(const std::string& argument, const json::Limits& limits);

}  // namespace hob::cli
