#include "daemon/rpc/server.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <asio/redirect_error.hpp>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "schemas/base/log.h"

namespace hob::rpc {
namespace {

Error cannot(const std::string& what, const std::string& path) {
  return {Code::internal, "Cannot " + what + " " + path + ": " + errno_text(errno) + "."};
}

/// The socket that systemd passed, or -1 (sd_listen_fds(3): LISTEN_PID, LISTEN_FDS, first descriptor 3).
int inherited_socket() {
  const char* pid = std::getenv("LISTEN_PID");
  const char* count = std::getenv("LISTEN_FDS");
  if (pid == nullptr || count == nullptr || std::atoi(pid) != ::getpid() || std::atoi(count) < 1) return -1;
  ::fcntl(3, F_SETFD, FD_CLOEXEC);
  return 3;
}

}  // namespace

bool descends_from(int32_t pid, int32_t ancestor) {
  for (int steps = 0; pid > 1 && steps < 64; ++steps) {
    if (pid == ancestor) return true;
    // /proc files have size 0, so this is not read_file; the parent is the second field after the last ')'.
    const UniqueFd file(::open(("/proc/" + std::to_string(pid) + "/stat").c_str(), O_RDONLY | O_CLOEXEC));
    char text[512];
    const ssize_t n = file ? ::read(file.get(), text, sizeof text - 1) : -1;
    if (n <= 0) return false;
    text[n] = '\0';
    const char* after = std::strrchr(text, ')');
    if (after == nullptr || std::strlen(after) < 4) return false;
    pid = std::atoi(after + 4);
  }
  return false;
}

Server::Server(asio::any_io_executor io, asio::any_io_executor work, const Dispatcher& dispatcher)
    : io_(io), work_(std::move(work)), dispatcher_(dispatcher), acceptor_(io) {}

Result<void> Server::listen(const std::string& path) {
  path_ = path;
  int fd = inherited_socket();
  inherited_ = fd >= 0;
  if (!inherited_) {
    if (path.size() > 107) {
      return Error(Code::invalid_params, "The socket path has " + std::to_string(path.size()) + " bytes; the system allows 107: " + path);
    }
    const std::string lock_path = path + ".lock";
    lock_.reset(::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!lock_) return cannot("open", lock_path);
    if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
      return Error(Code::overloaded, "Another hobd listens at " + path + ".");
    }
    // We hold the lock, so whatever socket is there is stale.
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) return cannot("remove the stale socket", path);
    UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) return cannot("make a socket for", path);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return cannot("bind", path);
    if (::chmod(path.c_str(), 0600) != 0) return cannot("protect", path);
    if (::listen(socket.get(), 4096) != 0) return cannot("listen at", path);
    fd = socket.release();
  }
  asio::error_code failed;
  acceptor_.assign(asio::local::stream_protocol(), fd, failed);
  if (failed) return Error(Code::internal, "Cannot use the socket: " + failed.message() + ".");
  spawn(io_, accept_loop(), "server.accept");
  return {};
}

bool Server::welcome(int fd, Peer& peer) const {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return false;
  peer = {credentials.uid, credentials.pid};
  if (credentials.uid != ::getuid()) {
    log::warn("door.refused", {{"uid", credentials.uid}, {"pid", credentials.pid}, {"why", "another user"}});
    return false;
  }
  if (credentials.pid != ::getpid() && descends_from(credentials.pid, ::getpid())) {
    log::warn("door.refused", {{"pid", credentials.pid}, {"why", "a process of the daemon's own"}});
    return false;
  }
  return true;
}

Async<void> Server::accept_loop() {
  while (acceptor_.is_open()) {
    asio::error_code failed;
    auto socket = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, failed));
    if (failed == asio::error::operation_aborted || !acceptor_.is_open()) co_return;
    if (failed) {
      // Out of descriptors or memory: wait a little instead of spinning.
      asio::steady_timer pause(io_, std::chrono::milliseconds(100));
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, failed));
      continue;
    }
    Peer peer;
    if (connections_.size() >= kMaxConnections || !welcome(socket.native_handle(), peer)) continue;
    auto connection = std::make_shared<Connection>(std::move(socket), peer, dispatcher_, work_);
    connections_.insert(connection);
    connection->start([this, weak = std::weak_ptr<Connection>(connection)] {
      const auto ended = weak.lock();
      if (!ended) return;
      if (on_closed_) on_closed_(*ended);
      connections_.erase(ended);
    });
  }
}

void Server::stop() {
  asio::error_code ignored;
  acceptor_.close(ignored);
  if (!inherited_ && !path_.empty()) ::unlink(path_.c_str());
  path_.clear();
}

void Server::close_all() {
  const auto all = connections_;
  for (const auto& connection : all) connection->close();
}

}  // namespace hob::rpc
