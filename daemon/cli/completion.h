// completion: tab completion for bash, zsh and fish, printed from the parser itself, so that it never lags behind.
//
//   std::fputs(completion_for(Shell::bash, app).c_str(), stdout);
#pragma once

#include <string>

#include "daemon/cli/command.h"

namespace hob::cli {

enum class Shell { bash, zsh, fish };

std::string completion_for(Shell shell, const Command& app);

}  // namespace hob::cli
