// SpawnedHost: for tests and measurements, a real hob-plugin-host process and the other end of its channel.
//
//   SpawnedHost host;
//   auto ready = host.start(start_of("calculate"));
//   auto answer = host.call("calculate", R"({"expression": "1+1"})");
//
// Test code: one thread.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

#include "schemas/wire/child_frame.h"
#include "schemas/wire/handshake.h"
#include "schemas/wire/tool.h"

namespace hob::plugins::host {

class SpawnedHost {
 public:
  SpawnedHost();
  ~SpawnedHost();
  SpawnedHost(const SpawnedHost&) = delete;
  SpawnedHost& operator=(const SpawnedHost&) = delete;

  const wire::Hello& hello() const { return hello_; }
  Result<wire::HostReady> start(const wire::HostStart& start);
  /// Sends a call and returns its id.
  uint64_t ask(const std::string& tool, const std::string& arguments, uint64_t timeout_ms = 20'000);
  void cancel(uint64_t id);
  /// The next frame, as it is.
  Result<wire::Frame> receive() { return channel_->receive(); }
  /// The answer of call `id`; progress is collected on the way.
  Result<wire::CallResult> answer(uint64_t id);
  Result<wire::CallResult> call(const std::string& tool, const std::string& arguments, uint64_t timeout_ms = 20'000) {
    return answer(ask(tool, arguments, timeout_ms));
  }
  const std::vector<Json>& progress() const { return progress_; }
  void send(const wire::Frame& frame);
  /// Closes the channel.
  void hang_up() { channel_.reset(); }
  /// Waits for the end: the exit status, or 1000 + the signal.
  int wait();
  pid_t pid() const { return pid_; }

 private:
  std::unique_ptr<wire::FrameChannel> channel_;
  wire::Hello hello_;
  std::vector<Json> progress_;
  pid_t pid_ = -1;
  uint64_t next_id_ = 1;
};

/// The start message of a plugin in the build tree: computing only, third-party.
wire::HostStart start_of(const std::string& plugin);
/// The same for one of the misbehaving ones.
wire::HostStart start_of_bad(const std::string& library);

}  // namespace hob::plugins::host
