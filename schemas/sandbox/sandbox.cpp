#include "schemas/sandbox/sandbox.h"

#include <sys/prctl.h>

#include <cerrno>
#include <cstring>

#include "schemas/sandbox/seccomp.h"

namespace hob::sandbox {

Result<Applied> apply(const Policy& policy, const Report& offered) {
  if (!offered.no_new_privs || !offered.seccomp)
    return Error(Code::backend_lacks, "Tools need no_new_privs and seccomp, and this kernel (" + offered.kernel +
                                          ") does not offer them here; see `hob doctor`.");
  if (policy.landlock == Need::required && offered.landlock_abi <= 0)
    return Error(Code::backend_lacks, "This plugin must be walled in by Landlock, which this kernel (" + offered.kernel +
                                          ") does not offer; only the tools that come with hob run without it.");
  Applied applied;
  HOB_TRY_VOID(close_others(policy.keep));
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return Error(Code::tool_failed, std::string("no_new_privs failed: ") + std::strerror(errno) + ".");
  if (offered.landlock_abi > 0) {
    landlock::Wall wall;
    wall.trees = policy.trees;
    wall.deny_tcp = !policy.allow_network;
    HOB_TRY_VOID(landlock::restrict(wall, offered.landlock_abi));
    applied.landlock_abi = offered.landlock_abi;
  }
  HOB_TRY_VOID(set_limits(policy.limits));
  HOB_TRY_VOID(seccomp::install({policy.allow_exec, policy.allow_network}));
  applied.seccomp = true;
  return applied;
}

}  // namespace hob::sandbox
