// generate: text and JSON without a session, and how its tokens are chosen.
#include <catch2/catch.hpp>
#include <fstream>

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

TEST_CASE_METHOD(Running, "generate holds its output to a regular expression or a grammar") {
  const Json date = client.must("generate", asked({{"regex", "\\d{4}-\\d{2}"}}));
  const std::string text = date["output"];
  REQUIRE(text.size() == 7);
  CHECK(text[4] == '-');
  CHECK_FALSE(date.contains("structured"));
  CHECK(date["stopReason"] == "end_turn");
  const Json hello = client.must("generate", asked({{"grammar", "root ::= \"Hello \" (\"there\" | \"world\") [.!]?"}}));
  CHECK(hello["output"].get<std::string>().starts_with("Hello there"));
  const Json cut = client.must("generate", asked({{"grammar", "root ::= \"(\" [a-z]{20,} \")\""}, {"maxTokens", 3}}));
  CHECK(cut["stopReason"] == "max_tokens");
  CHECK(cut["incomplete"] == true);
  CHECK(cut["output"].get<std::string>().ends_with(")"));
  const Json error = client.call("generate", asked({{"grammar", "root ::= item"}}))["error"];
  CHECK(error["code"] == -32602);
  CHECK(error["data"]["pointer"] == "/grammar");
  CHECK(error["data"]["column"] == 10);
  CHECK(client.must("schema/check", {{"grammar", "root ::= root"}})["supported"] == false);
}

TEST_CASE_METHOD(Running, "hob generate says what fits, and what is wrong with a grammar") {
  const Ran plain = daemon.hob({"generate", "please say hello"});
  CHECK(plain.exit == 0);
  CHECK(plain.out == "Hello there.\n");
  const Ran regex = daemon.hob({"generate", "--regex", "[0-9]{3}", "please say hello"});
  CHECK(regex.exit == 0);
  CHECK(regex.out.size() == 4);
  CHECK(regex.out.find_first_not_of("0123456789\n") == std::string::npos);
  const std::string file = daemon.work() + "/hello.gbnf";
  const auto write = [&file](const char* text) { std::ofstream(file) << text; };
  write("root ::= \"Hello \" name \".\"\nname ::= [a-z]+\n");
  const Ran grammar = daemon.hob({"generate", "--grammar", file, "please say hello", "--json"});
  CHECK(grammar.exit == 0);
  CHECK(json::parse(grammar.out, json::kWire)->at("output") == "Hello there.");
  write("root ::= \"Hello \" name\n");
  const Ran wrong = daemon.hob({"generate", "--grammar", file, "please say hello"});
  CHECK(wrong.exit == 1);
  CHECK(wrong.err.find("line 1, column 19: the rule \"name\" is used here") != std::string::npos);
  const Ran checked = daemon.hob({"grammar", "check", file});
  CHECK(checked.exit == 1);
  CHECK(checked.out.find("line 1, column 19") != std::string::npos);
  CHECK(daemon.hob({"grammar", "check", "--regex", "a|b"}).exit == 0);
  CHECK(daemon.hob({"grammar", "check", "--regex", "a(?=b)"}).exit == 1);
  CHECK(daemon.hob({"grammar", "check"}).exit == 2);
  CHECK(daemon.hob({"grammar", "check", "no/such/file"}).exit == 2);
  CHECK(daemon.hob({"generate", "--regex", "a", "--grammar", file, "x"}).exit == 2);
  CHECK(daemon.hob({"generate", "--grammar", "no/such/file", "x"}).exit == 2);
  const Ran limited = daemon.hob({"generate", "--regex", "[a-z]{200,}", "--max-tokens", "3", "please say hello"});
  CHECK(limited.exit == 7);
  CHECK(limited.out.size() >= 200);
}

TEST_CASE_METHOD(Running, "hob generate ends a loop of tokens, unless the model may repeat itself") {
  const Ran ended = daemon.hob({"generate", "go round"});
  CHECK(ended.exit == 7);
  CHECK(ended.out.find("done") == std::string::npos);
  const Ran whole = daemon.hob({"generate", "--repeat", "go round"});
  CHECK(whole.exit == 0);
  CHECK(whole.out.ends_with("word and done.\n"));
}

}  // namespace
}  // namespace hob::tests
