// Whole turns through the real processes: hobd, hob-model-lite, hob-plugin-host, SQLite.
#include <catch2/catch.hpp>
#include <fstream>

#include "tests/harness/running.h"

namespace hob::tests {
namespace {

std::vector<std::string> kinds_of(const Json& events) {
  std::vector<std::string> out;
  for (const Json& event : events) {
    if (event.value("type", "") == "item.completed") out.push_back(event["data"].value("kind", ""));
  }
  return out;
}

const Json kPerson = {{"type", "object"},
                      {"properties", {{"city", {{"type", "string"}}}, {"age", {{"type", "integer"}}}}},
                      {"required", {"city", "age"}},
                      {"additionalProperties", false}};

TEST_CASE_METHOD(Conversation, "a turn answers with text, streamed and stored") {
  listen();
  const std::string turn = begin("please say hello");
  std::string streamed;
  const Json completed = client.wait_event([&](const Json& event) {
    if (event["type"] == "item.delta") {
      CHECK(event["data"]["offset"] == streamed.size());
      streamed += event["data"]["text"].get<std::string>();
    }
    return event["type"] == "turn.completed";
  });
  CHECK(streamed == "Hello there.");
  CHECK(completed["turnId"] == turn);
  CHECK(completed["data"]["status"] == "completed");
  CHECK(completed["data"]["stopReason"] == "end_turn");
  CHECK(completed["data"]["output"] == "Hello there.");
  CHECK(kinds_of(events()) == std::vector<std::string>{"user_message", "agent_message"});
}

TEST_CASE_METHOD(Conversation, "a turn calls a tool in its sandboxed host and answers from the result") {
  const Json state = say("what is the sum");
  CHECK(state["status"] == "completed");
  CHECK(state["output"] == "It is 391.");
  CHECK(state["toolCalls"] == 1);
  const Json all = events();
  CHECK(kinds_of(all) == std::vector<std::string>{"user_message", "tool_call", "tool_result", "agent_message"});
  for (const Json& event : all) {
    if (event["type"] == "item.completed" && event["data"]["kind"] == "tool_result") {
      CHECK(event["data"]["result"]["result"] == "391");
    }
    CHECK(event["type"].get<std::string>().rfind("journal.", 0) != 0);
    CHECK_FALSE(event["data"].contains("produced"));
  }
}

TEST_CASE_METHOD(Conversation, "a tool that fails is an observation of the model, not an error of the turn") {
  const Json state = say("read what is not there");
  CHECK(state["status"] == "completed");
  CHECK(state["failedCalls"] == 1);
  CHECK(state["output"] == "There is no such file.");
}

TEST_CASE_METHOD(Conversation, "a structured answer fits its schema") {
  const Json state = say("as a person", {{"responseSchema", kPerson}});
  INFO(json::dump(state));
  CHECK(state["status"] == "completed");
  CHECK(state["structured"] == Json({{"city", "Oslo"}, {"age", 7}}));
}

TEST_CASE_METHOD(Conversation, "tools and a schema work in the same turn") {
  const Json state = say("the sum as a person", {{"responseSchema", kPerson}});
  INFO(json::dump(state));
  CHECK(state["status"] == "completed");
  CHECK(state["toolCalls"] == 1);
  CHECK(state["structured"] == Json({{"city", "Oslo"}, {"age", 7}}));
}

TEST_CASE_METHOD(Conversation, "a cancelled turn still ends with an event, and its text so far is kept") {
  listen();
  const std::string turn = begin("hang now");
  client.wait_event("item.delta");
  client.must("turn/cancel", {{"turnId", turn}});
  const Json completed = client.wait_event("turn.completed");
  CHECK(completed["data"]["status"] == "cancelled");
  CHECK(completed["data"]["stopReason"] == "cancelled");
  CHECK(client.call("turn/cancel", {{"turnId", turn}})["error"]["data"]["kind"] == "no_active_turn");
  const Json next = say("please say hello");
  CHECK(next["status"] == "completed");
}

TEST_CASE_METHOD(Running, "a file that somebody else changed is not overwritten by the session that read it, and by another it is") {
  const std::string path = daemon.work() + "/notes.txt";
  const auto put = [&path](const std::string& text) { std::ofstream(path) << text; };
  const auto call = [this](const std::string& session, const std::string& tool, Json arguments) {
    arguments["path"] = "notes.txt";
    const Json reply = client.must(
        "tools/call", {{"name", tool}, {"arguments", std::move(arguments)}, {"sessionId", session}, {"allow", {tool}}});
    return reply["isError"].get<bool>() ? reply["structuredContent"]["message"].get<std::string>() : "done";
  };
  put("milk\n");
  const std::string reader = daemon.new_session(client), other = daemon.new_session(client);
  CHECK(call(reader, "read_file", Json::object()) == "done");
  put("mine\n");
  CHECK(call(reader, "write_file", {{"content", "eggs\n"}}).find("changed on disk") != std::string::npos);
  CHECK(call(reader, "edit_file", {{"old_string", "milk"}, {"new_string", "eggs"}}).find("changed on disk") != std::string::npos);
  CHECK(call(other, "read_file", Json::object()) == "done");
  CHECK(call(other, "edit_file", {{"old_string", "mine"}, {"new_string", "ours"}}) == "done");
  CHECK(call(other, "edit_file", {{"old_string", "ours"}, {"new_string", "all"}}) == "done");
  CHECK(call(reader, "write_file", {{"content", "eggs\n"}}).find("changed on disk") != std::string::npos);
  CHECK(call(reader, "read_file", Json::object()) == "done");
  CHECK(call(reader, "write_file", {{"content", "eggs\n"}}) == "done");
}

TEST_CASE_METHOD(Conversation, "a model that crashes costs its turn model_failed, and the session lives") {
  const Json failed = say("crash now");
  CHECK(failed["status"] == "failed");
  CHECK(failed["error"]["data"]["kind"] == "model_failed");
  const Json next = say("please say hello");
  INFO(json::dump(next));
  CHECK(next["status"] == "completed");
  CHECK(next["output"] == "Hello there.");
}

TEST_CASE_METHOD(Conversation, "a model whose numbers are no numbers fails the turn alone") {
  const Json failed = say("not a number");
  CHECK(failed["status"] == "failed");
  CHECK(failed["error"]["data"]["kind"] == "model_failed");
  CHECK(say("please say hello")["status"] == "completed");
}

TEST_CASE_METHOD(Conversation, "the same call again and again is stopped") {
  const Json state = say("for ever");
  CHECK(state["stopReason"] == "loop_detected");
  CHECK(state["toolCalls"] == 5);
}

TEST_CASE_METHOD(Conversation, "one turn at a time for each session, and the key of a start gives the same turn") {
  const std::string first = begin("hang now", {{"idempotencyKey", "once"}});
  CHECK(begin("hang now", {{"idempotencyKey", "once"}}) == first);
  const Json input = Json::array({{{"type", "text"}, {"text", "say hello"}}});
  const Json other = client.call("turn/start", {{"sessionId", session}, {"input", input}, {"idempotencyKey", "once"}});
  CHECK(other["error"]["code"] == -32602);
  const Json second = client.call("turn/start", {{"sessionId", session}, {"input", input}});
  CHECK(second["error"]["data"]["kind"] == "turn_active");
  client.must("turn/cancel", {{"turnId", first}});
  client.must("turn/wait", {{"turnId", first}});
}

TEST_CASE_METHOD(Conversation, "what was said stands in the log as it was, after a kill and a restart") {
  say("what is the sum");
  const Ran before = daemon.hob({"sessions", "show", session, "--events", "--json"});
  REQUIRE(before.exit == 0);
  REQUIRE_FALSE(before.out.empty());
  daemon.kill_hard();
  daemon.start();
  const Ran after = daemon.hob({"sessions", "show", session, "--events", "--json"});
  CHECK(after.exit == 0);
  CHECK(after.out == before.out);
}

TEST_CASE("what a command prints is heard while it runs, with the id of its call") {
  Setup setup;
  setup.rules = Json::array({{{"when", "run it"}, {"after", "<tool_response|>"}, {"say", "It ran."}},
                             {{"when", "run it"}, {"after", ""}, {"say", "<|tool_call>call:run_command{command:<|\"|>echo at work<|\"|>}<tool_call|>"}}});
  PrivateDaemon daemon(std::move(setup));
  daemon.start();
  RawClient client = daemon.connect();
  const std::string session = daemon.new_session(client);
  client.must("events/subscribe", {{"sessionIds", {session}}});
  const std::string turn = daemon.start_turn(client, session, "run it", {{"allow", {"run_command"}}});
  std::string call_id;
  const Json said = client.wait_event([&call_id](const Json& event) {
    if (event["type"] == "item.completed" && event["data"]["kind"] == "tool_call") call_id = event["data"]["callId"];
    return event["type"] == "progress" && event["data"].value("what", "") == "tool";
  });
  CHECK(said["data"]["text"] == "at work\n");
  CHECK(said["data"]["callId"] == call_id);
  CHECK(said["turnId"] == turn);
  client.must("turn/wait", {{"turnId", turn}});
  for (const Json& event : daemon.events(client, session)) CHECK(event["type"] != "progress");
}

TEST_CASE_METHOD(Conversation, "who listens hears that a session was deleted, after the end of its turn") {
  RawClient listener = daemon.connect();
  listener.must("events/subscribe", {{"sessionIds", {session}}});
  begin("hang now");
  client.must("session/delete", {{"sessionId", session}});
  CHECK(listener.wait_event("turn.completed")["data"]["status"] == "cancelled");
  const Json deleted = listener.wait_event("session.deleted");
  CHECK(deleted["sessionId"] == session);
  CHECK_FALSE(deleted.contains("cursor"));  // it stands in no log
  CHECK(events().empty());
}

TEST_CASE_METHOD(Conversation, "a deleted session is gone") {
  say("please say hello");
  client.must("session/delete", {{"sessionId", session}});
  CHECK(client.call("session/get", {{"sessionId", session}})["error"]["code"] == -32002);
  CHECK(events().empty());
}

}  // namespace
}  // namespace hob::tests
