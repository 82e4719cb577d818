// The whole command line of `hob`: builds the parser, finds slips in command names, runs the command.
//
//   int main(int argc, char** argv) { return hob::cli::run_command_line(argc, argv); }
#pragma once

#include "daemon/cli/app.h"

namespace hob::cli {

void build(Command& app, Shared& shared);

/// For a word where a command should stand and none of that name is: what to say. nullopt: all names are known.
std::optional<std::string> unknown_command(const Command& app, const std::vector<std::string>& words);

int run_command_line(int argc, char** argv);

}  // namespace hob::cli
