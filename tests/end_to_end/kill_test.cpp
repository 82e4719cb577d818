// Power cuts: hobd dies by its failpoint after each kind of commit of a turn, and by SIGKILL when it has said
// a random number of bytes. After
// the restart a turn goes on, still waits, or ends with what is known; nothing that was acknowledged is lost.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <random>
#include <set>

#include "tests/harness/private_daemon.h"

namespace hob::tests {
namespace {

/// A turn of `text` that meets the failpoint; the daemon is dead afterwards.
struct Cut {
  PrivateDaemon daemon;
  std::string session;
  Cut(const std::string& failpoint, const std::string& text, const Json& more) {
    daemon.set_environment("HOB_FAILPOINT", failpoint);
    daemon.start();
    RawClient client = daemon.connect();
    session = daemon.new_session(client);
    Json params = {{"sessionId", session}, {"input", Json::array({{{"type", "text"}, {"text", text}}})}};
    params.update(more);
    client.send("turn/start", params);
    CHECK(daemon.wait_end() == 137);
    daemon.set_environment("HOB_FAILPOINT", "");
    daemon.start();
  }
  /// The turn's end state, read from the log; null while there is none.
  Json end() {
    RawClient client = daemon.connect();
    client.must("events/subscribe", {{"sessionIds", {session}}, {"after", ""}, {"types", {"turn.completed"}}});
    return client.wait_event("turn.completed")["data"];
  }
};

size_t count(const Json& events, const std::string& type, const std::string& kind = "") {
  size_t n = 0;
  for (const Json& event : events) n += event["type"] == type && (kind.empty() || event["data"].value("kind", "") == kind) ? 1 : 0;
  return n;
}

TEST_CASE("a turn with a reading tool is resumed from every commit it was cut at") {
  const std::string failpoint = GENERATE(
      std::string("turn.started:1"), "item.completed:1", "item.completed:2", "journal.step:1", "usage:1", "journal.intent:1",
      "journal.result:1", "item.completed:3", "item.completed:4", "journal.step:2", "usage:2");
  INFO(failpoint);
  Cut cut(failpoint, "what is the sum", Json::object());
  const Json state = cut.end();
  CHECK(state["status"] == "completed");
  CHECK(state["output"] == "It is 391.");
  CHECK(state["toolCalls"] == 1);
  RawClient client = cut.daemon.connect();
  const Json events = cut.daemon.events(client, cut.session);
  CHECK(count(events, "item.completed", "user_message") == 1);
  CHECK(count(events, "item.completed", "tool_result") == 1);
  CHECK(count(events, "turn.completed") == 1);
}

TEST_CASE("a turn whose end is on disk is over, whoever was told") {
  Cut cut("turn.completed:1", "what is the sum", Json::object());
  CHECK(cut.end()["status"] == "completed");
  RawClient client = cut.daemon.connect();
  CHECK(client.must("daemon/status")["activeTurns"] == 0);
}

TEST_CASE("a writing tool that was cut between intent and result is not run again; the model is told") {
  Cut cut("journal.intent:1", "write it", {{"allow", {"write_file"}}});
  const Json state = cut.end();
  CHECK(state["status"] == "completed");
  RawClient client = cut.daemon.connect();
  const Json events = cut.daemon.events(client, cut.session);
  std::string told;
  for (const Json& event : events) {
    if (event["data"].value("kind", "") == "tool_result") told = event["data"]["result"].value("kind", "");
  }
  CHECK(told == "outcome_unknown");
  CHECK_FALSE(std::filesystem::exists(cut.daemon.work() + "/note.txt"));
}

TEST_CASE("a question that was cut off waits again, and an answer that is on disk counts") {
  {
    Cut cut("approval.requested:1", "write it", Json::object());
    RawClient client = cut.daemon.connect();
    Json list = client.must("approval/list");
    while (list["approvals"].empty()) list = client.must("approval/list");
    client.must("approval/respond", {{"approvalId", list["approvals"][0]["approvalId"]}, {"optionId", "allow_once"}});
    CHECK(cut.end()["deniedCalls"] == 0);
    CHECK(std::filesystem::exists(cut.daemon.work() + "/note.txt"));
  }
  PrivateDaemon daemon;
  daemon.set_environment("HOB_FAILPOINT", "approval.resolved:1");
  daemon.start();
  std::string session;
  {
    RawClient client = daemon.connect();
    session = daemon.new_session(client);
    client.must("events/subscribe", {{"sessionIds", {session}}});
    daemon.start_turn(client, session, "write it");
    const std::string id = client.wait_event("approval.requested")["data"]["approvalId"];
    client.send("approval/respond", {{"approvalId", id}, {"optionId", "allow_once"}});
    CHECK(daemon.wait_end() == 137);
  }
  daemon.set_environment("HOB_FAILPOINT", "");
  daemon.start();
  RawClient client = daemon.connect();
  client.must("events/subscribe", {{"sessionIds", {session}}, {"after", ""}});
  CHECK(client.wait_event("turn.completed")["data"]["status"] == "completed");
  CHECK(std::filesystem::exists(daemon.work() + "/note.txt"));
}

/// What the daemon has acknowledged, to be found again whatever happens.
struct Acknowledged {
  std::vector<std::string> sessions, turns, memories;
  size_t checks = 0;
};

/// Works until the daemon has said so many bytes (replies, events, deltas) and was killed with the last of them.
void work(PrivateDaemon& daemon, std::mt19937_64& random, size_t bytes, Acknowledged& known) {
  RawClient client = daemon.connect();
  client.must("events/subscribe");
  client.cut_after(bytes, [&daemon] { daemon.kill_hard(); });
  for (;;) {
    if (known.sessions.empty() || random() % 4 == 0) known.sessions.push_back(daemon.new_session(client));
    const std::string& session = known.sessions[random() % known.sessions.size()];
    if (random() % 3 == 0) {
      known.memories.push_back(client.must("memory/put", {{"text", "fact number " + std::to_string(known.memories.size())}})["id"]);
    }
    static const char* const kTexts[] = {"please say hello", "what is the sum", "read what is not there"};
    const Json reply = client.call("turn/start", {{"sessionId", session}, {"input", Json::array({{{"type", "text"}, {"text", kTexts[random() % 3]}}})}});
    if (!reply.contains("result")) continue;  // a turn of this session is not over yet
    known.turns.push_back(reply["result"]["turnId"]);
    if (random() % 2 == 0) client.must("turn/wait", {{"turnId", known.turns.back()}, {"timeoutMs", 1000}});
  }
}

void look(const PrivateDaemon& daemon, Acknowledged& known) {
  RawClient client = daemon.connect();
  for (const std::string& session : known.sessions) client.must("session/get", {{"sessionId", session}});
  for (const std::string& turn : known.turns) {
    const Json state = client.must("turn/wait", {{"turnId", turn}, {"timeoutMs", 60'000}});
    INFO(json::dump(state));
    REQUIRE(state["status"] == "completed");
    ++known.checks;
  }
  std::set<std::string> found;
  const Json hits = client.must("memory/search", {{"query", "fact number"}, {"limit", 100}});
  for (const Json& hit : hits["memories"]) found.insert(hit["id"].get<std::string>());
  if (known.memories.size() <= 100) {
    for (const std::string& id : known.memories) REQUIRE(found.count(id) == 1);
  }
}

/// About a dozen turns' worth, so that a kill falls anywhere in what a daemon does from its start on.
constexpr size_t kMostBytes = 40'000;

TEST_CASE("nothing acknowledged is lost in fifty kills at random bytes of what the daemon says", "[campaign]") {
  const char* campaign = std::getenv("HOB_CAMPAIGN");
  const int rounds = campaign != nullptr && std::string(campaign) == "kill" ? 1000 : 50;
  const char* given = std::getenv("HOB_SEED");
  const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::cout << "kill campaign: " << rounds << " kills, HOB_SEED=" << seed << "\n";
  std::mt19937_64 random(seed);
  PrivateDaemon daemon;
  Acknowledged known;
  for (int round = 0; round < rounds; ++round) {
    INFO("round " << round << ", HOB_SEED=" << seed);
    daemon.start();
    const size_t bytes = random() % kMostBytes;
    try {
      work(daemon, random, bytes, known);
    } catch (const std::exception& error) {
      // The daemon is dead; what it had not acknowledged does not count.
      INFO(error.what());
      REQUIRE_FALSE(daemon.running());
    }
    if (round % 10 == 9 || round + 1 == rounds) {
      daemon.start();
      look(daemon, known);
      known.turns.clear();
      daemon.kill_hard();
    }
  }
  CHECK(known.checks > 0);
  std::cout << "kill campaign: " << known.checks << " acknowledged turns found again\n";
}

}  // namespace
}  // namespace hob::tests
