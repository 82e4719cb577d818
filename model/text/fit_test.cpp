#include "model/text/fit.h"

#include <catch2/catch.hpp>

#include "schemas/base/utf8.h"

using namespace hob;
using namespace hob::text;

namespace {

const Tokenizer& hand() {
  static const Tokenizer tokenizer = [] {
    auto loaded = Tokenizer::load(HOB_SOURCE_DIR "/tests/fixtures/tokenizer/hand.json");
    if (!loaded) FAIL(loaded.error().message());
    return std::move(loaded).value();
  }();
  return tokenizer;
}

std::string numbered_lines(int count) {
  std::string text;
  for (int line = 1; line <= count; ++line) text += "line " + std::to_string(line) + "\n";
  text.pop_back();
  return text;
}

}  // namespace

TEST_CASE("a result within the budget is left as it is") {
  const Json result = Json{{"content", "milk\nbread"}, {"lines", 2}, {"truncated", false}};
  CHECK(fit(result, 200, hand()) == result);
}

TEST_CASE("a long text keeps head and tail at line ends, with the note on a line of its own") {
  const Json result = Json{{"content", numbered_lines(1000)}, {"lines", 1000}, {"truncated", false}};
  const Json cut = fit(result, 200, hand());
  CHECK(response_tokens(cut, hand()) <= 200);
  CHECK(response_tokens(cut, hand()) > 150);
  CHECK(cut["truncated"] == true);
  CHECK(cut["lines"] == 1000);
  const std::string content = cut["content"];
  CHECK_THAT(content, Catch::StartsWith("line 1\nline 2\n") && Catch::EndsWith("\nline 1000"));
  const size_t at = content.find("\n[... ");
  REQUIRE(at != std::string::npos);
  const size_t end = content.find(" lines cut ...]\n", at);
  REQUIRE(end != std::string::npos);
  const int missing = std::stoi(content.substr(at + 6, end - at - 6));
  const auto lines = std::count(content.begin(), content.end(), '\n') + 1;
  CHECK(missing + lines - 1 == 1000);
}

TEST_CASE("a long list keeps its first entries") {
  Json entries = Json::array();
  for (int at = 0; at < 500; ++at) entries.push_back("file" + std::to_string(at));
  const Json cut = fit(Json{{"entries", entries}, {"truncated", false}}, 200, hand());
  CHECK(response_tokens(cut, hand()) <= 200);
  CHECK(cut["truncated"] == true);
  REQUIRE(cut["entries"].size() > 5);
  for (size_t at = 0; at < cut["entries"].size(); ++at) CHECK(cut["entries"][at] == entries[at]);
}

TEST_CASE("a result without the member truncated gets it when it is cut") {
  const Json cut = fit(Json{{"output", numbered_lines(300)}, {"exit_code", 0}}, 100, hand());
  CHECK(cut["truncated"] == true);
  CHECK(cut["exit_code"] == 0);
}

TEST_CASE("short members stay whole beside a long one") {
  const Json cut = fit(Json{{"a", "short"}, {"b", numbered_lines(500)}, {"c", "also short"}}, 150, hand());
  CHECK(cut["a"] == "short");
  CHECK(cut["c"] == "also short");
  CHECK(response_tokens(cut, hand()) <= 150);
}

TEST_CASE("one endless line is cut inside, between characters") {
  std::string line;
  for (int at = 0; at < 2000; ++at) line += "\u00e9\U0001F642";
  const Json cut = fit(Json{{"content", line}}, 120, hand());
  CHECK(response_tokens(cut, hand()) <= 120);
  const std::string content = cut["content"];
  CHECK(utf8::valid(content));
  CHECK_THAT(content, Catch::Contains("\n[... 1 lines cut ...]\n"));
}

TEST_CASE("nested values are cut too") {
  Json deep = Json{{"rows", Json::array()}};
  for (int at = 0; at < 100; ++at) deep["rows"].push_back(Json{{"name", "n" + std::to_string(at)}, {"text", numbered_lines(20)}});
  const Json cut = fit(Json{{"table", deep}}, 300, hand());
  CHECK(response_tokens(cut, hand()) <= 300);
  CHECK(cut["table"]["rows"].size() >= 1);
}

TEST_CASE("a huge result is cut without reading all of it") {
  const Json cut = fit(Json{{"output", std::string(8u << 20, 'x')}}, 200, hand());
  CHECK(response_tokens(cut, hand()) <= 200);
}

TEST_CASE("a tiny budget still gives a result") {
  const Json cut = fit(Json{{"content", numbered_lines(1000)}, {"lines", 1000}}, 16, hand());
  CHECK(cut["truncated"] == true);
  CHECK(cut["content"].get<std::string>().size() < 60);
}
