#include "model/schedule/transcript.h"

#include <catch2/catch.hpp>

namespace hob::schedule {
namespace {

using wire::ItemKind;

struct Recorder {
  explicit Recorder(std::vector<std::string> stops)
      : transcript(std::move(stops), true, [this](const wire::StepProgress& p) { shown += p.text; }) {}

  void text(Token token, std::string text) { say(token, Where::outside, Event::Kind::text, std::move(text)); }
  void say(Token token, Where where, Event::Kind kind, std::string text) {
    Transcript::Added added{token, where, where};
    added.logprob.emplace().token = token;
    transcript.add(std::move(added), {Event{kind, std::move(text), "tool", "{}"}});
  }
  wire::StepResult finish() {
    transcript.end_text();
    wire::StepResult out;
    transcript.finish("fake", false, out);
    return out;
  }

  std::string shown;
  Transcript transcript;
};

std::vector<Token> judged(const wire::StepResult& result) {
  std::vector<Token> out;
  for (const auto& one : *result.logprobs) out.push_back(one.token);
  return out;
}

TEST_CASE("a stop string over several tokens ends the text; nothing of it is shown, and no ids that hold it are kept") {
  Recorder r({"\nUser:"});
  r.say(1, Where::thought, Event::Kind::thought, "\nUser: is a thought");
  r.text(2, "one");
  r.text(3, " two\nUs");
  CHECK(r.shown == "\nUser: is a thoughtone two");
  CHECK_FALSE(r.transcript.stop_string());
  r.text(4, "er");
  r.text(5, ": three");
  CHECK(r.transcript.stop_string() == "\nUser:");
  r.text(6, "four");
  const wire::StepResult result = r.finish();
  REQUIRE(result.items.size() == 2);
  CHECK(result.items[1].text == "one two");
  CHECK(result.stop_string == "\nUser:");
  CHECK_FALSE(result.items[0].produced);
  CHECK(judged(result) == std::vector<Token>{1, 2, 3});  // 3 is shown in part
}

TEST_CASE("a text that is all stop string shows nothing, and the thought before it stays") {
  Recorder r({"END"});
  r.say(1, Where::thought, Event::Kind::thought, "hm");
  r.text(2, "EN");
  r.text(3, "D");
  const wire::StepResult result = r.finish();
  REQUIRE(result.items.size() == 1);
  CHECK(result.items[0].kind == ItemKind::thought);
  CHECK(judged(result) == std::vector<Token>{1});
}

TEST_CASE("text that is held back is given out before what follows it, and at the end") {
  Recorder r({"END"});
  r.text(1, "call E");
  CHECK(r.shown == "call ");
  r.say(2, Where::value, Event::Kind::call_begin, "");
  CHECK(r.shown == "call E");
  r.say(3, Where::value, Event::Kind::call, "");
  r.text(4, "ND EN");
  CHECK(r.shown == "call END ");  // no stop reaches over a call
  const wire::StepResult result = r.finish();
  CHECK_FALSE(result.stop_string);
  REQUIRE(result.items.size() == 3);
  CHECK(result.items[2].text == "ND EN");
  CHECK(result.items[0].produced->ids == std::vector<Token>{1, 2, 3, 4});
  CHECK(judged(result) == std::vector<Token>{1, 2, 3, 4});
}

TEST_CASE("a stop string that only the end makes certain still counts, and no call comes after it") {
  Recorder r({"ab", "abab"});
  r.text(1, "x ab");
  r.say(2, Where::value, Event::Kind::call, "");
  CHECK(r.transcript.stop_string() == "ab");
  const wire::StepResult result = r.finish();
  REQUIRE(result.items.size() == 1);
  CHECK(result.items[0].text == "x ");
}

TEST_CASE("a value that is taken back takes its probabilities along") {
  Recorder r({});
  r.text(1, "one");
  Transcript::Added begin{2, Where::outside, Where::value};
  begin.logprob.emplace().token = 2;
  r.transcript.add(std::move(begin), {});
  r.say(3, Where::value, Event::Kind::answer, "[1");
  r.transcript.drop_open_value();
  const wire::StepResult result = r.finish();
  REQUIRE(result.items.size() == 1);
  CHECK(result.items[0].produced->ids == std::vector<Token>{1});
  CHECK(judged(result) == std::vector<Token>{1});
}

}  // namespace
}  // namespace hob::schedule
