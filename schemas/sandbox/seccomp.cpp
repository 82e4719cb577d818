#include "schemas/sandbox/seccomp.h"

#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace hob::sandbox::seccomp {
namespace {

constexpr const char* kRefused[] = {
  // other processes
  "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "pidfd_getfd", "perf_event_open",
  // the tree of files, as a whole
  "mount", "umount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "fsopen", "fsconfig", "fsmount",
  "fspick", "mount_setattr", "open_by_handle_at", "name_to_handle_at", "fanotify_init", "quotactl", "quotactl_fd",
  "mknod", "mknodat", "swapon", "swapoff", "acct",
  // the kernel
  "bpf", "io_uring_setup", "io_uring_enter", "io_uring_register", "userfaultfd", "kexec_load", "kexec_file_load",
  "init_module", "finit_module", "delete_module", "reboot", "syslog", "iopl", "ioperm", "personality", "lookup_dcookie",
  "vhangup", "nfsservctl", "settimeofday", "clock_settime", "clock_settime64", "adjtimex", "clock_adjtime",
  "clock_adjtime64", "sethostname", "setdomainname",
  // keys, namespaces, shared memory by name
  "keyctl", "add_key", "request_key", "unshare", "setns", "shmget", "shmat", "shmctl", "msgget", "msgsnd", "msgrcv",
  "msgctl", "semget", "semop", "semctl", "semtimedop", "mq_open", "mq_unlink",
  // signals with forged content
  "rt_sigqueueinfo", "rt_tgsigqueueinfo",
};

// Landlock does not judge these (measured on ABI 7); by descriptor they stay possible.
constexpr const char* kByPath[] = {"chmod",     "fchmodat",    "fchmodat2",    "chown",        "lchown",
                                   "fchownat",  "setxattr",    "lsetxattr",    "removexattr",  "lremovexattr",
                                   "utime",     "utimes",      "futimesat",    "setxattrat",   "removexattrat"};

constexpr unsigned long kNamespaceFlags[] = {CLONE_NEWUSER, CLONE_NEWNS,  CLONE_NEWPID,   CLONE_NEWNET,
                                             CLONE_NEWIPC,  CLONE_NEWUTS, CLONE_NEWCGROUP};

class Builder {
 public:
  Builder() : context_(::seccomp_init(SCMP_ACT_ALLOW)) {}
  ~Builder() {
    if (context_) ::seccomp_release(context_);
  }
  Builder(const Builder&) = delete;
  Builder& operator=(const Builder&) = delete;

  explicit operator bool() const { return context_ != nullptr; }
  scmp_filter_ctx get() { return context_; }

  void refuse(const char* name, int error_number = EPERM) { add(name, error_number, 0, nullptr); }
  void refuse(const char* name, scmp_arg_cmp when, int error_number = EPERM) { add(name, error_number, 1, &when); }

  int failure() const { return failure_; }
  const std::string& where() const { return where_; }

 private:
  void add(const char* name, int error_number, unsigned count, const scmp_arg_cmp* when) {
    int number = ::seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR) return;  // libseccomp is older than the call; so is what it could do to us
    int rc = ::seccomp_rule_add_array(context_, SCMP_ACT_ERRNO(static_cast<unsigned>(error_number)), number, count, when);
    if (rc != 0 && rc != -EDOM && failure_ == 0) {
      failure_ = -rc;
      where_ = name;
    }
  }

  scmp_filter_ctx context_;
  int failure_ = 0;
  std::string where_;
};

}  // namespace

Result<void> install(const Filter& filter) {
  Builder rules;
  if (!rules) return Error(Code::tool_failed, "libseccomp could not make a filter.");
  for (const char* name : kRefused) rules.refuse(name);
  rules.refuse("clone3", ENOSYS);
  rules.refuse("ioctl", SCMP_A1(SCMP_CMP_MASKED_EQ, 0xFFFFFFFFu, TIOCSTI));
  rules.refuse("ioctl", SCMP_A1(SCMP_CMP_MASKED_EQ, 0xFFFFFFFFu, TIOCLINUX));

  if (filter.allow_network) {
    // Everything but AF_INET (2) and AF_INET6 (10).
    rules.refuse("socket", SCMP_A0(SCMP_CMP_LT, AF_INET));
    for (unsigned family = AF_INET + 1; family < AF_INET6; ++family)
      rules.refuse("socket", SCMP_A0(SCMP_CMP_EQ, family));
    rules.refuse("socket", SCMP_A0(SCMP_CMP_GT, AF_INET6));
  } else {
    rules.refuse("socket");
  }

  if (filter.allow_exec) {
    for (unsigned long flag : kNamespaceFlags) rules.refuse("clone", SCMP_A0(SCMP_CMP_MASKED_EQ, flag, flag));
  } else {
    for (const char* name : kByPath) rules.refuse(name);
    rules.refuse("utimensat", SCMP_A1(SCMP_CMP_NE, 0));  // futimens passes no path
    for (const char* name : {"execve", "execveat", "fork", "vfork", "tkill", "pidfd_send_signal"}) rules.refuse(name);
    rules.refuse("clone", SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
    auto self = static_cast<scmp_datum_t>(::getpid());
    rules.refuse("kill", SCMP_A0(SCMP_CMP_NE, self));
    rules.refuse("tgkill", SCMP_A0(SCMP_CMP_NE, self));
    rules.refuse("prctl", SCMP_A0(SCMP_CMP_EQ, PR_SET_PDEATHSIG));
  }
  if (rules.failure() != 0)
    return Error(Code::tool_failed, "The system call filter could not be built at " + rules.where() + ": " +
                                        std::strerror(rules.failure()) + ".");
  // All threads, though there should be one. libseccomp sets no_new_privs itself.
  ::seccomp_attr_set(rules.get(), SCMP_FLTATR_CTL_TSYNC, 1);
  int rc = ::seccomp_load(rules.get());
  if (rc != 0)
    return Error(Code::tool_failed, std::string("The system call filter could not be loaded: ") + std::strerror(-rc) + ".");
  return {};
}

}  // namespace hob::sandbox::seccomp
