// Tab completion as the shells do it. zsh and fish are tried where they are installed.
#include <catch2/catch.hpp>
#include <sstream>

#include "tests/harness/private_daemon.h"

namespace hob::tests {
namespace {

bool installed(const std::string& program) {
  const bool there = run_process({"sh", "-c", "command -v " + program}).exit == 0;
  if (!there) WARN("skipped: " + program + " is not installed");
  return there;
}

/// A script of this shell, with hob in its PATH and an empty home.
std::vector<std::string> lines_of(const PrivateDaemon& daemon, std::vector<std::string> shell, const std::string& script) {
  shell.push_back(script);
  const std::string path = binary("").substr(0, binary("").size() - 1) + ":/usr/local/bin:/usr/bin:/bin";
  const Ran ran = run_process(shell, {.environment = {{"PATH", path}, {"HOME", daemon.work()}, {"TERM", "dumb"}}, .directory = daemon.work()});
  INFO(ran.err);
  CHECK(ran.exit == 0);
  std::istringstream text(ran.out);
  std::vector<std::string> out;
  for (std::string line; std::getline(text, line);) out.push_back(line);
  return out;
}

using Lines = std::vector<std::string>;

TEST_CASE("bash completes commands, options and their values, and leaves files to itself") {
  if (!installed("bash")) return;
  PrivateDaemon daemon;
  const auto tab = [&daemon](const std::string& words) {
    // An empty last word is written as ''.
    return lines_of(daemon, {"bash", "-c"}, "source <(hob completion bash)\nCOMP_WORDS=(hob " + words +
                    ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_hob\nfor one in \"${COMPREPLY[@]}\"; do echo \"$one\"; done");
  };
  CHECK(tab("ses") == Lines{"sessions"});
  CHECK(tab("daemon st") == Lines{"start", "status", "stop"});
  CHECK(tab("sessions delete --js") == Lines{"--json"});
  CHECK(tab("run --mode ''") == Lines{"default", "plan", "accept_edits", "bypass"});
  CHECK(tab("run --mode = p") == Lines{"plan"});
  CHECK(tab("run --cwd ''").empty());
  CHECK(tab("run ''").empty());
  CHECK(tab("run --session run --on-a") == Lines{"--on-ask"});
  CHECK(tab("--no-such-thing sch") == Lines{"schema"});
  CHECK(lines_of(daemon, {"bash", "-c"}, "source <(hob completion bash); complete -p hob") ==
        Lines{"complete -o bashdefault -o default -F _hob hob"});
}

TEST_CASE("fish completes commands, options and their values") {
  if (!installed("fish")) return;
  PrivateDaemon daemon;
  const auto tab = [&daemon](const std::string& line) {
    Lines out = lines_of(daemon, {"fish", "-c"}, "hob completion fish | source; complete -C '" + line + "'");
    for (std::string& one : out) one = one.substr(0, one.find('\t'));
    return out;
  };
  CHECK(tab("hob ses") == Lines{"sessions"});
  CHECK(tab("hob daemon st") == Lines{"start", "status", "stop"});
  CHECK(tab("hob sessions delete --js") == Lines{"--json"});
  CHECK(tab("hob run --mode ") == Lines{"accept_edits", "bypass", "default", "plan"});
  CHECK(tab("hob run --on-ask=f") == Lines{"--on-ask=fail"});
  CHECK(tab("hob run --session run --on-a") == Lines{"--on-ask"});
  // Not what belongs to hob or to the family again.
  CHECK(tab("hob daemon logs st").empty());
}

TEST_CASE("zsh completes in its line editor, read by source and from its function path") {
  if (!installed("zsh")) return;
  PrivateDaemon daemon;
  const std::string begin = GENERATE(
      std::string("source <(hob completion zsh)"),
      "autoload -Uz compinit; compinit -u -D; source <(hob completion zsh)",
      "hob completion zsh > _hob; fpath=($PWD $fpath); autoload -Uz compinit; compinit -u -D");
  INFO(begin);
  // A zsh at a terminal of its own: a line is typed with the tab key behind it, then made into an echo of itself.
  const std::string script =
      "zmodload zsh/zpty\n"
      "zpty z 'zsh -f -i'\n"
      "zpty -w z \"PS1=''; setopt no_beep\"\n"
      "zpty -w z '" + begin + "'\n"
      "mkdir folder\n"
      "for line in 'hob ses' 'hob daemon stat' 'hob run --mode pl' 'hob run --mode=pl' 'hob run --session run --on-a' 'hob run --cwd fol'; do\n"
      "  zpty -w -n z \"$line\"$'\\t'\n"
      "  zpty -w -n z $'\\x05 DONE\\x01echo GOT '$'\\n'\n"
      "  zpty -r z out $'*\\nGOT *DONE*'\n"
      "  print -r -- \"${${out##*$'\\n'GOT }%%DONE*}\"\n"
      "done\n"
      "zpty -d z\n";
  Lines out = lines_of(daemon, {"zsh", "-f", "-c"}, script);
  for (std::string& line : out) line.erase(line.find_last_not_of(" /") + 1);
  CHECK(out == Lines{"hob sessions", "hob daemon status", "hob run --mode plan", "hob run --mode=plan",
                     "hob run --session run --on-ask", "hob run --cwd folder"});
}

}  // namespace
}  // namespace hob::tests
