// turn_testing: the surroundings of a turn without processes, for the tests of this room and of those above it: a model
// and tools that do as they are told, over a real store that may die at any commit.
//
//   const store::TestDirectory folder;
//   Life life(folder.path());
//   life.session();
//   life.model_.script = {calls({{"look", R"({"at":"x"})"}}), says("Seen.")};
//   const auto state = life.turn();
//
// A second Life in the same directory is the daemon after a restart. Everything runs on the calling thread.
#pragma once

#include <asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <deque>
#include <random>

#include "daemon/store/store_testing.h"
#include "daemon/turn/turns.h"

namespace hob::turn {

inline wire::StepResult says(const std::string& text) {
  wire::StepResult result;
  result.items.push_back({.kind = wire::ItemKind::agent_message, .text = text});
  return result;
}

inline wire::StepResult calls(std::vector<std::pair<std::string, std::string>> all) {
  wire::StepResult result;
  result.stop = wire::StepStop::tool_calls;
  for (auto& [name, arguments] : all) {
    wire::Item item;
    item.kind = wire::ItemKind::tool_call;
    item.name = name;
    item.arguments = arguments;
    result.items.push_back(item);
  }
  return result;
}

inline wire::StepResult answers(const std::string& json) {
  wire::StepResult result;
  result.items.push_back({.kind = wire::ItemKind::structured_output, .text = json});
  return result;
}

/// Says what it was told, in order; an empty list hangs until cancelled.
class FakeBackend final : public backend::Backend {
 public:
  std::deque<Result<wire::StepResult>> script;
  std::vector<wire::StepParams> asked;
  std::vector<wire::StepProgress> first;  // what it tells before it answers

  void load() override {}
  Async<Result<wire::ModelInfo>> ready(CallContext) override { co_return wire::ModelInfo{}; }
  wire::ModelStatus status() const override { return {}; }
  Async<Result<wire::StepResult>> step(wire::StepParams params, backend::ProgressSink progress, CallContext context) override {
    asked.push_back(params);
    for (const wire::StepProgress& told : first) progress(told);
    if (script.empty()) {
      asio::steady_timer timer(co_await asio::this_coro::executor, std::chrono::steady_clock::time_point::max());
      const auto woken = context.cancel.on_cancel([&timer] { timer.cancel(); });
      try {
        co_await timer.async_wait(asio::use_awaitable);
      } catch (const std::exception&) {
      }
      wire::StepResult result = says("as far as it w");
      result.stop = wire::StepStop::cancelled;
      co_return result;
    }
    Result<wire::StepResult> next = script.front();
    script.pop_front();
    if (next.ok()) {
      for (const wire::Item& item : next->items) {
        if (item.kind == wire::ItemKind::agent_message) progress({.kind = wire::StepProgressKind::text, .text = item.text});
      }
    }
    co_return next;
  }
  Async<void> prefill(wire::StepParams, CallContext) override { co_return; }
  Async<Result<Json>> fit(Json result, uint32_t, CallContext) override { co_return result; }
  Async<Result<Json>> check_schema(wire::CheckSchemaParams, CallContext) override { co_return Json::object(); }
  void on_state(std::function<void(const wire::ModelStatus&)>) override {}
  Async<void> stop() override { co_return; }
};

class FakeTools final : public tools::Provider {
 public:
  std::vector<std::string> ran;
  std::optional<Error> fails;  // after it ran

  std::vector<wire::ToolInfo> list() const override {
    wire::ToolInfo look;
    look.name = "look";
    look.input_schema = {{"type", "object"}, {"properties", {{"at", {{"type", "string"}}}}}, {"required", {"at"}}};
    look.source = "plugin:fake";
    look.annotations.read_only = true;
    wire::ToolInfo change = look;
    change.name = "change";
    change.annotations.read_only = false;
    wire::ToolInfo remove = change;
    remove.name = "remove";
    return {look, change, remove};
  }
  Async<Result<wire::CallResult>> call(tools::Call call, CallContext) override {
    ran.push_back(call.name + call.arguments);
    if (fails) co_return *fails;
    if (call.progress) call.progress("at work");
    co_return wire::CallResult{true, {{"seen", call.arguments}}, false};
  }
};

/// Passes everything on until its commits are used up; then the process is as good as dead.
class MortalStore final : public store::Store {
 public:
  explicit MortalStore(std::unique_ptr<store::Store> inner) : inner_(std::move(inner)) {}
  size_t commits_left = SIZE_MAX;
  std::function<void()> on_death;
  std::optional<Error> refuses_next;  // one commit fails so, and nothing of it is written

  const std::string& epoch() const override { return inner_->epoch(); }
  int64_t last_row() const override { return inner_->last_row(); }
  std::string health() const override { return inner_->health(); }
  Async<Result<std::vector<store::Event>>> commit(store::Commit commit) override {
    if (refuses_next) co_return *std::exchange(refuses_next, std::nullopt);
    if (commits_left == 0) {
      on_death();
      asio::steady_timer never(co_await asio::this_coro::executor, std::chrono::steady_clock::time_point::max());
      co_await never.async_wait(asio::use_awaitable);
    }
    --commits_left;
    co_return co_await inner_->commit(std::move(commit));
  }
  Async<Result<std::vector<store::Event>>> events(int64_t after, uint32_t limit, store::EventFilter filter) override {
    return inner_->events(after, limit, std::move(filter));
  }
  Async<Result<store::SessionRow>> session(std::string id) override { return inner_->session(std::move(id)); }
  Async<Result<store::SessionPage>> sessions(store::SessionFilter filter) override { return inner_->sessions(std::move(filter)); }
  Async<Result<uint64_t>> session_count() override { return inner_->session_count(); }
  Async<Result<store::TurnRow>> turn(std::string id) override { return inner_->turn(std::move(id)); }
  Async<Result<std::vector<store::TurnRow>>> open_turns() override { return inner_->open_turns(); }
  Async<Result<std::vector<store::ApprovalRow>>> approvals(std::optional<std::string> id) override { return inner_->approvals(std::move(id)); }
  Async<Result<store::ApprovalRow>> approval(std::string id) override { return inner_->approval(std::move(id)); }
  Async<Result<std::optional<store::IdempotencyRow>>> idempotency(std::string method, std::string key) override {
    return inner_->idempotency(std::move(method), std::move(key));
  }
  Async<Result<std::vector<store::MemoryHit>>> search_memory(store::MemoryQuery query) override { return inner_->search_memory(std::move(query)); }
  Async<Result<void>> erase_session(std::string id) override { return inner_->erase_session(std::move(id)); }
  Async<void> stop() override { return inner_->stop(); }

 private:
  std::unique_ptr<store::Store> inner_;
};

/// One life of a daemon, without its processes.
class Life {
 public:
  explicit Life(const std::string& directory)
      : store_(*store::open({.path = directory + "/state.db", .clock = &clock_, .random = &random_})),
        hub_(events::make_hub(store_, clock_, io_.get_executor())),
        fake_tools_(std::make_shared<FakeTools>()),
        approvals_(store_, *hub_, clock_, io_.get_executor()),
        surroundings_{store_, once_, *hub_, model_, tools_, policy_, approvals_, clock_, random_, {}, 1000, io_.get_executor(), io_.get_executor()},
        turns_(surroundings_) {
    tools_.add(fake_tools_);
  }
  ~Life() { io_.stop(); }

  /// Runs a coroutine to its end.
  template <typename T>
  T run(Async<T> coroutine) {
    std::optional<T> out;
    spawn(io_.get_executor(), keep(std::move(coroutine), out, io_), "test");
    io_.restart();
    io_.run();
    REQUIRE(out.has_value());
    return std::move(*out);
  }
  std::string session() {
    store::SessionRow row;
    row.id = "session-1";
    row.cwd = "/tmp";
    row.settings = {{"declared", Json::array()}};
    store::Commit commit;
    commit.put_sessions.push_back(row);
    commit.events.push_back({.session_id = row.id, .type = "session.created"});
    REQUIRE(run(store_.commit(std::move(commit))).ok());
    return row.id;
  }
  wire::TurnState turn(const std::function<void(wire::TurnStart&)>& adjust = {}) {
    const auto started = start(adjust);
    REQUIRE(started.ok());
    return *run(turns_.wait(started->turn_id, Milliseconds(60'000), {}));
  }
  Result<wire::TurnStartResult> start(const std::function<void(wire::TurnStart&)>& adjust = {}) {
    wire::TurnStart params;
    params.session_id = "session-1";
    params.input.push_back({.type = "text", .text = "Do it."});
    if (adjust) adjust(params);
    return run(turns_.start(params, "test"));
  }
  std::vector<store::Event> log() { return *run(store_.events(0, 1000, store::session_log("session-1"))); }
  std::string types() {
    std::string out;
    for (const auto& event : log()) {
      if (event.type == "session.created" || event.type == "usage") continue;
      out += (out.empty() ? "" : " ") + event.type;
      if (event.type == "item.completed") out += ":" + event.data.at("kind").get<std::string>();
    }
    return out;
  }
  Json observation() {
    Json last;
    for (const auto& event : log()) {
      if (event.type == "item.completed" && event.data.at("kind") == "tool_result") last = event.data.at("result");
    }
    return last;
  }

  ManualClock clock_{1'764'000'000'000};
  SeededRandom random_{std::random_device{}()};
  asio::io_context io_;
  MortalStore store_;
  store::Once once_{store_};
  std::unique_ptr<events::Hub> hub_;
  FakeBackend model_;
  std::shared_ptr<FakeTools> fake_tools_;
  tools::Registry tools_;
  policy::Policy policy_{config::PolicyConfig{}};
  policy::Approvals approvals_;
  Surroundings surroundings_;
  Turns turns_;

 private:
  template <typename T>
  static Async<void> keep(Async<T> coroutine, std::optional<T>& out, asio::io_context& io) {
    out.emplace(co_await std::move(coroutine));
    io.stop();
  }
};

}  // namespace hob::turn
