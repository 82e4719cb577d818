// Grammars and regular expressions as text: what is refused says where; what is read can be ended from wherever it was read
// to, and agrees with a recogniser that tries everything.
#include "model/grammar/gbnf_reader.h"
#include "model/grammar/gbnf_recogniser.h"
#include "model/grammar/rule_machine.h"
#include "model/grammar/test_grammars.h"
#include "schemas/base/json.h"
#include "tests/fuzz/target.h"

namespace hob::fuzz {
namespace {

using grammar::RuleMachine;
using grammar::RuleState;

/// A shortest text, and texts that begin with bytes of `choices`, ended from there.
std::vector<std::string> texts_of(RuleMachine& machine, Choices choices) {
  std::vector<std::string> out;
  const bool far = machine.limit() > RuleMachine::kMostAhead;  // ends take long to write
  for (int round = 0; round < (far ? 1 : 4); ++round) {
    RuleState state = machine.start();
    std::string text;
    for (int i = 0; i < (far ? 2 : 24) && !choices.over(); ++i) {
      const char byte = static_cast<char>(choices.byte());
      if (machine.read(state, std::string_view(&byte, 1))) text += byte;
      const std::string rest = machine.completion(state);
      expect(rest.size() <= 4 * size_t{machine.limit()}, "an end is within the limit");
      RuleState end = state;
      expect(rest.empty() || machine.read(end, rest), "a state's way to the end is read");
      expect(RuleMachine::done(end), "a state's way to the end leads there");
    }
    out.push_back(text + machine.completion(state));
  }
  return out;
}

void check_grammar(std::string_view text, const Choices& choices) {
  const auto rules = grammar::read_grammar(text);
  if (!rules) {
    const Json& data = rules.error().data();
    const bool says_where = data.contains("line") && data["line"] >= 1 && data.contains("column") && data["column"] >= 1;
    expect(says_where || rules.error().code() == Code::schema_unsupported, "a refused grammar says where");
    return;
  }
  RuleMachine machine(*rules);
  grammar::testing::GbnfRecogniser judge(text);
  for (const std::string& one : texts_of(machine, choices)) {
    if (one.size() <= 60) expect(judge.accepts(one), "what the machine reads is a text of the grammar");
  }
}

void run(std::string_view bytes) {
  if (bytes.size() > 600) return;
  const size_t half = bytes.find('\0');
  const std::string_view text = bytes.substr(0, half);
  const Choices choices(half == std::string_view::npos ? std::string_view("aa(\"1 \n{[bx-.") : bytes.substr(half + 1));
  check_grammar(text, choices);
  if (text.size() > 60) return;
  const auto rules = grammar::read_regex(text);
  if (!rules) return expect(!rules.error().message().empty(), "a refused regular expression says why");
  RuleMachine machine(*rules);
  (void)texts_of(machine, choices);
}

std::vector<std::string> seeds() {
  using namespace std::string_literals;
  std::vector<std::string> out;
  for (const auto& one : grammar::testing::kGrammars) {
    const std::string_view name = one.name, text = one.text;
    if (text.size() < 500 && name != "more states than an automaton has") out.emplace_back(text);  // that takes long
  }
  for (const char* regex : grammar::testing::kRegexes) out.emplace_back(regex);
  out.emplace_back("root ::= a | b\na ::= \"x\" (a \"y\")? # left\nb ::= [^a-c\\]]{2,3} . | \"\\u00e9\" root{,2}\n");
  out.push_back("root ::= \"(\" root? \")\" | \"a\"\0(((a)))a"s);
  return out;
}

const Target kTarget({"grammar_text", run, seeds, 1500});

}  // namespace
}  // namespace hob::fuzz
