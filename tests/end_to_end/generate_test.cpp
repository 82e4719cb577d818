// generate: text and JSON without a session, and how its tokens are chosen.
#include <catch2/catch.hpp>

#include "tests/harness/running.h"

namespace hob::tests {
namespace {

Json asked(Json more = Json::object()) {
  Json out{{"messages", {{{"role", "user"}, {"content", "please say hello"}}}}};
  out.update(more);
  return out;
}

TEST_CASE_METHOD(Running, "generate ends at a stop string, which is told and not shown") {
  const Json result = client.must("generate", asked({{"stop", {"there"}}}));
  CHECK(result["output"] == "Hello ");
  CHECK(result["stopReason"] == "stop_string");
  CHECK(result["stopString"] == "there");
  CHECK(client.must("generate", asked())["stopReason"] == "end_turn");
}

TEST_CASE_METHOD(Running, "generate tells how likely its tokens were") {
  const Json result = client.must("generate", asked({{"logprobs", true}, {"topLogprobs", 2}}));
  std::string text;
  for (const Json& one : result.at("logprobs")) {
    text += one["text"].get<std::string>();
    CHECK(one["top"].size() == 2);
  }
  CHECK(text == result["output"]);
  CHECK_FALSE(client.must("generate", asked()).contains("logprobs"));
}

TEST_CASE_METHOD(Running, "what generate cannot sample so is refused at its pointer") {
  const auto pointer = [this](const Json& more) {
    const Json error = client.call("generate", asked(more))["error"];
    CHECK(error["code"] == -32602);
    return error["data"]["pointer"];
  };
  CHECK(pointer({{"stop", {""}}}) == "/stop/0");
  CHECK(pointer({{"topLogprobs", 2}}) == "/topLogprobs");
  CHECK(pointer({{"sampling", {{"minP", -1}}}}) == "/sampling/minP");
  CHECK(pointer({{"sampling", {{"logitBias", {{{"token", 9'000'000}, {"bias", 1}}}}}}}) == "/sampling/logitBias/0/token");
}

TEST_CASE_METHOD(Running, "model/status tells what drafts bring, and generate without them says the same") {
  Json more{{"messages", {{{"role", "user"}, {"content", "write a lot"}}}}};
  const Json with = client.must("generate", more);
  more["draft"] = "none";
  CHECK(client.must("generate", more)["output"] == with["output"]);
  Json drafts;
  for (int i = 0; i < 1000 && !drafts.is_object(); ++i) {  // the figures come a moment after the answer
    drafts = client.must("model/status").value("speculative", Json());
  }
  CHECK(drafts["kind"] == "lookup");
  CHECK(drafts["drafted"] >= drafts["accepted"]);
  CHECK(drafts["tokensPerStep"] >= 1.0);
  more["draft"] = "guess";
  CHECK(client.call("generate", more)["error"]["data"]["pointer"] == "/draft");
}

}  // namespace
}  // namespace hob::tests
