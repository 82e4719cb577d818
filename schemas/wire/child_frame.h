// Child frames: how hobd and its children talk, over an inherited socketpair (README.md has the format).
//
//   FrameChannel channel(UniqueFd(3));
//   HOB_TRY(frame, channel.receive());                        // blocks
//   HOB_TRY_VOID(channel.send({.id = frame.id, .kind = FrameKind::reply, .method = frame.method, .payload = text}));
//
// FrameDecoder is the incremental half, for a reader that does not block (hobd). FrameChannel is for the children:
// send() may be called from any thread, receive() from one.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/base/fd.h"
#include "schemas/base/json.h"

namespace hob::wire {

inline constexpr size_t kMaxHeaderBytes = 64u << 10;
inline constexpr size_t kMaxPayloadBytes = 64u << 20;
inline constexpr size_t kMaxDescriptors = 16;
inline constexpr int kChildProtocol = 1;  // changes when a child of another build could not be understood

enum class FrameKind { request, reply, error, progress, cancel, notify };

/// One message. A request has an id that its replies, progress and cancel carry.
struct Frame {
  uint64_t id = 0;
  FrameKind kind = FrameKind::notify;
  std::string method;
  std::string payload;            // JSON text unless the method says otherwise; for `error` a wire error object
  std::vector<UniqueFd> fds = {};
};

/// Header and payload as bytes, without descriptors.
Result<std::string> encode(const Frame& frame);

/// Payload as JSON (limits: json::kChild).
Result<Json> payload_json(const Frame& frame);
Frame reply_to(const Frame& request, const Json& body);
Frame error_to(const Frame& request, const Error& error);
Frame progress_to(const Frame& request, const Json& body);

/// Takes bytes as they come and gives whole frames. A malformed frame is an error, and the stream is over.
class FrameDecoder {
 public:
  /// A frame whose payload is over `max_payload` is malformed (known from its first bytes, before it is kept).
  explicit FrameDecoder(size_t max_payload = kMaxPayloadBytes) : max_payload_(max_payload) {}
  void push(std::string_view bytes) { buffer_.append(bytes); }
  /// nullopt: more bytes are needed.
  Result<std::optional<Frame>> next();
  bool empty() const { return at_ == buffer_.size(); }

 private:
  std::string buffer_;
  size_t at_ = 0;
  size_t max_payload_;
};

class FrameChannel {
 public:
  explicit FrameChannel(UniqueFd socket) : socket_(std::move(socket)) {}

  /// Blocks until all of it is written. `interrupted` when the peer is gone.
  Result<void> send(const Frame& frame);
  /// Blocks for the next frame. `interrupted` at the end of the stream.
  Result<Frame> receive();
  int fd() const { return socket_.get(); }

 private:
  UniqueFd socket_;
  std::mutex sending_;
  FrameDecoder decoder_;
  std::vector<UniqueFd> received_fds_;
};

/// A connected pair of close-on-exec stream sockets.
Result<std::array<UniqueFd, 2>> socket_pair();

}  // namespace hob::wire
