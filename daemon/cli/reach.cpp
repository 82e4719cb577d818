#include "daemon/cli/reach.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <thread>

#include "daemon/cli/interrupt.h"
#include "schemas/wire/handshake.h"

#ifndef HOB_VERSION
#define HOB_VERSION "0"
#endif

namespace hob::cli {
namespace {

using Clock = std::chrono::steady_clock;
constexpr Milliseconds kStartTime{20'000};
constexpr Milliseconds kStopTime{30'000};
constexpr Milliseconds kLookAgain{10};
constexpr Milliseconds kSayAfter{500};
constexpr Milliseconds kDyingTime{5'000};

/// Sleeps a little; false on Ctrl-C.
bool pause(Milliseconds time) {
  Interrupts& interrupts = Interrupts::install();
  pollfd fd{interrupts.fd(), POLLIN, 0};
  ::poll(&fd, 1, static_cast<int>(time.count()));
  return !interrupts.take();
}

Error interrupted() { return {Code::cancelled, "Interrupted."}; }

/// What hobd said since `offset`, without its log lines.
std::string last_words(const std::string& path, std::streamoff offset) {
  std::ifstream file(path);
  if (!file.seekg(offset)) return "";
  std::string line, words;
  while (std::getline(file, line)) {
    if (line.empty() || line[0] == '{') continue;
    words += (words.empty() ? "" : "\n") + line;
    if (words.size() > 2000) break;
  }
  return words;
}

Result<pid_t> spawn(const std::string& program, const std::vector<std::string>& arguments, const std::string& log) {
  if (::access(program.c_str(), X_OK) != 0) {
    return Error(Code::internal, "The daemon's program is not there: " + program + ": " + errno_text(errno) +
                                     ". It belongs beside hob.");
  }
  std::vector<char*> argv;
  argv.push_back(const_cast<char*>(program.c_str()));
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid < 0) return Error(Code::internal, "Cannot start a process: " + errno_text(errno) + ".");
  if (pid > 0) return pid;
  // In the child: only calls that are safe after a fork.
  ::setsid();
  const int null = ::open("/dev/null", O_RDONLY);
  const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600);
  if (null >= 0) ::dup2(null, 0);
  ::dup2(out >= 0 ? out : null, 1);
  ::dup2(out >= 0 ? out : null, 2);
  ::close_range(3, ~0U, 0);
  for (const int signal : {SIGINT, SIGTERM, SIGPIPE}) ::signal(signal, SIG_DFL);
  ::execv(program.c_str(), argv.data());
  _exit(127);
}

Result<wire::InitializeResult> initialize(Client& client) {
  wire::Initialize hello;
  hello.client_info = {{"name", "hob"}, {"title", "hob command line"}, {"version", HOB_VERSION}};
  return client.call<wire::InitializeResult>("initialize", hello, std::chrono::seconds(10));
}

/// Whether a daemon of another build is kept (nullopt) or to be restarted; an error when they cannot talk.
Result<bool> wants_restart(Shared& shared, const Json& facts) {
  const std::string build = facts.value("build", "unknown");
  if (build == wire::build_id()) return false;
  const std::string api = facts.value("apiVersion", "0.0");
  const bool talks = api.substr(0, api.find('.')) == std::to_string(wire::kApiMajor);
  const std::string skew = "The running daemon is another build (" + build + ", this is " + wire::build_id() + ")";
  if (!shared.terminal.interactive() || shared.json) {
    if (!talks) {
      return Error(Code::version_skew, skew + " and speaks version " + api + " of the protocol, not " +
                                           std::to_string(wire::kApiMajor) + ". Restart it: hob daemon restart");
    }
    shared.terminal.warn(skew + ". Restart it: hob daemon restart");
    return false;
  }
  shared.terminal.warn(skew + ".");
  std::fputs("Restart it? Running turns go on afterwards. [y/N] ", stderr);
  std::fflush(stderr);
  std::string answer;
  std::getline(std::cin, answer);
  if (!answer.empty() && (answer[0] == 'y' || answer[0] == 'Y')) return true;
  if (!talks) return Error(Code::version_skew, "They speak different versions of the protocol. Nothing was done.");
  return false;
}

}  // namespace

std::string log_path(const config::Places& places) { return places.state_dir + "/hobd.log"; }

Json Daemon::facts() const { return hello.meta.value("hob", Json::object()); }

wire::ModelStatus Daemon::model() const {
  auto status = describe::read<wire::ModelStatus>(facts().value("model", Json::object()));
  return status ? *std::move(status) : wire::ModelStatus{};
}

Result<Client> start_daemon(Shared& shared, const config::Places& places) {
  std::error_code failed;
  if (std::filesystem::create_directories(places.state_dir, failed)) ::chmod(places.state_dir.c_str(), 0700);
  if (failed) return Error(Code::internal, "Cannot make the directory " + places.state_dir + ": " + failed.message() + ".");
  const std::string log = log_path(places);
  const auto size = std::filesystem::file_size(log, failed);
  const auto offset = failed ? 0 : static_cast<std::streamoff>(size);
  std::vector<std::string> arguments = {"--log-file", log};
  if (!shared.socket.empty()) arguments.insert(arguments.end(), {"--socket", shared.socket});
  HOB_TRY(pid, spawn(places.bin_dir + "/hobd", arguments, log));
  const auto begin = Clock::now();
  bool said = false, ended = false;
  int status = 0;
  std::optional<Clock::time_point> ended_at;
  for (;;) {
    auto client = Client::connect(places.socket);
    if (client) {
      shared.terminal.end_progress();
      return client;
    }
    if (!ended && ::waitpid(pid, &status, WNOHANG) == pid) {
      ended = true;
      ended_at = Clock::now();
    }
    // Exit 3: another hobd owns the socket; it will answer soon. Anything else is the end of it.
    const bool another = ended && WIFEXITED(status) && WEXITSTATUS(status) == 3;
    if ((ended && !another) || Clock::now() - begin > kStartTime) {
      shared.terminal.end_progress();
      std::string words = last_words(log, offset);
      if (words.empty()) words = ended ? "It ended without a word." : "It does not answer at " + places.socket + ".";
      return Error(Code::interrupted, "The daemon could not be started. " + words + " (Its log: " + log + ")");
    }
    if (!said && Clock::now() - begin > kSayAfter) {
      said = true;
      if (shared.terminal.err_is_terminal()) {
        shared.terminal.progress("starting the daemon ...");
      } else {
        shared.terminal.note("starting the daemon ...");
      }
    }
    if (!pause(kLookAgain)) return interrupted();
  }
}

Result<bool> stop_daemon(Shared& shared, const config::Places& places, wire::ShutdownMode mode) {
  auto client = Client::connect(places.socket);
  if (!client) {
    if (client.error().code() == Code::not_found) return false;
    return std::move(client).error();
  }
  HOB_TRY(status, client->call<wire::DaemonStatus>("daemon/status", wire::Nothing{}));
  HOB_TRY_VOID(client->call<wire::Nothing>("daemon/shutdown", wire::DaemonShutdown{mode}));
  const auto begin = Clock::now();
  // The process itself must be gone: only then are the store and the socket's lock free.
  while (::kill(status.pid, 0) == 0) {
    // A daemon that this very shell started may be a zombie of ours.
    ::waitpid(status.pid, nullptr, WNOHANG);
    if (Clock::now() - begin > kStopTime) {
      return Error(Code::deadline, "The daemon (pid " + std::to_string(status.pid) + ") did not stop within 30 s. Ask again with --now.");
    }
    if (Clock::now() - begin > kSayAfter) shared.terminal.progress("waiting for the daemon to stop ...");
    if (!pause(kLookAgain)) return interrupted();
  }
  shared.terminal.end_progress();
  return true;
}

namespace {

/// A daemon that answers, started where there is none.
Result<Daemon> greeted(Shared& shared, const config::Places& places, Need need) {
  const auto begin = Clock::now();
  for (;;) {
    auto client = Client::connect(places.socket);
    if (!client && client.error().code() != Code::not_found) return std::move(client).error().in("Cannot reach the daemon");
    if (!client) {
      if (need == Need::already) {
        return Error(Code::interrupted, "The daemon does not run (nobody answers at " + places.socket + "). Start it: hob daemon start");
      }
      HOB_TRY(started, start_daemon(shared, places));
      client = std::move(started);
    }
    auto hello = initialize(*client);
    if (hello) return Daemon{*std::move(client), *std::move(hello)};
    // One that is just dying still takes connections, and is gone a moment later.
    if (!client->lost() || Clock::now() - begin > kDyingTime) return std::move(hello).error();
    if (!pause(kLookAgain)) return interrupted();
  }
}

}  // namespace

Result<Daemon> reach(Shared& shared, Need need) {
  HOB_TRY(places, shared.places());
  HOB_TRY(daemon, greeted(shared, places, need));
  HOB_TRY(restart, wants_restart(shared, daemon.facts()));
  if (!restart) return daemon;
  HOB_TRY(stopped, stop_daemon(shared, places, wire::ShutdownMode::graceful));
  (void)stopped;
  HOB_TRY(fresh, start_daemon(shared, places));
  HOB_TRY(again, initialize(fresh));
  return Daemon{std::move(fresh), std::move(again)};
}

}  // namespace hob::cli
