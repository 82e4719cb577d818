// Idempotency keys at the methods that take them: each has its effect once, whatever else is under way.
#include "daemon/api/api_testing.h"

namespace hob::api {
namespace {

struct KeyedDesk : Desk {
  void same_answer_twice(const std::string& method, const Json& params) {
    const auto answers = at_once(method, {params, params});
    REQUIRE(answers[0]);
    REQUIRE(answers[1]);
    CHECK(*answers[0] == *answers[1]);
    CHECK(*call(method, params) == *answers[0]);
  }
  void others_are_refused(const std::string& method, const Json& params, const Json& others) {
    REQUIRE(call(method, params));
    const auto refused = call(method, others);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == Code::invalid_params);
    CHECK(refused.error().data()["pointer"] == "/idempotencyKey");
  }
};

Json start_params(const std::string& text) {
  return {{"sessionId", "session-1"}, {"input", Json::array({{{"type", "text"}, {"text", text}}})}, {"idempotencyKey", "k"}};
}

TEST_CASE("turn/start sent twice at once starts one turn and answers its id twice") {
  KeyedDesk desk;
  desk.life.model_.script = {turn::says("Once.")};
  desk.same_answer_twice("turn/start", start_params("Do it."));
  desk.others_are_refused("turn/start", start_params("Do it."), start_params("Do something else."));
  CHECK(desk.life.model_.asked.size() == 1);
}

TEST_CASE("a turn/start that was refused leaves its key free") {
  KeyedDesk desk;
  Json wrong = start_params("Do it.");
  wrong["sessionId"] = "nobody";
  const auto answers = desk.at_once("turn/start", {wrong, wrong});
  CHECK(answers[0].error().code() == Code::not_found);
  CHECK(answers[1].error().code() == Code::not_found);
  desk.life.model_.script = {turn::says("Once.")};
  CHECK(desk.call("turn/start", start_params("Do it.")));
}

TEST_CASE("tools/call sent twice at once runs the tool once") {
  KeyedDesk desk;
  const auto params = [](const std::string& at) -> Json {
    return {{"name", "change"}, {"arguments", {{"at", at}}}, {"allow", {"change"}}, {"idempotencyKey", "k"}};
  };
  desk.same_answer_twice("tools/call", params("x"));
  desk.others_are_refused("tools/call", params("x"), params("y"));
  CHECK(desk.life.fake_tools_->ran.size() == 1);
}

TEST_CASE("a call that was denied leaves its key free, and one whose tool failed does not run again") {
  KeyedDesk desk;
  Json params = {{"name", "change"}, {"arguments", {{"at", "x"}}}, {"idempotencyKey", "k"}};
  CHECK(desk.call("tools/call", params).error().code() == Code::tool_denied);
  params["allow"] = {"change"};
  desk.life.fake_tools_->fails = Error(Code::overloaded, "Too many calls.");
  const auto answers = desk.at_once("tools/call", {params, params});
  for (const auto& answer : answers) {
    REQUIRE_FALSE(answer);
    CHECK(answer.error().message() == "Too many calls.");
  }
  CHECK(desk.life.fake_tools_->ran.size() == 1);
}

TEST_CASE("memory/put sent twice at once keeps one memory") {
  KeyedDesk desk;
  const auto params = [](const std::string& text) -> Json { return {{"text", text}, {"idempotencyKey", "k"}}; };
  desk.same_answer_twice("memory/put", params("The cat is grey."));
  desk.others_are_refused("memory/put", params("The cat is grey."), params("The cat is black."));
  CHECK(desk.call("memory/search", {{"query", "cat"}})->at("memories").size() == 1);
}

TEST_CASE("generate sent twice at once asks the model once, and a failure leaves the key free") {
  KeyedDesk desk;
  const auto params = [](const std::string& prompt) -> Json { return {{"prompt", prompt}, {"idempotencyKey", "k"}}; };
  desk.life.model_.script = {Error(Code::model_failed, "It died."), turn::says("One."), turn::says("Two.")};
  const auto answers = desk.at_once("generate", {params("Say a number."), params("Say a number.")});
  CHECK(answers[0].error().code() == Code::model_failed);
  REQUIRE(answers[1]);
  CHECK(answers[1]->at("output") == "One.");
  desk.same_answer_twice("generate", params("Say a number."));
  desk.others_are_refused("generate", params("Say a number."), params("Say a word."));
  CHECK(desk.life.model_.asked.size() == 2);
}

}  // namespace
}  // namespace hob::api
