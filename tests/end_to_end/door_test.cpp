// Bad input at the door, of every kind: each is a clear error, and nobody else notices.
#include <sys/socket.h>
#include <sys/un.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "tests/harness/running.h"

namespace hob::tests {
namespace {

/// A daemon, and a client beside whose life must go on undisturbed.
struct Door {
  PrivateDaemon daemon;
  RawClient bystander;
  Door() : daemon(), bystander((daemon.start(), daemon.socket())) {}
  void undisturbed() { bystander.must("ping"); }
  /// The error that this line is answered with.
  Json error_of(const std::string& line) {
    RawClient client = daemon.connect();
    client.send_bytes(line + "\n");
    auto reply = client.read();
    if (!reply || !reply->contains("error")) return nullptr;
    return (*reply)["error"];
  }
};

TEST_CASE("a frame cut at every byte disturbs nobody") {
  Door door;
  const std::string frame = R"({"jsonrpc":"2.0","id":1,"method":"ping","params":{"ü":[1,2]}})" "\n";
  for (size_t cut = 0; cut < frame.size(); ++cut) {
    RawClient client = door.daemon.connect();
    client.send_bytes(frame.substr(0, cut));
    client.end_of_sending();
    // Nothing was asked, so the only thing that may come is the end.
    CHECK_FALSE(client.read().has_value());
  }
  const std::string block = "Content-Length: 42\r\n\r\n" + frame;
  for (size_t cut = 0; cut < 22 + 42; cut += 3) {
    RawClient client = door.daemon.connect();
    client.send_bytes(block.substr(0, cut));
  }
  door.undisturbed();
}

TEST_CASE("a message too large or too deep is told and ends the connection alone") {
  Door door;
  RawClient large = door.daemon.connect();
  large.send_bytes("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":{\"x\":\"");
  const std::string chunk(1u << 20, 'a');
  for (int i = 0; i < 18 && large.send_bytes(chunk); ++i) {
  }
  const auto told = large.read();
  if (told) CHECK((*told)["error"]["code"] == -32600);  // the peer's reset may swallow it
  RawClient deep = door.daemon.connect();
  deep.send_bytes("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"params\":" + std::string(100, '[') + std::string(100, ']') + "}\n");
  const auto depth = deep.read();
  REQUIRE(depth);
  CHECK((*depth)["error"]["code"] == -32600);
  CHECK((*depth)["id"].is_null());
  CHECK_FALSE(deep.read().has_value());
  door.undisturbed();
}

TEST_CASE("what is not a message is answered with the reason") {
  Door door;
  CHECK(door.error_of("{\"jsonrpc\":")["code"] == -32700);
  CHECK(door.error_of("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"p\xff\"}")["code"] == -32700);
  CHECK(door.error_of(R"({"jsonrpc":"2.0","id":1,"id":2,"method":"ping"})")["code"] == -32700);
  CHECK(door.error_of("42")["code"] == -32600);
  CHECK(door.error_of("[]")["code"] == -32600);
  CHECK(door.error_of(R"({"id":1,"method":"ping"})")["code"] == -32600);
  CHECK(door.error_of(R"({"jsonrpc":"2.0","id":{},"method":"ping"})")["code"] == -32600);
  CHECK(door.error_of(R"({"jsonrpc":"2.0","id":1,"method":7})")["code"] == -32600);
  CHECK(door.error_of(R"({"jsonrpc":"2.0","id":1,"method":"ping","params":[1]})")["code"] == -32602);
  CHECK(door.error_of(R"({"jsonrpc":"2.0","id":1,"method":"no/such"})")["code"] == -32601);
  RawClient after = door.daemon.connect();
  after.send_bytes("{broken\n");
  CHECK((*after.read())["error"]["code"] == -32700);
  CHECK(after.call("ping").contains("result"));
  door.undisturbed();
}

TEST_CASE("params of the wrong type name the field, what was wanted and what came") {
  Door door;
  RawClient& client = door.bystander;
  const auto error = [&client](const std::string& method, const Json& params) { return client.call(method, params)["error"]; };
  const Json cwd = error("session/new", {{"cwd", 7}});
  CHECK(cwd["code"] == -32602);
  CHECK(cwd["data"]["pointer"] == "/cwd");
  CHECK(cwd["data"].contains("expected"));
  CHECK(cwd["data"].contains("got"));
  CHECK(error("session/new", Json::object())["data"]["pointer"] == "/cwd");
  CHECK(error("session/new", {{"cwd", "relative"}})["data"]["pointer"] == "/cwd");
  CHECK(error("session/new", {{"cwd", door.daemon.state()}})["code"] == -32602);
  CHECK(error("turn/start", {{"sessionId", "none"}, {"input", Json::array({{{"type", "text"}, {"text", "x"}}})}})["code"] == -32002);
  const std::string session = door.daemon.new_session(client);
  CHECK(error("turn/start", {{"sessionId", session}, {"input", Json::array()}})["code"] == -32602);
  CHECK(error("turn/start", {{"sessionId", session}, {"input", Json::array({{{"type", "image"}, {"data", "x"}}})}})["data"]["kind"] ==
        "unsupported_content");
  CHECK(error("turn/start", {{"sessionId", session}, {"input", Json::array({{{"type", "text"}, {"text", "x"}}})}, {"toolChoice", "maybe"}})["data"]["pointer"] ==
        "/toolChoice");
  CHECK(error("turn/get", {{"turnId", "none"}})["code"] == -32002);
  CHECK(error("events/read", {{"after", "not a cursor"}})["code"] == -32602);
  CHECK(error("events/read", {{"limit", 0}})["code"] == -32602);
  CHECK(error("approval/respond", {{"approvalId", "none"}, {"optionId", "allow_once"}})["code"] == -32002);
  CHECK(error("approval/respond", {{"approvalId", "none"}, {"optionId", "perhaps"}})["code"] == -32602);
  CHECK(error("tools/call", {{"name", "none"}})["code"] == -32002);
  CHECK(error("memory/put", {{"text", ""}})["code"] == -32602);
  CHECK(error("session/delete", {{"sessionId", "../../etc"}})["code"] == -32002);
  door.undisturbed();
}

TEST_CASE("a schema that cannot be held is refused with pointer and keyword, before the model speaks") {
  Door door;
  RawClient& client = door.bystander;
  const std::string session = door.daemon.new_session(client);
  const Json schema = {{"type", "object"}, {"properties", {{"a", {{"type", "strin"}}}}}};
  const Json started = client.call("turn/start", {{"sessionId", session},
                                                  {"input", Json::array({{{"type", "text"}, {"text", "as a person"}}})},
                                                  {"responseSchema", schema}});
  Json error = started.value("error", Json());
  if (started.contains("result")) error = client.must("turn/wait", {{"turnId", started["result"]["turnId"]}})["error"];
  INFO(json::dump(error));
  CHECK(error["message"].get<std::string>().find("/properties/a") != std::string::npos);
  CHECK(door.daemon.turn(client, session, "please say hello")["status"] == "completed");
}

TEST_CASE("a folder that is no plugin is refused by name, and the others work") {
  PrivateDaemon probe;
  const std::string folder = probe.work() + "/plugins/broken";
  std::filesystem::create_directories(folder);
  std::ofstream(folder + "/plugin.json") << "{\"name\": \"broken\"";
  std::filesystem::permissions(probe.work() + "/plugins", std::filesystem::perms::owner_all);
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all);
  Setup setup;
  setup.more_config = "plugins:\n  directories: [" + probe.work() + "/plugins]\n";
  PrivateDaemon daemon(setup);
  daemon.start();
  RawClient client = daemon.connect();
  const Json list = client.must("plugin/list");
  bool refused = false;
  for (const Json& plugin : list["plugins"]) {
    if (plugin["state"] == "refused" && plugin["reason"].get<std::string>().find("plugin.json") != std::string::npos) refused = true;
  }
  INFO(json::dump(list));
  CHECK(refused);
  CHECK(daemon.turn(client, daemon.new_session(client), "what is the sum")["output"] == "It is 391.");
}

TEST_CASE_METHOD(Conversation, "of two daemons at one place one wins, and the other leaves it alone") {
  const Ran second = run_process({binary("hobd")}, {.environment = {{"HOB_STATE_DIR", daemon.state()}, {"HOB_CONFIG_DIR", daemon.config()}}});
  CHECK(second.exit != 0);
  INFO(second.err);
  CHECK_FALSE(second.err.empty());
  CHECK(say("please say hello")["status"] == "completed");
}

TEST_CASE("a socket that is handed over is served, with what waited at it, and is not taken away") {
  PrivateDaemon places;
  const std::string path = places.work() + "/front.sock";
  UniqueFd door(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  REQUIRE(path.size() < sizeof address.sun_path);
  path.copy(address.sun_path, path.size());
  REQUIRE(::bind(door.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  REQUIRE(::listen(door.get(), 16) == 0);
  // Who comes before the daemon runs is why it is started.
  RawClient early(path);
  early.send("ping");
  // The shell knows its number, and becomes hobd with it.
  const int pid = start_process({"sh", "-c", "LISTEN_PID=$$ LISTEN_FDS=1 exec \"$0\"", binary("hobd")},
                                {{"HOB_STATE_DIR", places.state()}, {"HOB_CONFIG_DIR", places.config()}},
                                places.work() + "/hobd.out", door.get());
  const auto pong = early.read();
  REQUIRE(pong);
  CHECK(pong->contains("result"));
  RawClient client(path);
  CHECK(client.must("daemon/status")["pid"] == pid);
  CHECK(places.turn(client, places.new_session(client), "what is the sum")["output"] == "It is 391.");
  CHECK_FALSE(std::filesystem::exists(places.socket()));
  client.must("daemon/shutdown", {{"mode", "graceful"}});
  CHECK(wait_for(pid) == 0);
  CHECK(std::filesystem::exists(path));
  RawClient waits(path);  // the door is still open, for the next daemon
}

TEST_CASE("a socket that was meant for another process is left alone") {
  PrivateDaemon daemon;
  daemon.set_environment("LISTEN_PID", "1");
  daemon.set_environment("LISTEN_FDS", "1");
  daemon.start();
  CHECK(daemon.connect().call("ping").contains("result"));
}

TEST_CASE("commands that start the daemon at the same time end at the same one") {
  PrivateDaemon daemon;
  std::vector<int> pids;
  for (int i = 0; i < 6; ++i) {
    pids.push_back(start_process({binary("hob"), "daemon", "start"},
                                 {{"HOB_STATE_DIR", daemon.state()}, {"HOB_CONFIG_DIR", daemon.config()}}, daemon.work() + "/starts.txt"));
  }
  for (const int pid : pids) CHECK(wait_for(pid) == 0);
  RawClient client = daemon.connect();
  const Json status = client.must("daemon/status");
  CHECK(status["sessions"] == 0);
}

TEST_CASE_METHOD(Running, "forty clients at once all get their answers") {
  std::vector<RawClient> clients;
  for (int i = 0; i < 40; ++i) clients.push_back(daemon.connect());
  std::vector<std::string> turns;
  for (RawClient& client : clients) turns.push_back(daemon.start_turn(client, daemon.new_session(client), "please say hello"));
  for (size_t i = 0; i < clients.size(); ++i) CHECK(clients[i].must("turn/wait", {{"turnId", turns[i]}})["output"] == "Hello there.");
}

TEST_CASE("a second daemon on the same state directory leaves with 3, and the first goes on") {
  Door door;
  const std::string session = door.daemon.new_session(door.bystander);
  const Ran second = run_process({binary("hobd"), "--socket", door.daemon.work() + "/other.sock"},
                                 {.environment = {{"HOB_STATE_DIR", door.daemon.state()}, {"HOB_CONFIG_DIR", door.daemon.config()}}});
  CHECK(second.exit == 3);
  CHECK(second.err.find("Another hobd has ") != std::string::npos);
  door.undisturbed();
  CHECK(door.daemon.turn(door.bystander, session, "please say hello")["status"] == "completed");
  CHECK_FALSE(std::filesystem::exists(door.daemon.state() + "/hobd.lock"));
}

}  // namespace
}  // namespace hob::tests
