#include "model/serve/lite_commands.h"

#include <CLI/CLI.hpp>

namespace hob::serve {

void add_lite_commands(CLI::App&, int&) {}

}  // namespace hob::serve
