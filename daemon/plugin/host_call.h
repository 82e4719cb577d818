// host_call: one call of a tool in a host, with an end whatever the tool does.
//
//   Outcome outcome = co_await call_host(io, child, params, progress, context);
//
// Past the deadline, or when the caller cancels, the host is sent a cancel frame and has 250 ms to answer; then it is
// killed. What the tool says on the way goes to `progress`, up to a limit: the host is not trusted to keep to its own.
// Pure translation otherwise: nothing here knows of plugins or pools. On [io].
#pragma once

#include <functional>
#include <string_view>

#include "daemon/supervise/child.h"
#include "schemas/wire/tool.h"

namespace hob::plugin {

inline constexpr Milliseconds kCallGrace{250};
inline constexpr size_t kMaxProgressPiece = 4096;          // bytes; longer ones are cut
inline constexpr size_t kMaxProgressTotal = 256u << 10;    // of a call; what comes later is dropped

using Progress = std::function<void(std::string_view)>;

struct Outcome {
  enum class Kind { answered, timed_out, cancelled, died, broken };
  Kind kind = Kind::answered;
  wire::CallResult result;    // answered
  std::string how;            // died, broken: in words
  bool host_is_good = false;  // it may be used again
};

Async<Outcome> call_host(
    asio::any_io_executor io, std::shared_ptr<supervise::Child> child, wire::CallParams params, Progress progress,
    CallContext context);

/// What a host answered as a CallResult in the contract's shape; the Error says what is wrong with it.
Result<wire::CallResult> read_result(const Json& reply);

}  // namespace hob::plugin
