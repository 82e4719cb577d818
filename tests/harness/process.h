// run_process: a program run to its end, with its words. For the few programs that tests start: hob, python3.
//
//   const Ran ran = run_process({binary("hob"), "run", "hello"}, {.environment = daemon.environment()});
//   CHECK(ran.exit == 0);
//
// Standard input is /dev/null, or the text given. No shell. A program that takes longer than a minute is killed and
// has exit -1.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace hob::tests {

struct ProcessOptions {
  std::map<std::string, std::string> environment;  // on top of PATH, HOME, and what sanitizers read
  std::string input;
  std::string directory;       // where it runs; empty: here
  int interrupt_after_output = 0;  // SIGINT once so many bytes of standard output have come
  bool output_closed = false;      // nobody reads standard output, as behind a `head` that has ended
  bool without_sigpipe = false;    // it is ignored, as in units of systemd
};

struct Ran {
  int exit = -1;               // 128 + signal when it was killed
  std::string out, err;
};

/// NAME=VALUE of what a started program may see: a few of our variables, and the wanted ones.
std::vector<std::string> environment_of(const std::map<std::string, std::string>& wanted);
/// As exec wants them; they point into `words`.
std::vector<char*> pointers(std::vector<std::string>& words);

Ran run_process(const std::vector<std::string>& command, const ProcessOptions& options = {});

/// A program on a terminal of its own, with somebody who looks and types.
///
///   OnTerminal hob({binary("hob"), "run", "write it"}, daemon.environment(), daemon.work());
///   hob.wait("Allow?");
///   hob.type("y\n");
///   CHECK(hob.end() == 0);
class OnTerminal {
 public:
  OnTerminal(const std::vector<std::string>& command, const std::map<std::string, std::string>& environment,
             const std::string& directory);
  ~OnTerminal();
  OnTerminal(const OnTerminal&) = delete;
  OnTerminal& operator=(const OnTerminal&) = delete;

  /// Reads until `text` has been written after what the last wait found; throws when it does not come.
  void wait(const std::string& text);
  void type(const std::string& keys);
  /// Waits for its end; its exit as in Ran.
  int end();
  /// All that it wrote, escape sequences included.
  const std::string& written() const { return written_; }

 private:
  bool read_some();
  int terminal_ = -1;
  int pid_ = -1;
  std::string written_;
  size_t looked_ = 0;
};

/// Starts a program that goes on; its output is appended to `log`. `third`: what it has as descriptor 3.
int start_process(const std::vector<std::string>& command, const std::map<std::string, std::string>& environment,
                  const std::string& log, int third = -1);

/// Waits for a program of start_process; its exit as in Ran.
int wait_for(int pid);

/// build/PRESET/bin/NAME, or NAME in the directory that HOB_TEST_PROGRAMS says.
std::string binary(const std::string& name);

}  // namespace hob::tests
