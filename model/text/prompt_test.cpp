#include "model/text/prompt.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "schemas/base/json.h"

using namespace hob;
using namespace hob::text;
using wire::Item;
using wire::ItemKind;

namespace {

const Tokenizer& hand() {
  static const Tokenizer tokenizer = [] {
    auto loaded = Tokenizer::load(HOB_SOURCE_DIR "/tests/fixtures/tokenizer/hand.json");
    if (!loaded) FAIL(loaded.error().message());
    return std::move(loaded).value();
  }();
  return tokenizer;
}

Item user(std::string text) {
  Item item;
  item.text = std::move(text);
  item.turn_id = "t";
  return item;
}

Item model(ItemKind kind, std::string text, uint32_t step = 1) {
  Item item;
  item.kind = kind;
  item.turn_id = "t";
  item.step = step;
  item.text = std::move(text);
  return item;
}

Item call(std::string id, std::string name, std::string arguments, uint32_t step = 1) {
  Item item = model(ItemKind::tool_call, "", step);
  item.call_id = std::move(id);
  item.name = std::move(name);
  item.arguments = std::move(arguments);
  return item;
}

Item result(std::string id, std::string name, Json value) {
  Item item = model(ItemKind::tool_result, "", 0);
  item.call_id = std::move(id);
  item.name = std::move(name);
  item.result = std::move(value);
  item.ok = true;
  return item;
}

constexpr const char* kFingerprint = "f";

Prompt prompt_of(const wire::StepParams& step, ModelSize size = ModelSize::small) {
  auto prompt = render_prompt(step, hand(), {size, kFingerprint});
  if (!prompt) FAIL(prompt.error().message());
  return *prompt;
}

std::string text_of(const wire::StepParams& step, ModelSize size = ModelSize::small) {
  return hand().decode(prompt_of(step, size).ids, Specials::keep);
}

std::vector<Token> ids_of(std::string_view text) { return hand().encode(text, Control::match); }

// The golden conversation of this name, and what the published template makes of it.
std::string golden(std::string_view name) {
  std::ifstream file(HOB_SOURCE_DIR "/tests/fixtures/chat/cases.jsonl");
  for (std::string line; std::getline(file, line);) {
    const Json one = *json::parse(line, json::kWire);
    if (one["name"] == std::string(name)) return one["expected"];
  }
  FAIL("no golden case " << name);
  return {};
}

Json golden_tools(std::string_view name) {
  std::ifstream file(HOB_SOURCE_DIR "/tests/fixtures/chat/cases.jsonl");
  for (std::string line; std::getline(file, line);) {
    const Json one = *json::parse(line, json::kWire);
    if (one["name"] == std::string(name)) return one;
  }
  return {};
}

}  // namespace

TEST_CASE("a plain question is what the published template writes") {
  wire::StepParams step;
  step.system = "Be brief.";
  step.items = {user("Hi")};
  CHECK(text_of(step) == golden("spec-5-5-example-1-plain-chat-with-thinking-off-small"));
  CHECK(text_of(step, ModelSize::big) == golden("spec-5-5-example-1-plain-chat-with-thinking-off-big"));
  step.thinking.on = true;
  CHECK(text_of(step, ModelSize::big) == golden("spec-5-5-example-2-plain-chat-with-thinking-on-big"));
}

TEST_CASE("the built-in tools are declared as the published template declares them") {
  for (const char* name :
       {"the-built-in-tools-with-their-system-text-small", "the-built-in-tools-with-their-system-text-big",
        "the-built-in-tools-with-their-system-text-and-thinking-on"}) {
    const Json one = golden_tools(name);
    wire::StepParams step;
    step.thinking.on = one["enable_thinking"];
    for (const Json& message : one["messages"]) {
      if (message["role"] == "system") step.system = message["content"];
      if (message["role"] == "user") step.items.push_back(user(message["content"]));
    }
    for (const Json& tool : one["tools"]) {
      const Json& function = tool["function"];
      step.tools.push_back({function["name"], function["description"], function.value("parameters", Json())});
    }
    CHECK(text_of(step, one["model"] == "big" ? ModelSize::big : ModelSize::small) == golden(name));
  }
}

TEST_CASE("the prefix is the system turn and does not depend on the conversation") {
  wire::StepParams step;
  step.system = "Be brief.";
  step.tools = {{"now", "Tells the time.", Json::object()}};
  step.items = {user("Hi")};
  const Prompt one = prompt_of(step);
  step.items = {user("Something else"), model(ItemKind::agent_message, "Yes"), user("And now?")};
  const Prompt two = prompt_of(step);
  REQUIRE(one.prefix == two.prefix);
  const auto prefix = static_cast<long>(one.prefix);
  CHECK(std::vector<Token>(one.ids.begin(), one.ids.begin() + prefix) ==
        std::vector<Token>(two.ids.begin(), two.ids.begin() + prefix));
  CHECK(hand().decode(std::span(one.ids).first(one.prefix), Specials::keep) ==
        "<bos><|turn>system\nBe brief.<|tool>declaration:now{description:<|\"|>Tells the time.<|\"|>}<tool|><turn|>\n");
}

TEST_CASE("a tool loop keeps its thoughts and goes on inside the model's turn") {
  wire::StepParams step;
  step.items = {
      user("Weather?"), model(ItemKind::thought, "need weather"),
      call("1", "get_weather", R"({"city": "Rome", "days": 3})"), result("1", "get_weather", Json{{"sky", "clear"}})
  };
  const std::string loop =
      "<|turn>user\nWeather?<turn|>\n<|turn>model\n<|channel>thought\nneed weather\n<channel|>"
      "<|tool_call>call:get_weather{city:<|\"|>Rome<|\"|>,days:3}<tool_call|>"
      "<|tool_response>response:get_weather{sky:<|\"|>clear<|\"|>}<tool_response|>";
  CHECK(text_of(step, ModelSize::big) == "<bos>" + loop);
  CHECK_FALSE(prompt_of(step).inside_thought);
  step.thinking.on = true;
  CHECK(text_of(step) == "<bos><|turn>system\n<|think|>\n<turn|>\n" + loop + "<|channel>thought\n");
  CHECK(prompt_of(step).inside_thought);
}

TEST_CASE("thoughts of earlier turns are dropped, calls and results stay") {
  wire::StepParams step;
  step.items = {
      user("Weather?"), model(ItemKind::thought, "hm"), call("1", "f", "{}"), result("1", "f", Json{{"x", 1}}),
      model(ItemKind::agent_message, "Sunny.", 2), user("Thanks")
  };
  CHECK(
      text_of(step) ==
      "<bos><|turn>user\nWeather?<turn|>\n<|turn>model\n<|tool_call>call:f{}<tool_call|><|tool_response>response:f{x:1}"
      "<tool_response|>Sunny.<turn|>\n<|turn>user\nThanks<turn|>\n<|turn>model\n"
  );
}

TEST_CASE("text before a call stays before it") {
  wire::StepParams step;
  step.items = {
      user("Go"), model(ItemKind::agent_message, "Let me look."), call("1", "f", "{}"), result("1", "f", Json{{"x", 1}})
  };
  CHECK(
      text_of(step) == "<bos><|turn>user\nGo<turn|>\n<|turn>model\nLet me look.<|tool_call>call:f{}<tool_call|>"
                       "<|tool_response>response:f{x:1}<tool_response|>"
  );
}

TEST_CASE("results stand in the order of the calls, whatever order they came in") {
  wire::StepParams step;
  step.items = {
      user("Go"), call("1", "f", "{}"), call("2", "g", "{}"), result("2", "g", Json{{"b", 2}}), result("1", "f", Json{{"a", 1}})
  };
  CHECK(
      text_of(step) == "<bos><|turn>user\nGo<turn|>\n<|turn>model\n<|tool_call>call:f{}<tool_call|><|tool_call>call:g{}"
                       "<tool_call|><|tool_response>response:f{a:1}<tool_response|><|tool_response>response:g{b:2}"
                       "<tool_response|>"
  );
}

TEST_CASE("plain results become a value, errors are results like others") {
  wire::StepParams step;
  step.items = {user("Go"), call("1", "f", "{}"), result("1", "f", "text")};
  CHECK_THAT(text_of(step), Catch::EndsWith("response:f{value:<|\"|>text<|\"|>}<tool_response|>"));
  step.items[2].result = Json{
      {"ok", false}, {"kind", "not_found"}, {"message", "There is no file notes.txt."}, {"hint", "List the directory."}
  };
  step.items[2].ok = false;
  CHECK_THAT(
      text_of(step),
      Catch::EndsWith("response:f{hint:<|\"|>List the directory.<|\"|>,kind:<|\"|>not_found<|\"|>,message:<|\"|>There "
                      "is no file notes.txt.<|\"|>,ok:false}<tool_response|>")
  );
}

TEST_CASE("arguments keep every digit") {
  wire::StepParams step;
  step.items = {
      user("Go"), call("1", "f", R"({"n": 123456789012345678901234567890, "x": 1E5})"), result("1", "f", Json::object())
  };
  CHECK_THAT(text_of(step), Catch::Contains("call:f{n:123456789012345678901234567890,x:100000.0}"));
}

TEST_CASE("a call whose turn went on without it is answered as unfinished") {
  wire::StepParams step;
  step.items = {user("Go"), call("1", "f", "{}"), user("Never mind")};
  CHECK_THAT(text_of(step), Catch::Contains("<tool_call|><|tool_response>response:f{hint:") &&
                                Catch::Contains("ok:false}<tool_response|><turn|>\n<|turn>user\nNever mind"));
}

TEST_CASE("a step with an open call is refused") {
  wire::StepParams step;
  step.items = {user("Go"), call("1", "f", "{}")};
  const auto prompt = render_prompt(step, hand(), {});
  REQUIRE_FALSE(prompt.ok());
  CHECK_THAT(prompt.error().message(), Catch::Contains("f has no result"));
}

TEST_CASE("ids that the model produced are appended as they were") {
  // "the" is one token; the model wrote it as three.
  std::vector<Token> odd = {*hand().find("t"), *hand().find("h"), *hand().find("e")};
  REQUIRE(hand().encode("the", Control::as_text).size() == 1);
  wire::StepParams step;
  step.items = {user("Go"), model(ItemKind::agent_message, "the"), user("Next")};
  step.items[1].produced = wire::Produced{kFingerprint, odd, false};
  const std::vector<Token> kept = prompt_of(step).ids;
  CHECK(std::search(kept.begin(), kept.end(), odd.begin(), odd.end()) != kept.end());
  step.items[1].produced->fingerprint = "another";
  const std::vector<Token> rendered = prompt_of(step).ids;
  CHECK(std::search(rendered.begin(), rendered.end(), odd.begin(), odd.end()) == rendered.end());
  CHECK(hand().decode(rendered, Specials::keep) == hand().decode(kept, Specials::keep));
}

TEST_CASE("ids outside the vocabulary are not trusted") {
  wire::StepParams step;
  step.items = {user("Go"), model(ItemKind::agent_message, "yes"), user("Next")};
  step.items[1].produced = wire::Produced{kFingerprint, {hand().size()}, false};
  CHECK_THAT(text_of(step), Catch::Contains("<|turn>model\nyes<turn|>"));
}

TEST_CASE("produced ids stand for all items of their step") {
  wire::StepParams step;
  step.items = {
      user("Go"), model(ItemKind::thought, "hm"), call("1", "f", "{}"), result("1", "f", Json{{"x", 1}}),
      model(ItemKind::agent_message, "done", 2)
  };
  step.items[1].produced = wire::Produced{
      kFingerprint, ids_of("<|channel>thought\nhm\n<channel|><|tool_call>call:f{}<tool_call|>"), false};
  const std::string first =
      "<bos><|turn>user\nGo<turn|>\n<|turn>model\n<|channel>thought\nhm\n<channel|><|tool_call>call:f{}<tool_call|>"
      "<|tool_response>response:f{x:1}<tool_response|>done<turn|>\n<|turn>model\n";
  CHECK(text_of(step) == first);
  step.items.push_back(user("Next"));
  CHECK(
      text_of(step) == "<bos><|turn>user\nGo<turn|>\n<|turn>model\n<|tool_call>call:f{}<tool_call|><|tool_response>"
                       "response:f{x:1}<tool_response|>done<turn|>\n<|turn>user\nNext<turn|>\n<|turn>model\n"
  );
}

TEST_CASE("a step that began inside a thought gets its opening back, and loses all of it later") {
  wire::StepParams step;
  step.items = {
      user("Go"), call("1", "f", "{}"), result("1", "f", Json{{"x", 1}}), model(ItemKind::thought, "so", 2),
      call("2", "g", "{}", 2), result("2", "g", Json{{"y", 2}})
  };
  step.items[3].produced =
      wire::Produced{kFingerprint, ids_of("so\n<channel|><|tool_call>call:g{}<tool_call|>"), true};
  CHECK_THAT(
      text_of(step), Catch::Contains("<tool_response|><|channel>thought\nso\n<channel|><|tool_call>call:g{}<tool_call|>"
                                     "<|tool_response>response:g{y:2}")
  );
  step.items.push_back(user("Next"));
  CHECK_THAT(text_of(step), Catch::Contains("<tool_response|><|tool_call>call:g{}<tool_call|><|tool_response>"));
}

TEST_CASE("the next step's prompt begins with this step's prompt and what the model wrote") {
  wire::StepParams step;
  step.system = "s";
  step.items = {user("Go")};
  const std::vector<Token> before = prompt_of(step).ids;
  const std::vector<Token> wrote = ids_of("<|tool_call>call:f{}<tool_call|>");
  Item made = call("1", "f", "{}");
  made.produced = wire::Produced{kFingerprint, wrote, false};
  step.items.push_back(made);
  step.items.push_back(result("1", "f", Json{{"x", 1}}));
  std::vector<Token> expected = before;
  expected.insert(expected.end(), wrote.begin(), wrote.end());
  const std::vector<Token> after = prompt_of(step).ids;
  REQUIRE(after.size() > expected.size());
  CHECK(std::equal(expected.begin(), expected.end(), after.begin()));
  CHECK(after[expected.size()] == hand().control().response_open);
}

TEST_CASE("nothing from outside becomes a control token") {
  std::string forged;
  for (Token token = 0; token < hand().size(); ++token) {
    if (hand().is_special(token)) forged += hand().shown(token);
  }
  const auto controls = [](const std::vector<Token>& ids) {
    return std::count_if(ids.begin(), ids.end(), [](Token id) { return hand().is_special(id); });
  };
  const auto step_with = [](const std::string& text) {
    wire::StepParams step;
    step.system = text;
    step.tools = {{text, text, Json{{"type", "object"}, {"properties", {{text, {{"type", "string"}, {"description", text}, {"enum", {text}}}}}}}}};
    step.items = {
        user(text), model(ItemKind::agent_message, text), call("1", text, json::dump(Json{{text, text}})),
        result("1", text, Json{{text, text}}), model(ItemKind::structured_output, text, 2), user(text)
    };
    step.items.back().response_schema = Json{{"type", "object"}, {"properties", {{text, {{"type", "string"}}}}}};
    return step;
  };
  CHECK(controls(prompt_of(step_with(forged)).ids) == controls(prompt_of(step_with("x")).ids));
}

TEST_CASE("the asked-for type stands at the end of its user text") {
  wire::StepParams step;
  const Json schema = Json{
      {"type", "object"}, {"properties", {{"name", {{"type", "string"}}}}}, {"required", {"name"}}};
  step.items = {user("Who?"), model(ItemKind::structured_output, R"({"name": "Mia"})"), user("And who else?")};
  step.items[0].response_schema = schema;
  CHECK_THAT(text_of(step), Catch::Contains("Who?\nAnswer with JSON: {\"name\": string}<turn|>") &&
                                Catch::Contains("And who else?<turn|>"));
  step.response_schema = Json{{"type", "boolean"}};
  CHECK_THAT(text_of(step), Catch::Contains("And who else?\nAnswer with JSON: boolean<turn|>"));
}

TEST_CASE("a text that was cut goes on in place, a finished one is followed by a new turn") {
  wire::StepParams step;
  step.items = {user("Go"), model(ItemKind::agent_message, "one two")};
  CHECK_THAT(text_of(step), Catch::EndsWith("one two<turn|>\n<|turn>model\n"));
  step.items[1].incomplete = true;
  CHECK_THAT(text_of(step), Catch::EndsWith("<|turn>model\none two"));
}

TEST_CASE("a raw prompt is text after bos") {
  wire::StepParams step;
  step.prompt = "Once <turn|>";
  const Prompt prompt = prompt_of(step);
  CHECK(prompt.ids[0] == hand().control().bos);
  CHECK(std::count_if(prompt.ids.begin(), prompt.ids.end(), [](Token id) { return hand().is_special(id); }) == 1);
}

TEST_CASE("broken arguments of a stored call are named") {
  wire::StepParams step;
  step.items = {user("Go"), call("1", "f", "{"), result("1", "f", Json::object())};
  step.items[1].id = "i7";
  const auto prompt = render_prompt(step, hand(), {});
  REQUIRE_FALSE(prompt.ok());
  CHECK_THAT(prompt.error().message(), Catch::Contains("items[1] (i7)"));
}
