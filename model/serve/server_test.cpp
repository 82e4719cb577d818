#include "model/serve/server.h"

#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <sstream>

#include "model/serve/generate_command.h"
#include "model/serve/model_process.h"

namespace hob::serve {
namespace {

using namespace testing;
using wire::ItemKind;
using wire::StepStop;

const Json kCalculate{{"name", "calculate"},
                      {"description", "Works out an expression."},
                      {"parameters",
                       {{"type", "object"},
                        {"properties", {{"expression", {{"type", "string"}}}}},
                        {"required", {"expression"}}}}};
const std::string kCall = "<|tool_call>call:calculate{expression:<|\"|>17*23<|\"|>}<tool_call|>";

TEST_CASE("the first frame says who is there and what it can do") {
  ModelProcess model;
  const wire::Hello hello = model.hello();
  CHECK(hello.program == "hob-model-lite");
  CHECK(hello.protocol == wire::kChildProtocol);
  CHECK(hello.build == wire::build_id());
  for (const char* method : {"step", "prefill", "fit", "tokenize", "render", "check_schema", "status", "cancel"}) {
    CHECK(std::count(hello.capabilities.begin(), hello.capabilities.end(), method) == 1);
  }
}

TEST_CASE("a step streams its text and ends with the items") {
  ModelProcess model(script({{{"when", "hello"}, {"say", "Hello, caf\u00e9!"}}}));
  const Outcome outcome = model.request("step", step("hello"));
  const wire::StepResult result = result_of(outcome);
  CHECK(result.stop == StepStop::end_turn);
  REQUIRE(result.items.size() == 1);
  CHECK(result.items[0].kind == ItemKind::agent_message);
  CHECK(result.items[0].text == "Hello, caf\u00e9!");
  CHECK(outcome.text("text") == result.items[0].text);
  REQUIRE(result.items[0].produced);
  CHECK(result.items[0].produced->ids.size() + 1 == result.usage.output_tokens);
  CHECK(outcome.progress.front()["kind"] == "prefill");
  CHECK(result.usage.prompt_tokens > 10);
}

TEST_CASE("a thought and a call come as they are read, and the tool's result leads to the answer") {
  ModelProcess model(script({{{"when", "17 * 23"}, {"after", "response:calculate"}, {"say", "It is 391."}},
                             {{"when", "17 * 23"}, {"say", "<|channel>thought\nI compute.\n<channel|>" + kCall}}}));
  Json asked = step("What is 17 * 23?", {{"tools", {kCalculate}}, {"allowed", {"calculate"}}, {"thinking", {{"on", true}}}});
  const Outcome called = model.request("step", asked);
  const wire::StepResult first = result_of(called);
  CHECK(first.stop == StepStop::tool_calls);
  REQUIRE(first.items.size() == 2);
  CHECK(first.items[0].text == "I compute.");
  CHECK(called.text("thought") == "I compute.");
  CHECK(first.items[1].name == "calculate");
  CHECK(*json::parse(*first.items[1].arguments, json::kGenerated) == Json{{"expression", "17*23"}});
  for (const wire::Item& item : first.items) asked["items"].push_back(describe::write(item));
  asked["items"].push_back({{"kind", "tool_result"}, {"name", "calculate"}, {"result", {{"value", 391}}}, {"ok", true}});
  asked["thinking"] = {{"on", false}};
  const wire::StepResult second = result_of(model.request("step", asked));
  CHECK(second.stop == StepStop::end_turn);
  REQUIRE(second.items.size() == 1);
  CHECK(second.items[0].text == "It is 391.");
}

TEST_CASE("a follow-up turn prefills its own tokens alone") {
  ModelProcess model(script({{{"when", "again"}, {"say", "Yes."}}, {{"say", "Hello."}}}));
  Json conversation = step("hello");
  const wire::StepResult first = result_of(model.request("step", conversation));
  CHECK(first.usage.cached_tokens == 0);
  conversation["items"].push_back(describe::write(first.items[0]));
  conversation["items"].push_back({{"kind", "user_message"}, {"text", "again"}});
  const wire::StepResult second = result_of(model.request("step", conversation));
  // All that was run is kept: the first prompt and the answer, whose stop token was sampled and never run.
  CHECK(second.usage.cached_tokens == first.usage.prompt_tokens + first.usage.output_tokens - 1);
  const Json other = model.request("tokenize", {{"text", "<turn|>\n<|turn>user\nagain<turn|>\n<|turn>model\n"}}).reply.value();
  CHECK(second.usage.prompt_tokens - second.usage.cached_tokens == other["tokens"].size());
}

TEST_CASE("another session with the same system text and tools begins behind them") {
  ModelProcess model(script({{{"say", "Hello."}}}));
  const Json more{{"tools", {kCalculate}}, {"allowed", {"calculate"}}};
  REQUIRE(model.request("step", step("one", more)).reply.ok());
  Json other = step("two and more", more);
  other["sessionId"] = "other";
  const wire::StepResult result = result_of(model.request("step", other));
  const Json tail = model.request("tokenize", {{"text", "<|turn>user\ntwo and more<turn|>\n<|turn>model\n"}}).reply.value();
  CHECK(result.usage.prompt_tokens - result.usage.cached_tokens <= tail["tokens"].size());
  CHECK(result.usage.cached_tokens > 40);
}

TEST_CASE("prefill is a hint: the step that follows finds its prompt in the cache") {
  ModelProcess model(script({{{"say", "Hello."}}}));
  const Outcome hinted = model.request("prefill", step("a long question"));
  REQUIRE(hinted.reply.ok());
  const wire::StepResult result = result_of(model.request("step", step("a long question")));
  CHECK(result.usage.cached_tokens + 1 == result.usage.prompt_tokens);
  CHECK(result.items[0].text == "Hello.");
}

TEST_CASE("an answer with a schema is JSON that fits it, whatever the model wanted") {
  ModelProcess model(script({{{"when", "fits"}, {"say", "{\"age\": 36}"}}, {{"say", "I would rather talk."}}}));
  const Json schema{{"type", "object"}, {"properties", {{"age", {{"type", "integer"}}}}}, {"required", {"age"}},
                    {"additionalProperties", false}};
  const Outcome good = model.request("step", step("fits", {{"responseSchema", schema}}));
  const wire::StepResult result = result_of(good);
  CHECK(result.stop == StepStop::end_turn);
  REQUIRE(result.items.size() == 1);
  CHECK(result.items[0].kind == ItemKind::structured_output);
  CHECK(*json::parse(result.items[0].text, json::kGenerated) == Json{{"age", 36}});
  CHECK(good.text("answer") == result.items[0].text);

  const wire::StepResult forced =
      result_of(model.request("step", step("no", {{"responseSchema", schema}, {"maxTokens", 30}})));
  REQUIRE(forced.items.size() == 1);
  CHECK(forced.items[0].kind == ItemKind::structured_output);
  const auto value = json::parse(forced.items[0].text, json::kGenerated);
  REQUIRE(value.ok());
  CHECK((*value)["age"].is_number_integer());
}

TEST_CASE("an answer with a regular expression or a grammar is text that fits it, whatever the model wanted") {
  ModelProcess model(script({{{"when", "fits"}, {"say", "AB-1234"}}, {{"when", "list"}, {"say", "- one\n- caf\u00e9\n"}},
                             {{"say", "I would rather talk."}}}));
  const Json regex{{"regex", "[A-Z]{2}-\\d{4}"}}, grammar{{"grammar", "root ::= item+\nitem ::= \"- \" [^\\n]+ \"\\n\""}};
  const Outcome good = model.request("step", step("fits", regex));
  const wire::StepResult result = result_of(good);
  CHECK(result.stop == StepStop::end_turn);
  REQUIRE(result.items.size() == 1);
  CHECK(result.items[0].kind == ItemKind::agent_message);
  CHECK(result.items[0].text == "AB-1234");
  CHECK_FALSE(result.incomplete);
  CHECK(good.text("text") == result.items[0].text);
  CHECK(result_of(model.request("step", step("list", grammar))).items.at(0).text == "- one\n- caf\u00e9\n");

  const wire::StepResult other = result_of(model.request("step", step("no", regex)));
  REQUIRE(other.items.size() == 1);
  CHECK(other.items[0].text.size() == 7);
  CHECK(other.items[0].text[2] == '-');

  // Stop strings are not looked at: the text would not fit any more.
  Json stopping = regex;
  stopping["stop"] = {"B-"};
  CHECK(result_of(model.request("step", step("fits", stopping))).items.at(0).text == "AB-1234");
}

TEST_CASE("words that reach the token limit are closed so that they fit, and said to be incomplete") {
  ModelProcess model(script({{{"say", "(((((x)))))"}}}));
  for (const uint32_t most : {1u, 2u, 3u, 4u, 5u}) {
    const Outcome outcome = model.request(
        "step", step("x", {{"grammar", "root ::= \"(\" root \")\" | \"x\""}, {"maxTokens", most}, {"logprobs", true}}));
    const wire::StepResult result = result_of(outcome);
    INFO(most);
    CHECK(result.stop == StepStop::max_tokens);
    CHECK(result.incomplete);
    REQUIRE(result.items.size() == 1);
    const std::string& text = result.items[0].text;
    CHECK(text.size() % 2 == 1);
    CHECK(text == std::string(text.size() / 2, '(') + "x" + std::string(text.size() / 2, ')'));
    CHECK(outcome.text("text") == text);
    CHECK(result.items[0].incomplete == true);
  }
  // Where the words may be over there is nothing to close.
  const wire::StepResult result = result_of(model.request("step", step("x", {{"regex", "[(x)]*"}, {"maxTokens", 2}})));
  CHECK(result.stop == StepStop::max_tokens);
  CHECK_FALSE(result.incomplete);
}

TEST_CASE("words that were cut off are taken back") {
  ModelProcess model(script({{{"say", "(((((x"}, {"fault", "hang"}}}));
  const uint64_t id = model.send("step", step("x", {{"grammar", "root ::= \"(\" root \")\" | \"x\""}, {"draft", "none"}}));
  model.wait_for_text(id, "x");
  model.cancel(id);
  const wire::StepResult result = result_of(model.finish(id));
  CHECK(result.stop == StepStop::cancelled);
  CHECK(result.items.empty());
}

TEST_CASE("a regular expression or grammar that cannot be enforced is refused, in a step and when asked") {
  ModelProcess model(script({{{"say", "1"}}}));
  const Json bad{{"grammar", "root ::= \"a\"\n  list"}};
  for (const char* method : {"step", "check_schema"}) {
    const Outcome outcome = model.request(method, std::string(method) == "step" ? step("x", bad) : bad);
    REQUIRE_FALSE(outcome.reply.ok());
    CHECK(outcome.reply.error().code() == Code::invalid_params);
    CHECK(outcome.reply.error().data().value("pointer", "") == "/grammar");
    CHECK(outcome.reply.error().data().value("line", 0) == 2);
  }
  CHECK(model.request("check_schema", {{"regex", "a(?!b)"}}).reply.error().code() == Code::schema_unsupported);
  CHECK(model.request("check_schema", {{"regex", "a+"}}).reply->contains("compiledMs"));
  CHECK(model.request("check_schema", Json::object()).reply.error().code() == Code::invalid_params);
  CHECK(model.request("step", step("x", {{"regex", "a"}, {"responseSchema", true}})).reply.error().code() == Code::invalid_params);
}

TEST_CASE("a stop string ends the text wherever tokens part, in characters of several bytes too") {
  ModelProcess model(script({{{"say", "Hello, caf\u00e9! Good-bye."}}}));
  for (const std::string& stop : {std::string("\u00e9! G"), std::string("o, c"), std::string("Good")}) {
    const Outcome outcome = model.request("step", step("hello", {{"stop", {"never", stop}}}));
    const wire::StepResult result = result_of(outcome);
    INFO(stop);
    CHECK(result.stop == StepStop::stop_string);
    CHECK(result.stop_string == stop);
    const std::string whole = "Hello, caf\u00e9! Good-bye.";
    CHECK(result.items.at(0).text == whole.substr(0, whole.find(stop)));
    CHECK(outcome.text("text") == result.items[0].text);
  }
  const wire::StepResult whole = result_of(model.request("step", step("hello", {{"stop", {"bye.!"}}})));
  CHECK(whole.stop == StepStop::end_turn);
  CHECK(whole.items.at(0).text == "Hello, caf\u00e9! Good-bye.");
}

TEST_CASE("a stop id ends the text before it") {
  ModelProcess model(script({{{"say", "Hello, you."}}}));
  const Json comma = model.request("tokenize", {{"text", ","}}).reply.value()["tokens"][0];
  const wire::StepResult result = result_of(model.request("step", step("hello", {{"stopIds", {comma}}})));
  CHECK(result.stop == StepStop::stop_id);
  CHECK(result.stop_id == comma.get<uint32_t>());
  CHECK(result.items.at(0).text == "Hello");
}

TEST_CASE("log probabilities are told with the texts of the tokens") {
  ModelProcess model(script({{{"say", "Hello."}}}));
  const wire::StepResult result = result_of(model.request("step", step("hello", {{"logprobs", true}, {"topLogprobs", 3}})));
  REQUIRE(result.logprobs);
  REQUIRE(result.logprobs->size() + 1 == result.usage.output_tokens);
  std::string text;
  for (const wire::TokenLogprob& one : *result.logprobs) {
    text += one.text;
    CHECK(one.logprob == Approx(0).margin(1e-9));
    REQUIRE(one.top.size() == 3);
    CHECK(one.top[0].token == one.token);
  }
  CHECK(text == "Hello.");
}

TEST_CASE("a bias makes a token come that would not, and min-p leaves the best one") {
  ModelProcess model(script({{{"say", "Hello."}}}));
  const Json token = model.request("tokenize", {{"text", "x"}}).reply.value()["tokens"][0];
  const Json biased{{"temperature", 0}, {"logitBias", {{{"token", token}, {"bias", 1000}}}}};
  const wire::StepResult forced = result_of(model.request("step", step("hello", {{"sampling", biased}, {"maxTokens", 3}})));
  CHECK(forced.items.at(0).text == "xxx");
  const Json hot{{"temperature", 10}, {"topK", 0}, {"topP", 1}, {"minP", 0.5}, {"seed", 3}};
  CHECK(result_of(model.request("step", step("hello", {{"sampling", hot}}))).items.at(0).text == "Hello.");
}

TEST_CASE("what cannot be sampled so is refused at its pointer") {
  ModelProcess model(script({{{"say", "Hello."}}}));
  const auto pointer = [&](const Json& more) {
    const Outcome outcome = model.request("step", step("hello", more));
    REQUIRE_FALSE(outcome.reply.ok());
    CHECK(outcome.reply.error().code() == Code::invalid_params);
    return outcome.reply.error().data().value("pointer", "");
  };
  CHECK(pointer({{"stop", {"a", ""}}}) == "/stop/1");
  CHECK(pointer({{"stop", {std::string(257, 'a')}}}) == "/stop/0");
  CHECK(pointer({{"stop", std::vector<std::string>(17, "a")}}) == "/stop");
  CHECK(pointer({{"stopIds", {1, 100'000'000}}}) == "/stopIds/1");
  CHECK(pointer({{"stopIds", std::vector<int>(17, 1)}}) == "/stopIds");
  CHECK(pointer({{"topLogprobs", 2}}) == "/topLogprobs");
  CHECK(pointer({{"logprobs", true}, {"topLogprobs", 21}}) == "/topLogprobs");
  CHECK(pointer({{"logprobs", true}, {"topLogprobs", 20}, {"maxTokens", 100'000}}) == "/maxTokens");
  CHECK(pointer({{"sampling", {{"minP", 1.5}}}}) == "/sampling/minP");
  CHECK(pointer({{"sampling", {{"logitBias", {{{"token", 1}, {"bias", 0}}, {{"token", 4'000'000}, {"bias", 0}}}}}}}) ==
        "/sampling/logitBias/1/token");
  CHECK(pointer({{"sampling", {{"logitBias", {{{"token", 1}, {"bias", 1e9}}}}}}}) == "/sampling/logitBias/0/bias");
}

TEST_CASE("a thought over its budget is closed, and the step goes on under the grammar") {
  ModelProcess model(script({{{"say", "<|channel>thought\nThis goes on and on and on and on and on and on.\n<channel|>{\"age\": 36}"}}}));
  const Json schema{{"type", "object"}, {"properties", {{"age", {{"type", "integer"}}}}}, {"required", {"age"}}};
  const wire::StepResult result = result_of(model.request(
      "step", step("x", {{"thinking", {{"on", true}, {"budget", 8}}}, {"responseSchema", schema}, {"maxTokens", 60}})));
  REQUIRE(result.items.size() == 2);
  CHECK(result.items[0].kind == ItemKind::thought);
  CHECK(result.items[0].text.size() < 40);
  CHECK(result.items[1].kind == ItemKind::structured_output);
  CHECK(json::parse(result.items[1].text, json::kGenerated).value()["age"].is_number_integer());
}

TEST_CASE("drafts change nothing of a step but the work, status tells what they bring, and none switches them off") {
  const std::string poem = "so much depends upon a red wheel barrow and so much depends upon a red wheel barrow and so much depends";
  ModelProcess model(script({{{"say", poem}}}));
  const auto drafts = [&] { return model.request("status", Json::object()).reply.value()["speculative"]; };
  const wire::StepResult plain = result_of(model.request("step", step("x", {{"draft", "none"}, {"sessionId", "a"}})));
  CHECK(drafts()["kind"] == "lookup");
  CHECK(drafts()["drafted"] == 0);
  CHECK(drafts()["tokensPerStep"] == 1.0);
  const wire::StepResult with = result_of(model.request("step", step("x", {{"sessionId", "b"}})));
  CHECK(with.items.at(0).text == poem);
  CHECK(with.items[0].produced->ids == plain.items.at(0).produced->ids);
  CHECK(with.usage.output_tokens == plain.usage.output_tokens);
  const Json after = drafts();
  INFO(json::dump(after));
  CHECK(after["lookup"]["drafted"] > 0);
  CHECK(after["accepted"] > 0);
  CHECK(after["accepted"] <= after["drafted"]);
  CHECK(after["tokensPerStep"] > 1.0);
  CHECK(after.contains("speedUp"));

  ModelProcess never;
  never.hello();
  const TestDirectory folder;
  const std::string path = folder.write("s.json", json::dump(script({{{"say", poem}}})));
  REQUIRE(never.request("start", {{"script", path}, {"draft", "none"}}).reply.ok());
  CHECK(result_of(never.request("step", step("x"))).items.at(0).text == poem);
  const Json none = never.request("status", Json::object()).reply.value()["speculative"];
  CHECK(none["kind"] == "none");
  CHECK(none["drafted"] == 0);
  CHECK(never.request("step", step("x", {{"draft", "guess"}})).reply.error().data()["pointer"] == "/draft");
}

TEST_CASE("four sessions at once each get what they would get alone") {
  ModelProcess model(script({{{"when", "first"}, {"say", "one one two three five eight"}},
                             {{"when", "second"}, {"say", "<|channel>thought\nhm\n<channel|>two"}},
                             {{"when", "third"}, {"say", "I begin"}, {"fault", "nan"}},
                             {{"when", "fourth"}, {"say", kCall}}}));
  std::vector<uint64_t> ids;
  for (const char* text : {"first", "second", "third", "fourth"}) {
    ids.push_back(model.send("step", step(text, {{"sessionId", text}, {"tools", {kCalculate}}, {"allowed", {"calculate"}},
                                                 {"thinking", {{"on", true}}}})));
  }
  std::map<uint64_t, wire::Frame> replies;
  while (replies.size() < ids.size()) {
    wire::Frame frame = model.receive();
    if (frame.kind != wire::FrameKind::progress) replies[frame.id] = std::move(frame);
  }
  const auto items = [&](size_t i) { return wire::payload_json(replies[ids[i]]).value()["items"]; };
  CHECK(items(0)[0]["text"] == "one one two three five eight");
  CHECK(items(1)[1]["text"] == "two");
  CHECK(replies[ids[2]].kind == wire::FrameKind::error);
  CHECK(items(3)[0]["name"] == "calculate");
}

TEST_CASE("a schema that cannot be enforced is refused, in a step and when asked") {
  ModelProcess model(script({{{"say", "1"}}}));
  const Json never{{"type", "object"}, {"properties", {{"a", false}}}, {"required", {"a"}}};
  const Outcome refused = model.request("check_schema", {{"schema", never}});
  REQUIRE_FALSE(refused.reply.ok());
  CHECK(refused.reply.error().code() == Code::schema_unsatisfiable);
  CHECK_FALSE(model.request("step", step("x", {{"responseSchema", never}})).reply.ok());
  const Outcome fine = model.request("check_schema", {{"schema", {{"type", "integer"}}}});
  REQUIRE(fine.reply.ok());
  CHECK(fine.reply->contains("compiledMs"));
}

/// A schema of so many texts that each take a while to compile.
Json slow_schema(int texts) {
  Json properties = Json::object();
  for (int i = 0; i < texts; ++i) {
    const std::string letter(1, static_cast<char>('a' + i % 26));
    properties["x" + std::to_string(i)] = {{"type", "string"}, {"not", {{"pattern", "a.{8}" + letter + std::to_string(i) + "$"}}}};
  }
  return {{"type", "object"}, {"properties", properties}};
}

TEST_CASE("a schema that takes long to compile says so, keeps nobody waiting and can be cancelled") {
  ModelProcess model(script({{{"when", "hello"}, {"say", "Hello."}}, {{"say", "{}"}}}));
  const uint64_t slow = model.send("step", step("slow", {{"responseSchema", slow_schema(4000)}}));
  const wire::Frame told = model.receive();
  CHECK(told.id == slow);
  REQUIRE(told.kind == wire::FrameKind::progress);
  CHECK(wire::payload_json(told)->value("kind", "") == "compile");
  CHECK(result_of(model.request("step", step("hello"))).items[0].text == "Hello.");  // it is still being compiled
  model.cancel(slow);
  const wire::StepResult result = result_of(model.finish(slow));
  CHECK(result.stop == StepStop::cancelled);
  CHECK(result.items.empty());
  const Outcome outcome = model.request("step", step("slow", {{"responseSchema", slow_schema(12)}}));
  CHECK(outcome.progress.front()["kind"] == "compile");
  CHECK(result_of(outcome).items[0].text == "{}");
  CHECK(model.request("check_schema", {{"schema", slow_schema(12)}}).reply.ok());
}

TEST_CASE("patience ends with the time or with a cancel, and says which") {
  ManualClock clock(0);
  const auto cancelled = std::make_shared<std::atomic<bool>>(false);
  const auto asked = [](grammar::Watch& watch) {
    bool over = false;
    for (int i = 0; i < 1000; ++i) over = watch.over();
    return over;
  };
  grammar::Watch watch = patience(clock, Milliseconds(50), cancelled);
  CHECK_FALSE(asked(watch));
  clock.advance(Milliseconds(49));
  CHECK_FALSE(asked(watch));
  clock.advance(Milliseconds(1));
  CHECK(asked(watch));
  REQUIRE(watch.why());
  CHECK(watch.why()->code() == Code::schema_unsupported);
  CHECK(watch.why()->data()["limit"] == "time");
  CHECK(watch.why()->message().find("50 ms") != std::string::npos);
  grammar::Watch other = patience(clock, Milliseconds(50), cancelled);
  CHECK_FALSE(asked(other));
  *cancelled = true;
  CHECK(asked(other));
  CHECK(other.why()->code() == Code::cancelled);
}

TEST_CASE("a cancelled step keeps what it has said, and the process goes on") {
  ModelProcess model(script({{{"when", "hang"}, {"say", "I begin"}, {"fault", "hang"}}, {{"say", "Hello."}}}));
  const uint64_t id = model.send("step", step("hang"));
  model.wait_for_text(id, "begin");
  model.cancel(id);
  const wire::StepResult result = result_of(model.finish(id));
  CHECK(result.stop == StepStop::cancelled);
  REQUIRE(result.items.size() == 1);
  CHECK(result.items[0].text == "I begin");
  CHECK(result_of(model.request("step", step("hello"))).items[0].text == "Hello.");
}

TEST_CASE("a step cancelled during prefill ends without items") {
  ModelProcess model(script({{{"when", "hang"}, {"say", ""}, {"fault", "hang"}}, {{"say", "Hello."}}}));
  const uint64_t id = model.send("step", step("hang"));
  model.cancel(id);
  const wire::StepResult result = result_of(model.finish(id));
  CHECK(result.stop == StepStop::cancelled);
  CHECK(result.items.empty());
  CHECK(result_of(model.request("step", step("hello"))).items[0].text == "Hello.");
}

TEST_CASE("a cancel of one session does not end the step of another") {
  ModelProcess model(script({{{"when", "hang"}, {"say", "I begin"}, {"fault", "hang"}}, {{"say", "Hello."}}}));
  const uint64_t hanging = model.send("step", step("hang"));
  model.wait_for_text(hanging, "begin");
  Json other = step("hang");
  other["sessionId"] = "other";
  const uint64_t second = model.send("step", other);
  model.cancel(second);
  CHECK(result_of(model.finish(second)).stop == StepStop::cancelled);
  model.cancel(hanging);
  CHECK(result_of(model.finish(hanging)).stop == StepStop::cancelled);
}

TEST_CASE("a crash closes the channel") {
  ModelProcess model(script({{{"say", "bye"}, {"fault", "crash"}}}));
  model.send("step", step("x"));
  CHECK(WIFSIGNALED(model.wait_for_end()));
}

TEST_CASE("NaN is model_failed and the next step works") {
  ModelProcess model(script({{{"when", "nan"}, {"say", "so"}, {"fault", "nan"}}, {{"say", "Hello."}}}));
  const Outcome failed = model.request("step", step("nan"));
  REQUIRE_FALSE(failed.reply.ok());
  CHECK(failed.reply.error().code() == Code::model_failed);
  CHECK(result_of(model.request("step", step("hello"))).items[0].text == "Hello.");
}

TEST_CASE("a prompt over the context says how much is needed and how much there is") {
  ModelProcess model(script({{{"say", "Hello."}}}, 64));
  const Outcome refused = model.request("step", step(std::string(500, 'x')));
  REQUIRE_FALSE(refused.reply.ok());
  CHECK(refused.reply.error().code() == Code::context_exceeded);
  CHECK(refused.reply.error().data()["available"] == 64);
  CHECK(refused.reply.error().data()["needed"] > 500);
}

TEST_CASE("a start that fails names file and field, and the process can be started again") {
  ModelProcess model;
  model.hello();
  CHECK(model.request("step", step("x")).reply.error().code() == Code::model_not_loaded);
  const auto no_script = model.request("start", {{"modelDir", "/nowhere"}}).reply;
  CHECK(no_script.error().code() == Code::model_not_loaded);
  const auto no_file = model.request("start", {{"script", "/nowhere/script.json"}}).reply;
  CHECK(no_file.error().code() == Code::model_not_loaded);
  CHECK(no_file.error().message().find("/nowhere/script.json") != std::string::npos);
  const auto bad_field = model.start({{"tokenizer", tokenizer_path()}, {"rules", {{{"say", 7}}}}});
  CHECK(bad_field.error().code() == Code::model_not_loaded);
  CHECK(bad_field.error().message().find("/rules/0/say") != std::string::npos);
  CHECK(model.request("step", step("x")).reply.error().message() == bad_field.error().message());
  CHECK(model.request("status", Json::object()).reply.value()["state"] == "failed");
  const auto bad_tokenizer = model.start({{"tokenizer", "/nowhere/tokenizer.json"}, {"rules", Json::array()}});
  CHECK(bad_tokenizer.error().message().find("/nowhere/tokenizer.json") != std::string::npos);
  REQUIRE(model.start(script({{{"say", "Hello."}}})).ok());
  CHECK(model.request("status", Json::object()).reply.value()["state"] == "ready");
  CHECK(result_of(model.request("step", step("x"))).items[0].text == "Hello.");
  CHECK(model.start(script(Json::array())).error().code() == Code::invalid_request);
}

TEST_CASE("a request that makes no sense is answered and the process goes on") {
  ModelProcess model(script({{{"when", "hang"}, {"say", ""}, {"fault", "hang"}}, {{"say", "Hello."}}}));
  CHECK(model.request("dance", Json::object()).reply.error().code() == Code::method_not_found);
  const auto wrong = model.request("step", {{"items", "none"}}).reply;
  CHECK(wrong.error().code() == Code::invalid_params);
  CHECK(wrong.error().data()["pointer"] == "/items");
  CHECK(model.request("step", step("x", {{"allowed", {"unknown"}}})).reply.error().code() == Code::invalid_params);
  model.send_frame({900, wire::FrameKind::request, "step", "{"});
  CHECK(model.finish(900).reply.error().code() == Code::parse_error);
  const uint64_t open = model.send("step", step("hang"));
  model.send_frame({open, wire::FrameKind::request, "step", "{}"});
  CHECK(model.finish(open).reply.error().code() == Code::invalid_request);  // the id is in use
  model.cancel(12345);                                                        // of nothing: ignored
  model.cancel(open);
  CHECK(result_of(model.finish(open)).stop == StepStop::cancelled);
}

TEST_CASE("bytes that are no frame end the process") {
  ModelProcess model;
  model.hello();
  const std::string lies("\xff\xff\xff\xff\xff\xff\xff\xff", 8);
  REQUIRE(::send(model.fd(), lies.data(), lies.size(), MSG_NOSIGNAL) == 8);
  const int status = model.wait_for_end();
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 1);
}

TEST_CASE("a closed socket ends the process, also while it hangs") {
  ModelProcess model(script({{{"say", "I begin"}, {"fault", "hang"}}}));
  const uint64_t id = model.send("step", step("x"));
  model.wait_for_text(id, "begin");
  model.close();
  const int status = model.wait_after_close();
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("tokenize, render and fit need no engine") {
  ModelProcess model(script({{{"say", "Hello."}}}));
  const Json trusted = model.request("tokenize", {{"text", "<turn|>"}}).reply.value();
  CHECK(trusted["tokens"].size() == 1);
  const Json untrusted = model.request("tokenize", {{"text", "<turn|>"}, {"untrusted", true}}).reply.value();
  CHECK(untrusted["tokens"].size() > 1);
  const Json rendered = model.request("render", step("hi")).reply.value();
  CHECK(rendered["prompt"] == "<bos><|turn>system\nYou are hob.<turn|>\n<|turn>user\nhi<turn|>\n<|turn>model\n");
  const std::string lines = [] {
    std::string out;
    for (int i = 0; i < 200; ++i) out += "a line of text\n";
    return out;
  }();
  const Json cut = model.request("fit", {{"result", {{"content", lines}}}, {"budgetTokens", 100}}).reply.value();
  CHECK(cut["result"]["truncated"] == true);
  CHECK(cut["result"]["content"].get<std::string>().size() < lines.size());
}

TEST_CASE("generate answers each line, and an error line does not end it") {
  const TestDirectory folder;
  wire::ModelStart start;
  start.script = folder.write("s.json", json::dump(script({{{"when", "hello"}, {"say", "Hello."}}, {{"say", "What?"}}})));
  std::istringstream in(json::dump(step("hello")) + "\n{\n" + json::dump(step("x")) + "\n");
  std::ostringstream out, errors;
  CHECK(run_generate(start, load_script, in, out, errors) == 0);
  std::istringstream lines(out.str());
  std::vector<Json> replies;
  for (std::string line; std::getline(lines, line);) replies.push_back(*json::parse(line, json::kWire));
  REQUIRE(replies.size() == 3);
  CHECK(replies[0]["items"][0]["text"] == "Hello.");
  CHECK(replies[1]["error"]["data"]["kind"] == "parse_error");
  CHECK(replies[2]["items"][0]["text"] == "What?");
  start.script = "/nowhere";
  std::istringstream empty;
  CHECK(run_generate(start, load_script, empty, out, errors) == 1);
  CHECK(errors.str().find("/nowhere") != std::string::npos);
}

}  // namespace
}  // namespace hob::serve
