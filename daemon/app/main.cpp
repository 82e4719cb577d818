// hobd: the front door of hob. Starts in milliseconds: it maps no torch and loads no plugin code.
#include <csignal>
#include <cstdio>
#include <cstring>
#include <sys/stat.h>

#include "daemon/app/daemon.h"
#include "schemas/base/log.h"
#include "schemas/wire/handshake.h"

namespace {

constexpr char kHelp[] =
    "usage: hobd [--socket PATH] [--log-file PATH] [--openrpc] [--help] [--version]\n"
    "\n"
    "The daemon of hob. `hob` starts it when it needs one; a service manager may, too (config/hob.service).\n"
    "It stays in the foreground and stops on SIGTERM: running turns go on at the next start.\n"
    "\n"
    "  --socket PATH     listen here instead of $XDG_RUNTIME_DIR/hob/hob.sock\n"
    "  --openrpc         print the document that rpc.discover answers, and exit\n"
    "  --log-file PATH   log there (10 MiB, three old ones kept) instead of to standard error\n"
    "\n"
    "environment: HOB_STATE_DIR, HOB_CONFIG_DIR (everything private to one daemon)\n"
    "examples:\n"
    "  hobd --socket /tmp/my/hob.sock\n"
    "  HOB_STATE_DIR=$(mktemp -d) hobd\n";

int fail(const hob::Error& error, int code) {
  std::fprintf(stderr, "hobd: %s\n", error.message().c_str());
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  std::optional<std::string> socket;
  std::string log_file;
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    if (arg == "--help" || arg == "-h") {
      std::fputs(kHelp, stdout);
      return 0;
    }
    if (arg == "--version") {
      std::printf("hobd %s (build %s)\n", hob::api::version().c_str(), hob::wire::build_id().c_str());
      return 0;
    }
    if (arg == "--openrpc") {
      std::printf("%s\n", hob::json::pretty(hob::api::openrpc()).c_str());
      return 0;
    }
    if ((arg == "--socket" || arg == "--log-file") && i + 1 < argc) {
      (arg == "--socket" ? socket.emplace() : log_file) = argv[i + 1];
      ++i;
      continue;
    }
    std::fprintf(stderr, "hobd: unknown argument %s\n%s", argv[i], kHelp);
    return 2;
  }
  ::umask(0077);
  std::signal(SIGPIPE, SIG_IGN);
  auto places = hob::config::places(socket);
  if (!places) return fail(places.error(), 1);
  auto config = hob::config::load(places->config_dir);
  if (!config) return fail(config.error(), 2);
  auto level = hob::log::level_of(config->log.level);
  if (!level) return fail(level.error(), 2);
  hob::log::open(*level, "hobd", log_file);
  hob::app::Daemon daemon(*std::move(places), *std::move(config));
  if (auto started = daemon.start(); !started) {
    // 3: another daemon has the state directory or the socket; that is no fault of anybody.
    return fail(started.error(), started.error().code() == hob::Code::overloaded ? 3 : 1);
  }
  daemon.run();
  return daemon.exit_code();
}
