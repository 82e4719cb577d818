// Permissions through the real processes: asked, allowed, refused, outliving a restart.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/harness/running.h"

namespace hob::tests {
namespace {

std::string note_of(const PrivateDaemon& daemon) {
  std::ifstream file(daemon.work() + "/note.txt");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST_CASE_METHOD(Conversation, "a tool that writes waits for a person, who allows it") {
  listen();
  const std::string turn = begin("write it");
  const Json asked = client.wait_event("approval.requested");
  CHECK(asked["data"]["tool"] == "write_file");
  CHECK(asked["data"]["arguments"]["path"] == "note.txt");
  CHECK(client.must("turn/get", {{"turnId", turn}})["status"] == "waiting_approval");
  const Json list = client.must("approval/list");
  REQUIRE(list["approvals"].size() == 1);
  const std::string id = list["approvals"][0]["approvalId"];
  CHECK(note_of(daemon).empty());
  answer(id, "allow_once");
  const Json state = end_of(turn);
  INFO(json::dump(state));
  CHECK(state["status"] == "completed");
  CHECK(note_of(daemon) == "hello");
  CHECK(client.call("approval/respond", {{"approvalId", id}, {"optionId", "allow_once"}})["error"]["code"] == -32602);
}

TEST_CASE_METHOD(Conversation, "a refusal is told to the model, and nothing is written") {
  listen();
  const std::string turn = begin("write it");
  const std::string id = asked();
  client.must("approval/respond", {{"approvalId", id}, {"optionId", "reject_once"}, {"note", "not today"}});
  const Json state = end_of(turn);
  CHECK(state["status"] == "completed");
  CHECK(state["deniedCalls"] == 1);
  CHECK(note_of(daemon).empty());
  bool told = false;
  for (const Json& event : events()) {
    told = told || json::dump(event).find("not today") != std::string::npos;
  }
  CHECK(told);
}

TEST_CASE_METHOD(Running, "an attached client is asked with ACP's words, and its answer counts") {
  client.must("initialize", {{"protocolVersion", 1}});
  const std::string session = daemon.new_session(client);
  const std::string turn = daemon.start_turn(client, session, "write it");
  const Json question = client.wait_request("session/request_permission");
  CHECK(question["params"]["sessionId"] == session);
  CHECK(question["params"]["toolCall"]["rawInput"]["path"] == "note.txt");
  client.send_json({{"jsonrpc", "2.0"}, {"id", question["id"]},
                    {"result", {{"outcome", {{"outcome", "selected"}, {"optionId", "allow_once"}}}}}});
  CHECK(client.must("turn/wait", {{"turnId", turn}})["status"] == "completed");
  CHECK(note_of(daemon) == "hello");
}

TEST_CASE_METHOD(Conversation, "a question outlives a kill of the daemon, and is answered afterwards") {
  listen();
  const std::string turn = begin("write it");
  const std::string id = asked();
  daemon.kill_hard();
  daemon.start();
  client = daemon.connect();
  client.must("events/subscribe", {{"sessionIds", {session}}, {"after", ""}});
  client.wait_event("approval.requested");
  // The turn is resumed behind the open door; the question is there as soon as it is.
  Json list = client.must("approval/list", {{"sessionId", session}});
  while (list["approvals"].empty()) list = client.must("approval/list", {{"sessionId", session}});
  CHECK(list["approvals"][0]["approvalId"] == id);
  answer(id, "allow_once");
  CHECK(end_of(turn)["status"] == "completed");
  CHECK(note_of(daemon) == "hello");
}

TEST_CASE_METHOD(Conversation, "always holds for the session and for no other") {
  listen();
  const std::string turn = begin("write it");
  const std::string id = asked();
  answer(id, "allow_always");
  end_of(turn);
  std::filesystem::remove(daemon.work() + "/note.txt");
  CHECK(say("write it", {{"onAsk", "deny"}})["deniedCalls"] == 0);
  CHECK(note_of(daemon) == "hello");
  const std::string other = daemon.new_session(client);
  CHECK(daemon.turn(client, other, "write it", {{"onAsk", "deny"}})["deniedCalls"] == 1);
}

TEST_CASE_METHOD(Running, "a session in plan mode denies writing without asking") {
  const std::string session = daemon.new_session(client, {{"mode", "plan"}});
  // The automaton does not let the model name a tool that is denied, so the script's words cannot be a call at all.
  const Json state = daemon.turn(client, session, "write it");
  CHECK(state["status"] != "running");
  CHECK(note_of(daemon).empty());
}

/// The next notification with this method.
Json wait_notification(RawClient& client, const std::string& method) {
  for (;;) {
    const auto message = client.read();
    if (!message) throw std::runtime_error("the daemon closed the connection instead of sending " + method);
    if (message->value("method", "") == method && !message->contains("id")) return (*message)["params"];
  }
}

Json allowing(const Json& question) {
  return {{"jsonrpc", "2.0"}, {"id", question["id"]}, {"result", {{"outcome", {{"outcome", "selected"}, {"optionId", "allow_once"}}}}}};
}

TEST_CASE("a question that another client answered, or whose turn is cancelled, is taken back") {
  PrivateDaemon daemon;
  daemon.start();
  RawClient quick = daemon.connect(), slow = daemon.connect();
  for (RawClient* client : {&quick, &slow}) client->must("initialize", {{"protocolVersion", 1}});
  const std::string session = daemon.new_session(quick);
  slow.must("session/load", {{"sessionId", session}});
  std::string turn = daemon.start_turn(quick, session, "write it");
  quick.send_json(allowing(quick.wait_request("session/request_permission")));
  Json left = slow.wait_request("session/request_permission");
  CHECK(wait_notification(slow, "$/cancel_request") == Json({{"requestId", left["id"]}}));
  slow.send_json(allowing(left));
  CHECK(quick.must("turn/wait", {{"turnId", turn}})["status"] == "completed");
  CHECK(note_of(daemon) == "hello");

  turn = daemon.start_turn(quick, session, "write it");
  left = slow.wait_request("session/request_permission");
  quick.must("turn/cancel", {{"turnId", turn}});
  CHECK(wait_notification(slow, "$/cancel_request") == Json({{"requestId", left["id"]}}));
  CHECK(quick.must("turn/wait", {{"turnId", turn}})["status"] == "cancelled");
}

TEST_CASE("two calls of one step are one question, and one answer lets both run") {
  Setup setup;
  setup.rules = calling_rules("write both", {"write_file{content:<|\"|>one<|\"|>,path:<|\"|>1.txt<|\"|>}",
                                             "write_file{content:<|\"|>two<|\"|>,path:<|\"|>note.txt<|\"|>}"}, "I wrote both.");
  PrivateDaemon daemon(std::move(setup));
  daemon.start();
  RawClient client = daemon.connect();
  client.must("initialize", {{"protocolVersion", 1}});
  const std::string session = daemon.new_session(client);
  const std::string turn = daemon.start_turn(client, session, "write both");
  const Json question = client.wait_request("session/request_permission");
  CHECK(question["params"]["toolCall"]["title"] == "write_file");
  CHECK(question["params"]["toolCall"]["rawInput"]["calls"][1]["arguments"]["path"] == "note.txt");
  const Json list = client.must("approval/list");
  REQUIRE(list["approvals"].size() == 1);
  REQUIRE(list["approvals"][0]["calls"].size() == 2);
  CHECK(list["approvals"][0]["calls"][0]["arguments"]["path"] == "1.txt");
  client.send_json(allowing(question));
  const Json state = client.must("turn/wait", {{"turnId", turn}});
  INFO(json::dump(state));
  CHECK(state["status"] == "completed");
  CHECK(state["toolCalls"] == 2);
  CHECK(state["deniedCalls"] == 0);
  CHECK(note_of(daemon) == "two");
}

}  // namespace
}  // namespace hob::tests
