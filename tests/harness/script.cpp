// What the scripted model of most tests says. A rule is chosen by words of the request (`when`) and by what stands
// after the last tool response (`after`); the first that fits speaks.
#include "tests/harness/private_daemon.h"

namespace hob::tests {
namespace {

Json rule(const std::string& when, const std::string& after, const std::string& say) {
  return {{"when", when}, {"after", after}, {"say", say}};
}

/// So often that a model which says it is taken to be in a loop.
std::string round_and_round() {
  std::string out;
  for (int i = 0; i < 100; ++i) out += "word ";
  return out + "and done.";
}

std::string call(const std::string& text) { return "<|tool_call>call:" + text + "<tool_call|>"; }

}  // namespace

Json calling_rules(const std::string& when, const std::vector<std::string>& calls, const std::string& answer) {
  std::string said;
  for (const std::string& one : calls) said += call(one);
  return Json::array({rule(when, "<tool_response|>", answer), rule(when, "", said)});
}

Json usual_rules() {
  const std::string told = "<tool_response|>";
  const std::string calculate = call("calculate{expression:<|\"|>17*23<|\"|>}");
  const std::string write = call("write_file{content:<|\"|>hello<|\"|>,path:<|\"|>note.txt<|\"|>}");
  const std::string read = call("read_file{path:<|\"|>no-such-file.txt<|\"|>}");
  const std::string person = "{\"city\":\"Oslo\",\"age\":7}";
  return Json::array({
      rule("say hello", "", "Hello there."),
      rule("sum as a person", told, person),
      rule("sum as a person", "", calculate),
      rule("the sum", told, "It is 391."),
      rule("the sum", "", calculate),
      rule("write it", told, "I wrote it."),
      rule("write it", "", write),
      rule("read what is not there", told, "There is no such file."),
      rule("read what is not there", "", read),
      rule("as a person", "", person),
      rule("for ever", "", calculate),
      {{"when", "slowly"}, {"say", "One two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen."},
       {"fault", "slow"}, {"delayMs", 100}},
      {{"when", "hang"}, {"say", "I begin"}, {"fault", "hang"}},
      {{"when", "crash"}, {"say", "I begin"}, {"fault", "crash"}},
      {{"when", "not a number"}, {"say", "I begin"}, {"fault", "nan"}},
      rule("go round", "", round_and_round()),
      rule("write a lot", "", "word word word word word word word word word word word word word word word word word word"),
      rule("", "", "I have nothing to say."),
  });
}

}  // namespace hob::tests
