#include "schemas/sandbox/hygiene.h"

#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace hob::sandbox {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

constexpr size_t kMaxVariables = 8;

Error failed(const std::string& what) {
  return Error(Code::tool_failed, what + ": " + std::strerror(errno) + ".");
}

/// Lowers both limits to `value`, never above what the process may have.
bool lower(__rlimit_resource which, uint64_t value) {
  rlimit now{};
  if (::getrlimit(which, &now) != 0) return false;
  rlim_t wanted = std::min<rlim_t>(value, now.rlim_max);
  rlimit next{wanted, wanted};
  return ::setrlimit(which, &next) == 0;
}

/// Tasks of this user, as /proc shows them: a directory for each thread.
uint64_t tasks_now() {
  uint64_t count = 0;
  DIR* processes = ::opendir("/proc");
  if (processes == nullptr) return 4096;
  while (dirent* process = ::readdir(processes)) {
    if (process->d_name[0] < '1' || process->d_name[0] > '9') continue;
    struct stat status {};
    const std::string tasks = std::string(process->d_name) + "/task";
    if (::fstatat(::dirfd(processes), tasks.c_str(), &status, 0) != 0 || status.st_uid != ::getuid()) continue;
    count += status.st_nlink > 2 ? status.st_nlink - 2 : 1;
  }
  ::closedir(processes);
  return count;
}

}  // namespace

uint64_t task_limit(uint64_t more) { return tasks_now() + more; }

Result<void> set_limits(const Limits& limits) {
  if (!lower(RLIMIT_CORE, 0)) return failed("Core files could not be turned off");
  if (limits.open_files > 0 && !lower(RLIMIT_NOFILE, limits.open_files)) return failed("The limit of open files failed");
  if (limits.file_bytes > 0 && !lower(RLIMIT_FSIZE, limits.file_bytes)) return failed("The limit of file sizes failed");
  if (!kSanitized && limits.memory_bytes > 0 && !lower(RLIMIT_AS, limits.memory_bytes))
    return failed("The limit of memory failed");
  if (limits.tasks > 0 && !lower(RLIMIT_NPROC, limits.tasks)) return failed("The limit of tasks failed");
  // Writing past RLIMIT_FSIZE shall be an error of write(), not the end of the process.
  ::signal(SIGXFSZ, SIG_IGN);
  return {};
}

Result<void> close_others(std::span<const int> keep) {
  std::vector<unsigned> kept;
  for (int fd : keep)
    if (fd > 2) kept.push_back(static_cast<unsigned>(fd));
  std::sort(kept.begin(), kept.end());
  kept.erase(std::unique(kept.begin(), kept.end()), kept.end());
  unsigned from = 3;
  auto close_range = [](unsigned first, unsigned last) {
    if (first > last || ::syscall(SYS_close_range, first, last, 0) == 0) return;
    // Linux before 5.9, or a filter that does not know the call.
    long most = ::sysconf(_SC_OPEN_MAX);
    unsigned end = static_cast<unsigned>(most > 0 ? most : 65536);
    for (unsigned fd = first; fd <= last && fd < end; ++fd) ::close(static_cast<int>(fd));
  };
  for (unsigned fd : kept) {
    if (fd > from) close_range(from, fd - 1);
    from = fd + 1;
  }
  close_range(from, ~0u);
  return {};
}

Result<void> set_environment(const std::vector<std::pair<std::string, std::string>>& variables) {
  if (variables.size() > kMaxVariables)
    return Error(Code::internal, "A tool gets at most 8 environment variables.");
  if (::clearenv() != 0) return Error(Code::tool_failed, "The environment could not be emptied.");
  for (const auto& [name, value] : variables)
    if (::setenv(name.c_str(), value.c_str(), 1) != 0) return failed("The variable " + name + " could not be set");
  return {};
}

Result<void> die_with_parent() {
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return failed("PR_SET_PDEATHSIG failed");
  return {};
}

}  // namespace hob::sandbox
