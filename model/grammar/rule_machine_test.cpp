// The machine of rules against a recogniser that tries everything (gbnf_recogniser.h), and against RE2.
#include "model/grammar/rule_machine.h"

#include <catch2/catch.hpp>
#include <random>

#include "model/grammar/gbnf_reader.h"
#include "model/grammar/gbnf_recogniser.h"
#include "model/grammar/test_grammars.h"
#include "schemas/schema/pattern.h"

namespace hob::grammar {
namespace {

/// Any character of a class, a random one where it has several.
char32_t character_of(const Rules& rules, uint32_t wanted, std::mt19937& random) {
  std::vector<std::pair<char32_t, char32_t>> ranges;
  for (size_t i = 0; i < rules.bounds.size(); ++i) {
    if (rules.classes[i] != wanted) continue;
    ranges.emplace_back(rules.bounds[i], i + 1 < rules.bounds.size() ? rules.bounds[i + 1] - 1 : 0x10FFFF);
  }
  const auto [first, last] = ranges[random() % ranges.size()];
  return first + static_cast<char32_t>(random() % std::min<char32_t>(last - first + 1, 3000));
}

/// A random text: characters while there are some and then the shortest end. Cut anywhere it could be ended.
std::string walk(RuleMachine& machine, std::mt19937& random, size_t length) {
  RuleState state = machine.start();
  std::string out;
  const Rules& rules = machine.rules();
  while (out.size() < length) {
    std::vector<uint32_t> ways;
    for (uint32_t of = 0; of < rules.representatives.size(); ++of) {
      if (state.all->derive(state.expr, of) != RuleExpressions::kNothing) ways.push_back(of);
    }
    if (ways.empty()) break;
    std::string character;
    utf8::append(character, character_of(rules, ways[random() % ways.size()], random));
    // Byte by byte, a way to the end from each.
    for (const char byte : character) {
      REQUIRE(machine.read(state, std::string_view(&byte, 1)));
      RuleState end = state;
      const std::string rest = machine.completion(state);
      if (!rest.empty()) REQUIRE(machine.read(end, rest));
      REQUIRE(RuleMachine::done(end));
    }
    out += character;
  }
  return out + machine.completion(state);
}

bool reads(RuleMachine& machine, std::string_view text, size_t cut) {
  RuleState state = machine.start();
  while (!text.empty()) {
    const std::string_view token = text.substr(0, cut);
    const RuleState before = state;
    if (!machine.read(state, token)) {
      REQUIRE(state.expr == before.expr);
      return false;
    }
    text.remove_prefix(token.size());
  }
  return RuleMachine::done(state);
}

std::string changed(std::string text, std::mt19937& random) {
  static constexpr std::string_view kPieces = "{}[]\",:()ab x.01-=;\n\\xyz!";
  const size_t at = text.empty() ? 0 : random() % text.size();
  const char piece = kPieces[random() % kPieces.size()];
  switch (random() % 4) {
    case 0:
      text.insert(at, 1, piece);
      break;
    case 1:
      if (!text.empty()) text.erase(at, 1 + random() % 3);
      break;
    case 2:
      if (!text.empty()) text[at] = piece;
      break;
    default:
      text.resize(at);
  }
  return text;
}

TEST_CASE("what the machine of rules reads is what the grammar says") {
  std::mt19937 random(7);
  for (const auto& [name, grammar] : testing::kGrammars) {
    INFO(name);
    RuleMachine machine(read_grammar(grammar).value());
    testing::GbnfRecogniser judge(grammar);
    size_t good = 0, bad = 0;
    for (int round = 0; round < 60; ++round) {
      std::string text = walk(machine, random, random() % 60);
      INFO(text);
      REQUIRE(judge.accepts(text));
      REQUIRE(reads(machine, text, 1 + random() % 5));
      for (int more = 0; more < 6; ++more) {
        text = changed(text, random);
        INFO(text);
        const bool fits = judge.accepts(text);
        REQUIRE(reads(machine, text, 1 + random() % 5) == fits);
        ++(fits ? good : bad);
      }
    }
    CHECK(bad > 20);
  }
}

TEST_CASE("what the machine reads of a regular expression is what RE2 matches whole") {
  std::mt19937 random(11);
  for (const char* pattern : testing::kRegexes) {
    INFO(pattern);
    RuleMachine machine(read_regex(pattern).value());
    const auto peer = schema::Pattern::compile("^(?:" + std::string(pattern) + ")$");
    REQUIRE(peer.ok());
    for (int round = 0; round < 100; ++round) {
      std::string text = walk(machine, random, random() % 30);
      INFO(text);
      REQUIRE(peer->found_in(text));
      for (int more = 0; more < 4; ++more) {
        text = changed(text, random);
        if (!utf8::valid(text)) continue;
        INFO(text);
        REQUIRE(reads(machine, text, 1 + random() % 4) == peer->found_in(text));
      }
    }
  }
}

TEST_CASE("a state is a value: copies go their own ways, also once expressions are fresh") {
  RuleMachine machine(read_grammar("root ::= \"(\" root \")\" | \"[\" root \"]\" | [a-z]{1,9}").value());
  RuleState state = machine.start();
  const std::shared_ptr<RuleExpressions> first = state.all;
  std::vector<std::pair<RuleState, std::string>> kept;
  std::mt19937 random(3);
  std::string closing;
  // Each stack of brackets is another expression: many, until they begin anew.
  for (int round = 0; state.all == first; ++round) {
    REQUIRE(round < 2'000);
    state = machine.start();
    closing.clear();
    for (int i = 0; i < 400; ++i) {
      const bool round_one = random() % 2 == 0;
      REQUIRE(machine.read(state, round_one ? "(" : "["));
      closing.insert(0, round_one ? ")" : "]");
    }
    if (round % 20 == 0) kept.emplace_back(state, closing);
  }
  kept.emplace_back(state, closing);
  for (auto& [one, rest] : kept) {
    REQUIRE(machine.completion(one) == "a" + rest);
    REQUIRE(machine.read(one, "ab"));
    REQUIRE_FALSE(machine.read(one, rest.front() == ')' ? "]" : ")"));
    REQUIRE(machine.read(one, rest));
    REQUIRE(RuleMachine::done(one));
  }
}

TEST_CASE("an end is never farther away than the limit") {
  RuleMachine machine(read_grammar("root ::= \"(\" root \")\" | \"x\"").value());
  RuleState state = machine.start();
  size_t opened = 0;
  while (machine.read(state, "(")) REQUIRE(++opened <= machine.limit());
  REQUIRE(opened == machine.limit() - 1);
  REQUIRE(machine.completion(state).size() == machine.limit());
  REQUIRE(machine.read(state, "x"));
  REQUIRE(machine.read(state, std::string(opened, ')')));
  REQUIRE(RuleMachine::done(state));
}

TEST_CASE("what grows without measure is cut, and what was read can be finished") {
  // After n letters there are 2^n stacks.
  const char* const grammar = "root ::= \"a\" root \"x\" | \"a\" root \"y\" | \"c\"";
  RuleMachine machine(read_grammar(grammar).value());
  RuleState state = machine.start();
  std::string text;
  for (const char c : std::string(100, 'a') + "c") {
    if (machine.read(state, std::string_view(&c, 1))) text += c;
  }
  const std::string rest = machine.completion(state);
  REQUIRE(machine.read(state, rest));
  REQUIRE(RuleMachine::done(state));
  text += rest;
  REQUIRE(text.size() > 10);
  REQUIRE(testing::GbnfRecogniser(grammar).accepts(text));
}

TEST_CASE("the only character that may come next is known") {
  const auto only = [](const char* grammar, std::string_view text) {
    RuleMachine machine(read_grammar(grammar).value());
    RuleState state = machine.start();
    REQUIRE(machine.read(state, text));
    return machine.only(state);
  };
  CHECK(only("root ::= \"abc\" | \"abd\"", "a") == U'b');
  CHECK(only("root ::= \"abc\" | \"abd\"", "ab") == std::nullopt);
  CHECK(only("root ::= \"ab\"?", "a") == U'b');
  CHECK(only("root ::= \"a\"+", "a") == std::nullopt);
  CHECK(only("root ::= \"a\" \"b\"?", "a") == std::nullopt);
  CHECK(only("root ::= \"a\" [b-c]", "a") == std::nullopt);
  CHECK(only("root ::= \"x\" y | \"x\" root\ny ::= \"\xe6\x97\xa5\"", "x") == std::nullopt);
  CHECK(only("root ::= \"(\" root \")\" | \"x\xe6\x97\xa5\"", "(x") == U'\u65e5');
  CHECK(only("root ::= \"(\" root \")\" | \"x\xe6\x97\xa5\"", "(x\xe6\x97\xa5") == U')');
}

}  // namespace
}  // namespace hob::grammar
