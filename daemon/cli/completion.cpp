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
  for (const auto& sub : from.commands()) entry.subcommands.push_back({sub->name(), sub->about(), false, {}});
  out.push_back(std::move(entry));
  for (const auto& sub : from.commands()) collect(*sub, path.empty() ? sub->name() : path + " " + sub->name(), out);
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : " ") + word;
  return out;
}

std::string names(const std::vector<OptionText>& list) {
  std::vector<std::string> out;
  for (const OptionText& one : list) out.push_back(one.name);
  return joined(out);
}

/// Inside single quotes, for all three shells.
std::string in_quotes(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// Each shell walks over the words before the cursor in the same way: `at` is the command they name so far, `last` the option whose
// value comes next. The walk's cases are these pairs: "what stands there" and what that makes.
struct Step {
  std::string seen;  // "daemon logs", "run --mode": `at`, a space, the word
  bool option = false;
  std::vector<std::string> choices;
};

std::vector<Step> steps(const std::vector<Entry>& entries) {
  std::vector<Step> out;
  for (const Entry& entry : entries) {
    for (const OptionText& sub : entry.subcommands) out.push_back({entry.path + " " + sub.name, false, {}});
    for (const OptionText& option : entry.options) {
      if (option.takes_value) out.push_back({entry.path + " " + option.name, true, option.choices});
    }
  }
  return out;
}

std::string without_first_space(const std::string& text) { return text.starts_with(' ') ? text.substr(1) : text; }

/// The body of `case "$at $word" in`, alike in bash and zsh.
std::string walk(const std::vector<Step>& all) {
  std::string out;
  for (const Step& step : all) {
    out += "      " + in_quotes(step.seen) + ") " +
           (step.option ? "last=" + in_quotes(step.seen) : "at=" + in_quotes(without_first_space(step.seen))) + " ;;\n";
  }
  return out;
}

std::string bash(const std::vector<Entry>& entries) {
  const std::vector<Step> all = steps(entries);
  // bash cuts --mode=plan into three words at the sign.
  std::string out =
      "# bash completion of hob. Use it: source <(hob completion bash)\n"
      "_hob() {\n"
      "  local here=\"${COMP_WORDS[COMP_CWORD]}\" at=\"\" last=\"\" word words=\"\" options=\"\"\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    if [ \"$word\" = \"=\" ]; then continue; fi\n"
      "    if [ -n \"$last\" ]; then last=\"\"; continue; fi\n"
      "    case \"$at $word\" in\n" + walk(all) +
      "    esac\n"
      "  done\n"
      "  if [ \"$here\" = \"=\" ]; then here=\"\"; fi\n"
      "  COMPREPLY=()\n"
      "  case \"$last\" in\n"
      "    '') ;;\n";
  for (const Step& step : all) {
    if (!step.choices.empty()) out += "    " + in_quotes(step.seen) + ") words=" + in_quotes(joined(step.choices)) + " ;;\n";
  }
  out += "    *) return ;;\n  esac\n  if [ -z \"$last\" ]; then case \"$at\" in\n";
  for (const Entry& entry : entries) {
    out += "    " + in_quotes(entry.path) + ") words=" + in_quotes(names(entry.subcommands)) +
           " options=" + in_quotes(names(entry.options)) + " ;;\n";
  }
  return out +
         "  esac; fi\n"
         "  case \"$here\" in -*) words=\"$options\" ;; esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$here\"))\n"
         "}\n"
         // Where we know nothing, bash offers files.
         "complete -o bashdefault -o default -F _hob hob\n";
}

std::string described(const std::vector<OptionText>& list) {
  std::string out;
  for (const OptionText& one : list) out += (out.empty() ? "" : " ") + in_quotes(one.name + ":" + one.about);
  return out;
}

std::string zsh(const std::vector<Entry>& entries) {
  const std::vector<Step> all = steps(entries);
  // Not named `path`: that is $PATH as an array.
  std::string out =
      "#compdef hob\n"
      "# zsh completion of hob. Use it: source <(hob completion zsh), or as _hob in a directory of $fpath\n"
      "_hob() {\n"
      "  local at=\"\" last=\"\" word\n"
      "  local -a names options\n"
      "  for word in \"${(@)words[2,CURRENT-1]}\"; do\n"
      "    if [[ -n $last ]]; then last=\"\"; continue; fi\n"
      "    case \"$at $word\" in\n" + walk(all) +
      "    esac\n"
      "  done\n"
      "  if [[ $PREFIX == --*=* ]]; then last=\"$at ${PREFIX%%=*}\"; compset -P '*='; fi\n"
      "  case \"$last\" in\n"
      "    '') ;;\n";
  for (const Step& step : all) {
    if (!step.choices.empty()) out += "    " + in_quotes(step.seen) + ") compadd -- " + joined(step.choices) + "; return ;;\n";
  }
  out += "    *) _files; return ;;\n  esac\n  case \"$at\" in\n";
  for (const Entry& entry : entries) {
    out += "    " + in_quotes(entry.path) + ")\n      names=(" + described(entry.subcommands) + ")\n      options=(" +
           described(entry.options) + ") ;;\n";
  }
  return out +
         "  esac\n"
         "  if [[ $PREFIX == -* ]]; then _describe -o option options\n"
         "  elif (( $#names )); then _describe command names\n"
         "  else _files\n"
         "  fi\n"
         "}\n"
         // From $fpath this file is the function's first call; read by `source` it only says who completes hob.
         "if [[ ${funcstack[1]} == _hob ]]; then\n"
         "  _hob \"$@\"\n"
         "else\n"
         "  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }\n"
         "  compdef _hob hob\n"
         "fi\n";
}

std::string fish(const std::vector<Entry>& entries) {
  std::string out =
      "# fish completion of hob. Use it: hob completion fish | source\n"
      "function __hob_at\n"
      "  set -l at ''\n"
      "  set -l last ''\n"
      "  for word in (commandline -opc)\n"
      "    if test -n \"$last\"\n"
      "      set last ''\n"
      "      continue\n"
      "    end\n"
      "    switch \"$at $word\"\n";
  for (const Step& step : steps(entries)) {
    out += "      case " + in_quotes(step.seen) + "\n        set " +
           (step.option ? "last " + in_quotes(step.seen) : "at " + in_quotes(without_first_space(step.seen))) + "\n";
  }
  out += "    end\n  end\n  test \"$at\" = \"$argv[1]\"\nend\n";
  for (const Entry& entry : entries) {
    const std::string here = "complete -c hob -n " + in_quotes("__hob_at \"" + entry.path + "\"");
    for (const OptionText& sub : entry.subcommands) {
      out += here + " -f -a " + sub.name + " -d " + in_quotes(sub.about) + "\n";
    }
    for (const OptionText& option : entry.options) {
      out += here + " -l " + option.name.substr(2);
      if (!option.choices.empty()) {
        out += " -x -a " + in_quotes(joined(option.choices));
      } else if (option.takes_value) {
        out += " -r -F";
      }
      out += " -d " + in_quotes(option.about) + "\n";
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
  completion.examples("  source <(hob completion bash)\n  source <(hob completion zsh)\n  hob completion fish | source");
  for (const auto& [name, shell] : {std::pair{"bash", Shell::bash}, {"zsh", Shell::zsh}, {"fish", Shell::fish}}) {
    Command& command = completion.add(name, std::string("For ") + name);
    command.run([&app, shell = shell] { std::fputs(completion_for(shell, app).c_str(), stdout); });
  }
}

}  // namespace hob::cli
