// library: the loaded plugin, and the one place where foreign code is entered.
//
// load() runs the library's constructors, so the sandbox must stand already. The library is never unloaded. [tool]
#pragma once

#include <string>

#include "plugins/abi/hob_plugin.h"
#include "schemas/base/result.h"

namespace hob::plugins::host {

/// Loads the open file and checks the exported table. `path` is for messages.
Result<const hob_plugin*> load(int fd, const std::string& path);

}  // namespace hob::plugins::host
