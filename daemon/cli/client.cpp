#include "daemon/cli/client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "daemon/cli/interrupt.h"
#include "schemas/base/json.h"

namespace hob::cli {

Error lost_connection() { return {Code::interrupted, "The daemon closed the connection."}; }

Result<Client> Client::connect(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    return Error(Code::invalid_params, "The socket path has " + std::to_string(path.size()) + " bytes; the system allows 107: " + path);
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket) return Error(Code::internal, "Cannot make a socket: " + errno_text(errno) + ".");
  int rc = 0;
  do {
    rc = ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
  } while (rc != 0 && errno == EINTR);
  if (rc != 0) {
    const bool nobody = errno == ENOENT || errno == ECONNREFUSED;
    return Error(nobody ? Code::not_found : Code::internal, "No daemon answers at " + path + ": " + errno_text(errno) + ".");
  }
  return Client(std::move(socket));
}

Result<void> Client::write(const Json& message) {
  const std::string text = rpc::frame(rpc::Framing::line, json::dump(message));
  if (text.size() > rpc::kMaxMessageBytes) {
    return Error(Code::invalid_params, "The request has " + std::to_string(text.size()) + " bytes; the daemon takes at most " +
                                           std::to_string(rpc::kMaxMessageBytes) + ".");
  }
  size_t sent = 0;
  while (sent < text.size()) {
    const ssize_t n = ::send(socket_.get(), text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      lost_ = true;
      return lost_connection();
    }
    sent += static_cast<size_t>(n);
  }
  return {};
}

Result<int64_t> Client::send(const std::string& method, Json params) {
  const int64_t id = ++next_id_;
  HOB_TRY_VOID(write({{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", std::move(params)}}));
  return id;
}

Result<void> Client::answer(const Json& id, Json result) {
  return write({{"jsonrpc", "2.0"}, {"id", id}, {"result", std::move(result)}});
}

Result<void> Client::refuse(const Json& id, const Error& error) {
  return write({{"jsonrpc", "2.0"}, {"id", id}, {"error", error.to_json()}});
}

Wake Client::read_message(const Until& until, Json& message) {
  using Clock = std::chrono::steady_clock;
  Interrupts& interrupts = Interrupts::install();
  for (;;) {
    auto text = decoder_.next();
    if (text && *text) {
      auto parsed = json::parse(**text, json::kChild);
      if (parsed && parsed->is_object()) {
        message = *std::move(parsed);
        return Wake::message;
      }
      lost_ = true;
      return Wake::lost;
    }
    if (!text || lost_) {
      lost_ = true;
      return Wake::lost;
    }
    int timeout = -1;
    if (until.deadline) {
      const auto left = std::chrono::duration_cast<Milliseconds>(*until.deadline - Clock::now()).count();
      timeout = static_cast<int>(std::clamp<int64_t>(left + 1, 0, 1'000'000'000));
    }
    pollfd fds[3] = {{socket_.get(), POLLIN, 0},
                     {until.interruptible ? interrupts.fd() : -1, POLLIN, 0},
                     {until.input_fd, POLLIN, 0}};
    const int ready = ::poll(fds, 3, timeout);
    if (ready < 0 && errno != EINTR) {
      lost_ = true;
      return Wake::lost;
    }
    if (until.interruptible && interrupts.take()) return Wake::interrupt;
    if (ready <= 0) {
      if (until.deadline && Clock::now() >= *until.deadline) return Wake::timeout;
      continue;
    }
    if (fds[2].revents != 0) return Wake::input;
    if (fds[0].revents == 0) continue;
    char bytes[64 << 10];
    const ssize_t n = ::recv(socket_.get(), bytes, sizeof bytes, 0);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (n <= 0) {
      lost_ = true;
      return Wake::lost;
    }
    decoder_.push({bytes, static_cast<size_t>(n)});
  }
}

Wake Client::wait(const Until& until, Json& message) {
  if (kept_.empty()) return read_message(until, message);
  message = std::move(kept_.front());
  kept_.pop_front();
  return Wake::message;
}

Result<Json> Client::call(const std::string& method, Json params, Milliseconds timeout) {
  HOB_TRY(id, send(method, std::move(params)));
  Until until;
  until.deadline = std::chrono::steady_clock::now() + timeout;
  for (;;) {
    Json message;
    switch (read_message(until, message)) {
      case Wake::message:
        break;
      case Wake::timeout:
        return Error(Code::deadline, "The daemon did not answer " + method + " within " + std::to_string(timeout.count() / 1000) + " s.");
      case Wake::interrupt:
        return Error(Code::cancelled, "Interrupted.");
      case Wake::input:
      case Wake::lost:
        return lost_connection();
    }
    const bool reply = !message.contains("method") && message.contains("id");
    if (!reply) {
      kept_.push_back(std::move(message));
      continue;
    }
    if (message.at("id").is_null() && message.contains("error")) return Error::from_json(message.at("error"));
    if (message.at("id") != id) continue;  // the answer to a request that is no longer waited for
    if (message.contains("error")) return Error::from_json(message.at("error"));
    return message.value("result", Json::object());
  }
}

}  // namespace hob::cli
