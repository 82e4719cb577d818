// The commands of hob-model-lite that need no engine.
#pragma once

namespace CLI {
class App;
}

namespace hob::serve {

void add_lite_commands(CLI::App& app, int& status);

}  // namespace hob::serve
