// What GBNF and regular expressions are read as, and what is refused.
#include "model/grammar/gbnf_reader.h"

#include <catch2/catch.hpp>

#include "model/grammar/pattern_reader.h"
#include "model/grammar/rule_machine.h"
#include "model/grammar/test_grammars.h"
#include "schemas/base/json.h"

namespace hob::grammar {
namespace {

bool accepts(const std::shared_ptr<const Rules>& rules, std::string_view text) {
  RuleMachine machine(rules);
  RuleState state = machine.start();
  return machine.read(state, text) && RuleMachine::done(state);
}

TEST_CASE("grammars are read as they are documented") {
  struct {
    const char* grammar;
    std::vector<const char*> in, out;
  } const rows[] = {
      {"root ::= \"a\"", {"a"}, {"", "aa", "b"}},
      {"root::=\"a\"|\"b\"# no space\n", {"a", "b"}, {"", "ab"}},
      {"root ::= \"\\n\\t\\r\\\\\\\"\\[\\]\\x41\\u00e9\\U0001F60A\"", {"\n\t\r\\\"[]A\xc3\xa9\xf0\x9f\x98\x8a"}, {""}},
      {"root ::= [a-cX\\]-]", {"a", "c", "X", "]", "-"}, {"d", "b-", "\\", ""}},
      {"root ::= [^a-c]", {"d", "\n", "\xc3\xa9"}, {"a", ""}},
      {"root ::= [-a] [a-] [^]", {"--x", "aa\n"}, {"ba-"}},
      {"root ::= .", {"x", "\n", "\xe6\x97\xa5"}, {"", "xy"}},
      {"root ::= \"a\"* \"b\" + \"c\"?", {"b", "aabbc"}, {"", "aac"}},
      {"root ::= \"a\"{2} \"b\"{ 1 , } \"c\"{1,2} \"d\"{,2}", {"aabc", "aabbccdd"}, {"abc", "aac", "aabcccc", "aabcddd"}},
      {"root ::= \"a\"{0} \"b\"", {"b"}, {"ab"}},
      {"root ::= (\"ab\"{2}){2}", {"abababab"}, {"abab"}},
      {"root ::=\n  \"a\" |\n  \"b\"\n  | \"c\" # which\n\n# done", {"a", "b", "c"}, {"abc"}},
      {"root ::= (\n\"a\"\n\n|\n\"b\"\n\"c\"\n) x-1\nx-1 ::= \"!\"", {"a!", "bc!"}, {"b!"}},
      {"root ::= a_B\r\na_B ::= \"x\" |\r\nc ::= \"y\"", {"", "x"}, {"y"}},
      {"root ::= a b\na ::=\nb ::= \"x\"", {"x"}, {""}},
      {"root ::= \"\"", {""}, {"a"}},
      {"unused ::= \"x\" unused | \"\"\nroot ::= \"a\"", {"a"}, {"x"}},
      {"root ::= \"a\" root | \"\"", {"", "a", "aaaa"}, {"b"}},
      {"root ::= (\"a\"? \"b\"?)* \"c\"", {"c", "babac"}, {"", "ca"}},
  };
  for (const auto& row : rows) {
    INFO(row.grammar);
    const auto rules = read_grammar(row.grammar);
    if (!rules) FAIL(rules.error().message());
    for (const char* text : row.in) CHECK(accepts(*rules, text));
    for (const char* text : row.out) CHECK_FALSE(accepts(*rules, text));
  }
  for (const auto& [name, text] : testing::kGrammars) {
    INFO(name);
    const auto rules = read_grammar(text);
    if (!rules) FAIL(rules.error().message());
  }
}

TEST_CASE("a grammar that is not one is refused where it goes wrong") {
  struct {
    std::string grammar, message;
    int line, column;
    Code code = Code::invalid_params;
  } const rows[] = {
      {"", "the grammar has none", 1, 1},
      {"# nothing\n", "the grammar has none", 2, 1},
      {"start ::= \"a\"", "a rule \"root ::= ...\" was wanted, for the whole answer; there are start", 1, 1},
      {"root ::= \"a\" item\n", "the rule \"item\" is used here, but there is no \"item ::= ...\"; there are root", 1, 14},
      {"root ::= \"a\"\nroot ::= \"b\"", "the rule \"root\" is there twice; the first is in line 1", 2, 1},
      {"root = \"a\"", "\"::=\" after the rule's name \"root\" was wanted; \"=\" came", 1, 6},
      {"::= \"a\"", "a rule's name (letters, digits, - and _) was wanted; \":\" came", 1, 1},
      {"root ::= \"a", "the literal that begins here is not closed", 1, 10},
      {"root ::= \"\xc3\xa9\" \"a\nb\"", "the literal that begins here is not closed", 1, 14},
      {"root ::= [a-z", "the class that begins here is not closed", 1, 10},
      {"root ::= [z-a]", "a range ends before it begins", 1, 11},
      {"root ::= []", "a class without a character matches nothing", 1, 10},
      {"root ::= [^\\x00-\\U0010FFFF]", "a class without a character matches nothing", 1, 10},
      {"root ::= (\"a\" | \"b\"\nx ::= \"c\"", "the ) of a group was wanted; a rule begins here", 2, 1},
      {"root ::= (\"a\"", "the ) of the group that begins in line 1, column 10 was wanted, but the grammar ends here", 1, 14},
      {"root ::= \"a\")", "the end of the line, or more of the rule \"root\" was wanted; \")\" came", 1, 13},
      {"root ::= \"a\" x ::= \"b\"", "a rule begins in a line of its own; \"x ::=\" stands behind another one's", 1, 14},
      {"root ::= *", "there is nothing to repeat before \"*\"", 1, 10},
      {"root ::= \"a\" | +", "there is nothing to repeat before \"+\"", 1, 16},
      {"root ::= \"a\"{}", "a number for the repetition, {m}, {m,}, {m,n} or {,n}, was wanted; \"}\" came", 1, 14},
      {"root ::= \"a\"{,}", "it has no number", 1, 13},
      {"root ::= \"a\"{2", "the } of a repetition was wanted, but the grammar ends here", 1, 15},
      {"root ::= \"a\"{3,2}", "bounds are in the wrong order: {3,2}", 1, 13},
      {"root ::= \"a\"{0,1000001}", "something repeats at most 1,000,000 times", 1, 13},
      {"root ::= \"a\"{99999999999999999999}", "something repeats at most 1,000,000 times", 1, 13},
      {"root ::= \"\\q\"", "this is another", 1, 11},
      {"root ::= \"\\x4\"", "this escape has 2 hexadecimal digits", 1, 11},
      {"root ::= \"\\ud83d\"", "this escape names no character", 1, 11},
      {"root ::= \"\\U00110000\"", "this escape names no character", 1, 11},
      {"root ::= \"\xff\"", "the grammar is not UTF-8 here", 1, 11},
      {"root ::= <[1000]>", "tokens (<...>) in a grammar cannot be enforced", 1, 10},
      {"root ::= !\"a\"", "a negation (!) in a grammar cannot be enforced", 1, 10},
      {"root ::= 'a'", "a \"literal\", a [class], a rule's name, . or a group was wanted; \"'\" came", 1, 10},
      {"root ::= \"a\"*****", "so many repetitions of a repetition", 1, 17},
      {"root ::= root \"a\" | \"b\"", "the rule \"root\" begins with itself (root -> root); left recursion", 1, 10},
      {"root ::= a\na ::= \"x\"? b\nb ::= (c | \"y\")\nc ::= [0-9]* a \"!\"", "begins with itself (a -> b -> c -> a)", 4, 14},
      {"root ::= (\"\" | \"q\") (\"\"{2} root)? \"b\"", "begins with itself (root -> root)", 1, 28},
      {"root ::= \"a\" root", "the rule \"root\" never ends", 1, 1, Code::schema_unsatisfiable},
      {"root ::= \"a\" | b\nb ::= \"x\" c\nc ::= (b | c)+ \"y\"", "the rule \"b\" never ends", 2, 1, Code::schema_unsatisfiable},
      {"root ::= (\"abc\"{1000}){1000} ", "the shortest text of the grammar has 3000000 characters; 100000 are allowed", 1, 1},
      {"root ::= x (\"a\"{1000000}){1000000}\nx ::= \"a\"", "the shortest text of the grammar has 4294967294 characters", 1, 1},
  };
  for (const auto& row : rows) {
    INFO(row.grammar);
    const auto rules = read_grammar(row.grammar);
    REQUIRE_FALSE(rules.ok());
    CHECK_THAT(rules.error().message(), Catch::Contains(row.message));
    CHECK(rules.error().code() == row.code);
    CHECK(rules.error().data().value("line", 0) == row.line);
    CHECK(rules.error().data().value("column", 0) == row.column);
  }
}

std::string repeated(std::string_view text, size_t count) {
  std::string out;
  while (count-- > 0) out += text;
  return out;
}

TEST_CASE("grammars beyond the limits are refused, and those within are not") {
  const auto refusal = [](const std::string& grammar) {
    const auto rules = read_grammar(grammar);
    return rules ? std::string() : rules.error().message();
  };
  CHECK(refusal("root ::= \"a\"\n#" + std::string(kMaxGrammarBytes - 14, 'x')).empty());
  CHECK_THAT(refusal("root ::= \"a\"\n#" + std::string(kMaxGrammarBytes, 'x')), Catch::Contains("a grammar has at most 262144 bytes"));
  CHECK(refusal("root ::= " + repeated("(", 99) + "\"a\"" + repeated(")", 99)).empty());
  CHECK_THAT(refusal("root ::= " + repeated("(", 101) + "\"a\"" + repeated(")", 101)), Catch::Contains("at most 100 groups stand inside each other"));
  std::string many = "root ::= \"a\"\n", chain = "root ::= r0\n", firsts = chain;
  for (size_t i = 0; i < kMaxRules; ++i) many += "r" + std::to_string(i) + " ::= \"x\"\n";
  CHECK_THAT(refusal(many), Catch::Contains("a grammar has at most 2000 rules"));
  for (int i = 0; i < 1100; ++i) {
    chain += "r" + std::to_string(i) + " ::= \"x\" r" + std::to_string(i + 1) + "\n";
    firsts += "r" + std::to_string(i) + " ::= r" + std::to_string(i + 1) + " \"x\"\n";
  }
  CHECK(refusal(chain + "r1100 ::= \"(\" root? \")\"").empty());
  CHECK_THAT(refusal(firsts + "r1100 ::= \"(\" root? \")\""), Catch::Contains("begins with too many rules inside each other"));
  std::string deep = "root ::= r0\n";
  for (int i = 0; i < 100; ++i) {
    deep += "r" + std::to_string(i) + " ::= " + repeated("(\"a\" | ", 60) + "r" + std::to_string(i + 1) + repeated(")", 60) + "\n";
  }
  CHECK_THAT(refusal(deep + "r100 ::= \"b\""), Catch::Contains("deep inside each other"));
  // Each rule can begin with twice what the one below can: what is written short may be wide.
  std::string wide = "root ::= r0\n";
  for (int i = 0; i < 40; ++i) {
    const std::string next = "r" + std::to_string(i + 1);
    wide += "r" + std::to_string(i) + " ::= " + next + " \"x\" | " + next + " \"y\"\n";
  }
  CHECK_THAT(refusal(wide + "r40 ::= \"(\" root? \")\""), Catch::Contains("can begin in too many ways at once"));
}

TEST_CASE("a regular expression is about the whole answer") {
  struct {
    const char* pattern;
    std::vector<const char*> in, out;
  } const rows[] = {
      {"a|b", {"a", "b"}, {"", "ab", "xa"}},
      {"^\\d{2}$", {"12"}, {"1", "123", " 12"}},
      {"^a|b$", {"a", "b"}, {"ax", "xb"}},
      {"", {""}, {"a"}},
      {"\\bab\\b", {"ab"}, {" ab"}},
      {".*", {"", "a\xc3\xa9"}, {"a\nb"}},
  };
  for (const auto& row : rows) {
    INFO(row.pattern);
    const auto rules = read_regex(row.pattern);
    if (!rules) FAIL(rules.error().message());
    for (const char* text : row.in) CHECK(accepts(*rules, text));
    for (const char* text : row.out) CHECK_FALSE(accepts(*rules, text));
  }
  struct {
    std::string pattern, message;
    Code code = Code::schema_unsupported;
  } const bad[] = {
      {"a(?=b)", "look-ahead"},
      {"(?<!a)b", "look-behind"},
      {"(a)\\1", "a back-reference"},
      {"(a", "a group is not closed"},
      {"[a", "a [ is not closed"},
      {"a**", "there is nothing to repeat"},
      {"\\p{Nonsense}", "the Unicode property"},
      {"\xff", "not UTF-8"},
      {"(.*a.{400})", "too many states"},
      {std::string(kMaxPatternBytes + 1, 'a'), "bytes; 16384 are allowed"},
      {"[]", "no text matches", Code::schema_unsatisfiable},
      {"a^b", "no text matches", Code::schema_unsatisfiable},
      {"a{60000}", "too many states"},
  };
  for (const auto& row : bad) {
    INFO(row.pattern.substr(0, 60));
    const auto rules = read_regex(row.pattern);
    REQUIRE_FALSE(rules.ok());
    CHECK_THAT(rules.error().message(), Catch::Contains(row.message));
    CHECK(rules.error().code() == row.code);
  }
}

}  // namespace
}  // namespace hob::grammar
