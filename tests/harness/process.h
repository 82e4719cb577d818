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

Ran run_process(const std::vector<std::string>& command, const ProcessOptions& options = {});

/// Starts a program that goes on; its output is appended to `log`. `third`: what it has as descriptor 3.
int start_process(const std::vector<std::string>& command, const std::map<std::string, std::string>& environment,
                  const std::string& log, int third = -1);

/// Waits for a program of start_process; its exit as in Ran.
int wait_for(int pid);

/// build/PRESET/bin/NAME, or NAME in the directory that HOB_TEST_PROGRAMS says.
std::string binary(const std::string& name);

}  // namespace hob::tests
