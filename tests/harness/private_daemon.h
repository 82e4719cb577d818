// PrivateDaemon: a real hobd in a directory of its own, whose model is the scripted engine of hob-model-lite.
//
//   PrivateDaemon daemon;                       // directories, configuration, script; nothing runs yet
//   daemon.start();
//   RawClient client = daemon.connect();
//   const Ran ran = daemon.hob({"run", "say hello"});
//   daemon.kill_hard();                         // SIGKILL, as in a power cut
//   daemon.start();
//
// The destructor stops the daemon and removes the directory. What the engine says stands in script.cpp.
#pragma once

#include <string>
#include <vector>

#include "tests/harness/process.h"
#include "tests/harness/raw_client.h"

namespace hob::tests {

/// The rules of the script that most tests use; script.cpp tells them.
Json usual_rules();
/// Rules by which a prompt with `when` in it makes these calls ("write_file{...}") in one step, and then says `answer`.
Json calling_rules(const std::string& when, const std::vector<std::string>& calls, const std::string& answer);

struct Setup {
  Json rules = usual_rules();
  std::string more_config;                         // YAML after `model:`
  std::map<std::string, std::string> environment;  // of hobd
};

class PrivateDaemon {
 public:
  explicit PrivateDaemon(Setup setup = {});
  ~PrivateDaemon();
  PrivateDaemon(const PrivateDaemon&) = delete;
  PrivateDaemon& operator=(const PrivateDaemon&) = delete;

  void start();
  void kill_hard();
  /// SIGTERM and the exit status.
  int stop();
  /// Waits for its end, which something else brings about.
  int wait_end();
  bool running() const { return pid_ > 0; }
  int pid() const { return pid_; }
  void set_environment(const std::string& name, const std::string& value) { setup_.environment[name] = value; }

  std::string socket() const { return directory_ + "/state/run/hob.sock"; }
  std::string state() const { return directory_ + "/state"; }
  std::string config() const { return directory_ + "/config"; }
  /// A directory for sessions.
  std::string work() const { return directory_ + "/work"; }
  std::string log() const;

  RawClient connect() const { return RawClient(socket()); }
  /// A session in work(); more params of session/new may be given.
  std::string new_session(RawClient& client, Json more = Json::object()) const;
  /// Starts a turn with this text; its id.
  std::string start_turn(RawClient& client, const std::string& session, const std::string& text, Json more = Json::object()) const;
  /// A whole turn; its end state.
  Json turn(RawClient& client, const std::string& session, const std::string& text, Json more = Json::object()) const;
  /// All durable events of a session.
  Json events(RawClient& client, const std::string& session) const;

  /// The program `hob` against this daemon, in work().
  Ran hob(std::vector<std::string> arguments, ProcessOptions options = {}) const;

  /// What a client of this daemon needs to see.
  std::map<std::string, std::string> environment() const;

 private:
  Setup setup_;
  std::string directory_;
  int pid_ = 0;
};

}  // namespace hob::tests
