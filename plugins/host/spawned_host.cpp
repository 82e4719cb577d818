#include "plugins/host/spawned_host.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace hob::plugins::host {

SpawnedHost::SpawnedHost() {
  auto pair = wire::socket_pair();
  HOB_CHECK(pair.ok(), "a test needs a socket pair");
  UniqueFd mine = std::move((*pair)[0]), theirs = std::move((*pair)[1]);
  const std::string program = HOB_BINARY_DIR "/bin/hob-plugin-host";
  const std::string number = std::to_string(theirs.get());
  pid_ = ::fork();
  if (pid_ == 0) {
    ::setenv("HOB_CANARY_SECRET", "s3cret", 1);
    (void)!::dup2(2, 40);  // a descriptor that must not survive
    ::fcntl(theirs.get(), F_SETFD, 0);
    ::execl(program.c_str(), "hob-plugin-host", "--fd", number.c_str(), nullptr);
    ::_exit(127);
  }
  theirs.reset();
  channel_ = std::make_unique<wire::FrameChannel>(std::move(mine));
  auto frame = channel_->receive();
  HOB_CHECK(frame.ok() && frame->method == "hello", "a plugin host says hello first");
  auto body = wire::payload_json(*frame);
  auto read = describe::read<wire::Hello>(*body);
  HOB_CHECK(read.ok(), "hello can be read");
  hello_ = *read;
}

SpawnedHost::~SpawnedHost() {
  channel_.reset();
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    wait();
  }
}

void SpawnedHost::send(const wire::Frame& frame) { (void)channel_->send(frame); }

Result<wire::HostReady> SpawnedHost::start(const wire::HostStart& start) {
  const uint64_t id = next_id_++;
  send({.id = id, .kind = wire::FrameKind::request, .method = "start", .payload = json::dump(describe::write(start))});
  HOB_TRY(frame, receive());
  HOB_TRY(body, wire::payload_json(frame));
  if (frame.kind == wire::FrameKind::error) return Error::from_json(body);
  return describe::read<wire::HostReady>(body);
}

uint64_t SpawnedHost::ask(const std::string& tool, const std::string& arguments, uint64_t timeout_ms) {
  const uint64_t id = next_id_++;
  wire::CallParams params{tool, arguments, timeout_ms};
  send({.id = id, .kind = wire::FrameKind::request, .method = "call", .payload = json::dump(describe::write(params))});
  return id;
}

void SpawnedHost::cancel(uint64_t id) {
  send({.id = id, .kind = wire::FrameKind::cancel, .method = "call", .payload = ""});
}

Result<wire::CallResult> SpawnedHost::answer(uint64_t id) {
  progress_.clear();
  for (;;) {
    HOB_TRY(frame, receive());
    if (frame.id != id) return Error(Code::internal, "a frame for another call");
    HOB_TRY(body, wire::payload_json(frame));
    if (frame.kind == wire::FrameKind::progress) {
      progress_.push_back(body);
      continue;
    }
    if (frame.kind == wire::FrameKind::error) return Error::from_json(body);
    return describe::read<wire::CallResult>(body);
  }
}

int SpawnedHost::wait() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

wire::HostStart start_of(const std::string& plugin) {
  wire::HostStart out;
  out.library = HOB_BINARY_DIR "/lib/hob/plugins/" + plugin + "/" + plugin + ".so";
  out.plugin = plugin;
  out.config = Json::object();
  out.builtin = true;
  return out;
}

wire::HostStart start_of_bad(const std::string& library) {
  wire::HostStart out;
  out.library = HOB_BINARY_DIR "/tests/plugins/" + library + ".so";
  out.plugin = library;
  out.config = Json::object();
  out.builtin = true;
  return out;
}

}  // namespace hob::plugins::host
