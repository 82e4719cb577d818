// call: one call of the plugin, as the C interface sees it: its sink, its cancel flag, its
// deadline.
//
// Made on [tool], cancelled from [read] and [watch], answered by the plugin on any thread. The
// first answer counts; take() gives it and closes the slot, so that what comes later is ignored. A
// slot outlives its call for a while (host.cpp keeps the last ones), since a badly written plugin
// may still hold the pointer.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

#include "plugins/abi/hob_plugin.h"
#include "schemas/wire/tool.h"

namespace hob::plugins::host {

using Instant = std::chrono::steady_clock::time_point;

/// {ok: false, kind, message, hint}, as the model is told.
Json error_observation(
    const std::string& kind, const std::string& message, const std::string& hint
);

class CallSlot {
 public:
  CallSlot(
      uint64_t id,
      wire::CallParams params,
      size_t max_output,
      std::function<void(const Json&)> progress
  );
  CallSlot(const CallSlot&) = delete;
  CallSlot& operator=(const CallSlot&) = delete;

  uint64_t id() const { return id_; }
  const hob_call* table() const { return &table_; }
  Instant deadline() const { return deadline_; }
  /// [any] From now on cancelled() says so; the first time is kept.
  void cancel();
  std::optional<Instant> cancelled_at() const;
  /// [any] The answer, once, and the end of the call; nullopt when somebody took it before.
  std::optional<wire::CallResult> take();
  /// The same with an answer that replaces the plugin's.
  std::optional<wire::CallResult> take(wire::CallResult instead);

 private:
  void accept(wire::CallResult answer);
  wire::CallResult read_result(std::string_view text) const;
  void report(std::string_view text);

  const uint64_t id_;
  const wire::CallParams params_;
  const size_t max_output_;
  const Instant deadline_;
  std::function<void(const Json&)> progress_;
  hob_call table_{};
  std::atomic<bool> cancelled_{false};
  mutable std::mutex mutex_;  // guards what follows
  std::optional<Instant> cancelled_at_;
  std::optional<wire::CallResult> answer_;
  bool open_ = true;
  size_t progress_bytes_ = 0;
};

}  // namespace hob::plugins::host
