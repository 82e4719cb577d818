#include "daemon/plugin/plugin_provider.h"

#include <asio/io_context.hpp>

#include "daemon/plugin/host_call.h"
#include "daemon/plugin/test_folder.h"

namespace hob::plugin {
namespace {

using namespace std::chrono_literals;

/// A provider over one test plugin ("tester" with the tool do_it), served by hob_test_host.
struct Stage {
  explicit Stage(const Json& manifest = test_manifest("tester", "do_it"), const config::PluginConfig& config = {}) {
    directory = folder.add_plugin("tester", manifest);
    CatalogOptions options;
    options.directories = {folder.path()};
    options.config.plugins["tester"] = config;
    PoolOptions pool;
    pool.program = HOB_BINARY_DIR "/tests/hob_test_host";
    pool.arguments.clear();
    provider = PluginProvider::make(io.get_executor(), Catalog::scan(options), pool, clock);
  }

  template <typename F>
  void run(F test) {
    bool done = false;
    const auto whole = [](F body, Stage& stage, bool& finished) -> Async<void> {
      co_await body(stage);
      co_await stage.provider->stop();
      finished = true;
    };
    spawn(io.get_executor(), whole(std::move(test), *this, done), "test");
    io.run();
    CHECK(done);
  }

  TestFolder folder;
  std::string directory;
  ManualClock clock{0};
  asio::io_context io;
  std::shared_ptr<PluginProvider> provider;
};

tools::Call acting(const std::string& act, uint64_t timeout_ms = 60'000) {
  tools::Call call;
  call.name = "do_it";
  Json arguments = Json::object();
  arguments["act"] = act;
  call.arguments = json::dump(arguments);
  call.timeout_ms = timeout_ms;
  return call;
}

Async<wire::CallResult> act(Stage& stage, std::string what, uint64_t timeout_ms = 60'000) {
  auto result = co_await stage.provider->call(acting(what, timeout_ms), {});
  if (!result) FAIL(result.error().message());
  co_return *std::move(result);
}

std::string kind_of(const wire::CallResult& result) { return result.ok ? "ok" : result.result.value("kind", ""); }

bool mentions(const wire::CallResult& result, const std::string& part) {
  const std::string text = result.result.value("message", "");
  INFO(text);
  return text.find(part) != std::string::npos;
}

TEST_CASE("a tool is listed as its manifest declares it, and answers from one process") {
  Stage stage;
  const auto tools = stage.provider->list();
  REQUIRE(tools.size() == 1);
  CHECK(tools[0].name == "do_it");
  CHECK(tools[0].source == "plugin:tester");
  CHECK(json::dump(tools[0].input_schema) == R"({"type":"object","properties":{"act":{"type":"string"}}})");
  stage.run([](Stage& s) -> Async<void> {
    auto first = co_await act(s, "tell");
    auto second = co_await act(s, "tell");
    CHECK((first.ok && second.ok));
    CHECK(first.result["pid"] == second.result["pid"]);
    CHECK(second.result["calls"] == 2);
    const auto info = s.provider->plugins().at(0);
    CHECK(info.state == "ready");
    CHECK(info.hosts == 1);
    CHECK(info.tools == std::vector<std::string>{"do_it"});
    tools::Call unknown = acting("tell");
    unknown.name = "other";
    auto got1 = co_await s.provider->call(unknown, {});
    CHECK(got1.error().code() == Code::not_found);
  });
}

TEST_CASE("a crash is told to the model, and the third within a minute disables the plugin") {
  Stage stage;
  stage.run([](Stage& s) -> Async<void> {
    for (int i = 0; i < 2; ++i) {
      auto crashed = co_await act(s, "crash");
      CHECK(kind_of(crashed) == "crashed");
      CHECK(mentions(crashed, "The tool process died"));
      CHECK(mentions(crashed, "signal 11"));
      CHECK(mentions(crashed, std::to_string(acting("crash").arguments.size()) + " bytes"));
      auto got2 = co_await act(s, "tell");
      CHECK(got2.ok);
    }
    s.clock.advance(61s);  // those two are forgotten
    for (int i = 0; i < 3; ++i) {
      auto got3 = co_await act(s, "crash");
      CHECK(kind_of(got3) == "crashed");
    }
    auto disabled = co_await act(s, "tell");
    CHECK(kind_of(disabled) == "failed");
    CHECK(mentions(disabled, "three times within a minute"));
    const auto info = s.provider->plugins().at(0);
    CHECK(info.state == "disabled");
    CHECK(info.reason->find("signal 11") != std::string::npos);
    CHECK(info.restarts == 5);
    CHECK(s.provider->list().size() == 1);  // declared tools never change
  });
}

TEST_CASE("a host that answers with an error or breaks the protocol is a crash") {
  for (const char* how : {"broken_host", "garbage", "huge"}) {
    Stage stage;
    stage.run([how](Stage& s) -> Async<void> {
      auto got4 = co_await act(s, how);
      CHECK(kind_of(got4) == "crashed");
      auto got5 = co_await act(s, "tell");
      CHECK(got5.ok);
      CHECK(s.provider->plugins().at(0).restarts == 1);
    });
  }
}

TEST_CASE("a plugin that dies or refuses at its start does not bring the daemon down") {
  config::PluginConfig config;
  config.settings["start"] = "die";
  Stage dying(test_manifest("tester", "do_it"), config);
  dying.run([](Stage& s) -> Async<void> {
    for (int i = 0; i < 3; ++i) {
      auto got6 = co_await act(s, "tell");
      CHECK(kind_of(got6) == "crashed");
    }
    auto got7 = co_await act(s, "tell");
    CHECK(mentions(got7, "is disabled"));
  });
  config.settings["start"] = "refuse";
  Stage refusing(test_manifest("tester", "do_it"), config);
  refusing.run([](Stage& s) -> Async<void> {
    auto refused = co_await act(s, "tell");
    CHECK(kind_of(refused) == "failed");
    CHECK(mentions(refused, "It was built for version 99."));
  });
}

TEST_CASE("a tool that hangs is killed after its time and the next call has a new process") {
  Stage stage;
  stage.run([](Stage& s) -> Async<void> {
    auto before = co_await act(s, "tell");
    auto hung = co_await act(s, "hang", 20);
    CHECK(kind_of(hung) == "timeout");
    CHECK(mentions(hung, "within 20 ms"));
    auto after = co_await act(s, "tell");
    CHECK(after.ok);
    CHECK(before.result["pid"] != after.result["pid"]);
    CHECK(s.provider->plugins().at(0).restarts == 0);  // too slow is not dead
  });
}

TEST_CASE("a tool that stops when it is asked keeps its process, one that was done keeps its result") {
  Stage stage;
  stage.run([](Stage& s) -> Async<void> {
    auto before = co_await act(s, "tell");
    auto got8 = co_await act(s, "until_cancel", 20);
    CHECK(kind_of(got8) == "timeout");
    auto got9 = co_await act(s, "finish_late", 20);
    CHECK(got9.ok);
    auto after = co_await act(s, "tell");
    CHECK(before.result["pid"] == after.result["pid"]);
    auto got10 = co_await act(s, "ends_itself", 20);
    CHECK(kind_of(got10) == "timeout");
    auto got11 = co_await act(s, "tell");
    CHECK(got11.ok);
    CHECK(s.provider->plugins().at(0).restarts == 0);
  });
}

TEST_CASE("a call that is cancelled ends as cancelled, before and while it runs") {
  Stage stage;
  stage.run([](Stage& s) -> Async<void> {
    CallContext context;
    const auto trip = [](CancelToken token) -> Async<void> {
      co_await asio::post(asio::use_awaitable);
      token.cancel();
    };
    auto got12 = co_await act(s, "tell");
    CHECK(got12.ok);
    spawn(s.io.get_executor(), trip(context.cancel), "trip");
    auto running = co_await s.provider->call(acting("until_cancel"), context);
    REQUIRE_FALSE(running.ok());
    CHECK(running.error().code() == Code::cancelled);
    auto before = co_await s.provider->call(acting("tell"), context);
    REQUIRE_FALSE(before.ok());
    CHECK(before.error().code() == Code::cancelled);
    auto got13 = co_await act(s, "tell");
    CHECK(got13.result["calls"] == 3);  // the same process, the third call
  });
}

TEST_CASE("nonsense in an answer becomes an observation in the contract's shape") {
  Stage stage;
  stage.run([](Stage& s) -> Async<void> {
    auto got14 = co_await act(s, "no_result");
    CHECK(kind_of(got14) == "failed");
    auto text = co_await act(s, "text");
    CHECK(text.ok);
    CHECK(text.result == json::parse(R"({"value":"just words"})", json::kWire).value());
    auto odd = co_await act(s, "odd_failure");
    CHECK(kind_of(odd) == "failed");
    CHECK(odd.result["ok"] == false);
    CHECK(mentions(odd, "did not say why"));
  });
}

TEST_CASE("a result is checked against the schema that the manifest promises, unless it was cut") {
  Json manifest = test_manifest("tester", "do_it");
  manifest["tools"][0]["result"] =
      *json::parse(R"({"type":"object","properties":{"pid":{"type":"integer"}},"required":["pid"]})", json::kSchema);
  Stage stage(manifest);
  stage.run([](Stage& s) -> Async<void> {
    auto got15 = co_await act(s, "tell");
    CHECK(got15.ok);
    auto unfit = co_await act(s, "unfit");
    CHECK(kind_of(unfit) == "failed");
    CHECK(mentions(unfit, "/pid"));
    auto cut = co_await act(s, "cut");
    CHECK((cut.ok && cut.truncated));
  });
}

TEST_CASE("a host is told its roots, rights and settings, cut to what is granted") {
  Json manifest = test_manifest("tester", "do_it");
  manifest["needs"]["read"] = true;
  manifest["needs"]["write"] = true;
  config::PluginConfig config;
  config.grants = wire::Needs{true, false, false, false};
  config.settings["digits"] = 7;
  Stage stage(manifest, config);
  stage.provider->set_setting("tester", "digits", 4);
  stage.provider->set_setting("tester", "zone", "UTC");
  stage.provider->set_setting("nobody", "digits", 4);
  stage.run([](Stage& s) -> Async<void> {
    tools::Call call = acting("tell");
    call.roots = {{"/tmp", true}};
    auto result = co_await s.provider->call(call, {});
    REQUIRE(result.ok());
    const Json start = result->result["start"];
    CHECK(start["plugin"] == "tester");
    CHECK(start["library"] == s.directory + "/lib.so");
    CHECK(start["roots"][0]["path"] == "/tmp");
    CHECK(start["roots"][0]["writable"] == false);
    CHECK(start["grants"]["read"] == true);
    CHECK(start["grants"]["write"] == false);
    CHECK(start["config"]["digits"] == 7);  // the owner's word wins
    CHECK(start["config"]["zone"] == "UTC");
  });

  Stage computing;
  computing.run([](Stage& s) -> Async<void> {
    tools::Call call = acting("tell");
    call.roots = {{"/tmp", true}};
    auto first = co_await s.provider->call(call, {});
    REQUIRE(first.ok());
    CHECK(first->result["start"]["roots"].empty());
    call.roots = {{"/etc", false}};
    auto second = co_await s.provider->call(call, {});
    REQUIRE(second.ok());
    CHECK(first->result["pid"] == second->result["pid"]);  // one host serves every session
  });
}

TEST_CASE("a plugin whose files change under the daemon is disabled") {
  Stage stage;
  stage.run([](Stage& s) -> Async<void> {
    auto got16 = co_await act(s, "tell");
    CHECK(got16.ok);
    s.folder.write("tester/lib.so", "other bytes");
    auto changed = co_await act(s, "tell");
    CHECK(kind_of(changed) == "failed");
    CHECK(mentions(changed, "have changed"));
    CHECK(s.provider->plugins().at(0).state == "disabled");
  });
}

TEST_CASE("the plugins that come with hob work in the real host, inside its sandbox") {
  CatalogOptions options;
  options.directories = {HOB_BINARY_DIR "/lib/hob/plugins"};
  PoolOptions pool;
  pool.program = HOB_BINARY_DIR "/bin/hob-plugin-host";
  TestFolder workspace;
  workspace.write("notes.txt", "milk\nbread");
  SystemClock clock;
  asio::io_context io;
  const auto provider = PluginProvider::make(io.get_executor(), Catalog::scan(options), pool, clock);
  for (const auto& info : provider->plugins()) {
    INFO(info.name << ": " << info.reason.value_or(""));
    CHECK(info.state == "ready");
  }
  provider->set_setting("calculate", "digits", 4);
  const auto test = [](PluginProvider& tools, const std::string& root) -> Async<void> {
    tools::Call call;
    call.name = "calculate";
    call.arguments = R"({"expression":"22 / 7"})";
    auto sum = co_await tools.call(call, {});
    REQUIRE(sum.ok());
    CHECK(json::dump(sum->result) == R"({"result":"3.1429"})");
    call.name = "current_time";
    call.arguments = "{}";
    auto time = co_await tools.call(call, {});
    REQUIRE(time.ok());
    CHECK(time->ok);
    call.name = "read_file";
    call.arguments = R"({"path":"notes.txt"})";
    wire::Root here;
    here.path = root;
    call.roots.push_back(here);
    auto read = co_await tools.call(call, {});
    REQUIRE(read.ok());
    CHECK(read->result["content"] == "milk\nbread");
    call.arguments = R"({"path":"/etc/passwd"})";
    auto outside = co_await tools.call(call, {});
    REQUIRE(outside.ok());
    CHECK(kind_of(*outside) == "denied");
    co_await tools.stop();
  };
  spawn(io.get_executor(), test(*provider, workspace.path()), "test");
  io.run();
  for (const auto& info : provider->plugins()) CHECK(info.restarts == 0);
}

TEST_CASE("the environment of hosts is short") { CHECK(host_environment().size() <= 8); }

TEST_CASE("what a tool says while it works is passed on, and not without end") {
  Stage stage;
  stage.run([](Stage& s) -> Async<void> {
    std::vector<std::string> said;
    tools::Call call = acting("talk");
    call.progress = [&said](std::string_view text) { said.emplace_back(text); };
    auto told = co_await s.provider->call(call, {});
    CHECK(told.ok());
    CHECK(said == std::vector<std::string>{"one", "two"});
    said.clear();
    tools::Call flood = acting("talk_a_lot");
    flood.progress = call.progress;
    auto flooded = co_await s.provider->call(flood, {});
    CHECK(flooded.ok());
    size_t bytes = 0;
    for (const std::string& text : said) {
      CHECK(text.size() <= kMaxProgressPiece);
      bytes += text.size();
    }
    CHECK(bytes > 0);
    CHECK(bytes <= kMaxProgressTotal);
  });
}

}  // namespace
}  // namespace hob::plugin
