// Interrupts: Ctrl-C as something a poll loop can wait for. The first one is told through a pipe, so that work can end
// in order; the second one leaves at once with 130.
//
//   Interrupts& interrupts = Interrupts::install();
//   poll({socket, interrupts.fd()});  if (interrupts.take()) ...
//
// One for the process; [any] may ask, the handler only writes a byte.
#pragma once

namespace hob::cli {

class Interrupts {
 public:
  /// Handles SIGINT and SIGTERM from now on. Calling it again gives the same object.
  static Interrupts& install();
  /// Readable once there was an interrupt that nobody has taken.
  int fd() const { return read_fd_; }
  /// Whether there was an interrupt since the last call.
  bool take();

 private:
  Interrupts();
  int read_fd_ = -1;
};

}  // namespace hob::cli
