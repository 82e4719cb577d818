// The serve loop of hob-model with real weights: the built-in demonstration model. What is common to both programs stands in
// server_test.cpp; here is what only a real forward pass can show.
#include <catch2/catch.hpp>

#include "model/serve/model_process.h"

namespace hob::serve {
namespace {

using namespace testing;
using wire::ItemKind;
using wire::StepStop;

const Json kCalculate{{"name", "calculate"},
                      {"description", "Evaluates an arithmetic expression."},
                      {"parameters",
                       {{"type", "object"},
                        {"properties", {{"expression", {{"type", "string"}}}}},
                        {"required", {"expression"}}}}};

/// hob-model with its weights loaded.
struct Demonstration : ModelProcess {
  wire::ModelInfo info;
  Demonstration() : ModelProcess(Binary{"hob-model"}) {
    CHECK(hello().program == "hob-model");
    const Outcome loaded = request("start", {{"modelDir", HOB_SOURCE_DIR "/model/tiny/checkpoint"}, {"threads", 1}});
    INFO((loaded.reply ? "" : loaded.reply.error().message()));
    REQUIRE(loaded.reply.ok());
    auto read = describe::read<wire::ModelInfo>(*loaded.reply);
    REQUIRE(read.ok());
    info = *read;
  }
};

Json asked_for_a_call() {
  return step("What is 17 * 23?", {{"tools", {kCalculate}}, {"allowed", {"calculate"}}, {"toolChoice", "required"}});
}

/// A step that cannot end soon: the schema wants thousands of tokens.
Json long_step() {
  return step("Count.", {{"sessionId", "long"},
                         {"responseSchema", {{"type", "array"}, {"minItems", 900}, {"items", {{"type", "integer"}}}}},
                         {"sampling", {{"temperature", 1}, {"seed", 1}}},
                         {"maxTokens", 4000}});
}

/// Waits until the step speaks.
void wait_for_words(ModelProcess& model, uint64_t id) {
  for (;;) {
    const wire::Frame frame = model.receive();
    REQUIRE(frame.id == id);
    REQUIRE(frame.kind == wire::FrameKind::progress);
    if (wire::payload_json(frame)->value("kind", "") == "answer") return;
  }
}

TEST_CASE("a Gemma 3 model out of a GGUF file answers, keeps to a schema, and says that it has no tools") {
  ModelProcess model(Binary{"hob-model"});
  const Outcome loaded = model.request(
      "start", {{"modelDir", HOB_SOURCE_DIR "/tests/fixtures/gemma/gguf/gemma3.gguf"}, {"threads", 1}, {"dtype", "f32"}});
  INFO((loaded.reply ? "" : loaded.reply.error().message()));
  REQUIRE(loaded.reply.ok());
  const auto info = describe::read<wire::ModelInfo>(*loaded.reply);
  REQUIRE(info.ok());
  CHECK(info->name == "gemma3");
  CHECK(std::find(info->capabilities.begin(), info->capabilities.end(), "tools") == info->capabilities.end());

  // Tools that may be called are left out, so that an agent can speak with it all the same.
  const Json plain = step("hi", {{"tools", {kCalculate}}, {"allowed", {"calculate"}}, {"maxTokens", 8}});
  const wire::StepResult answer = result_of(model.request("step", plain));
  CHECK(answer.usage.output_tokens > 0);
  const Json bound = step("hi", {{"responseSchema", {{"enum", {"yes", "no"}}}}, {"maxTokens", 64}, {"sampling", {{"temperature", 0}}}});
  const wire::StepResult chosen = result_of(model.request("step", bound));
  REQUIRE_FALSE(chosen.items.empty());
  CHECK(chosen.items.back().kind == ItemKind::structured_output);
  const auto value = json::parse(chosen.items.back().text, json::kGenerated);  // random weights write odd but right JSON
  REQUIRE(value.ok());
  CHECK((*value == "yes" || *value == "no"));

  const Outcome refused = model.request("step", asked_for_a_call());
  REQUIRE_FALSE(refused.reply.ok());
  CHECK(refused.reply.error().code() == Code::backend_lacks);
}

TEST_CASE("hob-model loads the demonstration model and says that it is one") {
  Demonstration model;
  CHECK(model.info.demonstration);
  CHECK(model.info.device == "cpu");
  CHECK_FALSE(model.info.fingerprint.empty());
  CHECK(model.info.vocab_size > 0);
  CHECK(model.request("status", Json::object()).reply.value()["state"] == "ready");
}

TEST_CASE("hob-model answers a step with a call whose arguments fit, and the follow-up reuses its prefix") {
  Demonstration model;
  Json conversation = asked_for_a_call();
  const Outcome outcome = model.request("step", conversation);
  const wire::StepResult first = result_of(outcome);
  CHECK(first.stop == StepStop::tool_calls);
  CHECK(first.usage.cached_tokens == 0);
  REQUIRE_FALSE(first.items.empty());
  const wire::Item& call = first.items.back();
  REQUIRE(call.kind == ItemKind::tool_call);
  CHECK(call.name == "calculate");
  REQUIRE(call.arguments);
  const auto arguments = json::parse(*call.arguments, json::kGenerated);
  REQUIRE(arguments.ok());
  REQUIRE(arguments->contains("expression"));
  CHECK((*arguments)["expression"].is_string());
  CHECK(arguments->size() == 1);
  REQUIRE(call.produced);
  CHECK(outcome.progress.front()["kind"] == "prefill");
  CHECK(outcome.progress.front()["total"] == first.usage.prompt_tokens);

  for (const wire::Item& item : first.items) conversation["items"].push_back(describe::write(item));
  conversation["items"].push_back({{"kind", "tool_result"}, {"name", "calculate"}, {"result", {{"result", "391"}}}, {"ok", true}});
  conversation["toolChoice"] = "none";
  conversation["maxTokens"] = 40;
  const wire::StepResult second = result_of(model.request("step", conversation));
  // Everything that was run is there again: the first prompt, and the call but for its last token, which was sampled and never run.
  CHECK(second.usage.cached_tokens + 1 >= first.usage.prompt_tokens + first.usage.output_tokens);
  CHECK(second.usage.cached_tokens < second.usage.prompt_tokens);
  REQUIRE_FALSE(second.items.empty());
  CHECK(second.items.back().kind == ItemKind::agent_message);

  // A cache changes no word: a process that has none says the same.
  Demonstration fresh;
  const wire::StepResult uncached = result_of(fresh.request("step", conversation));
  CHECK(uncached.usage.cached_tokens == 0);
  CHECK(uncached.items.back().text == second.items.back().text);
}

TEST_CASE("hob-model, cancelled while it generates, says so and goes on") {
  Demonstration model;
  const uint64_t id = model.send("step", long_step());
  wait_for_words(model, id);
  model.cancel(id);
  const wire::StepResult result = result_of(model.finish(id));
  CHECK(result.stop == StepStop::cancelled);
  CHECK(result.usage.output_tokens > 0);
  CHECK(result.usage.output_tokens < 900);
  CHECK(result_of(model.request("step", asked_for_a_call())).stop == StepStop::tool_calls);
}

TEST_CASE("hob-model, killed in a step, closes the channel, and ends by itself when the channel is closed") {
  {
    Demonstration model;
    wait_for_words(model, model.send("step", long_step()));
    REQUIRE(kill(model.pid(), SIGKILL) == 0);
    const int status = model.wait_for_end();
    REQUIRE(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGKILL);
  }
  Demonstration model;
  wait_for_words(model, model.send("step", long_step()));
  model.close();
  const int status = model.wait_after_close();
  REQUIRE(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace hob::serve
