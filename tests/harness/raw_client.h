// RawClient: JSON-RPC to a daemon, byte by byte where a test wants that. Everything it waits for has a limit; when that
// is over it throws, which fails the test with a sentence.
//
//   RawClient client(daemon.socket());
//   const Json reply = client.call("ping");                    // the whole reply: {jsonrpc, id, result | error}
//   client.send_bytes("{\"jsonrpc\": \n");
//   const auto message = client.read();                        // nullopt: the daemon closed
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <optional>
#include <string>

#include "schemas/base/fd.h"
#include "schemas/base/json.h"

namespace hob::tests {

class RawClient {
 public:
  explicit RawClient(const std::string& socket_path);

  /// The reply to this request. Other messages are kept for read() and wait_event().
  Json call(const std::string& method, Json params = Json::object());
  /// result of call(); throws when it is an error.
  Json must(const std::string& method, Json params = Json::object());
  int64_t send(const std::string& method, Json params = Json::object());
  void send_json(const Json& message) { send_bytes(json::dump(message) + "\n"); }
  /// False when the daemon has closed.
  bool send_bytes(std::string_view bytes);
  /// Reads so many bytes more and not one beyond them; with the last one `then` is called. What was whole by then is still
  /// given out, afterwards it is as if the daemon had closed.
  void cut_after(size_t bytes, std::function<void()> then);
  /// No more bytes will come from us.
  void end_of_sending();
  std::optional<Json> read();
  /// The first event for which `fits` is true; all before it are dropped.
  Json wait_event(const std::function<bool(const Json&)>& fits);
  Json wait_event(const std::string& type);
  /// The first request of the daemon with this method.
  Json wait_request(const std::string& method);

 private:
  std::optional<Json> read_new();
  Json next();
  UniqueFd socket_;
  std::string buffer_;
  std::deque<Json> kept_;
  std::optional<size_t> left_;  // of cut_after
  std::function<void()> cut_;
  int64_t next_id_ = 0;
};

}  // namespace hob::tests
