// Drafts and neighbours with a real forward pass: the demonstration model in f32 says the same, token for token, with
// drafts and without, alone and beside others. `HOB_CAMPAIGN=drafts` runs it over more than ten thousand tokens.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>
#include <random>

#include "model/serve/step_maker.h"
#include "model/serve/torch_loader.h"
#include "model/schedule/scheduler.h"

namespace hob::serve {
namespace {

struct Model {
  Model() {
    wire::ModelStart start;
    start.model_dir = HOB_SOURCE_DIR "/model/tiny/checkpoint";
    start.dtype = "f32";
    start.threads = 1;
    auto result = load_torch(start, interrupt, [](uint64_t, uint64_t) {});
    REQUIRE(result.ok());
    loaded = *std::move(result);
    REQUIRE(loaded.engine->info().dtype == "f32");
    auto facts = facts_of(loaded);
    REQUIRE(facts.ok());
    maker.emplace(*std::move(facts), random);
    scheduler.emplace(*loaded.engine, loaded.control, uint64_t{64} << 20, clock);
  }
  schedule::Request request(wire::StepParams params, wire::DraftKind draft) {
    params.draft = draft;
    auto made = maker->make(params);
    INFO((made ? "" : made.error().message()));
    REQUIRE(made.ok());
    return *std::move(made);
  }
  /// Runs these steps, all at once; what they came to, without the times.
  std::vector<Json> run(const std::vector<wire::StepParams>& steps, wire::DraftKind draft) {
    std::vector<Json> out(steps.size());
    for (size_t i = 0; i < steps.size(); ++i) {
      schedule::Request made = request(steps[i], draft);
      made.done = [&out, i](Result<wire::StepResult> result) {
        INFO((result ? "" : result.error().message()));
        REQUIRE(result.ok());
        out[i] = describe::write(*result);
        for (const char* name : {"prefillSeconds", "decodeSeconds", "maskSeconds", "cachedTokens", "draftedTokens", "acceptedTokens"}) out[i]["usage"].erase(name);
      };
      REQUIRE(scheduler->submit(std::move(made)).ok());
    }
    while (!scheduler->idle()) scheduler->work();
    return out;
  }

  engine::Interrupt interrupt;
  SystemClock clock;
  SystemRandom random;
  Loaded loaded;
  std::optional<StepMaker> maker;
  std::optional<schedule::Scheduler> scheduler;
};

const char* const kWords[] = {"report", "garden", "seven", "blue", "river", "invoice", "Oslo", "Anna", "meeting", "apples",
                              "quickly", "window", "budget", "train", "lemon", "paper", "old", "Monday", "music", "copper"};

std::string words(std::mt19937_64& random, size_t count) {
  std::string out;
  for (size_t i = 0; i < count; ++i) out += (i > 0 ? " " : "") + std::string(kWords[random() % std::size(kWords)]);
  return out;
}

/// A step of one of five kinds: talk, a call, an answer after a tool's output, a small and a long structured answer.
wire::StepParams step(std::mt19937_64& random, size_t number) {
  Json user{{"kind", "user_message"}};
  Json out{{"system", "You are hob."}, {"maxTokens", 60}, {"items", Json::array()}};
  out["sampling"] = {{"temperature", number % 2 == 0 ? 0.0 : 0.8}, {"seed", random() % 1000}};
  const Json read{{"name", "read_file"},
                  {"description", "Reads a text file."},
                  {"parameters",
                   {{"type", "object"}, {"properties", {{"path", {{"type", "string"}}}}}, {"required", {"path"}}}}};
  const std::string file = std::string(kWords[random() % std::size(kWords)]) + ".txt";
  switch (number / 2 % 5) {
    case 0:
      user["text"] = "Tell me about " + words(random, 4) + ".";
      out["items"].push_back(user);
      break;
    case 1:
      user["text"] = "What does " + file + " say?";
      out["items"].push_back(user);
      out["tools"] = {read};
      out["allowed"] = {"read_file"};
      out["toolChoice"] = "required";
      break;
    case 2: {
      user["text"] = "What does " + file + " say?";
      out["items"].push_back(user);
      out["tools"] = {read};
      out["allowed"] = {"read_file"};
      out["items"].push_back({{"kind", "tool_call"}, {"name", "read_file"}, {"callId", "c"},
                              {"arguments", json::dump(Json{{"path", file}})}});
      out["items"].push_back({{"kind", "tool_result"}, {"name", "read_file"}, {"callId", "c"}, {"ok", true},
                              {"result", {{"content", words(random, 12) + ".\n"}}}});
      break;
    }
    case 3:
      user["text"] = "Anna is " + std::to_string(random() % 90) + " and lives in Oslo.";
      out["items"].push_back(user);
      out["responseSchema"] = {{"type", "object"},
                               {"properties",
                                {{"name", {{"type", "string"}, {"maxLength", 20}}},
                                 {"age", {{"type", "integer"}}},
                                 {"address", {{"type", "object"},
                                              {"properties", {{"city", {{"enum", {"Oslo", "Bergen", "Trondheim"}}}}}},
                                              {"required", {"city"}},
                                              {"additionalProperties", false}}}}},
                               {"required", {"name", "age", "address"}},
                               {"additionalProperties", false}};
      break;
    default:
      user["text"] = "List people: " + words(random, 3) + ".";
      out["items"].push_back(user);
      out["maxTokens"] = 200;
      out["responseSchema"] = {{"type", "array"},
                               {"minItems", 4},
                               {"maxItems", 8},
                               {"items",
                                {{"type", "object"},
                                 {"properties", {{"name", {{"enum", {"Anna", "Bo"}}}}, {"present", {{"type", "boolean"}}}}},
                                 {"required", {"name", "present"}},
                                 {"additionalProperties", false}}}};
      break;
  }
  auto params = describe::read<wire::StepParams>(out);
  REQUIRE(params.ok());
  return *params;
}

bool campaign() {
  const char* name = std::getenv("HOB_CAMPAIGN");
  return name != nullptr && std::string(name) == "drafts";
}

TEST_CASE("the demonstration model says the same with drafts and without, greedily and sampled, with a grammar and without") {
  const char* given = std::getenv("HOB_SEED");
  const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : 11;
  const uint64_t wanted = campaign() ? 12'000 : 400;
  std::mt19937_64 random(seed);
  Model plain, drafted;
  uint64_t tokens = 0;
  for (size_t number = 0; tokens < wanted || number % 10 != 0; ++number) {
    const wire::StepParams asked = step(random, number);
    INFO("step " << number << ", HOB_SEED=" << seed);
    const std::vector<Json> without = plain.run({asked}, wire::DraftKind::none);
    const std::vector<Json> with = drafted.run({asked}, wire::DraftKind::lookup);
    REQUIRE(json::dump(with[0]) == json::dump(without[0]));
    tokens += with[0]["usage"]["outputTokens"].get<uint64_t>();
  }
  const schedule::DraftPace& pace = drafted.scheduler->pace();
  uint64_t accepted = 0;
  std::cout << "drafts: " << tokens << " tokens, HOB_SEED=" << seed;
  for (const schedule::DraftCount& count : drafted.scheduler->draft_counts()) {
    accepted += count.accepted;
    std::cout << ", " << count.name << " " << count.accepted << " of " << count.drafted;
  }
  std::cout << ", " << static_cast<double>(pace.tokens()) / static_cast<double>(pace.steps()) << " tokens a step, "
            << pace.speed_up().value_or(0) << " x the speed\n";
  CHECK(accepted > 0);
  CHECK(plain.scheduler->draft_counts().empty());
}

TEST_CASE("what the demonstration model says does not depend on its neighbours") {
  std::mt19937_64 random(5);
  std::vector<wire::StepParams> steps;
  for (size_t number = 0; number < 10; ++number) steps.push_back(step(random, number));
  Model alone, together;
  const std::vector<Json> all = together.run(steps, wire::DraftKind::lookup);
  for (size_t i = 0; i < steps.size(); ++i) {
    INFO("step " << i);
    CHECK(json::dump(alone.run({steps[i]}, wire::DraftKind::none)[0]) == json::dump(all[i]));
  }
}

}  // namespace
}  // namespace hob::serve
