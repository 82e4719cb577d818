// The words of a turn: the command line's, then what standard input holds when something is piped into it.
#pragma once

#include <string>

#include "daemon/cli/terminal.h"
#include "schemas/base/result.h"

namespace hob::cli {

inline constexpr size_t kMaxPipedBytes = 1u << 20;

enum class Piped { read, left };  // left: standard input is something else's

/// What is said to the model: `prompt` ("-": none) and, after an empty line, what is piped into standard input: a pipe, a
/// file or a socket. `cancelled` when interrupted; invalid_request, for the command line is wrong, when there is neither,
/// when more than kMaxPipedBytes are piped, and for text that is not UTF-8. A pipe that says nothing for two seconds is
/// named once.
Result<std::string> asked(const std::string& prompt, Piped piped, Terminal& terminal);

}  // namespace hob::cli
