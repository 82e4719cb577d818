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

}  // namespace
}  // namespace hob::tests
