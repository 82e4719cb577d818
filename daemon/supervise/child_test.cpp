#include "daemon/supervise/child.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <asio/io_context.hpp>
#include <catch2/catch.hpp>

namespace hob::supervise {
namespace {

using namespace std::chrono_literals;
using ChildPtr = std::shared_ptr<Child>;

SpawnOptions test_child(std::string mode = "") {
  return {.program = HOB_BINARY_DIR "/tests/hob_test_child",
          .arguments = {std::move(mode)},
          .environment = {"HOB_MARK=here"},
          .log_name = "test-child"};
}

/// Runs a coroutine to its end on an io_context of its own.
template <typename F>
void run(F test) {
  asio::io_context io;
  bool done = false;
  const auto whole = [](F body, asio::any_io_executor executor, bool& finished) -> Async<void> {
    co_await body(executor);
    finished = true;
  };
  spawn(io.get_executor(), whole(std::move(test), io.get_executor(), done), "test");
  io.run();
  CHECK(done);
}

Async<ChildPtr> started(asio::any_io_executor io, SpawnOptions options) {
  auto child = co_await Child::spawn(io, std::move(options), {});
  if (!child) FAIL(child.error().message());
  co_return *std::move(child);
}

Async<Result<Json>> ask(ChildPtr child, std::string method, Json body = Json::object(), CallContext context = {}) {
  return child->request(std::move(method), std::move(body), nullptr, std::move(context));
}

TEST_CASE("a child says hello, answers, reports progress and ends when it is stopped") {
  run([](asio::any_io_executor io) -> Async<void> {
    auto child = co_await started(io, test_child());
    CHECK(child->hello().program == "hob_test_child");
    CHECK(child->alive());
    const Json question = {{"a", {1, 2, 3}}};
    auto reply = co_await ask(child, "echo", question);
    REQUIRE(reply.ok());
    CHECK(*reply == question);

    std::vector<int> ticks;
    auto ticked = co_await child->request(
        "tick", Json::object(), [&](const Json& body) { ticks.push_back(body["tick"].get<int>()); }, {});
    CHECK(ticked.ok());
    CHECK(ticks == std::vector<int>{0, 1, 2});

    std::optional<Exit> exit;
    child->on_exit([&](const Exit& e) { exit = e; });
    co_await child->stop(5s);
    REQUIRE(exit);
    CHECK(exit->status == 0);
    CHECK(exit->text == "exited with 0");
    CHECK_FALSE(child->alive());
    CHECK(::kill(child->pid(), 0) != 0);
    auto got1 = co_await ask(child, "echo");
    CHECK(got1.error().code() == Code::interrupted);
  });
}

TEST_CASE("a child sees only the environment and descriptors it was given, in a process group of its own") {
  run([](asio::any_io_executor io) -> Async<void> {
    auto child = co_await started(io, test_child());
    auto environment = co_await ask(child, "env");
    REQUIRE(environment.ok());
    CHECK((*environment)["environment"] == Json::array({"HOB_MARK=here"}));
    auto fds = co_await ask(child, "fds");
    REQUIRE(fds.ok());
    CHECK((*fds)["fds"] == Json::array({0, 1, 2, 3}));
    CHECK((*fds)["pgid"] == (*fds)["pid"]);
    co_await child->stop(5s);
  });
}

TEST_CASE("an error frame is that error") {
  run([](asio::any_io_executor io) -> Async<void> {
    auto child = co_await started(io, test_child());
    auto reply = co_await ask(child, "fail");
    REQUIRE_FALSE(reply.ok());
    CHECK(reply.error().code() == Code::invalid_params);
    CHECK(reply.error().message() == "wanted a cat");
    CHECK(reply.error().data()["pointer"] == "/cat");
    co_await child->stop(5s);
  });
}

TEST_CASE("overlapping requests get their own answers, and wrong or second ones are ignored") {
  run([](asio::any_io_executor io) -> Async<void> {
    auto child = co_await started(io, test_child());
    int answered = 0;
    const auto one = [](ChildPtr c, int i, int& count) -> Async<void> {
      Json question = Json::object();  // no braces inside a co_await expression: g++ 12
      question["i"] = i;
      auto reply = co_await ask(c, "echo", question);
      CHECK((reply.ok() && (*reply)["i"] == i));
      ++count;
    };
    for (int i = 0; i < 50; ++i) spawn(io, one(child, i, answered), "ask");
    auto wrong = co_await ask(child, "wrongid");
    CHECK((wrong.ok() && (*wrong)["answer"] == "right"));
    auto twice = co_await ask(child, "twice");
    CHECK((twice.ok() && (*twice)["answer"] == 1));
    auto got2 = co_await ask(child, "echo");
    CHECK(got2.ok());
    CHECK(answered == 50);
    co_await child->stop(5s);
  });
}

TEST_CASE("a crash fails the open requests with how it ended, and what was answered before still counts") {
  run([](asio::any_io_executor io) -> Async<void> {
    auto child = co_await started(io, test_child());
    std::vector<std::string> exits;
    child->on_exit([&](const Exit& exit) { exits.push_back(exit.text); });
    auto crashed = co_await ask(child, "crash");
    REQUIRE_FALSE(crashed.ok());
    CHECK(crashed.error().code() == Code::interrupted);
    CHECK(crashed.error().message().find("was killed by signal 11 (Segmentation fault)") != std::string::npos);
    REQUIRE(exits.size() == 1);
    child->on_exit([&](const Exit& exit) { exits.push_back(exit.text); });
    CHECK(exits.size() == 2);

    child = co_await started(io, test_child());
    auto exited = co_await ask(child, "exit");
    REQUIRE_FALSE(exited.ok());
    CHECK(exited.error().message().find("exited with 7") != std::string::npos);

    child = co_await started(io, test_child());
    auto late = co_await ask(child, "late");
    REQUIRE(late.ok());
    CHECK((*late)["last"] == "words");
  });
}

TEST_CASE("a malformed or too large message kills the child and says so") {
  run([](asio::any_io_executor io) -> Async<void> {
    for (const char* method : {"garbage", "huge"}) {
      SpawnOptions options = test_child();
      options.max_frame_bytes = 1u << 20;
      auto child = co_await started(io, options);
      auto reply = co_await ask(child, method);
      REQUIRE_FALSE(reply.ok());
      CHECK(reply.error().code() == Code::interrupted);
      CHECK(reply.error().message().find("broke the protocol") != std::string::npos);
    }
    auto child = co_await started(io, test_child());
    auto got3 = co_await ask(child, "huge");
    CHECK(got3.ok());  // within the usual limit
    co_await child->stop(5s);
  });
}

TEST_CASE("a child that closes its socket and stays is killed") {
  run([](asio::any_io_executor io) -> Async<void> {
    auto child = co_await started(io, test_child());
    auto reply = co_await ask(child, "close");
    REQUIRE_FALSE(reply.ok());
    CHECK(reply.error().code() == Code::interrupted);
    CHECK(::kill(child->pid(), 0) != 0);
  });
}

TEST_CASE("a tripped token sends a cancel and the child still answers") {
  run([](asio::any_io_executor io) -> Async<void> {
    auto child = co_await started(io, test_child());
    CallContext context;
    std::optional<Result<Json>> reply;
    const auto wait = [](ChildPtr c, CallContext with, std::optional<Result<Json>>& out) -> Async<void> {
      out = co_await ask(c, "wait", Json::object(), with);
    };
    spawn(io, wait(child, context, reply), "wait");
    co_await asio::post(io, asio::use_awaitable);
    context.cancel.cancel();
    // Requests are answered in order by this child, so the one before is over when this one is.
    auto got4 = co_await ask(child, "echo");
    CHECK(got4.ok());
    REQUIRE(reply);
    CHECK((reply->ok() && (**reply)["cancelled"] == true));
    auto got5 = co_await ask(child, "echo", Json::object(), context);
    CHECK(got5.error().code() == Code::cancelled);
    co_await child->stop(5s);
  });
}

TEST_CASE("a deadline that passes is `deadline`, and the child is asked to stop") {
  run([](asio::any_io_executor io) -> Async<void> {
    auto child = co_await started(io, test_child());
    CallContext context;
    context.deadline = std::chrono::steady_clock::now() + 20ms;
    auto reply = co_await ask(child, "wait", Json::object(), context);
    REQUIRE_FALSE(reply.ok());
    CHECK(reply.error().code() == Code::deadline);
    auto got6 = co_await ask(child, "echo");
    CHECK(got6.ok());  // `wait` has seen the cancel: the child works on
    co_await child->stop(5s);
  });
}

TEST_CASE("a hung child can be killed, and stop() ends one that ignores everything") {
  run([](asio::any_io_executor io) -> Async<void> {
    auto hung = co_await started(io, test_child());
    const auto kill_soon = [](ChildPtr c) -> Async<void> {
      co_await asio::post(asio::use_awaitable);
      c->kill();
    };
    spawn(io, kill_soon(hung), "kill");
    auto got7 = co_await ask(hung, "hang");
    CHECK(got7.error().message().find("signal 9") != std::string::npos);

    auto stubborn = co_await started(io, test_child("stubborn"));
    std::optional<Exit> exit;
    stubborn->on_exit([&](const Exit& e) { exit = e; });
    co_await stubborn->stop(10ms);
    REQUIRE(exit);
    CHECK(exit->status == 128 + SIGKILL);
    CHECK(exit->by_signal);
  });
}

TEST_CASE("a child ends with its last handle, and with the io_context") {
  pid_t pid = 0, left = 0;
  {
    asio::io_context io;
    ChildPtr kept;
    const auto test = [](asio::any_io_executor executor, ChildPtr& keep, pid_t& first, pid_t& second) -> Async<void> {
      auto child = co_await started(executor, test_child());
      first = child->pid();
      child.reset();
      keep = co_await started(executor, test_child());
      second = keep->pid();
    };
    spawn(io.get_executor(), test(io.get_executor(), kept, pid, left), "test");
    while (!kept) io.run_one();
    CHECK(::kill(left, 0) == 0);
  }
  CHECK(::kill(pid, 0) != 0);
  CHECK(::kill(left, 0) != 0);
  CHECK(::waitpid(-1, nullptr, WNOHANG) == -1);  // nothing is left to reap
}

TEST_CASE("what a child left in its process group dies with it") {
  run([](asio::any_io_executor io) -> Async<void> {
    auto child = co_await started(io, test_child());
    auto reply = co_await ask(child, "fork");
    REQUIRE(reply.ok());
    CHECK(::kill((*reply)["pid"].get<pid_t>(), 0) == 0);
    co_await child->stop(0ms);
    // The grandchild is not ours to wait for; a zombie still answers kill(0), so its state is read.
    char state = 'Z';
    const std::string path = "/proc/" + std::to_string((*reply)["pid"].get<pid_t>()) + "/stat";
    if (auto stat = read_file(path, 4096); stat.ok() && !stat->empty()) state = (*stat)[stat->rfind(')') + 2];
    CHECK((state == 'Z' || state == 'X'));
  });
}

TEST_CASE("a child that does not say a proper hello is refused") {
  run([](asio::any_io_executor io) -> Async<void> {
    const auto refused = [](asio::any_io_executor executor, SpawnOptions options) -> Async<Error> {
      auto child = co_await Child::spawn(executor, std::move(options), {});
      if (child) FAIL("it was accepted");
      co_return child.error();
    };
    const Error old = co_await refused(io, test_child("old"));
    CHECK(old.code() == Code::version_skew);
    CHECK(old.message().find("0.0.1+old") != std::string::npos);
    auto got8 = co_await refused(io, test_child("early"));
    CHECK(got8.message().find("exited with 5") != std::string::npos);
    auto got9 = co_await refused(io, test_child("stray"));
    CHECK(got9.message().find("not hello") != std::string::npos);
    SpawnOptions mute = test_child("mute");
    mute.hello_timeout = 20ms;
    auto got10 = co_await refused(io, mute);
    CHECK(got10.code() == Code::deadline);
    CallContext cancelled;
    cancelled.cancel.cancel();
    auto child = co_await Child::spawn(io, test_child("mute"), cancelled);
    CHECK(child.error().code() == Code::cancelled);
  });
}

TEST_CASE("a program that cannot be started is named") {
  run([](asio::any_io_executor io) -> Async<void> {
    SpawnOptions options;
    options.program = "/nowhere/hob-model";
    auto missing = co_await Child::spawn(io, options, {});
    CHECK(missing.error().code() == Code::not_found);
    CHECK(missing.error().message().find("/nowhere/hob-model") != std::string::npos);
    options.program = "hob-model";
    auto relative = co_await Child::spawn(io, options, {});
    CHECK_FALSE(relative.ok());
    options.program = "/etc/passwd";
    auto data = co_await Child::spawn(io, options, {});
    CHECK_FALSE(data.ok());
  });
}

TEST_CASE("what a child writes to its output does not disturb its frames") {
  run([](asio::any_io_executor io) -> Async<void> {
    auto child = co_await started(io, test_child());
    for (int i = 0; i < 20; ++i) {
      auto got11 = co_await ask(child, "noise");
      CHECK(got11.ok());
    }
    co_await child->stop(5s);
  });
}

}  // namespace
}  // namespace hob::supervise
