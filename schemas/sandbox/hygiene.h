// hygiene: the lowest rung, which every Linux has: descriptors, environment, limits, and dying with the parent.
//
// Each function changes the calling process for good; call them early, with one thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "schemas/base/result.h"

namespace hob::sandbox {

/// 0 leaves a limit as it is. Core files are always off and CPU time is never limited (deadlines are the host's).
struct Limits {
  uint64_t open_files = 64;
  uint64_t file_bytes = 64u << 20;     // RLIMIT_FSIZE
  uint64_t memory_bytes = 512u << 20;  // RLIMIT_AS; not set in sanitizer builds, whose shadow needs terabytes
  uint64_t tasks = 0;                  // RLIMIT_NPROC, of all this user's processes; root is not bound by it
};
/// The limit that leaves `more` tasks beside those that this user has now. Reads /proc: before the sandbox.
uint64_t task_limit(uint64_t more);

Result<void> set_limits(const Limits& limits);

/// Closes every descriptor above 2 that is not in `keep`.
Result<void> close_others(std::span<const int> keep);

/// Empties the environment and sets these variables, eight at most.
Result<void> set_environment(const std::vector<std::pair<std::string, std::string>>& variables);

/// SIGKILL when the thread that started this process ends.
Result<void> die_with_parent();

}  // namespace hob::sandbox
