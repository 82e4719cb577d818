// Child: one child process of hobd on a socketpair, made awaitable.
//
//   SpawnOptions options;
//   options.program = bin_dir + "/hob-model";
//   HOB_CO_TRY(child, co_await Child::spawn(io, options, context));
//   HOB_CO_TRY(reply, co_await child->request("step", body, on_progress, context));
//   child->on_exit([](const Exit& exit) { ... });
//
// spawn() forks, execs with the frame socket as fd 3, a clean environment and everything else closed, and waits for
// `hello`; another protocol or build is version_skew. Requests may overlap. When the child dies every open request
// fails with `interrupted`. A tripped cancel token sends a cancel frame; the child still answers. The child dies with
// hobd (PDEATHSIG), and with its last handle. All of it on [io], which must be a thread that lives as long as hobd:
// PDEATHSIG follows the thread that spawned.
//
// A child leads a process group of its own: Ctrl-C at hobd's terminal reaches hobd alone, which then stops its children
// in order, and when the child ends what it started in its group is killed with it. (No setsid: it would gain nothing.)
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "daemon/async/async.h"
#include "schemas/base/clock.h"
#include "schemas/wire/child_frame.h"
#include "schemas/wire/handshake.h"

namespace hob::supervise {

struct SpawnOptions {
  std::string program;                          // absolute path
  std::vector<std::string> arguments;
  std::vector<std::string> environment;         // "NAME=value"; nothing else is passed
  std::string log_name;                         // for log lines; stderr goes to hobd's log, capped
  int oom_score_adj = 0;                        // > 0: dies before hobd when memory runs out
  size_t max_frame_bytes = wire::kMaxPayloadBytes;  // a larger message from the child ends it
  Milliseconds hello_timeout{10'000};
};

struct Exit {
  int status = 0;         // exit status, or 128 + signal
  bool by_signal = false;
  std::string text;       // "exited with 1", "was killed by signal 11 (Segmentation fault)", "broke the protocol (...)"
};

class Child : public std::enable_shared_from_this<Child> {
 public:
  static Async<Result<std::shared_ptr<Child>>> spawn(asio::any_io_executor io, SpawnOptions options, CallContext context);
  virtual ~Child() = default;

  virtual const wire::Hello& hello() const = 0;
  virtual pid_t pid() const = 0;
  virtual bool alive() const = 0;

  /// Sends a request and waits for its reply (JSON payload). An error frame is that Error. A deadline in the context
  /// that passes is `deadline`; the child is sent a cancel and keeps running.
  virtual Async<Result<Json>> request(
      std::string method, Json body, std::function<void(const Json&)> progress, CallContext context) = 0;

  virtual void on_exit(std::function<void(const Exit&)> callback) = 0;
  /// SIGKILL now (a hung child).
  virtual void kill() = 0;
  /// Closes the socket, waits `grace`, then SIGTERM, then SIGKILL; reaps.
  virtual Async<void> stop(Milliseconds grace) = 0;
};

}  // namespace hob::supervise
