#include "tests/harness/raw_client.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace hob::tests {
namespace {
constexpr int kMostMs = 60'000;
}

RawClient::RawClient(const std::string& socket_path) : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof address.sun_path) throw std::runtime_error("socket path too long: " + socket_path);
  std::memcpy(address.sun_path, socket_path.data(), socket_path.size());
  if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    throw std::runtime_error("cannot connect to " + socket_path + ": " + errno_text(errno));
  }
}

bool RawClient::send_bytes(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

void RawClient::cut_after(size_t bytes, std::function<void()> then) {
  left_ = bytes;
  cut_ = std::move(then);
  if (bytes == 0) cut_();
}

void RawClient::end_of_sending() { ::shutdown(socket_.get(), SHUT_WR); }

std::optional<Json> RawClient::read_new() {
  for (;;) {
    if (const size_t end = buffer_.find('\n'); end != std::string::npos) {
      auto value = json::parse(buffer_.substr(0, end), json::kChild);
      buffer_.erase(0, end + 1);
      if (!value) throw std::runtime_error("the daemon sent what is not JSON: " + value.error().message());
      return *std::move(value);
    }
    if (left_ && *left_ == 0) return std::nullopt;
    pollfd fd{socket_.get(), POLLIN, 0};
    if (::poll(&fd, 1, kMostMs) == 0) throw std::runtime_error("the daemon said nothing for a minute");
    char bytes[65536];
    const ssize_t n = ::recv(socket_.get(), bytes, std::min(sizeof bytes, left_.value_or(sizeof bytes)), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return std::nullopt;
    buffer_.append(bytes, static_cast<size_t>(n));
    if (left_) {
      *left_ -= static_cast<size_t>(n);
      if (*left_ == 0) cut_();
    }
  }
}

std::optional<Json> RawClient::read() {
  if (kept_.empty()) return read_new();
  Json message = std::move(kept_.front());
  kept_.pop_front();
  return message;
}

Json RawClient::next() {
  auto message = read();
  if (!message) throw std::runtime_error("the daemon closed the connection");
  return *std::move(message);
}

int64_t RawClient::send(const std::string& method, Json params) {
  const int64_t id = ++next_id_;
  send_json({{"jsonrpc", "2.0"}, {"id", id}, {"method", method}, {"params", std::move(params)}});
  return id;
}

Json RawClient::call(const std::string& method, Json params) {
  const int64_t id = send(method, std::move(params));
  for (;;) {
    auto message = read_new();
    if (!message) throw std::runtime_error("the daemon closed the connection instead of answering " + method);
    if (!message->contains("method") && message->value("id", Json()) == id) return *std::move(message);
    kept_.push_back(*std::move(message));
  }
}

Json RawClient::must(const std::string& method, Json params) {
  Json reply = call(method, std::move(params));
  if (!reply.contains("result")) throw std::runtime_error(method + " failed: " + json::dump(reply));
  return reply["result"];
}

Json RawClient::wait_event(const std::function<bool(const Json&)>& fits) {
  for (;;) {
    const Json message = next();
    if (message.value("method", "") == "event" && fits(message["params"])) return message["params"];
  }
}

Json RawClient::wait_event(const std::string& type) {
  return wait_event([&type](const Json& event) { return event.value("type", "") == type; });
}

Json RawClient::wait_request(const std::string& method) {
  for (;;) {
    Json message = next();
    if (message.value("method", "") == method && message.contains("id")) return message;
  }
}

}  // namespace hob::tests
