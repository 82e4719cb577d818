// seccomp: the system calls that a tool never needs answer EPERM, by libseccomp.
//
// A list of refusals, not of permissions: plugins bring their own libraries. Refused are whole families (sockets
// including AF_UNIX, since a same-uid tool could otherwise drive the daemon; ptrace, mount, bpf, io_uring, keys, modules,
// namespaces ...), exec and new processes where not granted, and what Landlock leaves open (chmod and the like by path,
// signals to others). clone3 answers ENOSYS so that clone, whose flags can be looked at, is used. Foreign system call
// tables (32 bit, x32) kill the process. Irreversible, for all threads.
#pragma once

#include "schemas/base/result.h"

namespace hob::sandbox::seccomp {

struct Filter {
  bool allow_exec = false;     // exec, new processes, signals to them, and chmod and the like by path
  bool allow_network = false;  // IPv4 and IPv6 sockets; all other families stay refused
};
Result<void> install(const Filter& filter);

}  // namespace hob::sandbox::seccomp
