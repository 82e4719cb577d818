// Shared: what every command of `hob` gets: the options that stand everywhere, the terminal, and the exit code that it
// leaves behind. Each family of commands adds itself to the parser and works in its callback.
//
//   void add_memory_commands(Command& app, Shared& shared);
//
// One thread; lives in main().
#pragma once

#include <optional>
#include <string>

#include "daemon/cli/command.h"
#include "daemon/cli/exit_code.h"
#include "daemon/cli/terminal.h"
#include "daemon/config/config.h"

namespace hob::cli {

struct Shared {
  std::string socket;  // --socket; empty: the usual place
  bool json = false;   // --json
  Terminal terminal;
  int exit = kDone;

  Result<config::Places> places() const {
    return config::places(socket.empty() ? std::nullopt : std::optional<std::string>(socket));
  }
};

/// --socket and --json, on the command itself so that they may stand behind it.
void add_common(Command& command, Shared& shared);
/// Says what went wrong (with --json as an object on standard output) and sets the exit code.
void fail(Shared& shared, const Error& error);
/// The command line itself is wrong.
void fail_usage(Shared& shared, const std::string& message);
/// invalid_request is what a command says of its own command line; all else went wrong later.
void fail_or_usage(Shared& shared, const Error& error);

void add_run_command(Command& app, Shared& shared);
void add_generate_command(Command& app, Shared& shared);
void add_session_commands(Command& app, Shared& shared);
void add_tool_commands(Command& app, Shared& shared);
void add_approval_commands(Command& app, Shared& shared);
void add_model_commands(Command& app, Shared& shared);
void add_bench_command(Command& app, Shared& shared);
void add_grammar_check(Command& grammar, Shared& shared);
void add_schema_commands(Command& app, Shared& shared);
void add_memory_commands(Command& app, Shared& shared);
void add_daemon_commands(Command& app, Shared& shared);
void add_doctor_command(Command& app, Shared& shared);
void add_completion_command(Command& app, Shared& shared);
void add_version_command(Command& app, Shared& shared);

}  // namespace hob::cli
