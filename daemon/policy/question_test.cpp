#include "daemon/policy/question.h"

#include <catch2/catch.hpp>

namespace hob::policy {
namespace {

store::Event stored(store::NewEvent fresh) {
  store::Event event;
  static_cast<store::NewEvent&>(event) = std::move(fresh);
  event.at_ms = 1'764'000'000'000;
  return event;
}

Question about(std::vector<wire::ApprovalCall> calls) {
  Question question;
  question.id = "a";
  question.session_id = "s";
  question.turn_id = "t";
  question.calls = std::move(calls);
  question.requested_ms = 1'764'000'000'000;
  return question;
}

TEST_CASE("a question about one call has the shape it always had") {
  const Question question = about({{"c1", "write_file", {{"path", "x"}}, "a rule"}});
  const Json shown = describe::write(to_wire(question));
  std::vector<std::string> members;
  for (const auto& [name, value] : shown.items()) members.push_back(name);
  CHECK(members == std::vector<std::string>{"approvalId", "sessionId", "turnId", "callId", "tool", "arguments", "requestedAt", "options"});
  CHECK(shown["arguments"] == Json({{"path", "x"}}));
  CHECK(resolved_event(question, "allow_once", "why").data ==
        Json({{"approvalId", "a"}, {"callId", "c1"}, {"tool", "write_file"}, {"optionId", "allow_once"}, {"note", "why"}}));
}

TEST_CASE("a question about several calls lists each, and shows all of them to who knows of one only") {
  const Question question = about({{"c1", "write", {{"n", 1}}, "r1"}, {"c2", "run", {{"n", 2}}, "r2"}, {"c3", "write", {{"n", 3}}, "r1"}});
  const wire::Approval shown = to_wire(question);
  CHECK(shown.call_id == "c1");
  CHECK(shown.tool == "write, run");
  CHECK(shown.arguments == Json::array({{{"n", 1}}, {{"n", 2}}, {{"n", 3}}}));
  REQUIRE(shown.calls);
  CHECK(describe::write(*shown.calls)[1] == Json({{"callId", "c2"}, {"tool", "run"}, {"arguments", {{"n", 2}}}, {"reason", "r2"}}));
}

TEST_CASE("the journalled event gives the question back, and the answer names the calls it decides") {
  for (const auto& question : {about({{"c1", "write", {{"n", 1}}, ""}}), about({{"c1", "write", {{"n", 1}}, "r"}, {"c2", "run", {{"n", 2}}, "r"}})}) {
    const auto again = question_of(stored(requested_event(question)));
    REQUIRE(again);
    CHECK(again->id == question.id);
    CHECK(again->requested_ms == question.requested_ms);
    CHECK(describe::write(again->calls) == describe::write(question.calls));
    const auto decided = decided_by(stored(resolved_event(question, "reject_once", "")));
    REQUIRE(decided.size() == question.calls.size());
    CHECK(decided.back().call_id == question.calls.back().call_id);
    CHECK(decided.back().tool == question.calls.back().tool);
  }
}

}  // namespace
}  // namespace hob::policy
