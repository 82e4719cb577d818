#include "daemon/supervise/child.h"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <asio/buffer.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/redirect_error.hpp>
#include <asio/write.hpp>
#include <deque>

#include "daemon/async/wakeup.h"
#include "daemon/supervise/launch.h"
#include "daemon/supervise/line_log.h"
#include "daemon/supervise/orphans.h"
#include "schemas/base/log.h"

namespace hob::supervise {
namespace {

using namespace std::chrono_literals;
using wire::Frame;
using wire::FrameKind;

constexpr size_t kMaxOutboxBytes = 2 * wire::kMaxPayloadBytes;
constexpr auto kCloseGrace = 1s;   // from a closed socket to SIGKILL: such a child is of no use
constexpr size_t kReadBytes = 64u << 10;

/// One open request.
struct Pending {
  explicit Pending(asio::any_io_executor io) : changed(std::move(io)) {}
  std::function<void(const Json&)> progress;
  std::optional<Result<Json>> answer;
  Wakeup changed;
};

/// The process and its coroutines, which share it. The handle that callers hold is Handle, below.
class Core : public std::enable_shared_from_this<Core> {
 public:
  Core(asio::any_io_executor io, SpawnOptions options, Launched launched)
      : io_(io),
        options_(std::move(options)),
        pid_(launched.pid),
        kin_(std::in_place, launched.pid),
        pidfd_(io, launched.pidfd.release()),
        socket_(io, asio::local::stream_protocol(), launched.socket.release()),
        output_(io, launched.output.release()),
        decoder_(options_.max_frame_bytes),
        outbox_changed_(io),
        changed_(io) {}

  ~Core() {
    if (exit_) return;  // only when the io_context ends before the child
    kill();
    finish_reaping();
  }

  void start() {
    const auto self = shared_from_this();
    spawn(io_, read_loop(self), "child.read");
    spawn(io_, write_loop(self), "child.write");
    spawn(io_, watch_exit(self), "child.exit");
    spawn(io_, log_output(self), "child.output");
  }

  static Async<Result<void>> wait_hello(std::shared_ptr<Core> self, CallContext context) {
    auto deadline = std::chrono::steady_clock::now() + self->options_.hello_timeout;
    if (context.deadline) deadline = std::min(deadline, *context.deadline);
    const auto on_cancel = context.cancel.on_cancel([self] { self->changed_.notify(); });
    while (!self->hello_ && !self->exit_ && !context.cancel.cancelled() &&
           std::chrono::steady_clock::now() < deadline) {
      co_await self->changed_.wait(deadline);
    }
    const std::string& program = self->options_.program;
    std::optional<Error> error;
    if (self->exit_) {
      error = Error(Code::interrupted, program + " " + self->exit_->text + " before it said hello.");
    } else if (context.cancel.cancelled()) {
      error = Error(Code::cancelled, "Starting " + program + " was cancelled.");
    } else if (!self->hello_) {
      error = Error(Code::deadline, program + " did not say hello in time and was killed.");
    } else if (self->hello_->protocol != wire::kChildProtocol || self->hello_->build != wire::build_id()) {
      error = Error(Code::version_skew,
                    program + " is of build " + self->hello_->build + " (protocol " +
                        std::to_string(self->hello_->protocol) + "), this daemon of build " + wire::build_id() +
                        " (protocol " + std::to_string(wire::kChildProtocol) + ").");
    }
    if (!error) co_return Result<void>();
    self->kill();
    co_return *std::move(error);
  }

  static Async<Result<Json>> request(
      std::shared_ptr<Core> self,
      std::string method,
      Json body,
      std::function<void(const Json&)> progress,
      CallContext context
  ) {
    if (context.cancel.cancelled()) co_return Error(Code::cancelled, "Cancelled before it was asked.");
    if (self->exit_ || self->closed_) co_return self->gone();
    const uint64_t id = ++self->last_id_;
    HOB_CO_TRY_VOID(self->send({id, FrameKind::request, std::move(method), json::dump(body)}));
    const auto pending = std::make_shared<Pending>(self->io_);
    pending->progress = std::move(progress);
    self->pending_[id] = pending;
    // The token outlives nothing here: the registration ends with this frame.
    const auto on_cancel = context.cancel.on_cancel([self, id] { self->send_cancel(id); });
    while (!pending->answer) {
      if (context.deadline && std::chrono::steady_clock::now() >= *context.deadline) {
        self->send_cancel(id);
        self->pending_.erase(id);
        co_return Error(Code::deadline, "There was no answer within the time allowed.");
      }
      co_await pending->changed.wait(context.deadline);
    }
    co_return *std::move(pending->answer);
  }

  static Async<void> stop(std::shared_ptr<Core> self, Milliseconds grace) {
    if (self->exit_) co_return;
    self->close_socket();
    co_await self->wait_exit(self, grace);
    if (!self->exit_) self->signal(SIGTERM);
    co_await self->wait_exit(self, grace);
    if (!self->exit_) self->kill();
    while (!self->exit_) co_await self->changed_.wait();
  }

  const wire::Hello& hello() const { return hello_ ? *hello_ : no_hello_; }
  pid_t pid() const { return pid_; }
  bool alive() const { return !exit_ && !closed_; }

  void on_exit(std::function<void(const Exit&)> callback) {
    if (exit_) return callback(*exit_);
    on_exit_.push_back(std::move(callback));
  }

  void kill() {
    if (exit_) return;
    signal(SIGKILL);
  }

 private:
  void signal(int number) {
    if (::syscall(SYS_pidfd_send_signal, pidfd_.native_handle(), number, nullptr, 0) != 0 && errno != ESRCH) {
      log::error("child.signal_failed", {{"child", options_.log_name}, {"message", errno_text(errno)}});
    }
  }

  Error gone() const {
    return {Code::interrupted,
            exit_ ? "The process of " + options_.log_name + " " + exit_->text + "."
                  : "The process of " + options_.log_name + " is ending."};
  }

  Result<void> send(const Frame& frame) {
    HOB_TRY(bytes, wire::encode(frame));
    if (outbox_bytes_ + bytes.size() > kMaxOutboxBytes) {
      return Error(Code::overloaded, "The process of " + options_.log_name + " does not read what it is sent.");
    }
    outbox_bytes_ += bytes.size();
    outbox_.push_back(std::move(bytes));
    outbox_changed_.notify();
    return {};
  }

  void send_cancel(uint64_t id) {
    const auto it = pending_.find(id);
    if (it == pending_.end() || it->second->answer || closed_) return;
    (void)send({id, FrameKind::cancel, "", ""});
  }

  /// Gives one frame to whom it concerns. An error: the child is broken.
  Result<void> take(Frame frame) {
    if (!frame.fds.empty()) return Error(Code::invalid_request, "it sent descriptors");
    if (!hello_) {
      if (frame.kind != FrameKind::notify || frame.method != "hello") {
        return Error(Code::invalid_request, "its first message was not hello");
      }
      HOB_TRY(body, wire::payload_json(frame));
      HOB_TRY(hello, describe::read<wire::Hello>(body));
      hello_ = std::move(hello);
      changed_.notify();
      return {};
    }
    switch (frame.kind) {
      case FrameKind::request:
        return send(wire::error_to(frame, Error(Code::method_not_found, "hobd answers no requests of its children.")));
      case FrameKind::cancel:
      case FrameKind::notify:
        log::debug("child.notify", {{"child", options_.log_name}, {"method", frame.method}});
        return {};
      default:
        break;
    }
    const auto it = pending_.find(frame.id);
    if (it == pending_.end() || it->second->answer) {
      // A late answer to a request that is over, or a second one: the first has won.
      log::debug("child.late", {{"child", options_.log_name}, {"id", frame.id}});
      return {};
    }
    HOB_TRY(body, wire::payload_json(frame));
    const std::shared_ptr<Pending> pending = it->second;
    if (frame.kind == FrameKind::progress) {
      if (pending->progress) pending->progress(body);
      return {};
    }
    if (frame.kind == FrameKind::error) {
      pending->answer.emplace(Error::from_json(body));
    } else {
      pending->answer.emplace(std::move(body));
    }
    pending_.erase(frame.id);
    pending->changed.notify();
    return {};
  }

  /// Takes bytes and the frames they complete. A malformed one ends the child.
  void consume(std::string_view bytes) {
    if (!fault_.empty()) return;
    decoder_.push(bytes);
    for (;;) {
      auto frame = decoder_.next();
      if (frame && !*frame) return;
      auto taken = frame ? take(**std::move(frame)) : Result<void>(std::move(frame).error());
      if (taken) continue;
      fault_ = "broke the protocol (" + taken.error().message() + ") and was killed";
      log::error("child.malformed", {{"child", options_.log_name}, {"pid", pid_}, {"message", taken.error().message()}});
      kill();
      return;
    }
  }

  void close_socket() {
    closed_ = true;
    asio::error_code ignored;
    socket_.close(ignored);
    outbox_changed_.notify();
  }

  static Async<void> wait_exit(std::shared_ptr<Core> self, Milliseconds grace) {
    const auto deadline = std::chrono::steady_clock::now() + grace;
    while (!self->exit_ && std::chrono::steady_clock::now() < deadline) co_await self->changed_.wait(deadline);
  }

  static Async<void> read_loop(std::shared_ptr<Core> self) {
    std::string buffer(kReadBytes, '\0');
    for (;;) {
      asio::error_code error;
      const size_t n = co_await self->socket_.async_read_some(
          asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, error));
      if (self->exit_ || self->closed_) co_return;
      if (error) break;
      self->consume({buffer.data(), n});
    }
    // Either it is dying, and its notice is under way, or it closed the socket and is of no use any more.
    self->close_socket();
    co_await wait_exit(self, kCloseGrace);
    self->kill();
  }

  static Async<void> write_loop(std::shared_ptr<Core> self) {
    for (;;) {
      while (self->outbox_.empty() && !self->closed_) co_await self->outbox_changed_.wait();
      if (self->closed_) co_return;
      const std::string bytes = std::move(self->outbox_.front());
      self->outbox_.pop_front();
      asio::error_code error;
      co_await asio::async_write(
          self->socket_, asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, error));
      self->outbox_bytes_ -= bytes.size();
      if (error) co_return;  // the read loop sees it, too
    }
  }

  static Async<void> log_output(std::shared_ptr<Core> self) {
    LineLog lines;
    std::string buffer(kReadBytes, '\0');
    const auto tell = [](const Core& core, const std::vector<std::string>& all) {
      for (const std::string& line : all) {
        log::info("child.output", {{"child", core.options_.log_name}, {"pid", core.pid_}, {"line", line}});
      }
    };
    for (;;) {
      asio::error_code error;
      const size_t n = co_await self->output_.async_read_some(
          asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, error));
      if (error) break;
      tell(*self, lines.push({buffer.data(), n}, std::chrono::steady_clock::now()));
    }
    tell(*self, lines.finish());
  }

  static Async<void> watch_exit(std::shared_ptr<Core> self) {
    do {  // Asio may wake a waiter for an event of a descriptor that had the same place before
      asio::error_code error;
      co_await self->pidfd_.async_wait(
          asio::posix::stream_descriptor::wait_read, asio::redirect_error(asio::use_awaitable, error));
      if (error) co_return;
    } while (!has_ended(self->pid_));
    self->drain();
    Exit exit = self->finish_reaping();
    if (!self->fault_.empty()) exit.text = self->fault_;
    self->exit_ = std::move(exit);
    self->close_socket();
    log::write(
        self->exit_->status == 0 ? log::Level::debug : log::Level::warn, "child.exited",
        {{"child", self->options_.log_name}, {"pid", self->pid_}, {"how", self->exit_->text}});
    for (const auto& entry : std::exchange(self->pending_, {})) {
      if (!entry.second->answer) entry.second->answer.emplace(self->gone());
      entry.second->changed.notify();
    }
    self->changed_.notify();
    for (const auto& callback : std::exchange(self->on_exit_, {})) callback(*self->exit_);
  }

  /// What the child had sent before it ended still counts.
  void drain() {
    if (closed_) return;
    std::string buffer(kReadBytes, '\0');
    for (;;) {
      asio::error_code error;
      socket_.non_blocking(true, error);
      if (error) return;
      const size_t n = socket_.read_some(asio::buffer(buffer), error);
      if (error || n == 0) return;
      consume({buffer.data(), n});
    }
  }

  Exit finish_reaping() {
    // While the leader is not reaped its number cannot be another's, so this kills only what it left behind.
    ::kill(-pid_, SIGKILL);
    Exit exit = reap(pid_);
    kin_.reset();
    return exit;
  }

  asio::any_io_executor io_;
  SpawnOptions options_;
  pid_t pid_;
  std::optional<Kin> kin_;
  asio::posix::stream_descriptor pidfd_;
  asio::local::stream_protocol::socket socket_;
  asio::posix::stream_descriptor output_;
  wire::FrameDecoder decoder_;

  std::optional<wire::Hello> hello_;
  const wire::Hello no_hello_{};
  std::optional<Exit> exit_;
  bool closed_ = false;       // we, or the child, closed the socket
  std::string fault_;         // how the child broke the protocol
  uint64_t last_id_ = 0;
  std::map<uint64_t, std::shared_ptr<Pending>> pending_;
  std::deque<std::string> outbox_;
  size_t outbox_bytes_ = 0;
  Wakeup outbox_changed_;
  Wakeup changed_;            // hello_ or exit_
  std::vector<std::function<void(const Exit&)>> on_exit_;
};

/// What callers hold. Its end is the child's end.
class Handle final : public Child {
 public:
  explicit Handle(std::shared_ptr<Core> core) : core_(std::move(core)) {}
  ~Handle() override { core_->kill(); }

  const wire::Hello& hello() const override { return core_->hello(); }
  pid_t pid() const override { return core_->pid(); }
  bool alive() const override { return core_->alive(); }
  Async<Result<Json>> request(
      std::string method, Json body, std::function<void(const Json&)> progress, CallContext context
  ) override {
    return Core::request(core_, std::move(method), std::move(body), std::move(progress), std::move(context));
  }
  void on_exit(std::function<void(const Exit&)> callback) override { core_->on_exit(std::move(callback)); }
  void kill() override { core_->kill(); }
  Async<void> stop(Milliseconds grace) override { return Core::stop(core_, grace); }

 private:
  std::shared_ptr<Core> core_;
};

}  // namespace

Async<Result<std::shared_ptr<Child>>> Child::spawn(
    asio::any_io_executor io, SpawnOptions options, CallContext context
) {
  HOB_CO_TRY(launched, launch(options));
  const auto core = std::make_shared<Core>(io, std::move(options), std::move(launched));
  core->start();
  HOB_CO_TRY_VOID(co_await Core::wait_hello(core, std::move(context)));
  co_return std::shared_ptr<Child>(std::make_shared<Handle>(core));
}

}  // namespace hob::supervise
