// tools: read_file, write_file, edit_file, list_directory, glob and grep, inside the session's
// directories.
//
// Each takes arguments and gives an observation; the limits are in tools.cpp. `roots` are borrowed
// for as long as the tools live. Handlers run on [tool].
#pragma once

#include "plugins/sdk/plugin.h"

namespace hob::plugins::files {

sdk::Tools make_tools(const sdk::Roots& roots);

}  // namespace hob::plugins::files
