// json_argument: a command line argument that is JSON itself, a file with JSON in it, or "-" for standard input.
#pragma once

#include <string>

#include "schemas/base/json.h"

namespace hob::cli {

/// Text that begins like JSON ({, [, ", a digit) or is true, false or null is JSON; anything else names a file.
/// Errors say which of the two was read and what is wrong with it.
Result<Json> json_argument(const std::string& argument, const json::Limits& limits);

}  // namespace hob::cli
