// hob_test_host: a plugin host that does what no real one would, for the tests of plugin/.
//
// `start` behaves as settings.start says: "die", "refuse", "mute"; else it is ready. A call does what its arguments'
// "act" says; see answer().
#include <signal.h>
#include <unistd.h>

#include <cstdlib>

#include "schemas/wire/child_frame.h"
#include "schemas/wire/handshake.h"
#include "schemas/wire/tool.h"

namespace {

using namespace hob;
using wire::Frame;
using wire::FrameKind;

Json g_start;
int g_calls = 0;

void crash() {
  ::signal(SIGSEGV, SIG_DFL);  // a sanitizer would catch it and exit
  ::raise(SIGSEGV);
}

void wait_for_cancel(wire::FrameChannel& channel, uint64_t id) {
  for (;;) {
    auto next = channel.receive();
    if (!next) std::_Exit(0);
    if (next->kind == FrameKind::cancel && next->id == id) return;
  }
}

Json failed(const std::string& kind) {
  return {{"ok", false}, {"kind", kind}, {"message", "It was stopped."}, {"hint", ""}};
}

void answer(wire::FrameChannel& channel, const Frame& frame) {
  ++g_calls;
  const auto params = *describe::read<wire::CallParams>(*wire::payload_json(frame));
  const Json arguments = *json::parse(params.arguments, json::kGenerated);
  const std::string act = arguments.value("act", "");
  wire::CallResult out;
  out.result = {{"pid", ::getpid()}, {"calls", g_calls}, {"start", g_start}};
  if (act == "crash") crash();
  if (act == "hang") {
    for (;;) ::pause();
  }
  if (act == "until_cancel") {  // a good tool: it stops when asked, and says so
    wait_for_cancel(channel, frame.id);
    out.ok = false;
    out.result = failed("failed");
  }
  if (act == "finish_late") wait_for_cancel(channel, frame.id);  // it was done when the cancel came
  if (act == "ends_itself") {  // as the real host does when a tool does not return in time
    wait_for_cancel(channel, frame.id);
    out.ok = false;
    out.result = failed("timeout");
    (void)channel.send(wire::reply_to(frame, describe::write(out)));
    std::_Exit(5);
  }
  if (act == "broken_host") {
    (void)channel.send(wire::error_to(frame, Error(Code::plugin_crashed, "An exception crossed the C border.")));
    std::_Exit(4);
  }
  if (act == "garbage") {
    (void)!::write(channel.fd(), "\xff\xff\xff\xff\xff\xff\xff\xff garbage", 16);
    return;
  }
  if (act == "talk") {
    for (const char* text : {"one", "two"}) (void)channel.send(wire::progress_to(frame, {{"message", text}}));
    (void)channel.send(wire::progress_to(frame, {{"message", 3}}));
    (void)channel.send(wire::progress_to(frame, Json::array()));
  }
  if (act == "talk_a_lot") {
    for (int i = 0; i < 200; ++i) (void)channel.send(wire::progress_to(frame, {{"message", std::string(5000, 'x')}}));
  }
  if (act == "huge") out.result = {{"text", std::string(8u << 20, 'x')}};
  if (act == "no_result") {
    (void)channel.send(wire::reply_to(frame, {{"answer", 42}}));
    return;
  }
  if (act == "text") out.result = "just words";
  if (act == "odd_failure") {
    out.ok = false;
    out.result = {{"kind", "exploded"}, {"secret", 1}};
  }
  if (act == "unfit") out.result = {{"pid", "not a number"}};
  if (act == "cut") {
    out.result = {{"truncated", true}};
    out.truncated = true;
  }
  (void)channel.send(wire::reply_to(frame, describe::write(out)));
}

}  // namespace

int main() {
  wire::FrameChannel channel(UniqueFd(3));
  const wire::Hello hello{wire::kChildProtocol, wire::build_id(), "hob_test_host", {"call"}};
  (void)channel.send({0, FrameKind::notify, "hello", json::dump(describe::write(hello))});
  for (;;) {
    auto frame = channel.receive();
    if (!frame) return 0;
    if (frame->kind != FrameKind::request) continue;
    if (frame->method == "call") answer(channel, *frame);
    if (frame->method != "start") continue;
    g_start = *wire::payload_json(*frame);
    const std::string how = g_start["config"].value("start", "");
    if (how == "die") crash();
    if (how == "mute") continue;
    if (how == "refuse") {
      (void)channel.send(wire::error_to(*frame, Error(Code::version_skew, "It was built for version 99.")));
      continue;
    }
    (void)channel.send(wire::reply_to(*frame, describe::write(wire::HostReady{"1", {"none"}})));
  }
}
