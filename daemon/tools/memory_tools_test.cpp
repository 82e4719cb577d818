#include "daemon/tools/memory_tools.h"

#include <asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "schemas/base/ids.h"

namespace hob::tools {
namespace {

/// The tools over a store in a folder of its own.
struct Stage {
  Stage() {
    std::string name = "/tmp/hob_memory_test_XXXXXX";
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    folder = name;
    auto opened = store::open({.path = folder + "/state.db", .clock = &clock, .random = &random});
    if (!opened) FAIL(opened.error().message());
    kept = *std::move(opened);
    tools = make_memory_tools(notebook_of(*kept), clock, random);
  }
  ~Stage() {
    kept.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }

  template <typename F>
  void run(F test) {
    asio::io_context io;
    bool done = false;
    const auto whole = [](F body, Stage& stage, bool& finished) -> Async<void> {
      co_await body(stage);
      co_await stage.kept->stop();
      finished = true;
    };
    spawn(io.get_executor(), whole(std::move(test), *this, done), "test");
    io.run();
    CHECK(done);
  }

  std::string folder;
  ManualClock clock{1'700'000'000'000};
  SeededRandom random{7};
  std::unique_ptr<store::Store> kept;
  std::shared_ptr<Provider> tools;
};

Call calling(const std::string& name, const std::string& arguments) {
  Call call;
  call.session_id = "session-1";
  call.turn_id = "turn-1";
  call.name = name;
  call.arguments = arguments;
  call.roots = {{"/home/me/project", true}};
  return call;
}

Async<wire::CallResult> ask(Stage& stage, std::string name, std::string arguments) {
  auto result = co_await stage.tools->call(calling(name, arguments), {});
  if (!result) FAIL(result.error().message());
  co_return *std::move(result);
}

TEST_CASE("what is remembered is recalled as it was saved, and names its session and turn") {
  Stage stage;
  stage.run([](Stage& s) -> Async<void> {
    auto saved = co_await ask(s, "remember", R"({"text":"my cat is called Mia","tags":["pets"]})");
    CHECK(saved.ok);
    CHECK(json::dump(saved.result) == R"({"saved":true})");
    (void)co_await ask(s, "remember", R"({"text":"I live in Bern"})");
    auto found = co_await ask(s, "recall", R"({"query":"cat"})");
    CHECK(json::dump(found.result) == R"({"notes":["my cat is called Mia"]})");
    auto nothing = co_await ask(s, "recall", R"({"query":"zeppelin"})");
    CHECK(json::dump(nothing.result) == R"({"notes":[]})");

    store::MemoryQuery query;
    query.text = "cat";
    auto hits = co_await s.kept->search_memory(query);
    REQUIRE(hits.ok());
    REQUIRE(hits->size() == 1);
    CHECK(hits->at(0).session_id == "session-1");
    CHECK(hits->at(0).turn_id == "turn-1");
    CHECK(hits->at(0).scope == "user");
    CHECK(hits->at(0).tags == std::vector<std::string>{"pets"});
    CHECK(is_id(hits->at(0).id));
  });
}

TEST_CASE("at most five notes are told, and the same fact once") {
  Stage stage;
  stage.run([](Stage& s) -> Async<void> {
    for (const char* colour : {"red", "red", "blue", "green", "black", "white", "grey", "pink"}) {
      (void)co_await ask(s, "remember", std::string(R"({"text":"a colour is )") + colour + R"("})");
    }
    auto found = co_await ask(s, "recall", R"({"query":"colour"})");
    CHECK(found.result["notes"].size() <= 5);
    CHECK(found.result["notes"].size() >= 4);
    std::vector<std::string> notes = found.result["notes"];
    std::sort(notes.begin(), notes.end());
    CHECK(std::unique(notes.begin(), notes.end()) == notes.end());
  });
}

TEST_CASE("a session sees the memories of the user, its workspace and itself, not those of others") {
  Stage stage;
  stage.run([](Stage& s) -> Async<void> {
    store::Commit commit;
    const auto add = [&](const char* scope, const char* scope_id, const char* text) {
      store::MemoryRow row;
      row.id = new_id(s.clock, s.random);
      row.scope = scope;
      row.scope_id = scope_id;
      row.text = text;
      row.created_ms = s.clock.wall_ms();
      commit.put_memories.push_back(row);
    };
    add("user", "", "the fish of the user");
    add("workspace", "/home/me/project", "the fish of this project");
    add("workspace", "/home/me/other", "the fish of another project");
    add("session", "session-1", "the fish of this session");
    add("session", "session-2", "the fish of another session");
    auto committed = co_await s.kept->commit(std::move(commit));
    REQUIRE(committed.ok());
    auto found = co_await ask(s, "recall", R"({"query":"fish"})");
    std::vector<std::string> notes = found.result["notes"];
    std::sort(notes.begin(), notes.end());
    CHECK(notes == std::vector<std::string>{"the fish of the user", "the fish of this project",
                                            "the fish of this session"});
  });
}

std::vector<std::string> bad_arguments() {
  return {"{}", R"({"text":""})", R"({"text":" \n"})", R"({"text":5})", "[",
          R"({"text":")" + std::string(9000, 'x') + R"("})",
          R"({"text":"t","tags":[")" + std::string(300, 'x') + R"("]})"};
}

TEST_CASE("arguments that cannot be meant are told to the model") {
  Stage stage;
  stage.run([](Stage& s) -> Async<void> {
    const auto kind = [](const wire::CallResult& result) { return result.ok ? "ok" : result.result.value("kind", ""); };
    const std::vector<std::string> all = bad_arguments();
    for (const std::string& arguments : all) {
      auto result = co_await ask(s, "remember", arguments);
      INFO(arguments.substr(0, 60));
      CHECK(kind(result) == "invalid_argument");
    }
    auto recall = co_await ask(s, "recall", "{}");
    CHECK(kind(recall) == "invalid_argument");
    auto unknown = co_await s.tools->call(calling("forget", "{}"), {});
    CHECK(unknown.error().code() == Code::not_found);
    CallContext cancelled;
    cancelled.cancel.cancel();
    auto late = co_await s.tools->call(calling("recall", R"({"query":"x"})"), cancelled);
    CHECK(late.error().code() == Code::cancelled);
  });
}

}  // namespace
}  // namespace hob::tools
