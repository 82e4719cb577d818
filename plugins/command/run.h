// run: one shell command in a process group of its own, to its end, its timeout or its
// cancellation.
//
//   auto ran = run({.command = "make test", .directory = fd, .timeout = 60s},
//                  [&] { return call.cancelled(); }, progress);
//
// When it ends, for whatever reason, everything it started ends with it: the group is killed, and
// so are descendants that left the group (adopted by this process, which is their subreaper: call
// adopt_orphans once). The rights of the command are those of the sandbox around this process.
// Linux only. [tool]
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "plugins/command/output.h"
#include "schemas/base/result.h"

namespace hob::plugins::command {

struct Command {
  std::string command;
  int directory = -1;  // borrowed
  std::chrono::milliseconds timeout{60'000};
};

enum class Ended { itself, timeout, cancelled };

struct Ran {
  Ended how = Ended::itself;
  int exit_code = 0;  // 128 + the signal where one ended it
  std::string output;
  bool truncated = false;
};

void adopt_orphans();

Result<Ran> run(
    const Command& command,
    const std::function<bool()>& cancelled,
    const std::function<void(std::string_view)>& progress
);

}  // namespace hob::plugins::command
