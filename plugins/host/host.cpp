#include "plugins/host/host.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <exception>
#include <memory>
#include <thread>

#include "plugins/host/call.h"
#include "plugins/host/library.h"
#include "plugins/host/library_file.h"
#include "plugins/host/walls.h"
#include "schemas/base/beneath.h"
#include "schemas/base/log.h"
#include "schemas/base/utf8.h"
#include "schemas/sandbox/sandbox.h"
#include "schemas/wire/handshake.h"

namespace hob::plugins::host {
namespace {

using namespace std::chrono_literals;
using wire::Frame;
using wire::FrameKind;

constexpr auto kGrace =
    250ms;  // from a deadline or a cancel to the end of a process that does not return
constexpr size_t kKeptSlots = 64;  // how long a late pointer to a call stays harmless
constexpr size_t kMaxLogLine = 4096;
constexpr size_t kMaxLogLines = 1000;

/// What the plugin sees as hob_host.
struct HostTable {
  std::vector<wire::Root> roots;
  std::vector<UniqueFd> fds;
  bool may_write = false;
  std::string refusal;
  std::atomic<size_t> lines{0};
  hob_host table{};

  HostTable() {
    static constexpr auto of = [](const hob_host* host) -> HostTable& {
      return *static_cast<HostTable*>(host->context);
    };
    table.size = sizeof table;
    table.version = HOB_PLUGIN_VERSION;
    table.context = this;
    table.root_count = [](const hob_host* host) {
      return static_cast<uint32_t>(of(host).roots.size());
    };
    table.root_fd = [](const hob_host* host, uint32_t i) {
      return i < of(host).fds.size() ? of(host).fds[i].get() : -1;
    };
    table.root_path = [](const hob_host* host, uint32_t i) -> const char* {
      return i < of(host).roots.size() ? of(host).roots[i].path.c_str() : nullptr;
    };
    table.root_writable = [](const hob_host* host, uint32_t i) {
      return i < of(host).roots.size() && of(host).roots[i].writable && of(host).may_write ? 1 : 0;
    };
    table.refuse = [](const hob_host* host, hob_text text) {
      if (text.data) of(host).refusal = utf8::repair({text.data, std::min(text.size, kMaxLogLine)});
    };
    table.log = [](const hob_host* host, hob_text text) {
      if (!text.data || of(host).lines.fetch_add(1) >= kMaxLogLines) return;
      log::info(
          "plugin.said", {{"line", utf8::repair({text.data, std::min(text.size, kMaxLogLine)})}}
      );
    };
    table.get_extension = [](const hob_host*, const char*) -> const void* { return nullptr; };
  }
};

class Host {
 public:
  explicit Host(UniqueFd channel) : channel_(std::move(channel)) {}
  [[noreturn]] void run();

 private:
  Result<wire::HostReady> start(const wire::HostStart& start);
  [[noreturn]] void finish(int status);
  void serve();  // [tool]
  void call();   // [tool]
  void read();   // [read]
  void watch();  // [watch]
  void answer(const CallSlot& slot, const wire::CallResult& result);

  wire::FrameChannel channel_;
  HostTable host_;
  Scratch scratch_;
  const hob_plugin* entry_ = nullptr;
  void* plugin_ = nullptr;
  size_t max_output_ = 0;

  std::mutex mutex_;  // guards what follows
  std::condition_variable wake_tool_, wake_watch_;
  std::shared_ptr<CallSlot> current_;
  bool waiting_ = false;  // current_ is not begun
  std::deque<std::shared_ptr<CallSlot>> kept_;
  bool closed_ = false;
};

void Host::run() {
  wire::Hello hello;
  hello.protocol = wire::kChildProtocol;
  hello.build = wire::build_id();
  hello.program = "hob-plugin-host";
  hello.capabilities = {"call"};
  if (!channel_.send(
          {.kind = FrameKind::notify,
           .method = "hello",
           .payload = json::dump(describe::write(hello))}
      ))
    finish(kDone);
  auto request = channel_.receive();
  if (!request.ok()) finish(request.error().code() == Code::interrupted ? kDone : kProtocol);
  if (request->kind != FrameKind::request || request->method != "start") {
    (void)channel_.send(wire::error_to(
        *request, Error(Code::invalid_request, "A plugin host is told `start` first.")
    ));
    finish(kProtocol);
  }
  auto ready = [&]() -> Result<wire::HostReady> {
    HOB_TRY(body, wire::payload_json(*request));
    HOB_TRY(params, describe::read<wire::HostStart>(body));
    return start(params);
  }();
  if (!ready.ok()) {
    (void)channel_.send(wire::error_to(*request, ready.error()));
    finish(kNotStarted);
  }
  if (!channel_.send(wire::reply_to(*request, describe::write(*ready)))) finish(kDone);
  std::thread([this] { read(); }).detach();
  std::thread([this] { watch(); }).detach();
  serve();
  try {
    entry_->destroy(plugin_);
  } catch (...) {  // it ends anyway
  }
  finish(kDone);
}

void Host::finish(int status) {
  scratch_.remove();
  ::_exit(status);
}

Result<wire::HostReady> Host::start(const wire::HostStart& start) {
  HOB_TRY(library, open_library(start.library, start.sha256));
  host_.may_write = start.grants.write;
  if (start.grants.read || start.grants.write) {
    for (const wire::Root& root : start.roots) {
      if (root.path.empty() || root.path.front() != '/')
        return invalid_params("/roots", "absolute paths", "\"" + root.path + "\"");
      HOB_TRY(fd, beneath::open_root(root.path));
      host_.fds.push_back(std::move(fd));
      host_.roots.push_back(root);
    }
  }
  if (start.grants.exec) {
    HOB_TRY(scratch, Scratch::make());
    scratch_ = std::move(scratch);
  }
  auto environment = environment_for(start, scratch_.path());
  HOB_TRY_VOID(sandbox::set_environment(environment));
  sandbox::Policy policy = policy_for(start, scratch_.path());
  policy.keep = {channel_.fd(), library.get()};
  for (const UniqueFd& fd : host_.fds) policy.keep.push_back(fd.get());
  HOB_TRY(applied, sandbox::apply(policy, sandbox::probe(sandbox::Ask::what_apply_needs)));

  HOB_TRY(entry, load(library.get(), start.library));
  entry_ = entry;
  max_output_ = std::max<size_t>(start.limits.output_bytes, 1024);
  const std::string config = start.config.is_object() ? json::dump(start.config) : "{}";
  try {
    plugin_ = entry->create(&host_.table, {config.data(), config.size()});
  } catch (...) {
    return Error(
               Code::plugin_crashed,
               "The plugin " + start.plugin + " threw an exception while it started."
    )
        .with("reason", std::string_view("create"));
  }
  if (plugin_ == nullptr)
    return Error(
               Code::tool_failed, "The plugin " + start.plugin + " does not start: " +
                                      (host_.refusal.empty() ? "it gave no reason." : host_.refusal)
    )
        .with("reason", std::string_view("create"));
  wire::HostReady ready;
  ready.sandbox = {"no_new_privs", "rlimits"};
  if (applied.landlock_abi > 0)
    ready.sandbox.push_back("landlock:" + std::to_string(applied.landlock_abi));
  if (applied.seccomp) ready.sandbox.push_back("seccomp");
  return ready;
}

void Host::serve() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      wake_tool_.wait(lock, [&] { return waiting_ || closed_; });
      if (!waiting_) return;
      waiting_ = false;
    }
    call();
  }
}

void Host::answer(const CallSlot& slot, const wire::CallResult& result) {
  Frame request{.id = slot.id(), .kind = FrameKind::request, .method = "call", .payload = ""};
  (void)channel_.send(wire::reply_to(request, describe::write(result)));
}

void Host::call() {
  std::shared_ptr<CallSlot> slot;
  {
    std::lock_guard lock(mutex_);
    slot = current_;
  }
  bool broken = false;
  try {
    entry_->call(plugin_, slot->table());
  } catch (const std::exception&) {
    broken = true;
  } catch (...) {
    broken = true;
  }
  std::optional<wire::CallResult> result;
  if (broken) {
    result = slot->take(
        {false,
         error_observation(
             "crashed", "The tool threw an exception and its process ends.",
             "Try once more or do without it."
         ),
         false}
    );
  } else {
    result = slot->take();
  }
  {
    // Free before the answer goes out: the next call may follow it at once.
    std::lock_guard lock(mutex_);
    current_.reset();
    kept_.push_back(slot);
    if (kept_.size() > kKeptSlots) kept_.pop_front();
  }
  wake_watch_.notify_one();
  if (result) answer(*slot, *result);
  if (broken) finish(kBroken);
}

void Host::read() {
  for (;;) {
    auto frame = channel_.receive();
    std::lock_guard lock(mutex_);
    if (!frame.ok()) {
      closed_ = true;
      if (current_) current_->cancel();
      wake_tool_.notify_one();
      wake_watch_.notify_one();
      return;
    }
    if (frame->kind == FrameKind::cancel) {
      if (current_ && current_->id() == frame->id) current_->cancel();
      wake_watch_.notify_one();
      continue;
    }
    if (frame->kind != FrameKind::request) continue;
    if (frame->method != "call") {
      (void)channel_.send(wire::error_to(
          *frame,
          Error(Code::method_not_found, "A plugin host has no method " + frame->method + ".")
      ));
      continue;
    }
    if (current_) {
      (void)channel_.send(
          wire::error_to(*frame, Error(Code::overloaded, "This plugin host is at another call."))
      );
      continue;
    }
    auto params = [&]() -> Result<wire::CallParams> {
      HOB_TRY(body, wire::payload_json(*frame));
      return describe::read<wire::CallParams>(body);
    }();
    if (!params.ok()) {
      (void)channel_.send(wire::error_to(*frame, params.error()));
      continue;
    }
    current_ = std::make_shared<CallSlot>(
        frame->id, std::move(*params), max_output_,
        [this, id = frame->id](const Json& body) {
          (void)channel_.send(
              {.id = id, .kind = FrameKind::progress, .method = "call", .payload = json::dump(body)}
          );
        }
    );
    waiting_ = true;
    wake_tool_.notify_one();
    wake_watch_.notify_one();
  }
}

void Host::watch() {
  std::unique_lock lock(mutex_);
  for (;;) {
    if (!current_) {
      wake_watch_.wait(lock);
      continue;
    }
    std::shared_ptr<CallSlot> slot = current_;
    const Instant now = std::chrono::steady_clock::now();
    if (now >= slot->deadline()) slot->cancel();
    auto cancelled = slot->cancelled_at();
    if (!cancelled) {
      wake_watch_.wait_until(lock, slot->deadline());
      continue;
    }
    if (now < *cancelled + kGrace) {
      wake_watch_.wait_until(lock, *cancelled + kGrace);
      continue;
    }
    auto result = slot->take(
        {false,
         error_observation(
             "timeout", "The tool did not return in time and its process was ended.",
             "Ask for less, or allow it more time."
         ),
         false}
    );
    lock.unlock();
    if (result) {
      answer(*slot, *result);
      ::_exit(kHung);
    }
    lock.lock();  // it answered meanwhile
    wake_watch_.wait(lock, [&] { return current_ != slot; });
  }
}

}  // namespace

void run(UniqueFd channel) {
  // Never destroyed: the other threads use it until _exit.
  auto* host = new Host(std::move(channel));
  host->run();
}

}  // namespace hob::plugins::host
