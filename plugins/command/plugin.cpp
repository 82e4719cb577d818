// The tool `run_command`. No configuration.
#include "plugins/sdk/plugin.h"

#include <fcntl.h>

#include <algorithm>

#include "plugins/command/run.h"
#include "schemas/base/beneath.h"
#include "schemas/base/utf8.h"

namespace hob::plugins::command {
namespace {

using namespace hob::sdk;
using namespace std::chrono_literals;

constexpr size_t kMaxCommand = 100u << 10;  // the kernel takes 128 KiB in one argument
constexpr auto kUsual = 60'000ms;
constexpr auto kSpare = 150ms;  // to end the command and answer before the host loses patience
constexpr size_t kShownOutput = 1000;

Observation run_command(const Roots& roots, const Arguments& arguments, Call& call) {
  auto invalid = [](std::string message, std::string hint) {
    return Observation::failure(Kind::invalid_argument, std::move(message), std::move(hint));
  };
  Command command;
  command.command = arguments.text("command");
  if (command.command.empty() || command.command.size() > kMaxCommand)
    return invalid("A command has 1 byte to 100 KiB.", "Write a script to a file and run that.");
  if (arguments.flag("background", false))
    return invalid(
        "Commands in the background are not offered by this version.", "Run it without background."
    );
  const int64_t asked = arguments.integer("timeout_ms", kUsual.count());
  if (asked < 1)
    return invalid(
        "timeout_ms is " + std::to_string(asked) + ", but must be at least 1.", "Leave it out."
    );
  const auto left = std::max(call.remaining() - kSpare, 1ms);
  command.timeout = std::min(std::chrono::milliseconds(asked), left);

  UniqueFd directory;
  if (arguments.has("workdir") || !roots.all().empty()) {
    const std::string path = arguments.text("workdir", ".");
    auto at = roots.find(path);
    if (!at.ok()) return Observation::from(at.error(), "Use a directory inside the session's.");
    auto opened = beneath::open(at->root->fd, at->path, O_RDONLY | O_DIRECTORY);
    if (!opened.ok()) return Observation::from(opened.error(), "List the directory.");
    directory = std::move(*opened);
  }
  command.directory = directory.get();
  auto ran = run(
      command, [&] { return call.cancelled(); }, [&](std::string_view text) { call.progress(text); }
  );
  if (!ran.ok()) return Observation::from(ran.error());
  if (ran->how != Ended::itself) {
    std::string so_far =
        ran->output.size() <= kShownOutput
            ? ran->output
            : "... " + utf8::repair(
                           std::string_view(ran->output).substr(ran->output.size() - kShownOutput)
                       );
    return Observation::failure(
        Kind::timeout,
        ran->how == Ended::timeout
            ? "The command did not end within " + std::to_string(command.timeout.count()) +
                  " ms and was stopped."
            : "The command was cancelled and stopped.",
        so_far.empty() ? "It had printed nothing." : "It had printed: " + so_far
    );
  }
  return Observation::result(
      {{"exit_code", ran->exit_code}, {"output", ran->output}, {"truncated", ran->truncated}}
  );
}

Result<Tools> make(const Host& host, const Json&) {
  adopt_orphans();
  Tools tools;
  tools.add("run_command", [&host](const Arguments& arguments, Call& call) {
    return run_command(host.roots(), arguments, call);
  });
  return tools;
}

}  // namespace
}  // namespace hob::plugins::command

HOB_PLUGIN(hob::plugins::command::make)
