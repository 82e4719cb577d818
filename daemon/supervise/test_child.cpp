// hob_test_child MODE: a child program that misbehaves in one way, for the tests of supervise, backend and plugin.
//
// Before hello: "mute" (says nothing), "old" (another build), "stray" (first frame is not hello), "early" (dies).
// After hello it answers requests by method, whatever the mode:
//   echo -> {body}         tick -> 3 progress frames, then {}     fail -> an error frame       env -> {environment}
//   crash -> SIGSEGV       exit -> status 7                       hang -> never, cancel ignored
//   wait -> answers {cancelled: true} when it is cancelled        late -> answers, then dies     twice -> answers twice
//   garbage -> bytes that are no frame                            huge -> a frame of 8 MiB       fds -> open descriptors
//   close -> closes the socket and stays                          noise -> writes to stdout and stderr, then {}
//   fork -> starts a grandchild that sleeps, answers {pid}        wrongid -> answers with another id, then the right one
//   detach -> the same, and the grandchild leaves the group and the tree: an orphan by the time of the answer
#include <dirent.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "schemas/describe/describe.h"
#include "schemas/wire/child_frame.h"
#include "schemas/wire/handshake.h"

extern char** environ;

namespace {

using namespace hob;
using wire::Frame;
using wire::FrameKind;

void send(wire::FrameChannel& channel, const Frame& frame) {
  if (!channel.send(frame)) std::_Exit(0);
}

Json environment() {
  Json out = Json::array();
  for (char** entry = environ; *entry != nullptr; ++entry) out.push_back(*entry);
  return out;
}

Json open_fds() {
  Json out = Json::array();
  DIR* directory = ::opendir("/proc/self/fd");
  while (const dirent* entry = ::readdir(directory)) {
    if (entry->d_name[0] == '.') continue;
    const int fd = std::atoi(entry->d_name);
    if (fd != ::dirfd(directory)) out.push_back(fd);
  }
  ::closedir(directory);
  return out;
}

void answer(wire::FrameChannel& channel, const Frame& frame) {
  const std::string& method = frame.method;
  Json body = Json::object();
  if (method == "echo") body = *wire::payload_json(frame);
  if (method == "env") body = {{"environment", environment()}};
  if (method == "fds") body = {{"fds", open_fds()}, {"pgid", ::getpgrp()}, {"pid", ::getpid()}};
  if (method == "tick") {
    for (int i = 0; i < 3; ++i) send(channel, wire::progress_to(frame, {{"tick", i}}));
  }
  if (method == "fail") {
    return send(channel, wire::error_to(frame, Error(Code::invalid_params, "wanted a cat").with("pointer", std::string_view("/cat"))));
  }
  if (method == "crash") {
    ::signal(SIGSEGV, SIG_DFL);
    ::raise(SIGSEGV);
  }
  if (method == "exit") std::_Exit(7);
  if (method == "hang") return;
  if (method == "wait") {
    for (;;) {
      auto next = channel.receive();
      if (!next) std::_Exit(0);
      if (next->kind == FrameKind::cancel && next->id == frame.id) break;
    }
    body = {{"cancelled", true}};
  }
  if (method == "late") {
    send(channel, wire::reply_to(frame, {{"last", "words"}}));
    std::_Exit(9);
  }
  if (method == "twice") send(channel, wire::reply_to(frame, {{"answer", 1}}));
  if (method == "garbage") {
    (void)!::write(channel.fd(), "\xff\xff\xff\xff\xff\xff\xff\xff garbage", 16);
    return;
  }
  if (method == "huge") body = {{"text", std::string(8u << 20, 'x')}};
  if (method == "close") {
    ::close(channel.fd());
    for (;;) ::pause();
  }
  if (method == "noise") {
    std::fputs("on standard output\n", stdout);
    std::fflush(stdout);
    std::fputs("on standard error, without end", stderr);
  }
  if (method == "fork") {
    const pid_t pid = ::fork();
    if (pid == 0) {
      for (;;) ::pause();
    }
    body = {{"pid", pid}};
  }
  if (method == "detach") {
    int fds[2];
    (void)!::pipe(fds);
    const pid_t between = ::fork();
    if (between == 0) {
      ::setsid();
      const pid_t pid = ::fork();
      if (pid == 0) {
        for (;;) ::pause();
      }
      (void)!::write(fds[1], &pid, sizeof pid);
      std::_Exit(0);
    }
    pid_t pid = 0;
    (void)!::read(fds[0], &pid, sizeof pid);
    // Only when the process between has ended is the grandchild an orphan. It stays a zombie.
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(between), &info, WEXITED | WNOWAIT);
    body = {{"pid", pid}};
  }
  if (method == "wrongid") {
    Frame other = wire::reply_to(frame, {{"answer", "wrong"}});
    other.id += 1000;
    send(channel, other);
    body = {{"answer", "right"}};
  }
  send(channel, wire::reply_to(frame, body));
}

}  // namespace

int main(int count, char** arguments) {
  const std::string mode = count > 1 ? arguments[1] : "";
  wire::FrameChannel channel(UniqueFd(3));
  wire::Hello hello{wire::kChildProtocol, wire::build_id(), "hob_test_child", {"echo"}};
  if (mode == "early") return 5;
  if (mode == "mute") {
    for (;;) ::pause();
  }
  if (mode == "stray") send(channel, {1, FrameKind::reply, "", "{}"});
  if (mode == "old") hello.build = "0.0.1+old";
  send(channel, {0, FrameKind::notify, "hello", json::dump(describe::write(hello))});
  if (mode == "stubborn") {
    ::signal(SIGTERM, SIG_IGN);
    for (;;) ::pause();
  }
  for (;;) {
    auto frame = channel.receive();
    if (!frame) return 0;
    if (frame->kind == FrameKind::request) answer(channel, *frame);
  }
}
