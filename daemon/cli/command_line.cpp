#include "daemon/cli/command_line.h"

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

std::vector<CLI::App*> commands_of(const CLI::App& app) {
  std::vector<CLI::App*> out;
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) out.push_back(const_cast<CLI::App*>(sub));
  return out;
}

bool takes_words(const CLI::App& app) {
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional()) return true;
  }
  return false;
}

}  // namespace

void build(CLI::App& app, Shared& shared) {
  app.description("hob: an agent that lives on your machine.");
  app.set_version_flag("--version", std::string("hob ") + HOB_VERSION + " (build " + wire::build_id() + ")");
  app.require_subcommand(1);
  add_common(app, shared);
  examples(app,
           "  hob run \"What is 17 * 23?\"\n"
           "  hob sessions show last\n"
           "  hob doctor\n"
           "environment: HOB_STATE_DIR, HOB_CONFIG_DIR (everything private to one daemon), NO_COLOR");
  add_run_command(app, shared);
  add_session_commands(app, shared);
  add_tool_commands(app, shared);
  add_approval_commands(app, shared);
  add_memory_commands(app, shared);
  add_model_commands(app, shared);
  add_schema_commands(app, shared);
  add_daemon_commands(app, shared);
  add_doctor_command(app, shared);
  add_completion_command(app, shared);
  add_version_command(app, shared);
}

std::optional<std::string> unknown_command(const CLI::App& app, const std::vector<std::string>& words) {
  const CLI::App* here = &app;
  std::string path = "hob";
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word == "--socket") {
      ++i;
      continue;
    }
    if (word.empty() || word[0] == '-') continue;
    const std::vector<CLI::App*> commands = commands_of(*here);
    if (commands.empty() || takes_words(*here)) return std::nullopt;
    const CLI::App* next = nullptr;
    std::vector<std::string> names;
    for (const CLI::App* command : commands) {
      names.push_back(command->get_name());
      if (command->get_name() == word) next = command;
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
  CLI::App app("", "hob");
  build(app, shared);
  const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  if (const auto unknown = unknown_command(app, words)) {
    shared.terminal.warn(*unknown);
    return kUsage;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // help and version
    shared.terminal.warn(error.what());
    std::fprintf(stderr, "See hob --help, or the --help of the command.\n");
    return kUsage;
  }
  shared.terminal.end_progress();
  if (std::fflush(stdout) != 0) return kFailed;
  return shared.exit;
}

}  // namespace hob::cli
