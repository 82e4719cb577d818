#include "model/sample/sampler.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "schemas/base/fd.h"
#include "schemas/base/json.h"

namespace hob::sample {
namespace {

std::vector<uint64_t> mask_of(const std::vector<Token>& allowed, size_t size) {
  std::vector<uint64_t> out((size + 63) / 64);
  for (const Token id : allowed) out[id / 64] |= uint64_t{1} << (id % 64);
  return out;
}

TEST_CASE("what remains of the logits is what transformers' processors leave") {
  const auto text = read_file(HOB_SOURCE_DIR "/tests/fixtures/sampling/cases.json", 1u << 20);
  REQUIRE(text.ok());
  const auto fixture = json::parse(*text, json::kModelFile);
  REQUIRE(fixture.ok());
  REQUIRE((*fixture)["cases"].size() >= 19);
  size_t number = 0;
  for (const Json& wanted : (*fixture)["cases"]) {
    INFO("case " << number++);
    const auto logits = wanted["logits"].get<std::vector<float>>();
    Options options;
    options.temperature = wanted["temperature"].get<double>();
    options.top_k = wanted["topK"].get<uint32_t>();
    options.top_p = wanted["topP"].get<double>();
    options.min_p = wanted["minP"].get<double>();
    for (const Json& one : wanted["bias"]) options.bias.emplace_back(one[0].get<Token>(), one[1].get<float>());
    Sampler sampler(options, wanted["suppressed"].get<std::vector<Token>>());
    std::vector<uint64_t> mask;
    if (!wanted["allowed"].is_null()) mask = mask_of(wanted["allowed"].get<std::vector<Token>>(), logits.size());
    const auto got = sampler.distribution(logits, mask);
    REQUIRE(got.ok());
    std::map<Token, double> by_token;
    for (const Candidate& c : *got) by_token[c.token] = c.probability;
    REQUIRE(by_token.size() == wanted["probabilities"].size());
    for (const Json& pair : wanted["probabilities"]) {
      const Token token = pair[0].get<Token>();
      INFO("token " << token);
      REQUIRE(by_token.count(token) == 1);
      CHECK(by_token[token] == Approx(pair[1].get<double>()).margin(1e-6));
    }
    const Json& best = wanted["logProbabilities"];
    const auto top = top_log_probabilities(logits, best.size());
    REQUIRE(top.ok());
    REQUIRE(top->size() == best.size());
    for (size_t at = 0; at < best.size(); ++at) {
      CHECK((*top)[at].token == best[at][0].get<Token>());
      CHECK((*top)[at].value == Approx(best[at][1].get<double>()).margin(1e-6));
      CHECK(*log_probability(logits, (*top)[at].token) == Approx((*top)[at].value).margin(1e-12));
    }
  }
}

TEST_CASE("greedy takes the largest allowed logit and the lowest id among equals") {
  Sampler sampler({}, {2});
  const std::vector<float> logits{1, 5, 9, 5, 0};
  CHECK(*sampler.choose(logits, {}, 0) == 1);  // 2 is suppressed
  const auto mask = mask_of({0, 3, 4}, 5);
  CHECK(*sampler.choose(logits, mask, 0) == 3);
}

TEST_CASE("the same seed and position give the same token, and other ones are spread as the probabilities say") {
  const std::vector<float> logits{std::log(0.5f), std::log(0.3f), std::log(0.2f)};
  Sampler a({.temperature = 1, .seed = 11}), b({.temperature = 1, .seed = 11}), c({.temperature = 1, .seed = 12});
  std::map<Token, int> counts;
  int same_as_other_seed = 0;
  constexpr int kDraws = 20000;
  for (uint64_t position = 0; position < kDraws; ++position) {
    const Token token = *a.choose(logits, {}, position);
    REQUIRE(token == *b.choose(logits, {}, position));
    if (token == *c.choose(logits, {}, position)) ++same_as_other_seed;
    ++counts[token];
  }
  CHECK(counts[0] == Approx(kDraws * 0.5).margin(300));  // 4 standard deviations are 283
  CHECK(counts[1] == Approx(kDraws * 0.3).margin(300));
  CHECK(counts[2] == Approx(kDraws * 0.2).margin(300));
  CHECK(same_as_other_seed < kDraws * 9 / 20);  // independent draws agree in 38 of 100
}

TEST_CASE("the drawn numbers lie in [0, 1) and do not repeat") {
  std::set<double> seen;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    for (uint64_t counter = 0; counter < 50; ++counter) {
      const double u = uniform(seed, counter);
      REQUIRE(u >= 0.0);
      REQUIRE(u < 1.0);
      REQUIRE(seen.insert(u).second);
    }
  }
}

TEST_CASE("a bias counts in greedy choice, and twice where it is given twice") {
  const std::vector<float> logits{1, 5, 3};
  CHECK(*Sampler({.bias = {{2, 2.5f}}}).choose(logits, {}, 0) == 2);
  CHECK(*Sampler({.bias = {{2, 1.25f}, {0, 0.5f}, {2, 1.25f}}}).choose(logits, {}, 0) == 2);
  CHECK(*Sampler({.bias = {{1, -100.0f}, {77, 1000.0f}}}).choose(logits, {}, 0) == 2);
}

TEST_CASE("log probabilities of broken logits and of a token that is not there are errors") {
  const float infinity = std::numeric_limits<float>::infinity();
  CHECK(log_probability(std::vector<float>{1, 2}, 2).error().code() == Code::invalid_params);
  CHECK(log_probability(std::vector<float>{1, infinity}, 0).error().code() == Code::model_failed);
  CHECK(top_log_probabilities(std::vector<float>{-infinity, -infinity}, 1).error().code() == Code::model_failed);
  CHECK(top_log_probabilities(std::vector<float>{1, 2}, 5)->size() == 2);
}

TEST_CASE("NaN, an infinite logit and an empty mask are model_failed") {
  Sampler sampler({.temperature = 1});
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  CHECK(sampler.choose(std::vector<float>{1, nan}, {}, 0).error().code() == Code::model_failed);
  CHECK(sampler.choose(std::vector<float>{1, infinity}, {}, 0).error().code() == Code::model_failed);
  const std::vector<uint64_t> none(1);
  CHECK(sampler.choose(std::vector<float>{1, 2}, none, 0).error().code() == Code::model_failed);
  CHECK(*sampler.choose(std::vector<float>{1, -infinity}, {}, 0) == 0);
}

}  // namespace
}  // namespace hob::sample
