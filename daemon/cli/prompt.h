// The words of a turn: the command line's, then what standard input holds when something is piped into it.
#pragma once

#include <string>

#include "daemon/cli/terminal.h"
#include "schemas/base/result.h"

namespace hob::cli {

inline constexpr size_t kMaxPipedBytes = 1u << 20;

/// Reads standard input when it is a pipe, a file or a socket; "" when it is a terminal, closed or empty. More than
/// kMaxPipedBytes and text that is not UTF-8 are refused. A pipe that says nothing for two seconds is named once.
Result<std::string> read_piped(Terminal& terminal);

/// Prompt and piped text, an empty line between them. invalid_params when both are empty.
Result<std::string> whole_prompt(const std::string& prompt, const std::string& piped);

}  // namespace hob::cli
