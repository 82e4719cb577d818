#include "daemon/cli/command_line.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <cstdio>

#include "daemon/cli/interrupt.h"
#include "daemon/cli/nearest.h"
#include "schemas/wire/handshake.h"

#ifndef HOB_VERSION
#define HOB_VERSION "0"
#endif

namespace hob::cli {
namespace {

/// Whether the program that reads our standard output has gone, as head does after its lines.
bool reader_is_gone() {
  pollfd out{STDOUT_FILENO, POLLOUT, 0};
  return ::poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

}  // namespace

void build(Command& app, Shared& shared) {
  app.version(std::string("hob ") + HOB_VERSION + " (build " + wire::build_id() + ")");
  app.wants_subcommand(true);
  add_common(app, shared);
  app.examples(
      "  hob run \"What is 17 * 23?\"\n"
           "  hob sessions show last\n"
           "  hob doctor\n"
           "environment: HOB_STATE_DIR, HOB_CONFIG_DIR (everything private to one daemon), NO_COLOR");
  add_run_command(app, shared);
  add_generate_command(app, shared);
  add_session_commands(app, shared);
  add_tool_commands(app, shared);
  add_approval_commands(app, shared);
  add_memory_commands(app, shared);
  add_model_commands(app, shared);
  add_bench_command(app, shared);
  add_schema_commands(app, shared);
  add_daemon_commands(app, shared);
  add_doctor_command(app, shared);
  add_completion_command(app, shared);
  add_version_command(app, shared);
}

std::optional<std::string> unknown_command(const Command& app, const std::vector<std::string>& words) {
  const Command* here = &app;
  std::string path = "hob";
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--socket") {
      ++i;
      continue;
    }
    if (word.empty() || word[0] == '-') continue;
    if (here->commands().empty() || here->takes_words()) return std::nullopt;
    const Command* next = nullptr;
    std::vector<std::string> names;
    for (const auto& command : here->commands()) {
      names.push_back(command->name());
      if (command->name() == word) next = command.get();
    }
    if (next == nullptr) {
      std::string text = "There is no command \"" + path + " " + visible(word.substr(0, 60)) + "\".";
      if (const auto meant = nearest(word, names)) {
        text += " Did you mean \"" + path + " " + *meant + "\"?";
      } else if (here == &app) {
        text += " To give the agent a task: hob run \"...\".";
      }
      return text + " All commands: " + path + " --help";
    }
    here = next;
    path += " " + word;
  }
  return std::nullopt;
}

int run_command_line(int argc, char** argv) {
  std::setlocale(LC_CTYPE, "");
  Interrupts::install();
  Shared shared;
  Command app("hob", "hob: an agent that lives on your machine.");
  build(app, shared);
  const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  if (const auto unknown = unknown_command(app, words)) {
    shared.terminal.warn(*unknown);
    return kUsage;
  }
  std::string problem;
  if (app.parse(argc, argv, problem) != 0) {
    shared.terminal.warn(problem);
    std::fprintf(stderr, "See hob --help, or the --help of the command.\n");
    return kUsage;
  }
  shared.terminal.end_progress();
  const bool flushed = std::fflush(stdout) == 0;
  if (flushed && std::ferror(stdout) == 0) return shared.exit;
  // Who has gone needs no word (mostly SIGPIPE has ended us before); a full disk does.
  if (!reader_is_gone()) shared.terminal.warn("Not everything could be written to standard output.");
  return kFailed;
}

}  // namespace hob::cli
