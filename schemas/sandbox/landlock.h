// landlock: the file (and TCP and signal) wall, by raw system calls, since older headers and libcs know none of it.
//
// restrict() uses the best ABI up to the one asked for, and gives up what an older kernel cannot do: ABI 1 cannot
// move between directories or stop truncation, before 4 TCP stays, before 6 signals stay. What no ABI covers (chmod,
// stat, UDP, pathname sockets) is seccomp's to refuse. Irreversible for the calling thread and its descendants.
#pragma once

#include <string>
#include <vector>

#include "schemas/base/result.h"

namespace hob::sandbox {

enum class Access { read, read_execute, write };  // write includes read, creation and removal; never execute

/// One file or directory tree that stays usable.
struct Tree {
  std::string path;
  Access access = Access::read;
  bool optional = false;  // no error when it does not exist
  bool execute = false;   // with write: programs in it may be run, too
};

namespace landlock {

/// The kernel's ABI, 0 without Landlock.
int best_abi();

struct Wall {
  std::vector<Tree> trees;
  bool deny_tcp = true;
};
Result<void> restrict(const Wall& wall, int abi);

}  // namespace landlock
}  // namespace hob::sandbox
