// reach: a connection to the daemon, which is started when nobody answers and a command needs it.
//
//   HOB_TRY(daemon, reach(shared, Need::running));
//   HOB_TRY(status, daemon.client.call<wire::DaemonStatus>("daemon/status", wire::Nothing{}));
//
// Starting: hobd in a session of its own, its words in STATE_DIR/hobd.log; two that start at once end at the same
// daemon, since only one can own the socket. A daemon of another build is told to the user, who may restart it.
#pragma once

#include "daemon/cli/app.h"
#include "daemon/cli/client.h"
#include "schemas/wire/client/connection.h"
#include "schemas/wire/client/model.h"

namespace hob::cli {

enum class Need {
  running,  // started on demand
  already,  // not_found when it does not run
};

struct Daemon {
  Client client;
  wire::InitializeResult hello;

  /// result._meta.hob of initialize.
  Json facts() const;
  /// The model as it was when the connection was made.
  wire::ModelStatus model() const;
};

Result<Daemon> reach(Shared& shared, Need need);

/// Starts hobd and waits until it answers. Somebody else's start is as good.
Result<Client> start_daemon(Shared& shared, const config::Places& places);
/// Asks the daemon to stop and waits until it has. False: none ran.
Result<bool> stop_daemon(Shared& shared, const config::Places& places, wire::ShutdownMode mode);

/// STATE_DIR/hobd.log
std::string log_path(const config::Places& places);

}  // namespace hob::cli
