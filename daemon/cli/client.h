// Client: a blocking JSON-RPC client of hobd, one message a line over its Unix socket.
//
//   HOB_TRY(client, Client::connect(places.socket));
//   HOB_TRY(status, client.call<wire::DaemonStatus>("daemon/status", wire::Nothing{}));
//   Json message;
//   while (client.wait({.deadline = end}, message) == Wake::message) ...   // notifications and the daemon's questions
//
// One thread. What arrives while call() waits for its answer is kept and given out by wait() afterwards, in order.
// An answer that is lost with its connection is Code::interrupted, and lost() tells it from others.
#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <string>

#include "daemon/rpc/framing.h"
#include "schemas/base/clock.h"
#include "schemas/base/fd.h"
#include "schemas/describe/describe.h"

namespace hob::cli {

enum class Wake { message, timeout, interrupt, input, lost };

/// What ends a wait beside a message.
struct Until {
  std::optional<std::chrono::steady_clock::time_point> deadline;
  int input_fd = -1;          // Wake::input when it can be read
  bool interruptible = true;  // Wake::interrupt on Ctrl-C
};

class Client {
 public:
  /// not_found: nobody listens there.
  static Result<Client> connect(const std::string& path);

  /// Sends a request without waiting; the id of its answer.
  Result<int64_t> send(const std::string& method, Json params);
  /// Answers a question of the daemon.
  Result<void> answer(const Json& id, Json result);
  Result<void> refuse(const Json& id, const Error& error);

  Wake wait(const Until& until, Json& message);
  /// Sends a request and waits for its answer.
  Result<Json> call(const std::string& method, Json params, Milliseconds timeout = std::chrono::minutes(2));

  template <typename Reply, typename Params>
  Result<Reply> call(const std::string& method, const Params& params, Milliseconds timeout = std::chrono::minutes(2)) {
    HOB_TRY(json, call(method, describe::write(params), timeout));
    return describe::read<Reply>(json);
  }

  bool lost() const { return lost_; }

 private:
  explicit Client(UniqueFd socket) : socket_(std::move(socket)) {}
  Result<void> write(const Json& message);
  Wake read_message(const Until& until, Json& message);

  UniqueFd socket_;
  rpc::MessageDecoder decoder_;
  std::deque<Json> kept_;
  int64_t next_id_ = 0;
  bool lost_ = false;
};

/// A request that another build of the daemon does not know reads as this.
Error lost_connection();

}  // namespace hob::cli
