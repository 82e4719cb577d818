#include "model/serve/server.h"

#include "schemas/base/log.h"
#include "schemas/wire/handshake.h"

namespace hob::serve {
namespace {

const std::vector<std::string>& methods() {
  static const std::vector<std::string> kMethods{"step",   "prefill",      "fit",    "tokenize",
                                                 "render", "check_schema", "status", "cancel"};
  return kMethods;
}

constexpr size_t kMaxRunning = 1024;

template <typename T>
Result<T> read_params(const wire::Frame& frame) {
  HOB_TRY(body, wire::payload_json(frame));
  return describe::read<T>(body);
}

}  // namespace

Server::Server(wire::FrameChannel& channel, std::string program, Loader loader)
    : channel_(channel), program_(std::move(program)), loader_(std::move(loader)), outbox_(channel) {}

Server::~Server() {
  leaving_ = true;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [id, flag] : running_) *flag = true;
  }
  interrupt_.trip();
  to_compile_.close();
  if (compile_.joinable()) compile_.join();
  to_slow_.close();
  if (slow_.joinable()) slow_.join();
  to_model_.close();
  if (model_.joinable()) model_.join();
}

int Server::run() {
  model_ = std::thread([this] { run_model(); });
  compile_ = std::thread([this] {
    while (auto task = to_compile_.wait()) (*task)();
  });
  slow_ = std::thread([this] {
    while (auto task = to_slow_.wait()) (*task)();
  });
  wire::Frame hello;
  hello.method = "hello";
  hello.payload = json::dump(describe::write(wire::Hello{wire::kChildProtocol, wire::build_id(), program_, methods()}));
  outbox_.send(std::move(hello));
  for (;;) {
    auto frame = channel_.receive();
    if (!frame) {
      if (frame.error().code() == Code::interrupted) return 0;
      log::error("serve.bad_frame", {{"error", frame.error().message()}});
      return 1;
    }
    take(*std::move(frame));
  }
}

void Server::answer(const Request& frame, Result<Json> result) {
  {
    const std::lock_guard lock(mutex_);
    running_.erase(frame->id);
  }
  outbox_.send(result ? wire::reply_to(*frame, *result) : wire::error_to(*frame, result.error()));
}

void Server::take(wire::Frame arrived) {
  if (arrived.kind == wire::FrameKind::cancel) return cancel(arrived.id);
  if (arrived.kind != wire::FrameKind::request) {
    log::warn("serve.unexpected_frame", {{"method", arrived.method}});
    return;
  }
  const auto frame = std::make_shared<const wire::Frame>(std::move(arrived));
  const auto cancelled = std::make_shared<std::atomic<bool>>(false);
  const auto& known = methods();
  const bool is_method = frame->method == "start" || (frame->method != "cancel" &&
                                                      std::find(known.begin(), known.end(), frame->method) != known.end());
  if (!is_method) {
    const Error error(Code::method_not_found, program_ + " has no method \"" + frame->method + "\".");
    return outbox_.send(wire::error_to(*frame, error));
  }
  if (frame->method == "status") return outbox_.send(wire::reply_to(*frame, status()));
  {
    const std::lock_guard lock(mutex_);
    std::optional<Error> refused;
    if (running_.size() >= kMaxRunning) {
      refused = Error(Code::overloaded, std::to_string(kMaxRunning) + " requests are open already.");
    } else if (!running_.emplace(frame->id, cancelled).second) {
      refused = Error(Code::invalid_request, "Request id " + std::to_string(frame->id) + " is in use.");
    }
    if (refused) return outbox_.send(wire::error_to(*frame, *refused));
  }
  if (frame->method == "start") {
    to_model_.push([this, frame] { start(frame); });
  } else {
    to_compile_.push([this, frame, cancelled] { prepare(frame, cancelled, kBrisk); });
  }
}

void Server::cancel(uint64_t id) {
  const std::lock_guard lock(mutex_);
  const auto it = running_.find(id);
  if (it == running_.end()) return;  // it was answered in the meantime
  *it->second = true;
  interrupt_.trip();
}

Json Server::status() {
  const std::lock_guard lock(mutex_);
  Json out{{"state", state_ == "ready" && !running_.empty() ? "busy" : state_},
           {"cacheBytes", cache_bytes_.load()},
           {"queue", running_.size()},
           {"speculative", describe::write(drafts_)}};
  if (!reason_.empty()) out["reason"] = reason_;
  return out;
}

void Server::prepare(const Request& frame, const schedule::CancelFlag& cancelled, Milliseconds longest) {
  std::shared_ptr<StepMaker> maker;
  std::string reason;
  {
    const std::lock_guard lock(mutex_);
    maker = maker_;
    reason = reason_;
  }
  if (!maker) {
    return answer(frame, Error(Code::model_not_loaded, reason.empty() ? "No model is loaded: send `start` first and wait "
                                                                        "for its reply."
                                                                      : reason));
  }
  if (frame->method == "step" || frame->method == "prefill") return prepare_step(frame, cancelled, *maker, longest);
  grammar::Watch watch = patience(clock_, longest, cancelled);
  const auto serve = [&]() -> Result<Json> {
    if (frame->method == "tokenize") {
      HOB_TRY(params, read_params<wire::TokenizeParams>(*frame));
      return maker->tokenize(params);
    }
    if (frame->method == "render") {
      HOB_TRY(params, read_params<wire::StepParams>(*frame));
      return maker->render(params);
    }
    if (frame->method == "fit") {
      HOB_TRY(params, read_params<wire::FitParams>(*frame));
      return maker->fit(params);
    }
    HOB_TRY(params, read_params<wire::CheckSchemaParams>(*frame));
    return maker->check_schema(params, &watch);
  };
  auto served = serve();
  if (watch.why() && !*cancelled && longest == kBrisk) return prepare_slowly(frame, cancelled);
  answer(frame, std::move(served));
}

void Server::prepare_slowly(const Request& frame, const schedule::CancelFlag& cancelled) {
  if (frame->method == "step") outbox_.progress(frame->id, frame->method, {.kind = wire::StepProgressKind::compile});
  to_slow_.push([this, frame, cancelled] { prepare(frame, cancelled, kLongest); });
}

void Server::prepare_step(const Request& frame, const schedule::CancelFlag& cancelled, StepMaker& maker, Milliseconds longest) {
  auto params = read_params<wire::StepParams>(*frame);
  if (!params) return answer(frame, std::move(params).error());
  grammar::Watch watch = patience(clock_, longest, cancelled);
  auto made = frame->method == "step" ? maker.make(*params, &watch) : maker.make_prefill(*params);
  if (watch.why() && *cancelled) {
    wire::StepResult nothing;
    nothing.stop = wire::StepStop::cancelled;
    return answer(frame, describe::write(nothing));
  }
  if (watch.why() && longest == kBrisk) return prepare_slowly(frame, cancelled);
  if (!made) return answer(frame, std::move(made).error());
  const auto request = std::make_shared<schedule::Request>(*std::move(made));
  request->cancelled = cancelled;
  request->progress = [this, frame](wire::StepProgress progress) {
    outbox_.progress(frame->id, frame->method, std::move(progress));
  };
  request->done = [this, frame](Result<wire::StepResult> result) {
    if (!result) return answer(frame, std::move(result).error());
    answer(frame, describe::write(*result));
  };
  to_model_.push([this, frame, request] {
    if (auto submitted = scheduler_->submit(std::move(*request)); !submitted) {
      answer(frame, std::move(submitted).error());
    }
  });
  if (*cancelled) interrupt_.trip();  // the cancel came before there was anything to wake
}

void Server::start(const Request& frame) { answer(frame, load(frame)); }

Result<Json> Server::load(const Request& frame) {
  if (engine_) return Error(Code::invalid_request, "A model is loaded already; start another process for another one.");
  HOB_TRY(params, read_params<wire::ModelStart>(*frame));
  {
    const std::lock_guard lock(mutex_);
    state_ = "loading";
  }
  const auto begun = clock_.now();
  auto loaded = loader_(params, interrupt_, [&](uint64_t done, uint64_t total) {
    outbox_.send(wire::progress_to(*frame, {{"what", "load"}, {"done", done}, {"total", total}}));
  });
  auto facts = loaded ? facts_of(*loaded) : Result<ModelFacts>(loaded.error());
  if (!facts) {
    const std::lock_guard lock(mutex_);
    state_ = "failed";
    reason_ = facts.error().message();
    return Error(Code::model_not_loaded, reason_);
  }
  wire::ModelInfo info;
  const engine::Info& known = loaded->engine->info();
  info.name = known.name;
  info.fingerprint = known.fingerprint;
  info.device = known.device;
  info.dtype = known.dtype;
  info.context_size = known.context;
  info.vocab_size = known.vocab;
  info.demonstration = known.demonstration;
  info.capabilities = loaded->capabilities;
  facts->draft = params.draft;
  auto maker = std::make_shared<StepMaker>(*std::move(facts), random_);
  engine_ = std::move(loaded->engine);
  scheduler_ = std::make_unique<schedule::Scheduler>(
      *engine_, loaded->control, params.cache_bytes > 0 ? params.cache_bytes : kDefaultCacheBytes, clock_);
  info.load_seconds = std::chrono::duration<double>(clock_.now() - begun).count();
  const std::lock_guard lock(mutex_);
  maker_ = std::move(maker);
  drafts_.kind = params.draft;
  state_ = "ready";
  reason_.clear();
  return describe::write(info);
}

void Server::note_drafts() {
  wire::Speculative now;
  for (const schedule::DraftCount& count : scheduler_->draft_counts()) {
    now.drafted += count.drafted;
    now.accepted += count.accepted;
    const wire::DraftCounts counts{count.drafted, count.accepted, count.resting};
    if (count.name == "lookup") now.lookup = counts;
    if (count.name == "grammar") now.grammar = counts;
  }
  const schedule::DraftPace& pace = scheduler_->pace();
  if (pace.steps() > 0) now.tokens_per_step = static_cast<double>(pace.tokens()) / static_cast<double>(pace.steps());
  now.speed_up = pace.speed_up();
  const std::lock_guard lock(mutex_);
  now.kind = drafts_.kind;
  drafts_ = now;
}

void Server::run_model() {
  for (;;) {
    const bool busy = scheduler_ && !scheduler_->idle();
    auto task = busy ? to_model_.poll() : to_model_.wait();
    if (task) {
      (*task)();
    } else if (!busy) {
      return;  // closed, and nothing is left
    } else {
      scheduler_->work();
      note_drafts();
    }
    if (engine_) cache_bytes_ = engine_->cache_bytes();
  }
}

}  // namespace hob::serve
