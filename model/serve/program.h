// Program: what hob-model and hob-model-lite have in common: their command line and the way they begin to serve.
//
//   int main(int argc, char** argv) { return serve::run(argc, argv, {"hob-model-lite", load_script, add_commands}); }
//
// Without a command the program serves child frames on --fd (3): that is how hobd runs it. Exit status: 0, 1 when the
// work failed, 2 when the command line is wrong.
#pragma once

#include <functional>
#include <string>

#include "model/serve/loaded.h"

namespace CLI {
class App;
}

namespace hob::serve {

struct Program {
  std::string name;
  Loader loader;
  /// Adds the program's own commands. A command sets `status` when it has run.
  std::function<void(CLI::App& app, int& status)> add_commands;
};

int run(int argc, char** argv, const Program& program);

}  // namespace hob::serve
