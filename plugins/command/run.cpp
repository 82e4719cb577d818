#include "plugins/command/run.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include "schemas/base/fd.h"

namespace hob::plugins::command {
namespace {

using Clock = std::chrono::steady_clock;
constexpr size_t kHead = 128u << 10, kTail = 128u << 10;
constexpr int kTickMs = 20;  // how often the cancel flag is looked at
constexpr int kMaxRounds = 1000;
constexpr rlim_t kCpuSpareSeconds = 5;

/// Only calls that are allowed between fork and exec, since this process has threads.
[[noreturn]] void become(const Command& command, int out, int null, char* const* arguments) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  ::dup2(null, 0);
  ::dup2(out, 1);
  ::dup2(out, 2);
  if (command.directory >= 0 && ::fchdir(command.directory) != 0) ::_exit(126);
  for (int fd = 3; fd < 1024; ++fd) ::close(fd);
  const auto seconds = static_cast<rlim_t>(command.timeout.count() / 1000) + kCpuSpareSeconds;
  const rlimit cpu{seconds * 64, seconds * 64};  // many cores may work for it; wall time is what ends it
  ::setrlimit(RLIMIT_CPU, &cpu);
  const rlimit core{0, 0};
  ::setrlimit(RLIMIT_CORE, &core);
  ::signal(SIGPIPE, SIG_DFL);
  ::signal(SIGXFSZ, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execve("/bin/sh", arguments, environ);
  ::_exit(127);
}

/// The children of all threads of this process; empty where the kernel or the sandbox does not tell.
std::vector<pid_t> children() {
  std::vector<pid_t> out;
  DIR* tasks = ::opendir("/proc/self/task");
  if (tasks == nullptr) return out;
  while (dirent* task = ::readdir(tasks)) {
    if (task->d_name[0] == '.') continue;
    std::ifstream file(std::string("/proc/self/task/") + task->d_name + "/children");
    for (pid_t pid = 0; file >> pid;) out.push_back(pid);
  }
  ::closedir(tasks);
  return out;
}

void reap() {
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
  }
}

/// Ends whatever the command left: first its group, then orphans that came to us, until none is left.
void end_all(pid_t group) {
  ::kill(-group, SIGKILL);
  for (int round = 0; round < kMaxRounds; ++round) {
    reap();
    std::vector<pid_t> left = children();
    if (left.empty()) return;
    for (pid_t pid : left) ::kill(pid, SIGKILL);
    // Wait for one to go, so that its own children come to us before the next round.
    ::waitpid(left.front(), nullptr, 0);
  }
}

/// Reads what is there now. False at the end of the stream.
bool drain(int fd, Output& output, const std::function<void(std::string_view)>& progress) {
  char block[16384];
  for (int i = 0; i < 64; ++i) {
    ssize_t n = ::read(fd, block, sizeof block);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return true;  // EAGAIN
    if (n == 0) return false;
    std::string_view bytes(block, static_cast<size_t>(n));
    output.append(bytes);
    progress(plain(bytes));
  }
  return true;
}

}  // namespace

void adopt_orphans() { ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); }

Result<Ran> run(
  const Command& command, const std::function<bool()>& cancelled, const std::function<void(std::string_view)>& progress
) {
  if (command.command.find('\0') != std::string::npos)
    return Error(Code::invalid_params, "The command contains a NUL byte.");
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return Error(Code::tool_failed, "No pipe: " + errno_text(errno) + ".");
  UniqueFd out(ends[0]), in(ends[1]);
  ::fcntl(out.get(), F_SETFL, O_NONBLOCK);
  UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  std::string shell = "sh", flag = "-c", text = command.command;
  char* const arguments[] = {shell.data(), flag.data(), text.data(), nullptr};
  const pid_t child = ::fork();
  if (child < 0) return Error(Code::tool_failed, "No process could be made: " + errno_text(errno) + ".");
  if (child == 0) become(command, in.get(), null.get(), arguments);
  ::setpgid(child, child);  // whoever is first
  in.reset();

  Ran ran;
  Output output(kHead, kTail);
  const Clock::time_point deadline = Clock::now() + command.timeout;
  bool open = true;
  for (;;) {
    // WNOWAIT: the number of the group stays taken until everything in it is ended.
    siginfo_t info{};
    if (::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == child) {
      ran.exit_code = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
      break;
    }
    if (cancelled()) {
      ran.how = Ended::cancelled;
      break;
    }
    if (Clock::now() >= deadline) {
      ran.how = Ended::timeout;
      break;
    }
    pollfd ready{open ? out.get() : -1, POLLIN, 0};
    if (::poll(&ready, 1, kTickMs) > 0) open = drain(out.get(), output, progress);
  }
  if (open) (void)drain(out.get(), output, progress);
  end_all(child);
  ran.truncated = output.truncated();
  ran.output = output.text();
  return ran;
}

}  // namespace hob::plugins::command
