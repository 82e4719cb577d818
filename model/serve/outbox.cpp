#include "model/serve/outbox.h"

#include "schemas/base/log.h"

namespace hob::serve {
namespace {

/// Joins `next` to `last` where one frame can say both.
bool join(wire::StepProgress& last, wire::StepProgress& next) {
  using Kind = wire::StepProgressKind;
  if (last.kind != next.kind) return false;
  switch (next.kind) {
    case Kind::compile:
    case Kind::prefill:
      last = std::move(next);
      return true;
    case Kind::text:
    case Kind::thought:
    case Kind::answer:
      last.text += next.text;
      return true;
    case Kind::call_begin:
    case Kind::call:
      return false;
  }
  return false;
}

}  // namespace

Outbox::Outbox(wire::FrameChannel& channel) : channel_(channel), thread_([this] { run(); }) {}

void Outbox::send(wire::Frame frame) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back({std::move(frame), std::nullopt});
  changed_.notify_one();
}

void Outbox::progress(uint64_t id, const std::string& method, wire::StepProgress progress) {
  const std::lock_guard lock(mutex_);
  for (auto last = waiting_.rbegin(); last != waiting_.rend(); ++last) {
    if (last->frame.id != id) continue;
    if (last->progress && join(*last->progress, progress)) return;
    break;
  }
  wire::Frame frame;
  frame.id = id;
  frame.kind = wire::FrameKind::progress;
  frame.method = method;
  waiting_.push_back({std::move(frame), std::move(progress)});
  changed_.notify_one();
}

void Outbox::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void Outbox::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    Waiting next = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    if (next.progress) next.frame.payload = json::dump(describe::write(*next.progress));
    auto sent = channel_.send(next.frame);
    if (!sent && sent.error().code() != Code::interrupted) {
      // Too large for a frame: the peer must still get its answer.
      log::error("outbox.not_sent", {{"method", next.frame.method}, {"error", sent.error().message()}});
      wire::Frame error = wire::error_to(next.frame, sent.error());
      sent = channel_.send(error);
    }
    lock.lock();
    if (!sent) {
      stopping_ = true;  // nobody is there; the reader sees it too
      waiting_.clear();
      return;
    }
  }
}

}  // namespace hob::serve
