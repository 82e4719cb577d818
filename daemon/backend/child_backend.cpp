#include "daemon/backend/child_backend.h"

#include <algorithm>

#include "daemon/async/wakeup.h"
#include "daemon/supervise/child.h"
#include "schemas/base/log.h"

namespace hob::backend {
namespace {

using supervise::Child;

enum class State { unloaded, loading, ready, failed };

/// Deaths can be followed by a new start; what else goes wrong would go wrong again.
bool is_death(const Error& error) { return error.code() == Code::interrupted || error.code() == Code::deadline; }

wire::StepResult cancelled_step() {
  wire::StepResult result;
  result.stop = wire::StepStop::cancelled;
  return result;
}

class ChildBackend final : public Backend, public std::enable_shared_from_this<ChildBackend> {
 public:
  ChildBackend(asio::any_io_executor io, ChildBackendOptions options, const Clock& clock)
      : io_(io), options_(std::move(options)), policy_(options_.restart, clock), changed_(io) {
    options_.environment.emplace_back("OMP_WAIT_POLICY=passive");
  }

  void load() override {
    if (stopping_ || state_ == State::loading || state_ == State::ready) return;
    policy_.reset();
    enter(State::loading);
    running_ = true;
    spawn(io_, run(shared_from_this()), "backend.run");
  }

  Async<Result<wire::ModelInfo>> ready(CallContext context) override {
    return wait_ready(shared_from_this(), std::move(context));
  }

  wire::ModelStatus status() const override {
    wire::ModelStatus out;
    switch (state_) {
      case State::unloaded: out.state = "unloaded"; break;
      case State::loading: out.state = "loading"; break;
      case State::ready: out.state = open_steps_ > 0 ? "busy" : "ready"; break;
      case State::failed: out.state = "failed"; break;
    }
    if (state_ == State::ready) out.model = info_;
    if (!reason_.empty()) out.reason = reason_;
    if (state_ == State::loading) out.loading = loaded_;
    if (cache_bytes_) out.kv = {{"cached", *cache_bytes_}};
    out.queue = {{"depth", open_steps_ > 1 ? open_steps_ - 1 : 0}};
    out.restarts = policy_.total();
    out.tokens_per_second = tokens_per_second_;
    if (state_ == State::ready) out.speculative = speculative_;
    return out;
  }

  Async<Result<wire::StepResult>> step(wire::StepParams params, ProgressSink progress, CallContext context) override {
    return run_step(shared_from_this(), std::move(params), std::move(progress), std::move(context));
  }

  Async<void> prefill(wire::StepParams params, CallContext context) override {
    return run_prefill(shared_from_this(), std::move(params), std::move(context));
  }

  Async<Result<Json>> fit(Json result, uint32_t budget_tokens, CallContext context) override {
    return run_fit(shared_from_this(), wire::FitParams{std::move(result), budget_tokens}, std::move(context));
  }

  Async<Result<Json>> check_schema(wire::CheckSchemaParams params, CallContext context) override {
    return ask(shared_from_this(), "check_schema", describe::write(params), nullptr, std::move(context));
  }

  void on_state(std::function<void(const wire::ModelStatus&)> callback) override {
    on_state_.push_back(std::move(callback));
  }

  Async<void> stop() override { return run_stop(shared_from_this()); }

 private:
  using Self = std::shared_ptr<ChildBackend>;

  /// Counts a step for `busy` and the queue, and tells when that changes the state.
  class OpenStep {
   public:
    explicit OpenStep(Self backend) : backend_(std::move(backend)) {
      if (++backend_->open_steps_ == 1 && backend_->state_ == State::ready) backend_->tell();
    }
    ~OpenStep() {
      if (--backend_->open_steps_ == 0 && backend_->state_ == State::ready) backend_->tell();
    }
    OpenStep(const OpenStep&) = delete;
    OpenStep& operator=(const OpenStep&) = delete;

   private:
    Self backend_;
  };

  void tell() {
    const wire::ModelStatus now = status();
    const auto callbacks = on_state_;  // one may add another
    for (const auto& callback : callbacks) callback(now);
  }

  void enter(State state, std::string reason = "") {
    state_ = state;
    reason_ = std::move(reason);
    if (state == State::loading) loaded_ = 0;
    log::info("model.state", {{"state", status().state}, {"reason", reason_}});
    changed_.notify();
    tell();
  }

  /// Loads, waits for the end, and starts again as the policy allows.
  static Async<void> run(Self self) {
    while (!self->stopping_) {
      const Error ended = co_await live_once(self);
      self->child_.reset();
      if (self->stopping_) break;
      if (!is_death(ended)) {
        self->enter(State::failed, ended.message());
        break;
      }
      const auto wait = self->policy_.died();
      if (!wait) {
        self->enter(State::failed, ended.message() + " It died " + std::to_string(self->options_.restart.intensity) +
                                       " times in a short while and is not started again until it is asked for.");
        break;
      }
      self->enter(State::loading, ended.message() + " It is being restarted.");
      const auto until = std::chrono::steady_clock::now() + *wait;
      while (!self->stopping_ && std::chrono::steady_clock::now() < until) co_await self->changed_.wait(until);
    }
    self->running_ = false;
    if (self->stopping_) self->enter(State::unloaded);
    self->changed_.notify();
  }

  /// One life of the process, from its start to its end. Says how it ended.
  static Async<Error> live_once(Self self) {
    supervise::SpawnOptions options;
    options.program = self->options_.program;
    options.environment = self->options_.environment;
    options.log_name = self->options_.program.substr(self->options_.program.rfind('/') + 1);
    options.oom_score_adj = 500;
    CallContext context;
    context.cancel = self->stopped_;
    auto child = co_await Child::spawn(self->io_, std::move(options), context);
    if (!child) co_return child.error();
    if (self->stopping_) co_return Error(Code::draining, "The daemon is stopping.");  // the handle's end ends the child
    self->child_ = *child;
    std::function<void(const Json&)> on_progress = [self](const Json& body) { self->note_loading(body); };
    auto started = co_await (*child)->request("start", describe::write(self->options_.start), on_progress, {});
    if (!started) co_return started.error();
    auto info = describe::read<wire::ModelInfo>(*started);
    if (!info) co_return std::move(info).error().in("The model process did not say what it loaded");
    self->info_ = *std::move(info);
    if (!(*child)->alive()) co_return Error(Code::interrupted, "The model process ended after it had loaded.");

    auto ended = std::make_shared<std::optional<supervise::Exit>>();
    (*child)->on_exit([self, ended](const supervise::Exit& exit) {
      *ended = exit;
      // At once, so that nobody who hears of the death finds the model ready; run() decides what follows.
      if (!self->stopping_) self->enter(State::loading, "The model process " + exit.text + ".");
      self->changed_.notify();
    });
    self->enter(State::ready);
    while (!*ended) co_await self->changed_.wait();
    co_return Error(Code::interrupted, "The model process " + (*ended)->text + ".");
  }

  void note_loading(const Json& body) {
    const double total = body.value("total", 0.0);
    if (total <= 0) return;
    loaded_ = std::clamp(body.value("done", 0.0) / total, 0.0, 1.0);
    tell();
  }

  static Async<Result<wire::ModelInfo>> wait_ready(Self self, CallContext context) {
    if (self->state_ == State::unloaded || self->state_ == State::failed) self->load();
    const auto on_cancel = context.cancel.on_cancel([self] { self->changed_.notify(); });
    for (;;) {
      if (self->stopping_) co_return Error(Code::draining, "The daemon is stopping.");
      if (self->state_ == State::ready && self->child_->alive()) co_return self->info_;
      if (self->state_ == State::failed) co_return Error(Code::model_not_loaded, self->reason_);
      if (context.cancel.cancelled()) co_return Error(Code::cancelled, "Cancelled while the model was loading.");
      if (context.deadline && std::chrono::steady_clock::now() >= *context.deadline) {
        co_return Error(Code::deadline, "The model was not ready within the time allowed.");
      }
      co_await self->changed_.wait(context.deadline);
    }
  }

  /// One request to a model that is ready. A death is model_failed.
  static Async<Result<Json>> ask(
      Self self, std::string method, Json body, std::function<void(const Json&)> progress, CallContext context
  ) {
    HOB_CO_TRY_VOID(co_await wait_ready(self, context));
    const std::shared_ptr<Child> child = self->child_;
    auto reply = co_await child->request(std::move(method), std::move(body), std::move(progress), std::move(context));
    if (!reply && reply.error().code() == Code::interrupted) {
      co_return Error(Code::model_failed, reply.error().message() + " What it was working on is lost.");
    }
    co_return reply;
  }

  static Async<Result<wire::StepResult>> run_step(
      Self self, wire::StepParams params, ProgressSink progress, CallContext context
  ) {
    if (self->open_steps_ >= self->options_.max_open_steps) {
      co_return Error(Code::overloaded, std::to_string(self->open_steps_) + " steps are running or waiting already.")
          .with("retryAfterMs", 1000LL);
    }
    if (context.cancel.cancelled()) co_return cancelled_step();
    const OpenStep open(self);
    std::function<void(const Json&)> on_progress;
    if (progress) {
      on_progress = [sink = std::move(progress)](const Json& body) {
        auto piece = describe::read<wire::StepProgress>(body);
        if (piece) sink(*piece);
      };
    }
    auto reply = co_await ask(self, "step", describe::write(params), std::move(on_progress), context);
    if (!reply) {
      // Cancelled before the model began: there is nothing that was made.
      if (reply.error().code() == Code::cancelled) co_return cancelled_step();
      co_return std::move(reply).error();
    }
    auto result = describe::read<wire::StepResult>(*reply);
    if (!result) {
      co_return Error(Code::model_failed, "The model process sent a malformed result: " + result.error().message());
    }
    if (result->usage.decode_seconds > 0 && result->usage.output_tokens > 1) {
      self->tokens_per_second_ = static_cast<double>(result->usage.output_tokens) / result->usage.decode_seconds;
    }
    spawn(self->io_, note_status(self), "backend.status");
    co_return result;
  }

  static Async<void> run_prefill(Self self, wire::StepParams params, CallContext context) {
    if (self->state_ != State::ready) co_return;  // a hint does not load a model
    const auto& methods = self->child_->hello().capabilities;
    if (std::find(methods.begin(), methods.end(), "prefill") == methods.end()) co_return;
    auto reply = co_await ask(self, "prefill", describe::write(params), nullptr, std::move(context));
    if (!reply) log::debug("model.prefill_failed", {{"message", reply.error().message()}});
  }

  static Async<Result<Json>> run_fit(Self self, wire::FitParams params, CallContext context) {
    HOB_CO_TRY(reply, co_await ask(self, "fit", describe::write(params), nullptr, std::move(context)));
    const auto result = reply.find("result");
    if (result == reply.end()) co_return Error(Code::model_failed, "The model process sent no fitted result.");
    co_return *result;
  }

  /// Asks how much is cached and what drafts bring; only figures for people, so nothing waits for them.
  static Async<void> note_status(Self self) {
    if (self->state_ != State::ready || self->asking_status_) co_return;
    const std::shared_ptr<Child> child = self->child_;
    const auto& methods = child->hello().capabilities;
    if (std::find(methods.begin(), methods.end(), "status") == methods.end()) co_return;
    self->asking_status_ = true;
    auto reply = co_await child->request("status", Json::object(), nullptr, {});
    self->asking_status_ = false;
    if (!reply) co_return;
    const auto bytes = reply->find("cacheBytes");
    if (bytes != reply->end() && bytes->is_number_unsigned()) self->cache_bytes_ = bytes->get<uint64_t>();
    const auto drafts = reply->find("speculative");
    if (drafts == reply->end()) co_return;
    if (auto read = describe::read<wire::Speculative>(*drafts)) self->speculative_ = *std::move(read);
  }

  static Async<void> run_stop(Self self) {
    self->stopping_ = true;
    self->stopped_.cancel();
    self->changed_.notify();
    if (const std::shared_ptr<Child> child = self->child_) co_await child->stop(self->options_.stop_grace);
    while (self->running_) co_await self->changed_.wait();
  }

  asio::any_io_executor io_;
  ChildBackendOptions options_;
  supervise::RestartPolicy policy_;
  Wakeup changed_;  // state_, stopping_, running_, or the process has ended
  State state_ = State::unloaded;
  std::string reason_;
  double loaded_ = 0;
  wire::ModelInfo info_;
  std::shared_ptr<Child> child_;
  size_t open_steps_ = 0;
  double tokens_per_second_ = 0;
  std::optional<uint64_t> cache_bytes_;
  std::optional<wire::Speculative> speculative_;
  bool asking_status_ = false;
  bool running_ = false;   // run() is under way
  bool stopping_ = false;
  CancelToken stopped_;    // trips with stopping_
  std::vector<std::function<void(const wire::ModelStatus&)>> on_state_;
};

}  // namespace

std::shared_ptr<Backend> make_child_backend(
    asio::any_io_executor io, ChildBackendOptions options, const Clock& clock
) {
  return std::make_shared<ChildBackend>(std::move(io), std::move(options), clock);
}

}  // namespace hob::backend
