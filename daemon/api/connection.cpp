// initialize, ping, rpc.discover, daemon/status, daemon/shutdown.
#include <unistd.h>

#include "daemon/api/house.h"
#include "schemas/wire/handshake.h"

#ifndef HOB_VERSION
#define HOB_VERSION "0"
#endif

namespace hob::api {
namespace {

Json limits() {
  return {{"maxMessageBytes", rpc::kMaxMessageBytes},
          {"maxDepth", json::kWire.max_depth},
          {"maxBatch", rpc::kMaxBatch},
          {"maxInFlight", rpc::kMaxInFlight},
          {"maxConnections", rpc::kMaxConnections}};
}

Async<Result<wire::InitializeResult>> initialize(House& house, wire::Initialize params, rpc::Request request) {
  if (params.protocol_version < 1) co_return invalid_params("/protocolVersion", "1 or more", std::to_string(params.protocol_version));
  if (const auto connection = request.connection.lock()) {
    connection->attachments()["initialized"] = std::make_shared<Json>(params.client_capabilities);
  }
  const wire::ModelStatus model = house.surroundings.backend.status();
  wire::InitializeResult result;
  result.protocol_version = 1;
  result.agent_capabilities = {{"loadSession", true},
                               {"promptCapabilities", {{"image", false}, {"audio", false}, {"embeddedContext", false}}},
                               {"mcpCapabilities", {{"http", false}, {"sse", false}}}};
  result.agent_info = {{"name", "hob"}, {"title", "hob"}, {"version", version()}};
  result.meta = {{"hob",
                  {{"apiVersion", std::to_string(wire::kApiMajor) + "." + std::to_string(wire::kApiMinor)},
                   {"daemonVersion", version()},
                   {"build", wire::build_id()},
                   {"limits", limits()},
                   {"features", Json::array({"events", "approvals", "generate", "memory", "structured"})},
                   {"model", describe::write(model)}}}};
  co_return result;
}

Async<Result<wire::DaemonStatus>> status(House& house) {
  HOB_CO_TRY(sessions, co_await house.surroundings.store.session_count());
  wire::DaemonStatus out;
  out.version = version();
  out.build = wire::build_id();
  out.pid = ::getpid();
  out.uptime_ms = house.surroundings.clock.wall_ms() - house.started_ms;
  out.socket = house.places.socket;
  out.state_dir = house.places.state_dir;
  out.config_file = house.places.config_dir + "/hob.yaml";
  out.connections = static_cast<uint32_t>(house.server.connections());
  out.active_turns = static_cast<uint32_t>(house.turns.active());
  out.sessions = sessions;
  out.store = house.surroundings.store.health();
  out.model = describe::write(house.surroundings.backend.status());
  std::map<std::string, int> states;
  for (const auto& plugin : house.plugins()) ++states[plugin.state];
  for (const auto& [state, count] : states) out.plugins[state] = count;
  co_return out;
}

}  // namespace

std::string version() { return HOB_VERSION; }

std::string who(const rpc::Request& request) {
  return "peer uid " + std::to_string(request.peer.uid) + " pid " + std::to_string(request.peer.pid);
}

void attach(const rpc::Request& request, const std::string& session_id) {
  if (const auto connection = request.connection.lock()) {
    connection->attachments()["session:" + session_id] = std::make_shared<bool>(true);
  }
}

bool attached(rpc::Connection& connection, const std::string& session_id) {
  return connection.attachments().contains("session:" + session_id) && connection.attachments().contains("initialized");
}

void bind_connection(rpc::Dispatcher& dispatcher, House* house) {
  dispatcher.bind<wire::Initialize, wire::InitializeResult>(
      "initialize", "Says who is who.",
      [house](wire::Initialize params, rpc::Request request) { return initialize(*house, std::move(params), std::move(request)); });
  dispatcher.bind<wire::Nothing, wire::PingResult>(
      "ping", "Answers at once.", [house](wire::Nothing, rpc::Request) -> Async<Result<wire::PingResult>> {
        co_return wire::PingResult{house->surroundings.clock.wall_ms()};
      });
  dispatcher.bind<wire::Nothing, Json>(
      "rpc.discover", "The OpenRPC document of this daemon.",
      [&dispatcher](wire::Nothing, rpc::Request) -> Async<Result<Json>> { co_return dispatcher.discover(version()); });
  dispatcher.bind<wire::Nothing, wire::DaemonStatus>(
      "daemon/status", "How the daemon is.", [house](wire::Nothing, rpc::Request) { return status(*house); });
  dispatcher.bind<wire::DaemonShutdown, wire::Nothing>(
      "daemon/shutdown", "Stops the daemon; running turns go on at the next start.",
      [house](wire::DaemonShutdown params, rpc::Request) -> Async<Result<wire::Nothing>> {
        house->shutdown(params.mode);
        co_return wire::Nothing{};
      });
}

void bind_all(rpc::Dispatcher& dispatcher, House* house) {
  bind_connection(dispatcher, house);
  bind_sessions(dispatcher, house);
  bind_turns(dispatcher, house);
  bind_events(dispatcher, house);
  bind_tools(dispatcher, house);
  bind_model(dispatcher, house);
  bind_memory(dispatcher, house);
}

Json openrpc() {
  rpc::Dispatcher dispatcher;
  bind_all(dispatcher, nullptr);
  return dispatcher.discover(version());
}

}  // namespace hob::api
