// hob daemon, hob version.
#include <poll.h>

#include <cstdio>
#include <deque>
#include <fstream>
#include <sys/stat.h>

#include "daemon/cli/app.h"
#include "daemon/cli/interrupt.h"
#include "daemon/cli/reach.h"
#include "schemas/base/json.h"
#include "schemas/wire/handshake.h"

#ifndef HOB_VERSION
#define HOB_VERSION "0"
#endif

namespace hob::cli {
namespace {

Result<void> print_status(Shared& shared, Need need) {
  HOB_TRY(daemon, reach(shared, need));
  HOB_TRY(status, daemon.client.call<wire::DaemonStatus>("daemon/status", wire::Nothing{}));
  if (shared.json) {
    std::printf("%s\n", json::dump(describe::write(status)).c_str());
    return {};
  }
  std::printf("hobd %s (build %s), pid %d, up %lld s\n", status.version.c_str(), status.build.c_str(), status.pid,
              static_cast<long long>(status.uptime_ms / 1000));
  std::printf("socket      %s\n", status.socket.c_str());
  std::printf("state       %s\n", status.state_dir.c_str());
  std::printf("config      %s\n", status.config_file.c_str());
  std::printf("store       %s, %llu sessions\n", status.store.c_str(), static_cast<unsigned long long>(status.sessions));
  std::printf("model       %s\n", status.model.value("state", "").c_str());
  std::string plugins;
  for (const auto& [state, count] : status.plugins.items()) plugins += (plugins.empty() ? "" : ", ") + json::dump(count) + " " + state;
  std::printf("plugins     %s\n", plugins.empty() ? "none" : plugins.c_str());
  std::printf("now         %u connections, %u turns\n", status.connections, status.active_turns);
  return {};
}

Result<void> stop(Shared& shared, bool now) {
  HOB_TRY(places, shared.places());
  HOB_TRY(stopped, stop_daemon(shared, places, now ? wire::ShutdownMode::now : wire::ShutdownMode::graceful));
  if (shared.json) {
    std::printf("%s\n", json::dump({{"stopped", stopped}}).c_str());
  } else {
    shared.terminal.note(stopped ? "The daemon has stopped." : "The daemon did not run.");
  }
  return {};
}

struct LogOptions {
  bool follow = false;
  uint32_t lines = 100;
};

Result<void> logs(Shared& shared, const LogOptions& options) {
  HOB_TRY(places, shared.places());
  const std::string path = log_path(places);
  std::ifstream file(path);
  if (!file) return Error(Code::not_found, "There is no log yet at " + path + ".");
  std::deque<std::string> last;
  std::string line;
  while (std::getline(file, line)) {
    last.push_back(line);
    if (last.size() > options.lines) last.pop_front();
  }
  for (const std::string& text : last) std::printf("%s\n", shared.terminal.for_output(text).c_str());
  std::fflush(stdout);
  if (!options.follow) return {};
  Interrupts& interrupts = Interrupts::install();
  struct stat opened {};
  ::stat(path.c_str(), &opened);
  for (;;) {
    pollfd fd{interrupts.fd(), POLLIN, 0};
    ::poll(&fd, 1, 200);
    if (interrupts.take()) {
      shared.exit = kInterrupted;
      return {};
    }
    file.clear();
    while (std::getline(file, line)) std::printf("%s\n", shared.terminal.for_output(line).c_str());
    std::fflush(stdout);
    struct stat now {};
    if (::stat(path.c_str(), &now) == 0 && now.st_ino != opened.st_ino) {  // the log was rotated
      file.close();
      file.open(path);
      opened = now;
    }
  }
}

Result<void> version(Shared& shared) {
  Json out = {{"version", HOB_VERSION}, {"build", wire::build_id()}};
  HOB_TRY(places, shared.places());
  if (auto client = Client::connect(places.socket); client) {
    if (auto status = client->call<wire::DaemonStatus>("daemon/status", wire::Nothing{}, std::chrono::seconds(5)); status) {
      out["daemon"] = {{"version", status->version}, {"build", status->build}};
    }
  }
  if (shared.json) {
    std::printf("%s\n", json::dump(out).c_str());
    return {};
  }
  std::printf("hob %s (build %s)\n", HOB_VERSION, wire::build_id().c_str());
  if (out.contains("daemon") && out["daemon"]["build"] != wire::build_id()) {
    std::printf("the running daemon is %s (build %s)\n", out["daemon"].value("version", "").c_str(), out["daemon"].value("build", "").c_str());
  }
  return {};
}

}  // namespace

void add_daemon_commands(Command& app, Shared& shared) {
  Command& daemon = app.add("daemon", "Starts, stops and watches the daemon");
  daemon.wants_subcommand(true);
  daemon.examples("  hob daemon status\n  hob daemon logs -f\n  hob daemon restart");
  const auto add = [&](const std::string& name, const std::string& about, auto work) -> Command& {
    Command& command = daemon.add(name, about);
    add_common(command, shared);
    command.examples("  hob daemon " + name);
    command.run([&shared, work] {
      if (auto result = work(); !result) fail(shared, result.error());
    });
    return command;
  };
  add("start", "Starts the daemon (other commands do it by themselves)", [&shared] { return print_status(shared, Need::running); });
  add("status", "How the daemon is; exit status 3 when it does not run", [&shared] { return print_status(shared, Need::already); });
  auto now = std::make_shared<bool>(false);
  add("stop", "Stops the daemon; running turns go on at the next start", [&shared, now] { return stop(shared, *now); })
      .flag("--now", *now, "Do not wait for running turns");
  add("restart", "Stops the daemon and starts it again", [&shared, now]() -> Result<void> {
    HOB_TRY(places, shared.places());
    HOB_TRY(stopped, stop_daemon(shared, places, *now ? wire::ShutdownMode::now : wire::ShutdownMode::graceful));
    (void)stopped;
    return print_status(shared, Need::running);
  }).flag("--now", *now, "Do not wait for running turns");
  auto options = std::make_shared<LogOptions>();
  Command& log_app = add("logs", "The daemon's log", [&shared, options] { return logs(shared, *options); });
  log_app.flag("-f,--follow", options->follow, "Go on printing what is added");
  log_app.option("-n,--lines", options->lines, "How many of the last lines").says_default();
}

void add_version_command(Command& app, Shared& shared) {
  Command& command = app.add("version", "Versions of hob and of the running daemon");
  add_common(command, shared);
  command.examples("  hob version --json");
  command.run([&shared] {
    if (auto result = version(shared); !result) fail(shared, result.error());
  });
}

}  // namespace hob::cli
