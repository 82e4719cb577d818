// orphans: processes that a child started, detached, and left behind.
//
//   HOB_TRY_VOID(become_subreaper());     // once, before the first child
//   ... on SIGCHLD: reap_orphans();       // collects those that ended
//   ... at the end: kill_orphans();       // nothing outlives hobd that its tools started
//
// hobd is a subreaper: a process that double-forks away from its tool becomes a child of hobd and not of init, so it
// stays in sight. Our own children are known by the list that Child keeps (Kin) and are never touched here.
#pragma once

#include <sys/types.h>

#include "schemas/base/result.h"

namespace hob::supervise {

Result<void> become_subreaper();

/// Reaps adopted processes that have ended; how many.
size_t reap_orphans();
/// Kills and reaps every adopted process, and what they leave in turn; how many.
size_t kill_orphans();

/// Notes one of our own children for its life. Thread-safe.
class Kin {
 public:
  explicit Kin(pid_t pid);
  ~Kin();
  Kin(const Kin&) = delete;
  Kin& operator=(const Kin&) = delete;

 private:
  pid_t pid_;
};

}  // namespace hob::supervise
