// Outbox: what goes to hobd, sent by a thread of its own [write], so that a slow reader never slows the model.
//
//   Outbox outbox(channel);
//   outbox.progress(request, progress);    // joins the last one of this request while that still waits
//   outbox.send(wire::reply_to(request, body));
//   outbox.stop();                          // sends what is left
//
// Texts that wait are joined and only the newest prefill count is kept, so a reader that lags gets few large frames.
// Any thread.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "schemas/wire/child_frame.h"
#include "schemas/wire/step.h"

namespace hob::serve {

class Outbox {
 public:
  explicit Outbox(wire::FrameChannel& channel);
  ~Outbox() { stop(); }
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  void send(wire::Frame frame);
  void progress(uint64_t id, const std::string& method, wire::StepProgress progress);
  void stop();

 private:
  struct Waiting {
    wire::Frame frame;                           // without payload when there is progress
    std::optional<wire::StepProgress> progress;
  };
  void run();

  wire::FrameChannel& channel_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Waiting> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace hob::serve
