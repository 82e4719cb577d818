#include "daemon/rpc/framing.h"

#include <catch2/catch.hpp>
#include <vector>

namespace hob::rpc {
namespace {

std::vector<std::string> all(MessageDecoder& decoder) {
  std::vector<std::string> out;
  for (;;) {
    auto text = decoder.next();
    REQUIRE(text.ok());
    if (!*text) return out;
    out.push_back(**text);
  }
}

TEST_CASE("messages cut at every byte come out the same in both framings") {
  const std::vector<std::string> want = {R"({"a":1})", "second é", "[]"};
  for (const Framing framing : {Framing::line, Framing::lsp}) {
    std::string stream;
    for (const auto& text : want) stream += frame(framing, text);
    for (size_t cut = 0; cut <= stream.size(); ++cut) {
      MessageDecoder decoder;
      decoder.push(stream.substr(0, cut));
      auto got = all(decoder);
      decoder.push(stream.substr(cut));
      for (auto& text : all(decoder)) got.push_back(text);
      REQUIRE(got == want);
      CHECK(decoder.framing() == framing);
      CHECK_FALSE(decoder.partial());
    }
  }
}

TEST_CASE("blank lines and carriage returns are nothing") {
  MessageDecoder decoder;
  decoder.push("\r\n\n{}\r\n  \n1\n");
  CHECK(all(decoder) == std::vector<std::string>{"{}", "1"});
}

TEST_CASE("an endless line is refused at the limit") {
  MessageDecoder decoder;
  for (size_t n = 0; n <= kMaxMessageBytes; n += 1u << 20) decoder.push(std::string(1u << 20, 'x'));
  decoder.push("x");
  CHECK_FALSE(decoder.next().ok());
}

TEST_CASE("a lying header block is refused") {
  for (const char* text :
       {"Content-Length: x\r\n\r\n", "Content-Length: -1\r\n\r\n", "Content-Length: 99999999999999999999\r\n\r\n",
        "Content-Length: 16777217\r\n\r\n", "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"}) {
    MessageDecoder decoder;
    decoder.push(text);
    INFO(text);
    CHECK_FALSE(decoder.next().ok());
  }
  MessageDecoder endless;
  endless.push("Content-Length: 1\r\n" + std::string(9000, 'a'));
  CHECK_FALSE(endless.next().ok());
}

}  // namespace
}  // namespace hob::rpc
