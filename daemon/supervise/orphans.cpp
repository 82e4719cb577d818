#include "daemon/supervise/orphans.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/base/fd.h"
#include "schemas/base/log.h"

namespace hob::supervise {
namespace {

std::mutex g_mutex;
std::set<pid_t>& kin() {
  static std::set<pid_t> pids;
  return pids;
}

/// The parent of a process, from /proc/PID/stat: "PID (NAME) STATE PPID ..."; NAME may hold anything. 0: gone.
pid_t parent_of(const std::string& pid) {
  const UniqueFd file(::open(("/proc/" + pid + "/stat").c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 512> buffer;
  const ssize_t n = file ? ::read(file.get(), buffer.data(), buffer.size()) : -1;
  if (n <= 0) return 0;
  const std::string_view text(buffer.data(), static_cast<size_t>(n));
  const size_t name_end = text.rfind(')');
  if (name_end == std::string_view::npos || name_end + 4 >= text.size()) return 0;
  pid_t parent = 0;
  std::from_chars(text.data() + name_end + 4, text.data() + text.size(), parent);
  return parent;
}

/// Children of this process that Child did not start. (/proc/self/task/TID/children is not in every kernel.)
std::vector<pid_t> adopted() {
  std::vector<pid_t> out;
  const std::unique_ptr<DIR, int (*)(DIR*)> processes(::opendir("/proc"), &::closedir);
  if (!processes) return out;
  const std::lock_guard lock(g_mutex);
  while (const dirent* entry = ::readdir(processes.get())) {
    const std::string name = entry->d_name;
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error != std::errc() || end != name.data() + name.size()) continue;
    if (parent_of(name) == ::getpid() && !kin().contains(pid)) out.push_back(pid);
  }
  return out;
}

}  // namespace

Result<void> become_subreaper() {
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1) == 0) return {};
  return Error(Code::internal, "Cannot become a subreaper: " + errno_text(errno) + ".");
}

size_t reap_orphans() {
  size_t count = 0;
  for (const pid_t pid : adopted()) {
    if (::waitpid(pid, nullptr, WNOHANG) == pid) ++count;
  }
  return count;
}

size_t kill_orphans() {
  size_t count = 0;
  // What a killed orphan leaves behind is adopted in turn; each round kills one generation.
  for (auto pids = adopted(); !pids.empty(); pids = adopted()) {
    for (const pid_t pid : pids) ::kill(pid, SIGKILL);
    size_t reaped = 0;
    for (const pid_t pid : pids) {
      if (::waitpid(pid, nullptr, 0) == pid) ++reaped;
    }
    if (reaped == 0) break;
    count += reaped;
  }
  if (count > 0) log::warn("orphans.killed", {{"count", count}});
  return count;
}

Kin::Kin(pid_t pid) : pid_(pid) {
  const std::lock_guard lock(g_mutex);
  kin().insert(pid_);
}

Kin::~Kin() {
  const std::lock_guard lock(g_mutex);
  kin().erase(pid_);
}

}  // namespace hob::supervise
