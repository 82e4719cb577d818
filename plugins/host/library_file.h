// library_file: whether a file may be loaded as code, decided on an open descriptor before the
// loader sees it.
//
//   HOB_TRY(file, host::open_library("/usr/lib/hob/plugins/clock/clock.so", ""));
//   dlopen(("/proc/self/fd/" + std::to_string(file.get())).c_str(), RTLD_NOW | RTLD_LOCAL);
//
// It must be a regular file and no symlink, owned by root or by us, writable by nobody else, in a
// directory of which the same holds (for everyone), with the asked-for SHA-256, and an ELF shared
// object of this machine whose segments lie inside the file (the loader would die of a truncated
// one). Errors carry `reason` in their data. Any thread.
#pragma once

#include <string>

#include "schemas/base/fd.h"

namespace hob::plugins::host {

inline constexpr size_t kMaxLibraryBytes = 256u << 20;

/// `sha256` in hex; empty is not checked.
Result<UniqueFd> open_library(const std::string& path, const std::string& sha256);

}  // namespace hob::plugins::host
