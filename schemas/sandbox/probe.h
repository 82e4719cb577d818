// probe: which rungs of the sandbox ladder this kernel offers to this process.
//
//   sandbox::Report report = sandbox::probe();
//   std::cout << sandbox::describe(report);   // what `hob doctor` prints
//
// Asking changes nothing in the process (what can only be tried is tried in a short-lived child). Any thread; the
// answer holds until the kernel or the container changes.
#pragma once

#include <string>

#include "schemas/base/json.h"

namespace hob::sandbox {

struct Report {
  std::string kernel;            // release, as uname says it
  bool no_new_privs = false;     // a process can give up gaining rights by exec
  bool seccomp = false;          // system calls can be filtered
  int landlock_abi = 0;          // 0: no Landlock; 1 files, 2 refer, 3 truncate, 4 TCP, 5 ioctl, 6 signals
  bool user_namespaces = false;  // told by Ask::everything, not used yet
  bool openat2 = false;          // without it no tool that touches files can work

  /// The least that a plugin from a third party is run with.
  bool enough_for_third_party() const { return no_new_privs && seccomp && landlock_abi > 0 && openat2; }
};

/// what_apply_needs leaves out what only trying in a child tells, and costs microseconds.
enum class Ask { everything, what_apply_needs };
Report probe(Ask ask = Ask::everything);

/// One line a rung: what it does, whether it is there, what lacks without it.
std::string describe(const Report& report);
Json to_json(const Report& report);

}  // namespace hob::sandbox
