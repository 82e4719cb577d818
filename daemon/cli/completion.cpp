#include "daemon/cli/completion.h"

#include <cstdio>
#include <vector>

#include "daemon/cli/app.h"

namespace hob::cli {
namespace {

struct Command {
  std::string path;  // "daemon logs"; empty: hob itself
  std::vector<std::pair<std::string, std::string>> subcommands;  // name, about
  std::vector<std::pair<std::string, std::string>> options;      // --name, about
};

void collect(const CLI::App& app, const std::string& path, std::vector<Command>& out) {
  Command command{path, {}, {}};
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    command.subcommands.emplace_back(sub->get_name(), sub->get_description());
  }
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) command.options.emplace_back("--" + name, option->get_description());
  }
  out.push_back(std::move(command));
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    collect(*sub, path.empty() ? sub->get_name() : path + " " + sub->get_name(), out);
  }
}

std::string words(const Command& command) {
  std::string out;
  for (const auto& list : {command.subcommands, command.options}) {
    for (const auto& [name, about] : list) out += (out.empty() ? "" : " ") + name;
  }
  return out;
}

/// Inside single quotes.
std::string in_quotes(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string bash(const std::vector<Command>& commands) {
  std::string out =
      "# bash completion of hob. Use it: source <(hob completion bash)\n"
      "_hob() {\n"
      "  local here=\"${COMP_WORDS[COMP_CWORD]}\" path=\"\" word words=\"\"\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case \"$path $word\" in\n";
  for (const Command& command : commands) {
    if (!command.path.empty()) {
      const size_t space = command.path.rfind(' ');
      const std::string before = space == std::string::npos ? "" : command.path.substr(0, space);
      const std::string last = space == std::string::npos ? command.path : command.path.substr(space + 1);
      out += "      " + in_quotes(before + " " + last) + ") path=" + in_quotes(command.path) + " ;;\n";
    }
  }
  out += "    esac\n  done\n  case \"$path\" in\n";
  for (const Command& command : commands) out += "    " + in_quotes(command.path) + ") words=" + in_quotes(words(command)) + " ;;\n";
  return out +
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$here\"))\n"
         "  if [ ${#COMPREPLY[@]} -eq 0 ]; then COMPREPLY=($(compgen -f -- \"$here\")); fi\n"
         "}\n"
         "complete -o filenames -F _hob hob\n";
}

std::string zsh(const std::vector<Command>& commands) {
  return "#compdef hob\n# zsh completion of hob. Use it: source <(hob completion zsh), or as _hob in a directory of $fpath\n"
         "autoload -Uz bashcompinit && bashcompinit\n" + bash(commands);
}

std::string fish(const std::vector<Command>& commands) {
  std::string out = "# fish completion of hob. Use it: hob completion fish | source\n";
  for (const Command& command : commands) {
    std::string condition;
    if (command.path.empty()) {
      condition = "__fish_use_subcommand";
    } else {
      std::string rest = command.path;
      for (size_t space = rest.find(' ');; space = rest.find(' ')) {
        condition += (condition.empty() ? "" : "; and ") + std::string("__fish_seen_subcommand_from ") + rest.substr(0, space);
        if (space == std::string::npos) break;
        rest = rest.substr(space + 1);
      }
    }
    for (const auto& [name, about] : command.subcommands) {
      out += "complete -c hob -f -n " + in_quotes(condition) + " -a " + name + " -d " + in_quotes(about) + "\n";
    }
    for (const auto& [name, about] : command.options) {
      out += "complete -c hob -n " + in_quotes(condition) + " -l " + name.substr(2) + " -d " + in_quotes(about) + "\n";
    }
  }
  return out;
}

}  // namespace

std::string completion_for(Shell shell, const CLI::App& app) {
  std::vector<Command> commands;
  collect(app, "", commands);
  switch (shell) {
    case Shell::bash:
      return bash(commands);
    case Shell::zsh:
      return zsh(commands);
    case Shell::fish:
      return fish(commands);
  }
  return "";
}

void add_completion_command(CLI::App& app, Shared& shared) {
  (void)shared;
  CLI::App* completion = app.add_subcommand("completion", "Prints tab completion for a shell");
  completion->require_subcommand(1);
  examples(*completion, "  source <(hob completion bash)\n  hob completion fish | source");
  for (const auto& [name, shell] : {std::pair{"bash", Shell::bash}, {"zsh", Shell::zsh}, {"fish", Shell::fish}}) {
    CLI::App* command = completion->add_subcommand(name, std::string("For ") + name);
    command->callback([&app, shell = shell] { std::fputs(completion_for(shell, app).c_str(), stdout); });
  }
}

}  // namespace hob::cli
