// initialize, ping, daemon/*.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "schemas/describe/describe.h"

namespace hob::wire {

inline constexpr int kApiMajor = 1;
inline constexpr int kApiMinor = 0;

struct Initialize {
  int32_t protocol_version = 1;
  Json client_capabilities = Json::object();
  Json client_info = Json::object();

  template <typename D>
  static void describe(D& d) {
    d.about("Initialize", "ACP's initialize; hob's own facts are in result._meta.hob.");
    d.defaulted("protocolVersion", &Initialize::protocol_version, "", {.min = 0, .max = 1000000});
    d.defaulted("clientCapabilities", &Initialize::client_capabilities, "");
    d.defaulted("clientInfo", &Initialize::client_info, "{name, title, version}.");
  }
};

struct InitializeResult {
  int32_t protocol_version = 1;
  Json agent_capabilities = Json::object();
  Json agent_info = Json::object();
  Json auth_methods = Json::array();
  Json meta = Json::object();  // {hob: {apiVersion, daemonVersion, build, limits, features, model}}

  template <typename D>
  static void describe(D& d) {
    d.about("InitializeResult", "");
    d.field("protocolVersion", &InitializeResult::protocol_version, "");
    d.field("agentCapabilities", &InitializeResult::agent_capabilities, "");
    d.field("agentInfo", &InitializeResult::agent_info, "");
    d.field("authMethods", &InitializeResult::auth_methods, "");
    d.field("_meta", &InitializeResult::meta, "{hob: {apiVersion, daemonVersion, build, limits, features, model}}.");
  }
};

struct PingResult {
  int64_t now_ms = 0;

  template <typename D>
  static void describe(D& d) {
    d.about("PingResult", "");
    d.field("nowMs", &PingResult::now_ms, "Milliseconds since 1970.");
  }
};

struct DaemonStatus {
  std::string version;
  std::string build;
  int32_t pid = 0;
  int64_t uptime_ms = 0;
  std::string socket;
  std::string state_dir;
  std::string config_file;
  uint32_t connections = 0;
  uint32_t active_turns = 0;
  uint64_t sessions = 0;
  std::string store;      // ok | checking | read_only
  Json model = Json::object();
  Json plugins = Json::object();  // {ready, refused, disabled}

  template <typename D>
  static void describe(D& d) {
    d.about("DaemonStatus", "");
    d.field("version", &DaemonStatus::version, "");
    d.field("build", &DaemonStatus::build, "");
    d.field("pid", &DaemonStatus::pid, "");
    d.field("uptimeMs", &DaemonStatus::uptime_ms, "");
    d.field("socket", &DaemonStatus::socket, "");
    d.field("stateDir", &DaemonStatus::state_dir, "");
    d.defaulted("configFile", &DaemonStatus::config_file, "");
    d.field("connections", &DaemonStatus::connections, "");
    d.field("activeTurns", &DaemonStatus::active_turns, "");
    d.field("sessions", &DaemonStatus::sessions, "");
    d.defaulted("store", &DaemonStatus::store, "");
    d.defaulted("model", &DaemonStatus::model, "");
    d.defaulted("plugins", &DaemonStatus::plugins, "");
  }
};

enum class ShutdownMode { graceful, now };
constexpr auto names(ShutdownMode*) {
  using Name = describe::EnumName<ShutdownMode>;
  return std::array{Name{ShutdownMode::graceful, "graceful"}, Name{ShutdownMode::now, "now"}};
}

struct DaemonShutdown {
  ShutdownMode mode = ShutdownMode::graceful;

  template <typename D>
  static void describe(D& d) {
    d.about("DaemonShutdown", "Running turns are resumed at the next start.");
    d.defaulted("mode", &DaemonShutdown::mode, "graceful waits up to 10 s for running turns.");
  }
};

struct CancelRequest {
  Json request_id;

  template <typename D>
  static void describe(D& d) {
    d.about("CancelRequest", "$/cancel_request: the request answers -32800.");
    d.field("requestId", &CancelRequest::request_id, "");
  }
};

}  // namespace hob::wire
