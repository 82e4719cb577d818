// hob_test_model: a model process for the tests of backend/. `start` behaves as its `script` says:
//
//   ok            loads with progress, answers
//   refuse        answers start with an error (the checkpoint is bad)
//   die           dies in start, always
//   die-once:FILE dies in start unless FILE exists, and makes it
//   hold          never answers start
//
// A step answers with the last item's text as its own; the texts "crash", "cancel", "garbage" and "error" do that.
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "schemas/wire/child_frame.h"
#include "schemas/wire/handshake.h"
#include "schemas/wire/step.h"

extern char** environ;

namespace {

using namespace hob;
using wire::Frame;
using wire::FrameKind;

std::string passive() {
  const char* value = std::getenv("OMP_WAIT_POLICY");
  return value ? value : "";
}

void start(wire::FrameChannel& channel, const Frame& frame) {
  const auto params = describe::read<wire::ModelStart>(*wire::payload_json(frame));
  const std::string script = params->script;
  if (script == "hold") return;
  if (script == "refuse") {
    (void)channel.send(wire::error_to(frame, Error(Code::model_not_loaded, "There is no config.json.")));
    return;
  }
  if (script == "die") ::raise(SIGKILL);
  if (script.starts_with("die-once:")) {
    const std::string file = script.substr(9);
    if (::access(file.c_str(), F_OK) != 0) {
      std::fclose(std::fopen(file.c_str(), "w"));
      ::raise(SIGKILL);
    }
  }
  (void)channel.send(wire::progress_to(frame, {{"what", "load"}, {"done", 1}, {"total", 2}}));
  wire::ModelInfo info;
  info.name = "test " + passive();
  info.device = "cpu";
  info.context_size = 100;
  (void)channel.send(wire::reply_to(frame, describe::write(info)));
}

void step(wire::FrameChannel& channel, const Frame& frame) {
  const auto params = describe::read<wire::StepParams>(*wire::payload_json(frame));
  const std::string text = params->items.empty() ? "" : params->items.back().text;
  wire::StepResult result;
  (void)channel.send(wire::progress_to(frame, describe::write(wire::StepProgress{wire::StepProgressKind::text, text})));
  if (text == "crash") ::raise(SIGABRT);
  if (text == "error") {
    (void)channel.send(wire::error_to(frame, Error(Code::context_exceeded, "101 of 100 tokens.")));
    return;
  }
  if (text == "garbage") {
    (void)channel.send(wire::reply_to(frame, Json{{"stop", "perhaps"}}));
    return;
  }
  if (text == "cancel") {
    for (;;) {
      auto next = channel.receive();
      if (!next) std::_Exit(0);
      if (next->kind == FrameKind::cancel && next->id == frame.id) break;
    }
    result.stop = wire::StepStop::cancelled;
  }
  wire::Item item;
  item.kind = wire::ItemKind::agent_message;
  item.text = text;
  result.items.push_back(item);
  result.usage.output_tokens = 10;
  result.usage.decode_seconds = 2;
  (void)channel.send(wire::reply_to(frame, describe::write(result)));
}

}  // namespace

int main() {
  wire::FrameChannel channel(UniqueFd(3));
  const wire::Hello hello{wire::kChildProtocol, wire::build_id(), "hob_test_model", {"step", "fit", "check_schema"}};
  (void)channel.send({0, FrameKind::notify, "hello", json::dump(describe::write(hello))});
  for (;;) {
    auto frame = channel.receive();
    if (!frame) return 0;
    if (frame->kind != FrameKind::request) continue;
    if (frame->method == "start") start(channel, *frame);
    if (frame->method == "step") step(channel, *frame);
    if (frame->method == "fit") {
      auto body = *wire::payload_json(*frame);
      body["result"]["budget"] = body["budgetTokens"];
      (void)channel.send(wire::reply_to(*frame, {{"result", body["result"]}}));
    }
    if (frame->method == "check_schema") {
      (void)channel.send(wire::error_to(*frame, Error(Code::schema_unsupported, "no").with("keyword", std::string_view("not"))));
    }
  }
}
