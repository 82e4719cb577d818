#include "schemas/sandbox/probe.h"

#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "schemas/sandbox/landlock.h"

namespace hob::sandbox {
namespace {

/// Whether `question`, asked in a child that then ends, says yes.
template <typename Question>
bool ask_child(Question question) {
  pid_t child = ::fork();
  if (child < 0) return false;
  if (child == 0) ::_exit(question() ? 0 : 1);
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

std::string line(bool there, const std::string& name, const std::string& yes, const std::string& no) {
  return (there ? "  yes  " : "  no   ") + name + ": " + (there ? yes : no) + "\n";
}

}  // namespace

Report probe(Ask ask) {
  Report report;
  utsname names{};
  if (::uname(&names) == 0) report.kernel = names.release;
  report.no_new_privs = ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) >= 0;
  unsigned action = SECCOMP_RET_ERRNO;
  report.seccomp = ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
  report.landlock_abi = landlock::best_abi();
  report.openat2 = ::syscall(SYS_openat2, -1, nullptr, nullptr, 0) < 0 && errno != ENOSYS && errno != EPERM;
  if (ask == Ask::everything)
    report.user_namespaces = ask_child([] { return ::unshare(CLONE_NEWUSER) == 0; });
  return report;
}

std::string describe(const Report& report) {
  std::string out = "sandbox of tools, kernel " + report.kernel + "\n";
  out += line(report.no_new_privs, "no_new_privs", "no rights are gained by exec", "needs Linux 3.5");
  out += line(
    report.seccomp, "seccomp", "sockets, ptrace, mount, bpf, io_uring and others are refused",
    "system calls cannot be filtered: plugins are not started"
  );
  std::string abi = "ABI " + std::to_string(report.landlock_abi) + ", files";
  if (report.landlock_abi >= 2) abi += ", moves between directories";
  if (report.landlock_abi >= 3) abi += ", truncation";
  if (report.landlock_abi >= 4) abi += ", TCP";
  if (report.landlock_abi >= 5) abi += ", device ioctl";
  if (report.landlock_abi >= 6) abi += ", signals and abstract sockets";
  out += line(
    report.landlock_abi > 0, "Landlock", abi,
    "files outside a session's directories are not walled off by the kernel: only the tools that come with hob run"
  );
  out += line(report.openat2, "openat2", "paths are resolved beneath a directory", "needs Linux 5.6: no file tools");
  out += line(report.user_namespaces, "user namespaces", "offered (not used by this version)", "not offered (not used)");
  return out;
}

Json to_json(const Report& report) {
  return Json{{"kernel", report.kernel},
              {"no_new_privs", report.no_new_privs},
              {"seccomp", report.seccomp},
              {"landlock_abi", report.landlock_abi},
              {"openat2", report.openat2},
              {"user_namespaces", report.user_namespaces}};
}

}  // namespace hob::sandbox
