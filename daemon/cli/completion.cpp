#include "daemon/cli/completion.h"

#include <cstdio>
#include <vector>

#include "daemon/cli/app.h"

namespace hob::cli {
namespace {

struct Entry {
  std::string path;                     // "daemon logs"; empty: hob itself
  std::vector<OptionText> subcommands;  // by name
  std::vector<OptionText> options;
};

void collect(const Command& from, const std::string& path, std::vector<Entry>& out) {
  Entry entry{path, {}, from.options()};
  for (const auto& sub : from.commands()) entry.subcommands.push_back({sub->name(), sub->about()});
  out.push_back(std::move(entry));
  for (const auto& sub : from.commands()) collect(*sub, path.empty() ? sub->name() : path + " " + sub->name(), out);
}

std::string words(const Entry& entry) {
  std::string out;
  for (const auto& list : {entry.subcommands, entry.options}) {
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

std::string bash(const std::vector<Entry>& entries) {
  std::string out =
      "# bash completion of hob. Use it: source <(hob completion bash)\n"
      "_hob() {\n"
      "  local here=\"${COMP_WORDS[COMP_CWORD]}\" path=\"\" word words=\"\"\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case \"$path $word\" in\n";
  for (const Entry& entry : entries) {
    if (!entry.path.empty()) {
      const size_t space = entry.path.rfind(' ');
      const std::string before = space == std::string::npos ? "" : entry.path.substr(0, space);
      const std::string last = space == std::string::npos ? entry.path : entry.path.substr(space + 1);
      out += "      " + in_quotes(before + " " + last) + ") path=" + in_quotes(entry.path) + " ;;\n";
    }
  }
  out += "    esac\n  done\n  case \"$path\" in\n";
  for (const Entry& entry : entries) out += "    " + in_quotes(entry.path) + ") words=" + in_quotes(words(entry)) + " ;;\n";
  return out +
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$here\"))\n"
         "  if [ ${#COMPREPLY[@]} -eq 0 ]; then COMPREPLY=($(compgen -f -- \"$here\")); fi\n"
         "}\n"
         "complete -o filenames -F _hob hob\n";
}

std::string zsh(const std::vector<Entry>& entries) {
  return "#compdef hob\n# zsh completion of hob. Use it: source <(hob completion zsh), or as _hob in a directory of $fpath\n"
         "autoload -Uz bashcompinit && bashcompinit\n" + bash(entries);
}

std::string fish(const std::vector<Entry>& entries) {
  std::string out = "# fish completion of hob. Use it: hob completion fish | source\n";
  for (const Entry& entry : entries) {
    std::string condition;
    if (entry.path.empty()) {
      condition = "__fish_use_subcommand";
    } else {
      std::string rest = entry.path;
      for (size_t space = rest.find(' ');; space = rest.find(' ')) {
        condition += (condition.empty() ? "" : "; and ") + std::string("__fish_seen_subcommand_from ") + rest.substr(0, space);
        if (space == std::string::npos) break;
        rest = rest.substr(space + 1);
      }
    }
    for (const auto& [name, about] : entry.subcommands) {
      out += "complete -c hob -f -n " + in_quotes(condition) + " -a " + name + " -d " + in_quotes(about) + "\n";
    }
    for (const auto& [name, about] : entry.options) {
      out += "complete -c hob -n " + in_quotes(condition) + " -l " + name.substr(2) + " -d " + in_quotes(about) + "\n";
    }
  }
  return out;
}

}  // namespace

std::string completion_for(Shell shell, const Command& app) {
  std::vector<Entry> entries;
  collect(app, "", entries);
  switch (shell) {
    case Shell::bash:
      return bash(entries);
    case Shell::zsh:
      return zsh(entries);
    case Shell::fish:
      return fish(entries);
  }
  return "";
}

void add_completion_command(Command& app, Shared& shared) {
  (void)shared;
  Command& completion = app.add("completion", "Prints tab completion for a shell");
  completion.wants_subcommand(true);
  completion.examples("  source <(hob completion bash)\n  hob completion fish | source");
  for (const auto& [name, shell] : {std::pair{"bash", Shell::bash}, {"zsh", Shell::zsh}, {"fish", Shell::fish}}) {
    Command& command = completion.add(name, std::string("For ") + name);
    command.run([&app, shell = shell] { std::fputs(completion_for(shell, app).c_str(), stdout); });
  }
}

}  // namespace hob::cli
