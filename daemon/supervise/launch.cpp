#include "daemon/supervise/launch.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace hob::supervise {
namespace {

constexpr int kFrameFd = 3;
constexpr int kErrorFd = 4;   // closed by a successful exec
constexpr int kSafeFd = 16;   // descriptors are moved above this, so that dup2 overwrites none that is needed

/// All that the child needs between fork and exec, made ready before: no allocation there.
struct Prepared {
  const char* program;
  char* const* arguments;
  char* const* environment;
  int null;
  int output;
  int socket;
  int error;
  const char* oom_score;
  size_t oom_score_bytes;
  pid_t parent;
};

[[noreturn]] void fail(int fd) {
  const int error = errno;
  (void)!::write(fd, &error, sizeof error);
  ::_exit(127);
}

/// In the child: only system calls. It may share our memory (vfork), so it changes none of it.
[[noreturn]] __attribute__((noinline)) void become(const Prepared& p) {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) fail(p.error);
  if (::getppid() != p.parent) ::_exit(127);  // hobd died before the line above
  if (::setpgid(0, 0) != 0) fail(p.error);
  struct sigaction normal {};
  normal.sa_handler = SIG_DFL;
  for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &normal, nullptr);
  const int oom = ::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (oom >= 0) (void)!::write(oom, p.oom_score, p.oom_score_bytes);
  if (::dup2(p.null, 0) < 0 || ::dup2(p.output, 1) < 0 || ::dup2(p.output, 2) < 0 || ::dup2(p.socket, kFrameFd) < 0 ||
      ::dup3(p.error, kErrorFd, O_CLOEXEC) < 0) {
    fail(p.error);
  }
  if (::syscall(SYS_close_range, kErrorFd + 1, ~0U, 0) != 0) fail(kErrorFd);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve(p.program, p.arguments, p.environment);
  fail(kErrorFd);
}

pid_t fork_and_become(const Prepared& p) {
  const pid_t pid = ::vfork();
  if (pid == 0) become(p);
  return pid;
}

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> out;
  for (std::string& text : strings) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

Result<UniqueFd> moved_up(int fd) {
  UniqueFd up(::fcntl(fd, F_DUPFD_CLOEXEC, kSafeFd));
  if (!up) return Error(Code::internal, "Cannot duplicate a descriptor: " + errno_text(errno) + ".");
  return up;
}

Result<std::array<UniqueFd, 2>> make_pipe() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) return Error(Code::internal, "Cannot make a pipe: " + errno_text(errno) + ".");
  return std::array<UniqueFd, 2>{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

/// The errno that the child wrote before it gave up; 0 when the exec succeeded.
int read_errno(int fd) {
  int error = 0;
  ssize_t n = 0;
  do {
    n = ::read(fd, &error, sizeof error);
  } while (n < 0 && errno == EINTR);
  return n == static_cast<ssize_t>(sizeof error) ? error : 0;
}

}  // namespace

Result<Launched> launch(const SpawnOptions& options) {
  if (options.program.empty() || options.program.front() != '/') {
    return Error(Code::internal, "A child's program must be an absolute path, not \"" + options.program + "\".");
  }
  HOB_TRY(sockets, wire::socket_pair());
  HOB_TRY(output, make_pipe());
  HOB_TRY(errors, make_pipe());
  const UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (!null) return Error(Code::internal, "Cannot open /dev/null: " + errno_text(errno) + ".");
  HOB_TRY(null_up, moved_up(null.get()));
  HOB_TRY(output_up, moved_up(output[1].get()));
  HOB_TRY(socket_up, moved_up(sockets[1].get()));
  HOB_TRY(error_up, moved_up(errors[1].get()));

  std::vector<std::string> arguments{options.program};
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  std::vector<std::string> environment = options.environment;
  const std::vector<char*> argv = pointers(arguments);
  const std::vector<char*> envp = pointers(environment);
  const std::string oom_score = std::to_string(options.oom_score_adj);
  const Prepared prepared{options.program.c_str(), argv.data(),    envp.data(),      null_up.get(),
                          output_up.get(),         socket_up.get(), error_up.get(),  oom_score.data(),
                          oom_score.size(),        ::getpid()};

  // With our signal handlers and memory shared until exec, no signal may be delivered to the child before its reset.
  sigset_t all, before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = fork_and_become(prepared);
  const int fork_error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) return Error(Code::internal, "Cannot start a process: " + errno_text(fork_error) + ".");

  error_up.reset();
  errors[1].reset();
  const int error = read_errno(errors[0].get());
  if (error != 0) {
    ::waitpid(pid, nullptr, 0);
    return Error(error == ENOENT ? Code::not_found : Code::internal,
                 "Cannot start " + options.program + ": " + errno_text(error) + ".");
  }
  UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd) {
    const int reason = errno;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    return Error(Code::internal, "Cannot watch a process: " + errno_text(reason) + ".");
  }
  return Launched{pid, std::move(pidfd), std::move(sockets[0]), std::move(output[0])};
}

bool has_ended(pid_t pid) {
  siginfo_t info{};
  return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == pid;
}

Exit reap(pid_t pid) {
  // By number and not by pidfd: Asio makes that non-blocking, and the number is the child's until it is reaped.
  siginfo_t info{};
  int rc = 0;
  do {
    rc = ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED);
  } while (rc != 0 && errno == EINTR);
  if (rc != 0) return {255, false, "ended; how is not known"};
  if (info.si_code == CLD_EXITED) {
    return {info.si_status, false, "exited with " + std::to_string(info.si_status)};
  }
  const char* name = ::sigdescr_np(info.si_status);
  return {128 + info.si_status, true,
          "was killed by signal " + std::to_string(info.si_status) + " (" + (name ? name : "unknown") + ")"};
}

}  // namespace hob::supervise
