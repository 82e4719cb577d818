// The tools that come with hob, in the real host with the sandbox that their manifests ask for.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "plugins/host/host.h"
#include "plugins/host/spawned_host.h"
#include "schemas/base/test_directory.h"
#include "schemas/sandbox/probe.h"

namespace fs = std::filesystem;
using namespace hob;
using namespace hob::plugins::host;

namespace {

std::string get(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct Workspace {
  TestDirectory directory;
  fs::path base = directory.path(), root, secret;
  Workspace() {
    root = base / "work";
    secret = base / "secret.txt";
    fs::create_directory(root);
    std::ofstream(root / "notes.txt") << "milk\nbread\n";
    std::ofstream(secret) << "s3cret";
  }
  wire::HostStart start(const std::string& plugin, bool writable = true) const {
    auto manifest = json::parse(
        get(fs::path(start_of(plugin).library).parent_path() / "plugin.json"), json::kManifest
    );
    REQUIRE(manifest.ok());
    auto read = describe::read<wire::Manifest>(*manifest);
    REQUIRE(read.ok());
    wire::HostStart out = start_of(plugin);
    out.grants = read->needs;
    out.roots = {{root, writable}};
    return out;
  }
};

wire::CallResult call(
    SpawnedHost& host, const std::string& tool, const Json& arguments, uint64_t timeout_ms = 60'000
) {
  auto answer = host.call(tool, json::dump(arguments), timeout_ms);
  if (!answer.ok()) FAIL(answer.error().message());
  return *answer;
}

Json sh(SpawnedHost& host, const std::string& command) {
  auto answer = call(host, "run_command", {{"command", command}});
  INFO(json::dump(answer.result));
  REQUIRE(answer.ok);
  return answer.result;
}

bool walled() {
  if (sandbox::probe().landlock_abi > 0) return true;
  WARN("skipped: this kernel has no Landlock");
  return false;
}

}  // namespace

TEST_CASE("every manifest is valid and declares its tools as the model was trained to see them") {
  auto contract =
      json::parse(get(HOB_SOURCE_DIR "/tests/fixtures/prompt/declarations.json"), json::kManifest);
  REQUIRE(contract.ok());
  size_t found = 0;
  for (const char* plugin : {"calculate", "clock", "files", "command"}) {
    auto text = get(fs::path(start_of(plugin).library).parent_path() / "plugin.json");
    auto manifest = json::parse(text, json::kManifest);
    REQUIRE(manifest.ok());
    auto read = describe::read<wire::Manifest>(*manifest);
    REQUIRE(read.ok());
    CHECK(read->name == plugin);
    for (const auto& tool : read->tools) {
      Json declared{
          {"name", tool.name}, {"description", tool.description}, {"parameters", tool.parameters}};
      for (const Json& wanted : *contract) {
        if (wanted["name"] != tool.name) continue;
        CHECK(json::dump(declared) == json::dump(wanted));
        ++found;
      }
    }
  }
  CHECK(found == 9);
}

TEST_CASE("the file tools work inside their sandbox") {
  Workspace w;
  SpawnedHost host;
  auto ready = host.start(w.start("files"));
  if (!ready.ok()) FAIL(ready.error().message());
  CHECK(call(host, "read_file", {{"path", "notes.txt"}}).result["content"] == "milk\nbread");
  CHECK(call(host, "write_file", {{"path", "a/b.txt"}, {"content", "x\n"}}).ok);
  CHECK(get(w.root / "a/b.txt") == "x\n");
  CHECK(call(
            host, "edit_file",
            {{"path", "notes.txt"}, {"old_string", "milk"}, {"new_string", "eggs"}}
  ).ok);
  CHECK(get(w.root / "notes.txt") == "eggs\nbread\n");
  CHECK(call(host, "list_directory", {{"path", "."}}).result["entries"] == Json{"a/", "notes.txt"});
  CHECK(call(host, "glob", {{"pattern", "*.txt"}}).result["paths"] == Json{"a/b.txt", "notes.txt"});
  CHECK(call(host, "grep", {{"pattern", "bread"}}).result["matches"] == Json{"notes.txt:2: bread"});
  auto missing = call(host, "read_file", {{"path", "nodes.txt"}});
  CHECK_FALSE(missing.ok);
  CHECK(
      json::dump(missing.result) ==
      R"({"ok":false,"kind":"not_found","message":"There is no file nodes.txt.","hint":"List the directory."})"
  );
  CHECK(call(host, "read_file", {{"path", "../secret.txt"}}).result["kind"] == "denied");
}

TEST_CASE("a file that changed since it was read is not overwritten, in the sandbox, too") {
  Workspace w;
  SpawnedHost host;
  REQUIRE(host.start(w.start("files")).ok());
  fs::create_symlink("notes.txt", w.root / "link.txt");
  CHECK(call(host, "read_file", {{"path", "link.txt"}}).ok);
  std::ofstream(w.root / "notes.txt.new") << "MILK\nbread\n";
  fs::rename(w.root / "notes.txt.new", w.root / "notes.txt");
  auto refused = call(host, "write_file", {{"path", "notes.txt"}, {"content", "x"}});
  CHECK_FALSE(refused.ok);
  CHECK(refused.result["kind"] == "failed");
  CHECK(get(w.root / "notes.txt") == "MILK\nbread\n");
  CHECK(call(host, "read_file", {{"path", "notes.txt"}}).ok);
  CHECK(call(host, "write_file", {{"path", "notes.txt"}, {"content", "x"}}).ok);
}

TEST_CASE("a directory that may only be read is kept by the kernel, too") {
  Workspace w;
  for (bool granted : {true, false}) {
    auto start = w.start("files", false);
    start.grants.write = granted;
    SpawnedHost host;
    REQUIRE(host.start(start).ok());
    CHECK(call(host, "read_file", {{"path", "notes.txt"}}).ok);
    CHECK(
        call(host, "write_file", {{"path", "notes.txt"}, {"content", "x"}}).result["kind"] ==
        "denied"
    );
  }
  auto start = w.start("files");
  start.grants = {};
  SpawnedHost host;
  REQUIRE(host.start(start).ok());
  CHECK(call(host, "read_file", {{"path", "notes.txt"}}).result["kind"] == "denied");
  CHECK(get(w.root / "notes.txt") == "milk\nbread\n");
}

TEST_CASE("commands run in the workspace, may change it, and reach nothing else") {
  if (!walled()) return;
  Workspace w;
  SpawnedHost host;
  auto ready = host.start(w.start("command"));
  if (!ready.ok()) FAIL(ready.error().message());
  CHECK(
      sh(host, "cat notes.txt | wc -l; ls") ==
      Json{{"exit_code", 0}, {"output", "2\nnotes.txt\n"}, {"truncated", false}}
  );
  CHECK(sh(host, "mkdir d && echo hi > d/x && mv d/x y && cat y && rm -r d y")["output"] == "hi\n");
  CHECK(
      sh(host, "printf '#!/bin/sh\\necho ran\\n' > s.sh && chmod +x s.sh && ./s.sh; rm s.sh"
      )["output"] == "ran\n"
  );
  CHECK(
      sh(host, "echo t > $TMPDIR/t && cat $TMPDIR/t && cd && pwd | grep -c hob-tool")["output"] ==
      "t\n1\n"
  );
  const std::string secret = w.secret;
  const std::vector<std::string> attempts{
      "cat " + secret,
      "echo x > " + secret,
      "ls " + w.base.string(),
      "ln " + secret + " l && cat l",
      "ln -s " + secret + " l2; cat l2",
      "kill -0 " + std::to_string(::getpid()),
      "cat /etc/shadow",
      "ls /root",
      "ls /proc",
      "cat /proc/1/environ",
      "cat /proc/self/environ",
      "echo x > /tmp/hob-escape",
      "cp /bin/true /tmp/hob-escape",
      "touch /usr/hob-escape",
      "mount -t tmpfs none .",
      "unshare -U true"};
  for (const std::string& attempt : attempts) {
    INFO(attempt);
    CHECK(sh(host, "( " + attempt + " ) >/dev/null 2>&1")["exit_code"] != 0);
  }
  CHECK(get(w.secret) == "s3cret");
  CHECK_FALSE(fs::exists("/tmp/hob-escape"));
  const std::string environment = sh(host, "env")["output"];
  CHECK(environment.find("s3cret") == std::string::npos);
  CHECK(sh(host, "exit 7")["exit_code"] == 7);
}

TEST_CASE("a command cannot knock at a socket of the same user") {
  if (!walled()) return;
  Workspace w;
  int server = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, (w.root / "door").c_str(), sizeof address.sun_path - 1);
  REQUIRE(::bind(server, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(server, 1) == 0);
  SpawnedHost host;
  REQUIRE(host.start(w.start("command")).ok());
  if (sh(host, "command -v python3 >/dev/null")["exit_code"] != 0) {
    WARN("skipped: no python3");
  } else {
    auto knock =
        sh(host,
           "python3 -c 'import socket; s = socket.socket(socket.AF_UNIX); s.connect(\"door\")'");
    CHECK(knock["exit_code"] == 1);
    CHECK(knock["output"].get<std::string>().find("PermissionError") != std::string::npos);
  }
  ::close(server);
}

TEST_CASE("arguments that make no sense for a command are refused by name") {
  Workspace w;
  SpawnedHost host;
  REQUIRE(host.start(w.start("command")).ok());
  auto kind = [&](const Json& arguments) {
    return call(host, "run_command", arguments).result.value("kind", std::string());
  };
  CHECK(kind({{"command", "ls"}, {"background", true}}) == "invalid_argument");
  CHECK(kind({{"command", ""}}) == "invalid_argument");
  CHECK(kind({{"command", std::string("a\0b", 3)}}) == "invalid_argument");
  CHECK(kind({{"command", "ls"}, {"timeout_ms", 0}}) == "invalid_argument");
  CHECK(kind({{"command", "ls"}, {"workdir", ".."}}) == "denied");
  CHECK(kind({{"command", "ls"}, {"workdir", "nowhere"}}) == "not_found");
  CHECK(kind({{"command", "sleep 1000"}, {"timeout_ms", 100}}) == "timeout");
  CHECK(
      call(
          host, "run_command", {{"command", "pwd"}, {"workdir", w.root.string()}}
      ).result["output"] == w.root.string() + "\n"
  );
}

TEST_CASE("a command is ended by the call's deadline and by its cancellation, and the host goes on"
) {
  Workspace w;
  SpawnedHost host;
  REQUIRE(host.start(w.start("command")).ok());
  auto late = call(host, "run_command", {{"command", "sleep 1000"}}, 400);
  CHECK(late.result["kind"] == "timeout");
  uint64_t id = host.ask("run_command", R"({"command": "echo begun; sleep 1000"})");
  auto progress = host.receive();
  REQUIRE(progress.ok());
  CHECK(progress->kind == wire::FrameKind::progress);
  host.cancel(id);
  auto answer = host.answer(id);
  REQUIRE(answer.ok());
  CHECK(answer->result["message"] == "The command was cancelled and stopped.");
  CHECK(answer->result["hint"] == "It had printed: begun\n");
  CHECK(sh(host, "echo on")["output"] == "on\n");
  host.hang_up();
  CHECK(host.wait() == kDone);
}
