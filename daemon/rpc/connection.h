// Connection: one client. Two coroutines (read_loop, write_loop) and an outbox between them.
//
// A request runs in a coroutine of its own and answers exactly once; requests may overlap (at most kMaxInFlight).
// $/cancel_request trips the request's token, and the request is answered -32800. When the client goes away its
// requests' tokens trip, except those that asked for nothing of the kind (a turn runs on: it does not hang on a
// request). All of it on [io].
#pragma once

#include <asio/local/stream_protocol.hpp>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "daemon/rpc/dispatcher.h"
#include "daemon/rpc/framing.h"
#include "schemas/base/clock.h"

namespace hob::rpc {

inline constexpr size_t kOutboxBytes = 32u << 20;   // over it the client is dropped
inline constexpr size_t kEventBytes = 8u << 20;     // over it events wait: a gap is told
inline constexpr size_t kMaxInFlight = 64;
inline constexpr size_t kMaxBatch = 64;

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  using Socket = asio::local::stream_protocol::socket;

  Connection(Socket socket, Peer peer, const Dispatcher& dispatcher, asio::any_io_executor work);

  /// Starts both loops. `closed` runs once, at the end.
  void start(std::function<void()> closed);
  void close();

  const Peer& peer() const { return peer_; }
  bool open() const { return open_; }
  /// Bytes that wait to be written.
  size_t backlog() const { return outbox_bytes_; }

  void notify(const std::string& method, Json params);
  /// A request to the client; the reply arrives when the client answers (`interrupted` when it goes away). When the
  /// token trips first, the client is told with `$/cancel_request` and the reply is `cancelled`.
  Async<Result<Json>> ask(std::string method, Json params, CallContext context);
  /// Runs once when the outbox has room again.
  void on_room(std::function<void()> callback) { on_room_.push_back(std::move(callback)); }
  /// What a handler wants to keep for this client (attached sessions, subscriptions); dies with the connection.
  std::map<std::string, std::shared_ptr<void>>& attachments() { return attachments_; }

 private:
  struct Batch {
    size_t missing = 0;
    Json replies = Json::array();
  };
  struct Question {
    std::optional<Result<Json>> answer;
    asio::steady_timer timer;
  };

  Async<void> read_loop();
  Async<void> write_loop();
  /// False: the stream is over.
  Async<bool> handle_text(std::string text);
  void handle_message(Json message, const std::shared_ptr<Batch>& batch);
  Async<void> run_request(std::string key, std::string method, Json params, Request request, std::shared_ptr<Batch> batch);
  void handle_answer(const Json& message);
  void reply(const Json& id, Result<Json> result, const std::shared_ptr<Batch>& batch);
  void send(const Json& message);
  void finish();

  Socket socket_;
  Peer peer_;
  const Dispatcher& dispatcher_;
  asio::any_io_executor work_;
  MessageDecoder decoder_;
  std::deque<std::string> outbox_;
  size_t outbox_bytes_ = 0;
  asio::steady_timer wake_;
  bool open_ = true;
  bool closing_ = false;  // close when the outbox is empty
  std::map<std::string, CancelToken> in_flight_;
  std::map<int64_t, std::shared_ptr<Question>> questions_;
  int64_t next_question_ = 0;
  std::vector<std::function<void()>> on_room_;
  std::map<std::string, std::shared_ptr<void>> attachments_;
  std::function<void()> closed_;
};

}  // namespace hob::rpc
