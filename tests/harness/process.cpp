#include "tests/harness/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <utility>

#include "schemas/base/fd.h"

namespace hob::tests {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kMost{60};

}  // namespace

std::vector<std::string> environment_of(const std::map<std::string, std::string>& wanted) {
  std::map<std::string, std::string> all;
  for (const char* name : {"PATH", "HOME", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "LD_LIBRARY_PATH"}) {
    if (const char* value = std::getenv(name)) all[name] = value;
  }
  for (const auto& [name, value] : wanted) all[name] = value;
  std::vector<std::string> out;
  for (const auto& [name, value] : all) out.push_back(name + "=" + value);
  return out;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> out;
  for (std::string& word : words) out.push_back(word.data());
  out.push_back(nullptr);
  return out;
}

namespace {

void pipe_into(int (&fds)[2]) {
  if (::pipe2(fds, O_CLOEXEC) != 0) throw std::runtime_error("no pipe: " + errno_text(errno));
}

}  // namespace

std::string binary(const std::string& name) {
  // Another build, or an installation, may be put to the test.
  if (const char* programs = std::getenv("HOB_TEST_PROGRAMS")) return std::string(programs) + "/" + name;
  return std::string(HOB_BINARY_DIR) + "/bin/" + name;
}

Ran run_process(const std::vector<std::string>& command, const ProcessOptions& options) {
  std::vector<std::string> words = command, environment = environment_of(options.environment);
  const std::vector<char*> argv = pointers(words), envp = pointers(environment);
  int in[2], out[2], err[2];
  pipe_into(in);
  pipe_into(out);
  pipe_into(err);
  if (options.output_closed) ::close(std::exchange(out[0], -1));
  const pid_t pid = ::fork();
  if (pid < 0) throw std::runtime_error("no process: " + errno_text(errno));
  if (pid == 0) {
    if (options.input.empty()) ::dup2(::open("/dev/null", O_RDONLY), 0);
    else ::dup2(in[0], 0);
    ::dup2(out[1], 1);
    ::dup2(err[1], 2);
    ::signal(SIGPIPE, options.without_sigpipe ? SIG_IGN : SIG_DFL);
    if (!options.directory.empty() && ::chdir(options.directory.c_str()) != 0) _exit(126);
    ::execvpe(argv[0], argv.data(), envp.data());
    _exit(127);
  }
  ::close(in[0]);
  ::close(out[1]);
  ::close(err[1]);
  UniqueFd input(in[1]), outs(out[0]), errs(err[0]);
  Ran ran;
  std::string left = options.input;
  if (left.empty()) input.reset();
  bool interrupted = options.interrupt_after_output == 0;
  const auto end = Clock::now() + kMost;
  ::signal(SIGPIPE, SIG_IGN);
  while (outs || errs) {
    pollfd fds[3] = {{outs.get(), POLLIN, 0}, {errs.get(), POLLIN, 0}, {input.get(), POLLOUT, 0}};
    ::poll(fds, 3, 200);
    if (Clock::now() > end) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
      return ran;
    }
    if (input && fds[2].revents != 0) {
      const ssize_t n = ::write(input.get(), left.data(), left.size());
      if (n > 0) left.erase(0, static_cast<size_t>(n));
      if (n <= 0 || left.empty()) input.reset();
    }
    for (const auto& [fd, place, events] : {std::tuple{&outs, &ran.out, fds[0].revents}, {&errs, &ran.err, fds[1].revents}}) {
      if (!*fd || events == 0) continue;
      char bytes[16384];
      const ssize_t n = ::read(fd->get(), bytes, sizeof bytes);
      if (n > 0) place->append(bytes, static_cast<size_t>(n));
      else fd->reset();
    }
    if (!interrupted && ran.out.size() >= static_cast<size_t>(options.interrupt_after_output)) {
      interrupted = true;
      ::kill(pid, SIGINT);
    }
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  ran.exit = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return ran;
}

int start_process(const std::vector<std::string>& command, const std::map<std::string, std::string>& environment,
                  const std::string& log, int third) {
  std::vector<std::string> words = command, variables = environment_of(environment);
  const std::vector<char*> argv = pointers(words), envp = pointers(variables);
  const pid_t pid = ::fork();
  if (pid < 0) throw std::runtime_error("no process: " + errno_text(errno));
  if (pid > 0) return pid;
  ::dup2(::open("/dev/null", O_RDONLY), 0);
  const int fd = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(fd, 1);
  ::dup2(fd, 2);
  ::signal(SIGPIPE, SIG_DFL);
  if (third >= 0 && third != 3) ::dup2(third, 3);
  if (third == 3) ::fcntl(3, F_SETFD, 0);
  ::close_range(third >= 0 ? 4 : 3, ~0U, 0);
  ::execvpe(argv[0], argv.data(), envp.data());
  _exit(127);
}

int wait_for(int pid) {
  int status = 0;
  const auto end = Clock::now() + kMost;
  while (::waitpid(pid, &status, WNOHANG) == 0) {
    if (Clock::now() > end) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, &status, 0);
      break;
    }
    ::poll(nullptr, 0, 5);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace hob::tests
