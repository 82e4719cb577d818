#include "schemas/wire/child_frame.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstring>

#include "schemas/describe/describe.h"

namespace hob::wire {

constexpr auto names(FrameKind*) {
  using Name = describe::EnumName<FrameKind>;
  return std::array{Name{FrameKind::request, "request"},   Name{FrameKind::reply, "reply"},
                    Name{FrameKind::error, "error"},       Name{FrameKind::progress, "progress"},
                    Name{FrameKind::cancel, "cancel"},     Name{FrameKind::notify, "notify"}};
}

namespace {

constexpr size_t kPrefix = 8;

struct Header {
  uint64_t id = 0;
  FrameKind kind = FrameKind::notify;
  std::string method;
  uint32_t fds = 0;

  template <typename D>
  static void describe(D& d) {
    d.about("FrameHeader", "The envelope of one child frame.");
    d.defaulted("id", &Header::id, "Request that this belongs to; 0 for notify.");
    d.field("kind", &Header::kind, "");
    d.defaulted("method", &Header::method, "", {.max_length = 64});
    d.defaulted("fds", &Header::fds, "Descriptors that came with the first byte.", {.max = kMaxDescriptors});
  }
};

void put_u32(std::string& out, size_t value) {
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(static_cast<unsigned char>(value >> shift));
}

size_t get_u32(const char* p) {
  size_t value = 0;
  for (int i = 3; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(p[i]);
  return value;
}

Error bad_frame(std::string message) { return {Code::invalid_request, "A child frame is malformed: " + std::move(message)}; }

Error gone(int error) {
  return {Code::interrupted, error == 0 ? "The other process closed the channel."
                                        : "The channel to the other process failed: " + errno_text(error) + "."};
}

}  // namespace

Result<std::string> encode(const Frame& frame) {
  const Header header{frame.id, frame.kind, frame.method, static_cast<uint32_t>(frame.fds.size())};
  const std::string text = json::dump(describe::write(header));
  if (text.size() > kMaxHeaderBytes || frame.fds.size() > kMaxDescriptors) return bad_frame("its header is too large.");
  if (frame.payload.size() > kMaxPayloadBytes) {
    return Error(Code::quota, "A message of " + std::to_string(frame.payload.size()) + " bytes is over the limit of " +
                                  std::to_string(kMaxPayloadBytes) + ".");
  }
  std::string out;
  out.reserve(kPrefix + text.size() + frame.payload.size());
  put_u32(out, text.size());
  put_u32(out, frame.payload.size());
  out += text;
  out += frame.payload;
  return out;
}

Result<Json> payload_json(const Frame& frame) { return json::parse(frame.payload, json::kChild); }

Frame reply_to(const Frame& request, const Json& body) {
  return {request.id, FrameKind::reply, request.method, json::dump(body)};
}

Frame error_to(const Frame& request, const Error& error) {
  return {request.id, FrameKind::error, request.method, json::dump(error.to_json())};
}

Frame progress_to(const Frame& request, const Json& body) {
  return {request.id, FrameKind::progress, request.method, json::dump(body)};
}

Result<std::optional<Frame>> FrameDecoder::next() {
  const size_t have = buffer_.size() - at_;
  if (have < kPrefix) return std::optional<Frame>();
  const size_t header_bytes = get_u32(buffer_.data() + at_);
  const size_t payload_bytes = get_u32(buffer_.data() + at_ + 4);
  if (header_bytes > kMaxHeaderBytes) return bad_frame("a header of " + std::to_string(header_bytes) + " bytes.");
  if (payload_bytes > max_payload_) return bad_frame("a payload of " + std::to_string(payload_bytes) + " bytes.");
  if (have < kPrefix + header_bytes + payload_bytes) return std::optional<Frame>();
  const std::string_view text = std::string_view(buffer_).substr(at_ + kPrefix, header_bytes);
  auto json = json::parse(text, {kMaxHeaderBytes, 8});
  if (!json) return bad_frame(json.error().message());
  auto header = describe::read<Header>(*json);
  if (!header) return bad_frame(header.error().message());
  Frame frame;
  frame.id = header->id;
  frame.kind = header->kind;
  frame.method = std::move(header->method);
  frame.payload = buffer_.substr(at_ + kPrefix + header_bytes, payload_bytes);
  frame.fds.resize(header->fds);
  at_ += kPrefix + header_bytes + payload_bytes;
  if (at_ == buffer_.size()) {
    buffer_.clear();
    at_ = 0;
  } else if (at_ > (1u << 20)) {
    buffer_.erase(0, at_);
    at_ = 0;
  }
  return std::optional<Frame>(std::move(frame));
}

Result<void> FrameChannel::send(const Frame& frame) {
  HOB_TRY(bytes, encode(frame));
  const std::lock_guard lock(sending_);
  size_t done = 0;
  while (done < bytes.size()) {
    iovec part{bytes.data() + done, bytes.size() - done};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kMaxDescriptors)> control{};
    if (done == 0 && !frame.fds.empty()) {
      message.msg_control = control.data();
      message.msg_controllen = CMSG_SPACE(sizeof(int) * frame.fds.size());
      cmsghdr* head = CMSG_FIRSTHDR(&message);
      head->cmsg_level = SOL_SOCKET;
      head->cmsg_type = SCM_RIGHTS;
      head->cmsg_len = CMSG_LEN(sizeof(int) * frame.fds.size());
      for (size_t i = 0; i < frame.fds.size(); ++i) {
        const int fd = frame.fds[i].get();
        std::memcpy(CMSG_DATA(head) + i * sizeof(int), &fd, sizeof fd);
      }
    }
    const ssize_t n = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return gone(errno);
    done += static_cast<size_t>(n);
  }
  return {};
}

Result<Frame> FrameChannel::receive() {
  for (;;) {
    HOB_TRY(frame, decoder_.next());
    if (frame) {
      if (received_fds_.size() < frame->fds.size()) return bad_frame("descriptors are missing.");
      for (size_t i = 0; i < frame->fds.size(); ++i) frame->fds[i] = std::move(received_fds_[i]);
      received_fds_.erase(received_fds_.begin(), received_fds_.begin() + static_cast<long>(frame->fds.size()));
      return *std::move(frame);
    }
    std::array<char, 64 << 10> bytes;
    iovec part{bytes.data(), bytes.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * kMaxDescriptors)> control;
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t n = ::recvmsg(socket_.get(), &message, MSG_CMSG_CLOEXEC);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return gone(errno);
    for (cmsghdr* head = CMSG_FIRSTHDR(&message); head != nullptr; head = CMSG_NXTHDR(&message, head)) {
      if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS) continue;
      const size_t count = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
      for (size_t i = 0; i < count; ++i) {
        int fd = -1;
        std::memcpy(&fd, CMSG_DATA(head) + i * sizeof(int), sizeof fd);
        received_fds_.emplace_back(fd);
      }
    }
    if (n == 0) return gone(0);
    if (received_fds_.size() > 4 * kMaxDescriptors) return bad_frame("too many descriptors.");
    decoder_.push({bytes.data(), static_cast<size_t>(n)});
  }
}

Result<std::array<UniqueFd, 2>> socket_pair() {
  int fds[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
    return Error(Code::internal, "Cannot make a socket pair: " + errno_text(errno) + ".");
  }
  return std::array<UniqueFd, 2>{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

}  // namespace hob::wire
