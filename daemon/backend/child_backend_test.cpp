#include "daemon/backend/child_backend.h"

#include <signal.h>
#include <unistd.h>

#include <asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <fstream>

#include "daemon/async/wakeup.h"

namespace hob::backend {
namespace {

using namespace std::chrono_literals;
using States = std::vector<std::string>;

ChildBackendOptions test_model(std::string script) {
  ChildBackendOptions options;
  options.program = HOB_BINARY_DIR "/tests/hob_test_model";
  options.start.script = std::move(script);
  options.restart.backoff = {1ms};
  return options;
}

struct Stage {
  explicit Stage(ChildBackendOptions options)
      : backend(make_child_backend(io.get_executor(), std::move(options), clock)), changed(io.get_executor()) {
    backend->on_state([this](const wire::ModelStatus& status) {
      if (states.empty() || states.back() != status.state) states.push_back(status.state);
      if (status.loading && *status.loading > 0) half_loaded = *status.loading == 0.5;
      changed.notify();
    });
  }

  /// Runs a coroutine, then stops the backend: whatever happened, it must come to an end.
  template <typename F>
  void run(F test) {
    bool done = false;
    const auto whole = [](F body, Stage& stage, bool& finished) -> Async<void> {
      co_await body(stage);
      co_await stage.backend->stop();
      finished = true;
    };
    spawn(io.get_executor(), whole(std::move(test), *this, done), "test");
    io.run();
    CHECK(done);
  }

  SystemClock clock;
  asio::io_context io;
  std::shared_ptr<Backend> backend;
  Wakeup changed;
  States states;
  bool half_loaded = false;
};

wire::StepParams saying(const std::string& text) {
  wire::StepParams params;
  wire::Item item;
  item.text = text;
  params.items.push_back(item);
  return params;
}

Async<Result<wire::StepResult>> ask(Stage& stage, std::string text, CallContext context = {}) {
  return stage.backend->step(saying(text), nullptr, std::move(context));
}

TEST_CASE("the first step loads the model, and the states tell the story") {
  Stage stage(test_model("ok"));
  CHECK(stage.backend->status().state == "unloaded");
  stage.run([](Stage& s) -> Async<void> {
    std::string streamed;
    auto result = co_await s.backend->step(
        saying("hello"), [&](const wire::StepProgress& p) { streamed += p.text; }, {});
    REQUIRE(result.ok());
    CHECK(result->items.at(0).text == "hello");
    CHECK(streamed == "hello");
    const auto status = s.backend->status();
    CHECK(status.state == "ready");
    CHECK(status.model->name == "test passive");
    CHECK(status.tokens_per_second == 5.0);
    CHECK(status.restarts == 0);
  });
  CHECK(stage.half_loaded);
  CHECK(stage.states == States{"loading", "busy", "ready", "unloaded"});
}

TEST_CASE("a model that dies in a step costs that step and is back for the next") {
  Stage stage(test_model("ok"));
  stage.run([](Stage& s) -> Async<void> {
    auto crashed = co_await ask(s, "crash");
    REQUIRE_FALSE(crashed.ok());
    CHECK(crashed.error().code() == Code::model_failed);
    CHECK(crashed.error().message().find("signal 6") != std::string::npos);
    auto next = co_await ask(s, "again");
    REQUIRE(next.ok());
    CHECK(next->items.at(0).text == "again");
    CHECK(s.backend->status().restarts == 1);
  });
}

TEST_CASE("a model that dies while it loads is started again, and who waits goes on waiting") {
  std::string file = "/tmp/hob_backend_test_" + std::to_string(::getpid());
  ::unlink(file.c_str());
  Stage stage(test_model("die-once:" + file));
  stage.run([](Stage& s) -> Async<void> {
    auto result = co_await ask(s, "hello");
    CHECK(result.ok());
    CHECK(s.backend->status().restarts == 1);
  });
  ::unlink(file.c_str());
}

TEST_CASE("the third death in a short while is final until it is asked for again") {
  Stage stage(test_model("die"));
  stage.run([](Stage& s) -> Async<void> {
    auto result = co_await ask(s, "hello");
    REQUIRE_FALSE(result.ok());
    CHECK(result.error().code() == Code::model_not_loaded);
    CHECK(result.error().message().find("signal 9") != std::string::npos);
    CHECK(s.backend->status().state == "failed");
    CHECK(s.backend->status().restarts == 3);
    auto got1 = co_await ask(s, "again");
    CHECK(got1.error().code() == Code::model_not_loaded);
    CHECK(s.backend->status().restarts == 6);
  });
}

TEST_CASE("a checkpoint that is refused, and a program that is not there, fail at once with the reason") {
  Stage refused(test_model("refuse"));
  refused.run([](Stage& s) -> Async<void> {
    auto ready = co_await s.backend->ready({});
    REQUIRE_FALSE(ready.ok());
    CHECK(ready.error().message() == "There is no config.json.");
    CHECK(s.backend->status().reason == "There is no config.json.");
    CHECK(s.backend->status().restarts == 0);
  });
  auto options = test_model("ok");
  options.program = "/nowhere/hob-model";
  Stage missing(options);
  missing.run([](Stage& s) -> Async<void> {
    auto got2 = co_await s.backend->ready({});
    CHECK(got2.error().message().find("/nowhere/hob-model") != std::string::npos);
  });
}

TEST_CASE("a cancelled step ends with what was made, and one cancelled before it began with nothing") {
  Stage stage(test_model("ok"));
  stage.run([](Stage& s) -> Async<void> {
    CallContext context;
    // The model waits for the cancel; the token trips at the first text it sends.
    ProgressSink trip = [token = context.cancel](const wire::StepProgress&) { token.cancel(); };
    auto result = co_await s.backend->step(saying("cancel"), trip, context);
    REQUIRE(result.ok());
    CHECK(result->stop == wire::StepStop::cancelled);
    CHECK(result->items.size() == 1);
    auto before = co_await ask(s, "never", context);
    REQUIRE(before.ok());
    CHECK(before->stop == wire::StepStop::cancelled);
    CHECK(before->items.empty());
  });
}

TEST_CASE("a step that is cancelled while the model loads, or waits too long, does not hang") {
  Stage stage(test_model("hold"));
  stage.run([](Stage& s) -> Async<void> {
    CallContext late;
    late.deadline = std::chrono::steady_clock::now() + 10ms;
    auto got3 = co_await ask(s, "x", late);
    CHECK(got3.error().code() == Code::deadline);
    CallContext context;
    const auto trip = [](CancelToken token) -> Async<void> {
      co_await asio::post(asio::use_awaitable);
      token.cancel();
    };
    spawn(s.io.get_executor(), trip(context.cancel), "trip");
    auto result = co_await ask(s, "x", context);
    REQUIRE(result.ok());
    CHECK(result->stop == wire::StepStop::cancelled);
    CHECK(s.backend->status().state == "loading");
  });
}

TEST_CASE("errors of the model pass through, and a malformed result is the model's failure") {
  Stage stage(test_model("ok"));
  stage.run([](Stage& s) -> Async<void> {
    auto got4 = co_await ask(s, "error");
    CHECK(got4.error().code() == Code::context_exceeded);
    auto got5 = co_await ask(s, "garbage");
    CHECK(got5.error().code() == Code::model_failed);
    Json result = Json::object();
    auto fitted = co_await s.backend->fit(result, 200, {});
    REQUIRE(fitted.ok());
    CHECK((*fitted)["budget"] == 200);
    wire::CheckSchemaParams asked;
    asked.schema = Json::object();
    auto checked = co_await s.backend->check_schema(std::move(asked), {});
    CHECK(checked.error().code() == Code::schema_unsupported);
    CHECK(checked.error().data()["keyword"] == "not");
    co_await s.backend->prefill(saying("a hint"), {});  // this model has no prefill: nothing happens
  });
}

TEST_CASE("steps beyond the limit are refused, those within it overlap and are counted") {
  auto options = test_model("ok");
  options.max_open_steps = 3;
  Stage stage(options);
  stage.run([](Stage& s) -> Async<void> {
    int answered = 0;
    const auto one = [](Stage& t, int& count) -> Async<void> {
      auto result = co_await ask(t, "one");
      CHECK(result.ok());
      ++count;
      t.changed.notify();
    };
    for (int i = 0; i < 3; ++i) spawn(s.io.get_executor(), one(s, answered), "one");
    co_await asio::post(asio::use_awaitable);
    CHECK(s.backend->status().queue["depth"] == 2);
    auto refused = co_await ask(s, "four");
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().code() == Code::overloaded);
    while (answered < 3) co_await s.changed.wait();
    CHECK(s.backend->status().queue["depth"] == 0);
  });
}

TEST_CASE("who waits when the daemon stops is told so") {
  Stage stage(test_model("hold"));
  bool told = false;
  stage.run([&told](Stage& s) -> Async<void> {
    const auto wait = [](Stage& t, bool& out) -> Async<void> {
      auto ready = co_await t.backend->ready({});
      out = !ready.ok() && ready.error().code() == Code::draining;
    };
    spawn(s.io.get_executor(), wait(s, told), "wait");
    co_await asio::post(asio::use_awaitable);
  });
  CHECK(told);
  CHECK(stage.backend->status().state == "unloaded");
}

TEST_CASE("hob-model-lite plays its script through the backend, and survives a crash in it") {
  const std::string file = "/tmp/hob_backend_script_" + std::to_string(::getpid()) + ".json";
  std::ofstream(file) << R"({"rules": [
    {"when": "crash", "say": "I begin", "fault": "crash"},
    {"when": "stop", "say": "I begin", "fault": "hang"},
    {"say": "Good morning."}]})";
  ChildBackendOptions options;
  options.program = HOB_BINARY_DIR "/bin/hob-model-lite";
  options.start.model_dir = HOB_SOURCE_DIR "/model/tiny/checkpoint";
  options.start.script = file;
  options.restart.backoff = {1ms};
  Stage stage(options);
  stage.run([](Stage& s) -> Async<void> {
    auto first = co_await ask(s, "hello");
    REQUIRE(first.ok());
    CHECK(first->stop == wire::StepStop::end_turn);
    CHECK(first->items.at(0).text == "Good morning.");
    CHECK(first->usage.output_tokens > 0);
    auto crashed = co_await ask(s, "crash");
    REQUIRE_FALSE(crashed.ok());
    CHECK(crashed.error().code() == Code::model_failed);
    CallContext context;
    const auto trip = [token = context.cancel](const wire::StepProgress& p) {
      if (p.kind == wire::StepProgressKind::text) token.cancel();
    };
    const ProgressSink sink = trip;
    auto stopped = co_await s.backend->step(saying("stop"), sink, context);
    REQUIRE(stopped.ok());
    CHECK(stopped->stop == wire::StepStop::cancelled);
    CHECK(stopped->items.size() == 1);
    co_await s.backend->prefill(saying("hello"), {});
    CHECK(s.backend->status().restarts == 1);
  });
  ::unlink(file.c_str());
}

}  // namespace
}  // namespace hob::backend
