#include "tests/harness/private_daemon.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace hob::tests {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

std::string slurp(const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string new_directory() {
  std::string name = (fs::temp_directory_path() / "hob-test-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory: " + errno_text(errno));
  return name;
}

}  // namespace

PrivateDaemon::PrivateDaemon(Setup setup) : setup_(std::move(setup)), directory_(new_directory()) {
  for (const std::string& path : {state(), config(), work()}) {
    fs::create_directory(path);
    ::chmod(path.c_str(), 0700);
  }
  const Json script = {{"tokenizer", std::string(HOB_SOURCE_DIR) + "/model/tiny/checkpoint/tokenizer.json"},
                       {"context", 8192},
                       {"rules", setup_.rules}};
  std::ofstream(directory_ + "/script.json") << json::pretty(script);
  std::ofstream(config() + "/hob.yaml") << "model:\n  path: " << directory_ << "/script.json\nlog:\n  level: debug\n" << setup_.more_config;
  ::chmod((config() + "/hob.yaml").c_str(), 0600);
}

PrivateDaemon::~PrivateDaemon() {
  if (running()) {
    try {
      stop();
    } catch (const std::exception&) {
      kill_hard();
    }
  }
  // A daemon that `hob` started by itself in these directories.
  try {
    RawClient stray(socket());
    stray.call("daemon/shutdown", {{"mode", "now"}});
    while (stray.read()) {}
  } catch (const std::exception&) {
  }
  std::error_code ignored;
  if (std::getenv("HOB_TEST_KEEP") == nullptr) fs::remove_all(directory_, ignored);
}

std::map<std::string, std::string> PrivateDaemon::environment() const {
  auto all = setup_.environment;
  all["HOB_STATE_DIR"] = state();
  all["HOB_CONFIG_DIR"] = config();
  return all;
}

std::string PrivateDaemon::log() const { return slurp(directory_ + "/hobd.out") + slurp(state() + "/hobd.log"); }

void PrivateDaemon::start() {
  if (running()) throw std::runtime_error("the daemon runs already");
  pid_ = start_process({binary("hobd")}, environment(), directory_ + "/hobd.out");
  const auto end = Clock::now() + std::chrono::seconds(60);
  for (;;) {
    try {
      RawClient client(socket());
      return;
    } catch (const std::exception&) {
    }
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = 0;
      throw std::runtime_error("hobd did not start: " + log());
    }
    if (Clock::now() > end) throw std::runtime_error("hobd does not answer: " + log());
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

void PrivateDaemon::kill_hard() {
  if (!running()) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = 0;
}

int PrivateDaemon::wait_end() {
  const auto end = Clock::now() + std::chrono::seconds(60);
  int status = 0;
  while (::waitpid(pid_, &status, WNOHANG) == 0) {
    if (Clock::now() > end) throw std::runtime_error("hobd does not end: " + log());
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  pid_ = 0;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int PrivateDaemon::stop() {
  ::kill(pid_, SIGTERM);
  return wait_end();
}

std::string PrivateDaemon::new_session(RawClient& client, Json more) const {
  Json params = {{"cwd", work()}, {"mcpServers", Json::array()}};
  params.update(more);
  return client.must("session/new", std::move(params)).at("sessionId").get<std::string>();
}

std::string PrivateDaemon::start_turn(RawClient& client, const std::string& session, const std::string& text, Json more) const {
  Json params = {{"sessionId", session}, {"input", Json::array({{{"type", "text"}, {"text", text}}})}};
  params.update(more);
  return client.must("turn/start", std::move(params)).at("turnId").get<std::string>();
}

Json PrivateDaemon::turn(RawClient& client, const std::string& session, const std::string& text, Json more) const {
  const std::string id = start_turn(client, session, text, std::move(more));
  return client.must("turn/wait", {{"turnId", id}, {"timeoutMs", 60'000}});
}

Json PrivateDaemon::events(RawClient& client, const std::string& session) const {
  Json all = Json::array();
  std::string after;
  for (bool more = true; more;) {
    Json page = client.must("events/read", {{"after", after}, {"limit", 500}, {"sessionIds", Json::array({session})}});
    for (Json& event : page["events"]) all.push_back(std::move(event));
    after = page["cursor"].get<std::string>();
    more = page.value("more", false);
  }
  return all;
}

Ran PrivateDaemon::hob(std::vector<std::string> arguments, ProcessOptions options) const {
  arguments.insert(arguments.begin(), binary("hob"));
  for (const auto& [name, value] : environment()) options.environment.emplace(name, value);
  if (options.directory.empty()) options.directory = work();
  return run_process(arguments, options);
}

}  // namespace hob::tests
