#include "daemon/cli/command_line.h"

#include <catch2/catch.hpp>

#include "daemon/cli/completion.h"

namespace hob::cli {
namespace {

struct Line {
  Shared shared;
  Command app{"hob", "an agent"};
  Line() { build(app, shared); }
  std::string unknown(const std::vector<std::string>& words) { return unknown_command(app, words).value_or(""); }
};

void each(const Command& app, const std::function<void(const Command&)>& visit) {
  for (const auto& sub : app.commands()) {
    visit(*sub);
    each(*sub, visit);
  }
}

TEST_CASE("a slip in a command's name is named, a task without `run` is pointed to it") {
  Line line;
  CHECK(line.unknown({"sesions"}).find("Did you mean \"hob sessions\"?") != std::string::npos);
  CHECK(line.unknown({"daemon", "strat"}).find("Did you mean \"hob daemon start\"?") != std::string::npos);
  CHECK(line.unknown({"what is this"}).find("hob run") != std::string::npos);
  CHECK(line.unknown({"run", "daemno"}).empty());
  CHECK(line.unknown({"--socket", "daemno", "daemon", "status"}).empty());
  CHECK(line.unknown({"model", "tokenize", "--anything", "word"}).empty());
}

TEST_CASE("every command that is not another program's has a help text with an example") {
  Line line;
  each(line.app, [](const Command& command) {
    INFO(command.name());
    CHECK_FALSE(command.about().empty());
    const bool passes_on = command.passes_on();
    const bool shell = command.parent()->name() == "completion";
    if (!passes_on && !shell) CHECK(command.footer().find("Examples:\n  ") == 0);
  });
}

TEST_CASE("completion names every command and option in each shell") {
  Line line;
  const std::string bash = completion_for(Shell::bash, line.app);
  const std::string zsh = completion_for(Shell::zsh, line.app);
  const std::string fish = completion_for(Shell::fish, line.app);
  each(line.app, [&](const Command& command) {
    INFO(command.name());
    for (const std::string* script : {&bash, &zsh, &fish}) CHECK(script->find(command.name()) != std::string::npos);
  });
  CHECK(bash.find("--schema") != std::string::npos);
  CHECK(fish.find("-l schema") != std::string::npos);
}

}  // namespace
}  // namespace hob::cli
