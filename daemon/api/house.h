// House: what the handlers need of the daemon, borrowed from app's wiring; and the binding of every method.
//
//   House house{...};
//   bind_all(dispatcher, &house);
//   connect_approvals(house);
//
// Handlers are grouped by method family, one file each; messages live in schemas/wire. All of it on [io].
#pragma once

#include <functional>
#include <string>

#include "daemon/config/config.h"
#include "daemon/rpc/server.h"
#include "daemon/turn/turns.h"
#include "schemas/wire/client/connection.h"
#include "schemas/wire/client/memory.h"
#include "schemas/wire/client/model.h"
#include "schemas/wire/client/session.h"
#include "schemas/wire/client/tools.h"

namespace hob::api {

struct House {
  turn::Surroundings& surroundings;
  turn::Turns& turns;
  rpc::Server& server;
  const config::Places& places;
  const config::Config& config;
  std::function<std::vector<wire::PluginInfo>()> plugins;
  std::function<void(wire::ShutdownMode)> shutdown;
  int64_t started_ms = 0;
};

void bind_connection(rpc::Dispatcher& dispatcher, House* house);
void bind_sessions(rpc::Dispatcher& dispatcher, House* house);
void bind_turns(rpc::Dispatcher& dispatcher, House* house);
void bind_events(rpc::Dispatcher& dispatcher, House* house);
void bind_tools(rpc::Dispatcher& dispatcher, House* house);
void bind_model(rpc::Dispatcher& dispatcher, House* house);
void bind_memory(rpc::Dispatcher& dispatcher, House* house);
/// Every method. Without a house (null) the dispatcher can only be asked what it offers.
void bind_all(rpc::Dispatcher& dispatcher, House* house);
/// Questions go to the clients that are attached to their session.
void connect_approvals(House& house);
/// The OpenRPC document, without a daemon.
Json openrpc();

/// The version of all programs.
std::string version();
/// "peer uid 1000 pid 42", for the audit.
std::string who(const rpc::Request& request);
/// The client hears of approvals of this session.
void attach(const rpc::Request& request, const std::string& session_id);
bool attached(rpc::Connection& connection, const std::string& session_id);

}  // namespace hob::api
