// Server: the door. A Unix socket, 0600 in a directory 0700; no TCP port exists.
//
// Order: lock (flock on a file that is never unlinked decides who owns a stale socket), bind, chmod, listen. The peer's
// uid must be ours, and processes that descend from the daemon (plugins) are refused. LISTEN_FDS is honoured. On [io].
#pragma once

#include <asio/local/stream_protocol.hpp>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "daemon/rpc/connection.h"
#include "schemas/base/fd.h"

namespace hob::rpc {

inline constexpr size_t kMaxConnections = 1024;

class Server {
 public:
  Server(asio::any_io_executor io, asio::any_io_executor work, const Dispatcher& dispatcher);

  /// Takes the lock and listens at `path`. `overloaded` when another daemon owns it.
  Result<void> listen(const std::string& path);
  size_t connections() const { return connections_.size(); }
  const std::set<std::shared_ptr<Connection>>& all() const { return connections_; }
  /// Stops accepting and removes the socket; connections live on until close_all().
  void stop();
  void close_all();
  /// Runs when a connection has ended.
  void on_closed(std::function<void(Connection&)> callback) { on_closed_ = std::move(callback); }

 private:
  Async<void> accept_loop();
  bool welcome(int fd, Peer& peer) const;

  asio::any_io_executor io_;
  asio::any_io_executor work_;
  const Dispatcher& dispatcher_;
  asio::local::stream_protocol::acceptor acceptor_;
  UniqueFd lock_;
  std::string path_;
  bool inherited_ = false;
  std::set<std::shared_ptr<Connection>> connections_;
  std::function<void(Connection&)> on_closed_;
};

/// Whether `pid` is `ancestor` or descends from it, by /proc.
bool descends_from(int32_t pid, int32_t ancestor);

}  // namespace hob::rpc
