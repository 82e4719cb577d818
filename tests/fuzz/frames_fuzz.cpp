// The two stream decoders: frames between our processes, and messages at the front door. However
// the bytes are cut, the same messages come out; and what came out, sent again, comes out the same.
#include <algorithm>

#include "daemon/rpc/framing.h"
#include "schemas/wire/child_frame.h"
#include "tests/fuzz/target.h"

namespace hob::fuzz {
namespace {

std::string shown(const wire::Frame& frame) {
  return std::to_string(frame.id) + " " + std::to_string(static_cast<int>(frame.kind)) + " " +
         frame.method + " " + std::to_string(frame.fds.size()) + " " + frame.payload;
}
std::string shown(const std::string& message) { return message; }

/// Everything that a decoder gave, and the error that ended it.
struct Given {
  std::vector<std::string> messages;
  std::string error;
  bool operator==(const Given&) const = default;
};

template <typename Decoder>
void drain(Decoder& decoder, Given& out) {
  for (;;) {
    const auto next = decoder.next();
    if (!next) {
      expect(
          next.error().code() == Code::invalid_request, "a malformed stream is an invalid_request"
      );
      out.error = next.error().message();
      return;
    }
    if (!*next) return;
    out.messages.push_back(shown(**next));
  }
}

template <typename Decoder>
Given cut(Decoder decoder, std::string_view bytes, size_t step) {
  Given out;
  for (; !bytes.empty() && out.error.empty(); bytes.remove_prefix(std::min(bytes.size(), step))) {
    decoder.push(bytes.substr(0, step));
    drain(decoder, out);
  }
  return out;
}

void frames(std::string_view bytes, size_t step) {
  const Given whole = cut(wire::FrameDecoder(1u << 16), bytes, bytes.size() + 1);
  expect(
      cut(wire::FrameDecoder(1u << 16), bytes, step) == whole,
      "frames are the same however their bytes are cut"
  );
  wire::FrameDecoder decoder;
  decoder.push(bytes);
  for (;;) {
    const auto next = decoder.next();
    if (!next || !*next) return;
    const wire::Frame& frame = **next;
    const auto sent = wire::encode(frame);
    expect(sent.ok(), "a frame that was read can be written");
    wire::FrameDecoder again;
    again.push(*sent);
    const auto back = again.next();
    expect(back && *back && shown(**back) == shown(frame), "a frame is read as it was written");
    expect(again.empty(), "nothing is left of it");
    (void)wire::payload_json(frame);
  }
}

void messages(std::string_view bytes, size_t step) {
  const Given whole = cut(rpc::MessageDecoder(), bytes, bytes.size() + 1);
  expect(
      cut(rpc::MessageDecoder(), bytes, step) == whole,
      "messages are the same however their bytes are cut"
  );
  for (const std::string& message : whole.messages) {
    rpc::MessageDecoder lsp;
    lsp.push(rpc::frame(rpc::Framing::lsp, message) + rpc::frame(rpc::Framing::lsp, "{}"));
    Given back;
    drain(lsp, back);
    expect(
        back.messages == std::vector<std::string>{message, "{}"},
        "a framed message is read as it was written"
    );
  }
}

void run(std::string_view bytes) {
  Choices choices(bytes);
  const size_t step = 1 + choices.below(7);
  const std::string_view rest = choices.rest();
  frames(rest, step);
  messages(rest, step);
}

std::vector<std::string> seeds() {
  const std::string one =
      wire::encode({7, wire::FrameKind::request, "generate", R"({"a":1})"}).value();
  const std::string two = wire::encode({0, wire::FrameKind::notify, "", ""}).value();
  return {
      "\x01" + one + two,
      std::string("\0", 1) + two.substr(0, 20),
      "\x05{\"id\":1}\n\n {}\r\n[]\n",
      "\x02"
      "Content-Length: 2\r\n\r\n{}Content-Type: x\r\ncontent-length:  5\r\n\r\n12345",
      "\x03\r\n\nContent-Length: 0\r\n\r\n",
      "\x03"
      "Content-Length: 99999999999999999999\r\n\r\n",
      "\x06" + one.substr(0, 4) + "\xFF\xFF\xFF\xFF" + one.substr(8)};
}

const Target kTarget({"frames", run, seeds, 4000});

}  // namespace
}  // namespace hob::fuzz
