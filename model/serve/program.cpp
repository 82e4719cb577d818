#include "model/serve/program.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <fstream>
#include <iostream>

#include "model/serve/generate_command.h"
#include "model/serve/server.h"
#include "schemas/base/log.h"
#include "schemas/wire/handshake.h"

namespace hob::serve {
namespace {

bool is_socket(int fd) {
  int type = 0;
  socklen_t size = sizeof type;
  return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0;
}

/// A child's manners: gone when its parent is, the first to go when memory is short, no core files of what was said.
void settle_in() {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::ofstream("/proc/self/oom_score_adj") << "500";
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  std::signal(SIGPIPE, SIG_IGN);
}

int serve(int fd, const Program& program) {
  if (!is_socket(fd)) {
    std::cerr << program.name << " is run by hobd, on a socket as descriptor " << fd
              << "; there is none. See --help for what it can do by hand.\n";
    return 2;
  }
  settle_in();
  log::open(log::Level::info, program.name);
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  wire::FrameChannel channel{UniqueFd(fd)};
  Server server(channel, program.name, program.loader);
  // Nothing here is worth an orderly end: whoever read the answers is gone.
  _exit(server.run());
}

}  // namespace

int run(int argc, char** argv, const Program& program) {
  CLI::App app(program.name + ": the model process of hob. Without a command it serves hobd on a socket.", program.name);
  app.set_version_flag("--version", wire::build_id());
  app.footer("Exit status: 0, 1 when the work failed, 2 when the command line is wrong.");
  int fd = 3;
  int status = 0;
  app.add_option("--fd", fd, "The socket to serve on")->capture_default_str();
  wire::ModelStart start;
  CLI::App* generate = app.add_subcommand("generate", "Runs steps: lines of StepParams in, lines of StepResult out");
  generate->add_option("--model", start.model_dir, "Checkpoint directory");
  generate->add_option("--script", start.script, "What the scripted engine says (hob-model-lite)");
  generate->add_option("--dtype", start.dtype, "f32, bf16 or auto")->capture_default_str();
  generate->add_option("--threads", start.threads, "Threads to compute with; 0: choose")->capture_default_str();
  generate->add_option("--context", start.context, "Most positions; 0: the checkpoint's")->capture_default_str();
  generate->footer("Example:\n  echo '{\"items\":[{\"kind\":\"user_message\",\"text\":\"hi\"}]}' | " + program.name +
                   " generate --model DIR");
  generate->callback([&] {
    log::open(log::Level::warn, program.name);
    status = run_generate(start, program.loader, std::cin, std::cout, std::cerr);
  });
  if (program.add_commands) program.add_commands(app, status);
  app.require_subcommand(0, 1);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  if (app.get_subcommands().empty()) return serve(fd, program);
  return status;
}

}  // namespace hob::serve
