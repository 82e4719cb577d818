#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>

#include "schemas/base/fd.h"
#include "tests/harness/process.h"

namespace hob::tests {
namespace {

constexpr int kMostMs = 60'000;

}  // namespace

OnTerminal::OnTerminal(const std::vector<std::string>& command, const std::map<std::string, std::string>& environment,
                       const std::string& directory) {
  std::vector<std::string> words = command, variables = environment_of(environment);
  variables.push_back("TERM=xterm");
  const std::vector<char*> argv = pointers(words), envp = pointers(variables);
  winsize size{};
  size.ws_col = 120;
  size.ws_row = 40;
  pid_ = ::forkpty(&terminal_, nullptr, nullptr, &size);
  if (pid_ < 0) throw std::runtime_error("no terminal: " + errno_text(errno));
  if (pid_ > 0) return;
  ::signal(SIGPIPE, SIG_DFL);
  if (::chdir(directory.c_str()) != 0) _exit(126);
  ::execvpe(argv[0], argv.data(), envp.data());
  _exit(127);
}

OnTerminal::~OnTerminal() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(terminal_);
}

bool OnTerminal::read_some() {
  pollfd ready{terminal_, POLLIN, 0};
  if (::poll(&ready, 1, kMostMs) <= 0) throw std::runtime_error("nothing more was written after: " + written_);
  char bytes[4096];
  const ssize_t n = ::read(terminal_, bytes, sizeof bytes);  // EIO: the program has ended
  if (n <= 0) return false;
  written_.append(bytes, static_cast<size_t>(n));
  return true;
}

void OnTerminal::wait(const std::string& text) {
  size_t at;
  while ((at = written_.find(text, looked_)) == std::string::npos) {
    if (!read_some()) throw std::runtime_error("\"" + text + "\" was never written, but: " + written_);
  }
  looked_ = at + text.size();
}

void OnTerminal::type(const std::string& keys) {
  if (::write(terminal_, keys.data(), keys.size()) != static_cast<ssize_t>(keys.size())) {
    throw std::runtime_error("the terminal takes no keys: " + errno_text(errno));
  }
}

int OnTerminal::end() {
  while (read_some()) {
  }
  const int exit = wait_for(pid_);
  pid_ = -1;
  return exit;
}

}  // namespace hob::tests
