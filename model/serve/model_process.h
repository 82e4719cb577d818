// For tests: hob-model-lite (or hob-model) as a real process on a socketpair, and a script file for it.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "schemas/base/test_directory.h"
#include "schemas/wire/child_frame.h"
#include "schemas/wire/handshake.h"
#include "schemas/wire/step.h"

namespace hob::serve::testing {

inline std::string tokenizer_path() { return HOB_SOURCE_DIR "/tests/fixtures/tokenizer/hand.json"; }

/// A script with the tests' tokenizer.
inline Json script(Json rules, uint32_t context = 4096) {
  return {{"tokenizer", tokenizer_path()}, {"context", context}, {"rules", std::move(rules)}};
}

struct Outcome {
  std::vector<Json> progress;
  Result<Json> reply = Error(Code::internal, "There was no reply.");

  /// The texts of one kind of progress, joined.
  std::string text(const std::string& kind) const {
    std::string out;
    for (const Json& p : progress) {
      if (p.value("kind", "") == kind) out += p.value("text", "");
    }
    return out;
  }
};

/// A program of bin/.
struct Binary {
  std::string name;
};

class ModelProcess {
 public:
  ModelProcess() : ModelProcess(Binary{"hob-model-lite"}) {}
  explicit ModelProcess(const Binary& binary) {
    auto pair = wire::socket_pair();
    REQUIRE(pair.ok());
    const std::string program = HOB_BINARY_DIR "/bin/" + binary.name;
    pid_ = fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      dup2((*pair)[1].get(), 3);
      execl(program.c_str(), program.c_str(), "--fd", "3", nullptr);
      _exit(127);
    }
    channel_.emplace(std::move((*pair)[0]));
  }
  ~ModelProcess() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
  }
  ModelProcess(const ModelProcess&) = delete;
  ModelProcess& operator=(const ModelProcess&) = delete;

  /// Starts with a script; the hello is taken.
  explicit ModelProcess(const Json& script_json) : ModelProcess() {
    hello();
    const auto started = start(script_json);
    INFO((started ? "" : started.error().message()));
    REQUIRE(started.ok());
  }

  wire::Hello hello() {
    const wire::Frame frame = receive();
    REQUIRE(frame.method == "hello");
    auto read = describe::read<wire::Hello>(*wire::payload_json(frame));
    REQUIRE(read.ok());
    return *read;
  }
  Result<Json> start(const Json& script_json) {
    return request("start", {{"script", folder_.write("script.json", json::dump(script_json))}}).reply;
  }

  uint64_t send(const std::string& method, const Json& body) {
    send_frame({++last_id_, wire::FrameKind::request, method, json::dump(body)});
    return last_id_;
  }
  void cancel(uint64_t id) { send_frame({id, wire::FrameKind::cancel, "", ""}); }
  void send_frame(const wire::Frame& frame) { REQUIRE(channel_->send(frame).ok()); }
  wire::Frame receive() {
    auto frame = channel_->receive();
    REQUIRE(frame.ok());
    return *std::move(frame);
  }
  /// All that comes for this request, its reply at last.
  Outcome finish(uint64_t id) {
    Outcome out;
    for (;;) {
      const wire::Frame frame = receive();
      if (frame.id != id) continue;
      const Json body = *wire::payload_json(frame);
      if (frame.kind == wire::FrameKind::progress) {
        out.progress.push_back(body);
        continue;
      }
      if (frame.kind == wire::FrameKind::error) {
        out.reply = Error::from_json(body);
      } else {
        out.reply = body;
      }
      return out;
    }
  }
  Outcome request(const std::string& method, const Json& body) { return finish(send(method, body)); }
  /// Waits for a progress frame whose text ends so.
  void wait_for_text(uint64_t id, const std::string& end) {
    std::string text;
    while (!text.ends_with(end)) {
      const wire::Frame frame = receive();
      REQUIRE(frame.id == id);
      REQUIRE(frame.kind == wire::FrameKind::progress);
      text += wire::payload_json(frame)->value("text", "");
    }
  }
  /// Waits for the end of the process, whose channel must be closed.
  int wait_for_end() {
    auto frame = channel_->receive();
    while (frame) frame = channel_->receive();  // what was said before
    CHECK(frame.error().code() == Code::interrupted);
    int status = 0;
    REQUIRE(waitpid(pid_, &status, 0) == pid_);
    pid_ = -1;
    return status;
  }
  void close() { channel_.reset(); }
  int wait_after_close() {
    int status = 0;
    REQUIRE(waitpid(pid_, &status, 0) == pid_);
    pid_ = -1;
    return status;
  }
  int fd() const { return channel_->fd(); }
  pid_t pid() const { return pid_; }

 private:
  TestDirectory folder_;
  pid_t pid_ = -1;
  std::optional<wire::FrameChannel> channel_;
  uint64_t last_id_ = 0;
};

/// A step with one user message.
inline Json step(const std::string& text, Json more = Json::object()) {
  Json out{{"sessionId", "s"},
           {"system", "You are hob."},
           {"items", {{{"kind", "user_message"}, {"text", text}}}},
           {"sampling", {{"temperature", 0}}}};
  out.update(more);
  return out;
}

inline wire::StepResult result_of(const Outcome& outcome) {
  INFO((outcome.reply ? "" : outcome.reply.error().message()));
  REQUIRE(outcome.reply.ok());
  auto read = describe::read<wire::StepResult>(*outcome.reply);
  REQUIRE(read.ok());
  return *read;
}

}  // namespace hob::serve::testing
