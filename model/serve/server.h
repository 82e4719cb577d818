// Server: a model process as hobd sees it: `hello`, then requests over one socket.
//
//   wire::FrameChannel channel(UniqueFd(3));
//   Server server(channel, "hob-model-lite", load_script);
//   return server.run();                     // until the other side is gone
//
// Methods: start, step, prefill, fit, tokenize, render, check_schema, status; a cancel frame ends a step with what it
// has made. Threads: [read] is the caller of run(): it takes frames, sets cancel flags and answers `status`; [compile]
// reads messages, renders prompts and compiles schemas; [slow] does the same for steps whose schemas take long, which are
// told so by a progress frame; [model] owns the engine and the scheduler; [write] sends. A
// request that cannot be served is answered with an error and the process goes on; a stream that is no stream of frames
// ends it. A failed `start` leaves a process that answers model_not_loaded and can be started again.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "model/schedule/scheduler.h"
#include "model/serve/loaded.h"
#include "model/serve/outbox.h"
#include "model/serve/patience.h"
#include "model/serve/step_maker.h"
#include "model/serve/work_queue.h"
#include "schemas/base/clock.h"

namespace hob::serve {

/// Bytes for prefix reuse where the caller leaves it to us.
inline constexpr uint64_t kDefaultCacheBytes = 512ull << 20;

class Server {
 public:
  Server(wire::FrameChannel& channel, std::string program, Loader loader);
  ~Server();

  /// Exit status: 0 when the peer closed, 1 when what it sent was no frame.
  int run();

 private:
  using Request = std::shared_ptr<const wire::Frame>;

  // [read]
  void take(wire::Frame frame);
  void cancel(uint64_t id);
  Json status();
  // [compile], [slow]
  void prepare(const Request& frame, const schedule::CancelFlag& cancelled, Milliseconds longest);
  void prepare_step(const Request& frame, const schedule::CancelFlag& cancelled, StepMaker& maker, Milliseconds longest);
  void prepare_slowly(const Request& frame, const schedule::CancelFlag& cancelled);
  // [model]
  void start(const Request& frame);
  Result<Json> load(const Request& frame);
  void run_model();
  void note_drafts();
  // any
  void answer(const Request& frame, Result<Json> result);

  wire::FrameChannel& channel_;
  std::string program_;
  Loader loader_;
  SystemClock clock_;
  SystemRandom random_;
  Outbox outbox_;

  std::mutex mutex_;  // what follows, up to the next blank line
  std::map<uint64_t, schedule::CancelFlag> running_;
  std::shared_ptr<StepMaker> maker_;  // null before the start
  std::string state_ = "unloaded";
  std::string reason_;
  wire::Speculative drafts_;

  std::atomic<uint64_t> cache_bytes_{0};

  engine::Interrupt interrupt_;
  std::unique_ptr<engine::Engine> engine_;          // [model]
  std::unique_ptr<schedule::Scheduler> scheduler_;  // [model]
  WorkQueue to_model_, to_compile_, to_slow_;
  std::atomic<bool> leaving_{false};
  std::thread model_, compile_, slow_;
};

}  // namespace hob::serve
