// Running and Conversation: how most cases of the suite open, as fixtures of TEST_CASE_METHOD.
//
//   TEST_CASE_METHOD(Conversation, "a turn answers with text") {
//     listen();
//     const Json state = say("please say hello");         // a whole turn; its end state
//     const std::string turn = begin("hang now");         // one that goes on
//     client.wait_event("item.delta");
//   }
//
// Running is a daemon that answers, and a client; Conversation has a session, too. Cases that need another setup of the
// daemon make a PrivateDaemon themselves.
#pragma once

#include <string>
#include <utility>

#include "tests/harness/private_daemon.h"

namespace hob::tests {

struct Running {
  PrivateDaemon daemon;
  RawClient client = started();

 private:
  RawClient started() {
    daemon.start();
    return daemon.connect();
  }
};

struct Conversation : Running {
  std::string session = daemon.new_session(client);

  /// The session's events come from now on.
  void listen() { client.must("events/subscribe", {{"sessionIds", {session}}}); }
  std::string begin(const std::string& text, Json more = Json::object()) {
    return daemon.start_turn(client, session, text, std::move(more));
  }
  Json say(const std::string& text, Json more = Json::object()) { return daemon.turn(client, session, text, std::move(more)); }
  Json events() { return daemon.events(client, session); }
  /// Waits until a tool needs permission; the id of the question.
  std::string asked() { return client.wait_event("approval.requested")["data"]["approvalId"]; }
  Json answer(const std::string& approval, const std::string& option) {
    return client.must("approval/respond", {{"approvalId", approval}, {"optionId", option}});
  }
  Json end_of(const std::string& turn) { return client.must("turn/wait", {{"turnId", turn}, {"timeoutMs", 60'000}}); }
};

}  // namespace hob::tests
