// The real hob-plugin-host with plugins that crash, hang, flood and lie: each costs its own process and no more.
#include "plugins/host/host.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "plugins/host/spawned_host.h"
#include "schemas/base/test_directory.h"
#include "schemas/base/sha256.h"
#include "schemas/sandbox/probe.h"

namespace fs = std::filesystem;
using namespace hob;
using namespace hob::plugins::host;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

namespace {

SpawnedHost& started(SpawnedHost& host, const std::string& bad = "misbehaving") {
  auto ready = host.start(start_of_bad(bad));
  if (!ready.ok()) FAIL(ready.error().message());
  return host;
}

std::string reason(const Error& error) { return error.data().value("reason", std::string()); }

/// A copy of the good library that a test may spoil.
struct Copy {
  TestDirectory folder;
  fs::path directory = folder.path(), library;
  Copy() {
    library = directory / "calculate.so";
    fs::copy_file(start_of("calculate").library, library);
    fs::permissions(library, fs::perms(0644));
  }
  Error refused() const { return refused(start()); }
  static Error refused(const wire::HostStart& start) {
    SpawnedHost host;
    auto ready = host.start(start);
    REQUIRE_FALSE(ready.ok());
    CHECK(host.wait() == kNotStarted);
    return ready.error();
  }
  wire::HostStart start() const {
    wire::HostStart out = start_of("calculate");
    out.library = library;
    return out;
  }
};

}  // namespace

TEST_CASE("a host says hello, sandboxes itself, loads a plugin and answers calls") {
  SpawnedHost host;
  CHECK(host.hello().program == "hob-plugin-host");
  CHECK(host.hello().protocol == wire::kChildProtocol);
  auto ready = host.start(start_of("calculate"));
  REQUIRE(ready.ok());
  CHECK(std::count(ready->sandbox.begin(), ready->sandbox.end(), "seccomp") == 1);
  auto answer = host.call("calculate", R"({"expression": "17 * 23"})");
  REQUIRE(answer.ok());
  CHECK(answer->ok);
  CHECK(answer->result == Json{{"result", "391"}});
  answer = host.call("calculate", R"({"expression": "1/0"})");
  CHECK_FALSE(answer->ok);
  CHECK(json::dump(answer->result) ==
        R"({"ok":false,"kind":"failed","message":"Division by zero.","hint":"Check the numbers."})");
  host.hang_up();
  CHECK(host.wait() == kDone);
}

TEST_CASE("a plugin gets its configuration, and a refusal of it is told") {
  SpawnedHost host;
  auto start = start_of("calculate");
  start.config = Json{{"digits", 4}};
  REQUIRE(host.start(start).ok());
  CHECK(host.call("calculate", R"({"expression": "391/3"})")->result["result"] == "130.3333");
  start.config = Json{{"digits", 99}};
  SpawnedHost other;
  auto refused = other.start(start);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message().find("/digits") != std::string::npos);
  CHECK(other.wait() == kNotStarted);
}

TEST_CASE("the clock works inside its sandbox") {
  SpawnedHost host;
  auto start = start_of("clock");
  start.config = Json{{"now_ms", 1'721'046'600'000}, {"tz", "UTC"}};
  REQUIRE(host.start(start).ok());
  CHECK(host.call("current_time", "{}")->result ==
        Json{{"date", "2024-07-15"}, {"time", "12:30"}, {"tz", "UTC"}, {"weekday", "Monday"}});
  if (fs::exists("/usr/share/zoneinfo/Europe/Berlin"))
    CHECK(host.call("current_time", R"({"tz": "Europe/Berlin"})")->result["time"] == "14:30");
  auto unknown = host.call("current_time", R"({"tz": "Europe/Atlantis"})");
  CHECK(unknown->result["kind"] == "invalid_argument");
}

TEST_CASE("a plugin that dies takes its process with it and nothing else") {
  for (const char* way : {"segfault", "abort", "exit", "quick_exit", "terminate", "kill_self", "overflow"}) {
    INFO(way);
    SpawnedHost host;
    started(host);
    auto answer = host.call(way, "{}");
    REQUIRE_FALSE(answer.ok());
    CHECK(answer.error().code() == Code::interrupted);
    (void)host.wait();
  }
  SpawnedHost host;
  CHECK(started(host).call("echo", R"({"a":1})")->result == Json{{"a", 1}});
}

TEST_CASE("an exception across the C border is an observation and the end of the process") {
  for (const char* way : {"throw", "throw_int"}) {
    INFO(way);
    SpawnedHost host;
    auto answer = started(host).call(way, "{}");
    REQUIRE(answer.ok());
    CHECK_FALSE(answer->ok);
    CHECK(answer->result["kind"] == "crashed");
    CHECK(host.wait() == kBroken);
  }
}

TEST_CASE("a loop that never looks is answered at its deadline and ended") {
  SpawnedHost host;
  auto answer = started(host).call("loop", "{}", 30);
  REQUIRE(answer.ok());
  CHECK_FALSE(answer->ok);
  CHECK(answer->result["kind"] == "timeout");
  CHECK(host.wait() == kHung);
}

TEST_CASE("a loop that ignores its cancellation is answered and ended") {
  SpawnedHost host;
  uint64_t id = started(host).ask("loop", "{}");
  host.cancel(id);
  auto answer = host.answer(id);
  REQUIRE(answer.ok());
  CHECK(answer->result["kind"] == "timeout");
  CHECK(host.wait() == kHung);
}

TEST_CASE("a cancelled call that looks ends with the tool's own answer, and the host goes on") {
  SpawnedHost host;
  uint64_t id = started(host).ask("wait_for_cancel", "{}");
  auto progress = host.receive();  // it has begun
  REQUIRE(progress.ok());
  CHECK(progress->kind == wire::FrameKind::progress);
  host.cancel(id);
  auto answer = host.answer(id);
  REQUIRE(answer.ok());
  CHECK(answer->result["message"] == "Told to stop.");
  host.cancel(id);  // too late: ignored
  CHECK(host.call("echo", "{}")->ok);
}

TEST_CASE("the deadline is seen by a tool that looks") {
  SpawnedHost host;
  auto answer = started(host).call("wait_for_cancel", "{}", 20);
  CHECK(answer->result["message"] == "Told to stop.");
  CHECK(host.call("echo", "{}")->ok);
}

TEST_CASE("a hung call dies with its caller") {
  SpawnedHost host;
  started(host).ask("loop", "{}");
  host.hang_up();
  CHECK(host.wait() == kHung);
}

TEST_CASE("a gibibyte of progress, of print and of log is bounded") {
  SpawnedHost host;
  started(host);
  auto answer = host.call("progress_flood", "{}");
  REQUIRE(answer.ok());
  CHECK(answer->ok);
  size_t bytes = 0;
  for (const Json& piece : host.progress()) bytes += piece["message"].get<std::string>().size();
  CHECK(bytes <= (256u << 10) + 4096);
  CHECK(bytes >= 200u << 10);
  CHECK(host.call("print_flood", "{}")->ok);
  CHECK(host.call("log_flood", "{}")->ok);
}

TEST_CASE("a result over the limit is cut and flagged, one beyond all measure is an error") {
  SpawnedHost host;
  started(host);
  auto answer = host.call("big_result", "{}");
  REQUIRE(answer.ok());
  CHECK(answer->ok);
  CHECK(answer->truncated);
  CHECK(answer->result["truncated"] == true);
  CHECK(answer->result["lines"] == 1);
  CHECK(json::dump(answer->result).size() <= 1u << 20);
  CHECK(json::dump(answer->result).size() > 1000u << 10);
  for (const char* tool : {"huge_result", "lying_size"}) {
    INFO(tool);
    answer = host.call(tool, "{}");
    REQUIRE(answer.ok());
    CHECK_FALSE(answer->ok);
    CHECK(answer->result["kind"] == "failed");
  }
}

TEST_CASE("answers that are no JSON, too deep, missing or doubled are errors or ignored") {
  SpawnedHost host;
  started(host);
  for (const char* tool : {"invalid_json", "invalid_utf8", "deep_json", "empty", "no_answer", "no_such_tool"}) {
    INFO(tool);
    auto answer = host.call(tool, "{}");
    REQUIRE(answer.ok());
    CHECK_FALSE(answer->ok);
    CHECK(answer->result["ok"] == false);
    CHECK(answer->result["kind"] == "failed");
    CHECK_FALSE(answer->result["message"].get<std::string>().empty());
  }
  CHECK(host.call("two_answers", "{}")->result == Json{{"first", true}});
  auto strange = host.call("strange_error", "{}");
  CHECK(strange->result["kind"] == "failed");
  CHECK(strange->result["hint"].get<std::string>().size() <= 8192);
  CHECK(host.call("keep_call", "{}")->ok);
  CHECK(host.call("use_kept_call", "{}")->result == Json{{"mine", true}});
  CHECK(host.call("late_thread", "{}")->result == Json{{"mine", true}});
  CHECK(host.call("extension", "{}")->result == 0);
  CHECK(host.call("echo", R"({"b":[1,"ä"]})")->result == Json{{"b", {1, "ä"}}});
}

TEST_CASE("memory and descriptors end at their limits") {
  SpawnedHost host;
  started(host);
  CHECK(host.call("leak_descriptors", "{}")->result.get<int>() < 64);
  if (kSanitized) return;
  auto answer = host.call("memory", "{}");
  REQUIRE(answer.ok());
  CHECK(answer->result["mebibytes"].get<int>() < 512);
}

TEST_CASE("from inside a plugin there is no socket, no process, no file and no secret") {
  SpawnedHost host;
  auto start = start_of_bad("misbehaving");
  REQUIRE(host.start(start).ok());
  CHECK(host.call("socket", "{}")->result == EPERM);
  CHECK(host.call("fork", "{}")->result == EPERM);
  CHECK(host.call("fork_bomb", "{}")->ok);
  CHECK(host.call("survive_parent", "{}")->result == EPERM);
  if (sandbox::probe().landlock_abi > 0) {
    CHECK(host.call("open", R"({"path":"/etc/passwd"})")->result == EACCES);
    CHECK(host.call("open", R"({"path":"/proc/self/environ"})")->result == EACCES);
    CHECK(host.call("open", R"({"path":"/tmp"})")->result == EACCES);
  }
  auto leaks = host.call("leaks", "{}");
  REQUIRE(leaks.ok());
  const std::string environment = leaks->result["env"];
  CHECK(environment.find("s3cret") == std::string::npos);
  CHECK(std::count(environment.begin(), environment.end(), ';') < 8);
  // 0, 1, 2 and the channel.
  const std::string fds = leaks->result["fds"];
  CHECK(std::count(fds.begin(), fds.end(), ',') == 3);
  CHECK(fds.find("40") == std::string::npos);
}

TEST_CASE("a plugin of a third party needs Landlock") {
  SpawnedHost host;
  auto start = start_of_bad("misbehaving");
  start.builtin = false;
  auto ready = host.start(start);
  CHECK(ready.ok() == (sandbox::probe().landlock_abi > 0));
}

TEST_CASE("a library that is no plugin of this version is refused by name") {
  CHECK(reason(Copy::refused(start_of_bad("wrong_version"))) == "version");
  CHECK(reason(Copy::refused(start_of_bad("short_table"))) == "table");
  CHECK(reason(Copy::refused(start_of_bad("no_symbol"))) == "symbol");
  CHECK(reason(Copy::refused(start_of_bad("missing_import"))) == "dlopen");
  CHECK(Copy::refused(start_of_bad("wrong_version")).code() == Code::version_skew);
  auto start = start_of_bad("misbehaving");
  start.config = Json{{"refuse", true}};
  CHECK(Copy::refused(start).message().find("does not like its configuration") != std::string::npos);
  start.config = Json{{"throw", true}};
  CHECK(Copy::refused(start).code() == Code::plugin_crashed);
}

TEST_CASE("a constructor that crashes or throws ends the process before it is ready") {
  for (const char* library : {"constructor_crash", "constructor_throw"}) {
    INFO(library);
    SpawnedHost host;
    auto ready = host.start(start_of_bad(library));
    REQUIRE_FALSE(ready.ok());
    CHECK(ready.error().code() == Code::interrupted);
    CHECK(host.wait() != kDone);
  }
}

TEST_CASE("a file that others could have written is not loaded") {
  for (auto mode : {0664, 0646, 0666}) {
    Copy copy;
    fs::permissions(copy.library, fs::perms(mode));
    CHECK(reason(copy.refused()) == "writable");
  }
  {
    Copy copy;
    fs::permissions(copy.directory, fs::perms(0777));
    CHECK(reason(copy.refused()) == "directory_writable");
  }
  if (::getuid() == 0) {
    Copy copy;
    REQUIRE(::chown(copy.library.c_str(), 65534, 65534) == 0);
    CHECK(reason(copy.refused()) == "owner");
  }
}

TEST_CASE("links, directories, missing, truncated, foreign and changed files are not loaded") {
  {
    Copy copy;
    fs::create_symlink(copy.library, copy.directory / "link.so");
    auto start = copy.start();
    start.library = copy.directory / "link.so";
    CHECK(reason(Copy::refused(start)) == "symlink");
    start.library = copy.directory / "missing.so";
    CHECK(reason(Copy::refused(start)) == "missing");
    fs::create_directory(copy.directory / "folder.so");
    start.library = copy.directory / "folder.so";
    CHECK(reason(Copy::refused(start)) == "not_regular");
    start.library = "calculate.so";
    CHECK(reason(Copy::refused(start)) == "not_absolute");
  }
  const auto size = fs::file_size(Copy().library);
  for (size_t kept : {size - 1, size / 2, size_t{5000}, size_t{100}, size_t{63}, size_t{5}}) {
    INFO("kept " << kept);
    Copy copy;
    fs::resize_file(copy.library, kept);
    CHECK(reason(copy.refused()) == "truncated");
  }
  for (const char* bytes : {"", "#!/bin/sh\n", "not an ELF file at all, whatever its name says"}) {
    Copy copy;
    std::ofstream(copy.library, std::ios::trunc) << bytes;
    CHECK(reason(copy.refused()) == "not_elf");
  }
  {
    Copy copy;
    std::fstream file(copy.library, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(18);
    file.write("\x03\x00", 2);  // e_machine: i386
    file.close();
    CHECK(reason(copy.refused()) == "wrong_machine");
  }
  Copy copy;
  auto start = copy.start();
  std::ifstream file(copy.library, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  start.sha256 = sha256_hex(bytes);
  SpawnedHost host;
  CHECK(host.start(start).ok());
  start.sha256[0] = start.sha256[0] == '0' ? '1' : '0';
  CHECK(reason(Copy::refused(start)) == "changed");
}

TEST_CASE("requests out of order, of other names and of no shape are answered with errors") {
  {
    SpawnedHost host;
    auto answer = host.call("echo", "{}");
    REQUIRE_FALSE(answer.ok());
    CHECK(answer.error().code() == Code::invalid_request);
    CHECK(host.wait() == kProtocol);
  }
  SpawnedHost host;
  started(host);
  host.send({.id = 77, .kind = wire::FrameKind::request, .method = "fly", .payload = "{}"});
  CHECK(host.answer(77).error().code() == Code::method_not_found);
  for (const char* payload : {"", "[]", "{\"tool\": 3}", "{"}) {
    host.send({.id = 78, .kind = wire::FrameKind::request, .method = "call", .payload = payload});
    CHECK_FALSE(host.answer(78).ok());
  }
  uint64_t first = host.ask("wait_for_cancel", "{}");
  REQUIRE(host.receive().ok());  // progress: it has begun
  uint64_t second = host.ask("echo", "{}");
  CHECK(host.answer(second).error().code() == Code::overloaded);
  host.cancel(first);
  CHECK(host.answer(first).ok());
  // A stream that is no frames at all ends the host.
  SpawnedHost other;
  other.send({.id = 1, .kind = wire::FrameKind::notify, .method = "noise", .payload = ""});
  CHECK(other.wait() == kProtocol);
}

TEST_CASE("five hundred calls come back in order") {
  SpawnedHost host;
  REQUIRE(host.start(start_of("calculate")).ok());
  for (int i = 0; i < 500; ++i) {
    auto answer = host.call("calculate", "{\"expression\": \"" + std::to_string(i) + " + 1\"}");
    REQUIRE(answer.ok());
    REQUIRE(answer->result["result"] == std::to_string(i + 1));
  }
}

TEST_CASE("what a spawn and a call cost", "[measure]") {
  using Clock = std::chrono::steady_clock;
  auto microseconds = [](Clock::duration d) { return std::chrono::duration<double, std::micro>(d).count(); };
  std::vector<double> spawns, calls;
  for (int i = 0; i < 30; ++i) {
    auto from = Clock::now();
    SpawnedHost host;
    REQUIRE(host.start(start_of("calculate")).ok());
    spawns.push_back(microseconds(Clock::now() - from));
    if (i > 0) continue;
    for (int j = 0; j < 1000; ++j) {
      auto begin = Clock::now();
      REQUIRE(host.call("calculate", R"({"expression": "17 * 23"})").ok());
      calls.push_back(microseconds(Clock::now() - begin));
    }
  }
  std::sort(spawns.begin(), spawns.end());
  std::sort(calls.begin(), calls.end());
  std::cout << "spawn to ready: median " << spawns[spawns.size() / 2] << " us; call and answer: median "
            << calls[calls.size() / 2] << " us, p99 " << calls[calls.size() * 99 / 100] << " us\n";
}
