// sandbox: from a promise ("reads here, writes there, no network") to a process that cannot break it.
//
//   sandbox::Policy policy;
//   policy.trees = {{"/home/me/project", sandbox::Access::write}, {"/usr/lib", sandbox::Access::read}};
//   policy.keep = {channel};
//   HOB_TRY(applied, sandbox::apply(policy, sandbox::probe()));
//
// The ladder, from what every Linux has to what newer ones have: descriptors closed, limits, no_new_privs; Landlock at
// the best ABI offered; seccomp last. A rung that the policy requires and the kernel lacks is an error and never a
// silent downgrade; a half-applied process must exit. Call with one thread, before any code of a tool is loaded.
// Works as root and as an ordinary user, and nests inside containers' own filters. Irreversible.
// What is not walled off: reading the time, stat() of any path, and, with allow_exec, chmod and signals by processes of
// the same user on kernels before Landlock ABI 6.
#pragma once

#include <vector>

#include "schemas/sandbox/hygiene.h"
#include "schemas/sandbox/landlock.h"
#include "schemas/sandbox/probe.h"

namespace hob::sandbox {

enum class Need { required, if_offered };

struct Policy {
  std::vector<Tree> trees;      // what stays reachable; everything else is closed
  bool allow_exec = false;      // new processes; programs run only from trees with execute rights
  bool allow_network = false;   // IPv4 and IPv6; never AF_UNIX
  Limits limits;
  std::vector<int> keep;        // descriptors above 2 that survive
  Need landlock = Need::required;  // if_offered: only for tools that come with hob
};

/// What holds now.
struct Applied {
  int landlock_abi = 0;  // 0: not applied
  bool seccomp = false;
};

Result<Applied> apply(const Policy& policy, const Report& offered);

}  // namespace hob::sandbox
