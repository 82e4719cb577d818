#include "daemon/cli/interrupt.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>

#include "schemas/base/result.h"

namespace hob::cli {
namespace {

constexpr int kInterruptedExit = 130;
std::atomic<int> write_fd{-1};
std::atomic<int> count{0};

void on_signal(int) {
  const int saved = errno;
  if (count.fetch_add(1) > 0) _exit(kInterruptedExit);
  const char byte = 'i';
  (void)!::write(write_fd.load(), &byte, 1);
  errno = saved;
}

}  // namespace

Interrupts::Interrupts() {
  int fds[2];
  HOB_CHECK(::pipe2(fds, O_CLOEXEC | O_NONBLOCK) == 0, "a pipe for interrupts cannot be made");
  read_fd_ = fds[0];
  write_fd = fds[1];
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

Interrupts& Interrupts::install() {
  static Interrupts interrupts;
  return interrupts;
}

bool Interrupts::take() {
  char bytes[16];
  return ::read(read_fd_, bytes, sizeof bytes) > 0;
}

}  // namespace hob::cli
