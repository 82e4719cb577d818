#include "schemas/wire/child_frame.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <thread>

namespace hob::wire {
namespace {

Frame sample() { return {7, FrameKind::request, "step", R"({"a":[1,2]})"}; }

TEST_CASE("a frame cut at every byte comes out whole, and only when it is whole") {
  const std::string bytes = *encode(sample()) + *encode({7, FrameKind::reply, "step", ""});
  for (size_t cut = 0; cut <= bytes.size(); ++cut) {
    FrameDecoder decoder;
    std::vector<Frame> got;
    for (const std::string_view part : {std::string_view(bytes).substr(0, cut), std::string_view(bytes).substr(cut)}) {
      decoder.push(part);
      for (;;) {
        auto frame = decoder.next();
        REQUIRE(frame.ok());
        if (!*frame) break;
        got.push_back(**std::move(frame));
      }
    }
    REQUIRE(got.size() == 2);
    CHECK(got[0].id == 7);
    CHECK(got[0].kind == FrameKind::request);
    CHECK(got[0].payload == sample().payload);
    CHECK(got[1].kind == FrameKind::reply);
    CHECK(decoder.empty());
  }
}

TEST_CASE("a lying frame is refused before anything is allocated for it") {
  const std::string cases[] = {
      std::string("\xff\xff\xff\xff\x00\x00\x00\x00", 8),
      std::string("\x02\x00\x00\x00\xff\xff\xff\xff", 8),
      std::string("\x02\x00\x00\x00\x00\x00\x00\x00{]", 10),
      std::string("\x02\x00\x00\x00\x00\x00\x00\x00{}", 10),
      std::string("\x11\x00\x00\x00\x00\x00\x00\x00{\"kind\":\"unheard\"}", 26),
  };
  for (const std::string& bytes : cases) {
    FrameDecoder decoder;
    decoder.push(bytes);
    const auto frame = decoder.next();
    REQUIRE(!frame.ok());
    CHECK(frame.error().code() == Code::invalid_request);
  }
}

TEST_CASE("descriptors travel with their frame") {
  auto pair = *socket_pair();
  FrameChannel here(std::move(pair[0]));
  FrameChannel there(std::move(pair[1]));
  int pipe_fds[2];
  REQUIRE(::pipe(pipe_fds) == 0);
  UniqueFd read_end(pipe_fds[0]);
  Frame frame = sample();
  frame.fds.emplace_back(pipe_fds[1]);
  REQUIRE(here.send(frame).ok());
  REQUIRE(here.send({8, FrameKind::cancel, "", ""}).ok());
  frame.fds.clear();
  {
    auto got = there.receive();
    REQUIRE(got.ok());
    REQUIRE(got->fds.size() == 1);
    REQUIRE(::write(got->fds[0].get(), "x", 1) == 1);
  }
  char c = 0;
  CHECK(::read(read_end.get(), &c, 1) == 1);
  CHECK(::read(read_end.get(), &c, 1) == 0);  // every copy of the write end is closed
  auto second = there.receive();
  REQUIRE(second.ok());
  CHECK(second->kind == FrameKind::cancel);
}

TEST_CASE("a large frame passes between threads and a closed channel is an error") {
  auto pair = *socket_pair();
  FrameChannel here(std::move(pair[0]));
  const std::string big(3'000'000, 'x');
  std::thread peer([fd = std::make_shared<UniqueFd>(std::move(pair[1])), &big] {
    FrameChannel there(std::move(*fd));
    const auto got = there.receive();
    if (got.ok() && got->payload.size() == big.size()) (void)there.send({1, FrameKind::reply, "", "ok"});
  });
  REQUIRE(here.send({1, FrameKind::request, "echo", big}).ok());
  const auto reply = here.receive();
  REQUIRE(reply.ok());
  CHECK(reply->payload == "ok");
  peer.join();
  const auto end = here.receive();
  REQUIRE(!end.ok());
  CHECK(end.error().code() == Code::interrupted);
}

TEST_CASE("an oversized payload is refused by the sender") {
  CHECK_FALSE(encode({1, FrameKind::reply, "", std::string(kMaxPayloadBytes + 1, ' ')}).ok());
  CHECK_FALSE(encode({1, FrameKind::reply, std::string(kMaxHeaderBytes, 'm'), ""}).ok());
}

}  // namespace
}  // namespace hob::wire
