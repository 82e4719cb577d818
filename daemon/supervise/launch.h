// launch: fork and exec of one child, and nothing else. Child (child.h) makes the result awaitable.
//
// The child starts with fd 0 on /dev/null, 1 and 2 on a pipe to us, 3 the frame socket, nothing else open; default
// signal actions and an empty mask; a process group of its own; SIGKILL when our thread dies; exactly the environment
// that was given. Blocks until the exec has happened or failed (well under a millisecond).
#pragma once

#include <sys/types.h>

#include "daemon/supervise/child.h"
#include "schemas/base/fd.h"

namespace hob::supervise {

struct Launched {
  pid_t pid = -1;
  UniqueFd pidfd;
  UniqueFd socket;  // our end
  UniqueFd output;  // what the child writes to 1 and 2
};

/// not_found when there is no such program; internal when the kernel refuses.
Result<Launched> launch(const SpawnOptions& options);

/// Whether the process has ended and waits to be reaped.
bool has_ended(pid_t pid);

/// Waits for the end of the process (it must be ending: blocks) and gives its notice; reaps it.
Exit reap(pid_t pid);

}  // namespace hob::supervise
