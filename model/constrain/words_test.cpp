// Answers held to a regular expression or a grammar: masks against accept() token by token, and what comes out against a
// recogniser and RE2, which share nothing with the engine.
#include <catch2/catch.hpp>
#include <functional>
#include <random>

#include "model/constrain/step_testing.h"
#include "model/grammar/gbnf_recogniser.h"
#include "model/grammar/test_grammars.h"
#include "schemas/base/json.h"
#include "schemas/schema/pattern.h"

namespace hob::constrain {
namespace {

using namespace testing;

StepSpec words_spec(std::optional<std::string> regex, std::optional<std::string> grammar) {
  StepSpec spec = base_spec();
  spec.regex = std::move(regex);
  spec.grammar = std::move(grammar);
  return spec;
}
StepSpec of_regex(std::string pattern) { return words_spec(std::move(pattern), std::nullopt); }
StepSpec of_grammar(std::string text) { return words_spec(std::nullopt, std::move(text)); }

std::string words_of(const std::vector<Event>& events) {
  std::string out;
  for (const Event& event : events) {
    REQUIRE(event.kind == Event::Kind::words);
    out += event.text;
  }
  return out;
}

void say(Matcher& m, std::string_view text, std::vector<Event>& out) {
  for (const Token token : trie()->spell(text)) {
    REQUIRE(get_bit(mask_of(m), token));
    REQUIRE(m.accept(token, out).ok());
  }
}

/// Every token: the mask's bit is what accept() does.
void require_exact(const Matcher& m, const Bits& bits) {
  std::vector<Event> ignored;
  for (Token token = 0; token < trie()->size(); ++token) {
    Matcher fork = m;
    const bool allowed = get_bit(bits, token);
    if (fork.accept(token, ignored).ok() == allowed) continue;
    FAIL("token " << token << " \"" << trie()->vocabulary().bytes[token] << "\" is " << (allowed ? "" : "not ")
                  << "in the mask, but accept() says the opposite");
  }
}

void finish(Matcher& m, std::vector<Event>& events) {
  for (const Token token : m.shortest_completion()) {
    REQUIRE(get_bit(mask_of(m), token));
    REQUIRE(m.accept(token, events).ok());
  }
  REQUIRE(m.finished());
  REQUIRE(m.stop() == Stop::end_turn);
}

/// A walk over random allowed tokens; at `exact` places every token is compared. The text that came out.
std::string walk(const Matcher& start, std::mt19937& random, size_t length, size_t exact) {
  Matcher m = start;
  std::vector<Event> events;
  for (size_t i = 0; i < length && !m.finished(); ++i) {
    const Bits bits = mask_of(m);
    if (i % std::max<size_t>(length / std::max<size_t>(exact, 1), 1) == 0 && exact > 0) require_exact(m, bits);
    std::vector<Token> allowed;
    for (Token token = 0; token < trie()->size(); ++token) {
      if (get_bit(bits, token)) allowed.push_back(token);
    }
    REQUIRE_FALSE(allowed.empty());
    REQUIRE(m.accept(allowed[random() % allowed.size()], events).ok());
  }
  if (!m.finished()) finish(m, events);
  return words_of(events);
}

void require_walks(const StepSpec& spec, const std::function<bool(const std::string&)>& judge, std::mt19937& random) {
  const Matcher start = matcher(spec);
  for (int round = 0; round < 40; ++round) {
    const std::string text = walk(start, random, random() % 40, round % 8 == 0 ? 4 : 0);
    INFO(text);
    REQUIRE(judge(text));
  }
}

TEST_CASE("walks under grammars end, and are what the grammar says") {
  std::mt19937 random(21);
  for (const auto& [name, text] : grammar::testing::kGrammars) {
    INFO(name);
    grammar::testing::GbnfRecogniser judge(text);
    require_walks(of_grammar(text), [&](const std::string& out) { return judge.accepts(out); }, random);
  }
}

TEST_CASE("walks under regular expressions end, and match whole") {
  std::mt19937 random(22);
  for (const char* pattern : grammar::testing::kRegexes) {
    INFO(pattern);
    const auto peer = schema::Pattern::compile("^(?:" + std::string(pattern) + ")$");
    REQUIRE(peer.ok());
    require_walks(of_regex(pattern), [&](const std::string& out) { return peer->found_in(out); }, random);
  }
}

TEST_CASE("tokens that go over the end of a part are read by what follows, however many parts they span") {
  // "},{" and the like: each place of each text, all tokens.
  struct {
    const char* grammar;
    const char* text;
  } const rows[] = {
      {"root ::= l\nl ::= \"[\" (o (\", \" o)*)? \"]\"\no ::= \"{\" ( \"\\\"\" [a-z]+ \"\\\": \" v)? \"}\"\nv ::= l | o | \"1\"",
       "[{}, {\"name\": [{\"a\": 1}, {}]}, {}]"},
      {"root ::= \"a\" root \"b\" | \"ab\"", "aaaabbbb"},
      {"root ::= w (\" \" w)*\nw ::= [a-z]+ | \"(\" root \")\"", "the (of hello (world name)) abc"},
      {"root ::= \"\xe6\x97\xa5\" root \"\xe8\xaa\x9e\" | \"\xe6\x9c\xac\" | \"\xc3\xa9\"+", "\xe6\x97\xa5\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe8\xaa\x9e"},
  };
  for (const auto& row : rows) {
    INFO(row.grammar);
    const Matcher start = matcher(of_grammar(row.grammar));
    for (const bool bytewise : {true, false}) {
      Matcher m = start;
      std::vector<Event> events;
      std::vector<Token> tokens;
      for (const char c : std::string_view(row.text)) tokens.push_back(kFirstOrdinary + static_cast<unsigned char>(c));
      if (!bytewise) tokens = trie()->spell(row.text);
      for (const Token token : tokens) {
        require_exact(m, mask_of(m));
        REQUIRE(m.accept(token, events).ok());
      }
      require_exact(m, mask_of(m));
      REQUIRE(m.can_stop());
      finish(m, events);
      REQUIRE(words_of(events) == row.text);
    }
  }
}

TEST_CASE("a stop token comes when the words may be over, and not before") {
  Matcher m = matcher(of_regex("\\d{2,3}"));
  std::vector<Event> events;
  const auto stops = [&] { return get_bit(mask_of(m), kTurnClose); };
  CHECK_FALSE(stops());
  say(m, "1", events);
  CHECK_FALSE(stops());
  say(m, "2", events);
  CHECK(stops());
  say(m, "3", events);
  CHECK(stops());
  Bits only(trie()->words());
  for (const Token stop : {kEos, kTurnClose, kResponseOpen}) {
    if (get_bit(mask_of(m), stop)) set_bit(only, stop);
  }
  CHECK(mask_of(m) == only);
  REQUIRE(m.accept(kTurnClose, events).ok());
  CHECK(words_of(events) == "123");
  // An answer may be empty, and white space is kept as it is.
  CHECK(matcher(of_regex("")).can_stop());
  events.clear();
  Matcher blank = matcher(of_grammar("root ::= \"  \\n\" \"x\"? \" \""));
  finish(blank, events);
  CHECK(words_of(events) == "  \n ");
}

TEST_CASE("half characters at a token's end are held back and finished") {
  Matcher m = matcher(of_grammar("root ::= a \"!\"\na ::= \"(\" a \")\" | [\xe6\x97\xa5\xe6\x9c\xac]"));
  std::vector<Event> events;
  say(m, "(", events);
  REQUIRE(m.accept(kFirstOrdinary + 0xE6, events).ok());
  REQUIRE(words_of(events) == "(");
  require_exact(m, mask_of(m));
  CHECK_FALSE(m.can_stop());
  finish(m, events);
  const std::string text = words_of(events);
  CHECK((text == "(\xe6\x97\xa5)!" || text == "(\xe6\x9c\xac)!"));
}

TEST_CASE("forks and going back give the same masks") {
  std::mt19937 random(23);
  for (const auto& [name, text] : grammar::testing::kGrammars) {
    INFO(name);
    const Matcher start = matcher(of_grammar(text));
    std::vector<std::pair<Matcher, Bits>> seen{{start, mask_of(start)}};
    std::vector<Event> events;
    for (int i = 0; i < 60; ++i) {
      Matcher m = seen[random() % seen.size()].first;
      const Bits bits = mask_of(m);
      Token token = static_cast<Token>(random() % trie()->size());
      while (!get_bit(bits, token)) token = (token + 1) % static_cast<Token>(trie()->size());
      REQUIRE(m.accept(token, events).ok());
      if (!m.finished()) seen.emplace_back(m, mask_of(m));
    }
    for (const auto& [m, bits] : seen) REQUIRE(mask_of(m) == bits);
  }
}

TEST_CASE("words cut at any place are closed by few tokens that fit") {
  std::mt19937 random(24);
  for (const auto& [name, text] : grammar::testing::kGrammars) {
    INFO(name);
    grammar::testing::GbnfRecogniser judge(text);
    const Matcher start = matcher(of_grammar(text));
    Matcher m = start;
    std::vector<Event> events;
    for (int place = 0; place < 64; ++place) {
      Matcher cut = m;
      std::vector<Event> all = events;
      finish(cut, all);
      const std::string out = words_of(all);
      INFO(out);
      REQUIRE(judge.accepts(out));
      const Bits bits = mask_of(m);
      std::vector<Token> allowed;
      for (Token token = kFirstOrdinary; token < trie()->size(); ++token) {
        if (get_bit(bits, token)) allowed.push_back(token);
      }
      if (allowed.empty()) break;
      REQUIRE(m.accept(allowed[random() % allowed.size()], events).ok());
    }
  }
}

TEST_CASE("masks stay exact where the end is as far away as it may be") {
  Matcher m = matcher(of_grammar("root ::= \"[\" root \"]\" | \"((\" root \"))\" | [a-z]{1,3}"));
  std::vector<Event> events;
  const Token two = trie()->spell("[[").front(), one = trie()->spell("[").front();
  REQUIRE(trie()->vocabulary().bytes[two] == "[[");
  size_t opened = 0;
  while (m.accept(two, events).ok()) opened += 2;
  require_exact(m, mask_of(m));
  opened += m.accept(one, events).ok() ? 1 : 0;
  CHECK(opened > 4'000);
  require_exact(m, mask_of(m));
  say(m, "ab", events);
  require_exact(m, mask_of(m));
  finish(m, events);
  CHECK(words_of(events) == std::string(opened, '[') + "ab" + std::string(opened, ']'));
}

TEST_CASE("thoughts come before words, and calls instead of them") {
  StepSpec spec = of_regex("yes|no");
  spec.thinking = true;
  spec.tools.push_back({"read", {}});
  Matcher m = matcher(spec);
  std::vector<Event> events;
  REQUIRE(get_bit(mask_of(m), kChannelOpen));
  REQUIRE(get_bit(mask_of(m), kCallOpen));
  require_exact(m, mask_of(m));
  Matcher call = m;
  REQUIRE(m.accept(kChannelOpen, events).ok());
  say(m, "thought\nno, ", events);
  REQUIRE(m.accept(kChannelClose, events).ok());
  events.clear();
  say(m, "y", events);
  CHECK_FALSE(get_bit(mask_of(m), kCallOpen));
  CHECK_FALSE(get_bit(mask_of(m), kChannelOpen));
  finish(m, events);
  CHECK(words_of(events) == "yes");
  events.clear();
  REQUIRE(call.accept(kCallOpen, events).ok());
  say(call, "call:read{}", events);
  REQUIRE(call.accept(kCallClose, events).ok());
  REQUIRE(events.back().kind == Event::Kind::call_end);
  // Where a call must come, words are a later step's.
  spec.choice = Choice::required;
  CHECK_FALSE(get_bit(mask_of(matcher(spec)), trie()->spell("y").front()));
}

TEST_CASE("what a grammar leaves no choice about is offered as a draft") {
  const auto drafts = [](const StepSpec& spec, std::string_view begin, size_t most) {
    Matcher m = matcher(spec);
    std::vector<Event> events;
    say(m, begin, events);
    std::string text;
    for (const Token token : m.forced(most)) {
      REQUIRE(get_bit(mask_of(m), token));
      REQUIRE(m.accept(token, events).ok());
      text += trie()->vocabulary().bytes[token];
    }
    return text;
  };
  const StepSpec spec = of_grammar("root ::= \"{\\\"name\\\": \" v \"}\"\nv ::= \"[\" v \"]\" | \"true\" | \"null\"");
  CHECK(drafts(spec, "", 8) == "{\"name\": ");
  CHECK(drafts(spec, "{\"name\": [t", 8) == "rue]}");
  CHECK(drafts(spec, "{\"name\": [t", 1).size() < 5);
  CHECK(drafts(spec, "{\"name\": ", 8).empty());
  CHECK(drafts(of_regex("abc(abc)?"), "", 8) == "abc");
  CHECK(drafts(spec, "", 0).empty());
}

TEST_CASE("what cannot be held to is refused, and so is more than one of schema, regex and grammar") {
  const auto refusal = [](const StepSpec& spec) {
    const auto step = compile(trie(), spec);
    REQUIRE_FALSE(step.ok());
    return step.error();
  };
  Error error = refusal(of_regex("a(?=b)"));
  CHECK(error.code() == Code::schema_unsupported);
  CHECK(error.data().value("pointer", "") == "/regex");
  CHECK_THAT(error.message(), Catch::StartsWith("regex: look-ahead"));
  error = refusal(of_grammar("root ::= \"a\"\n  item"));
  CHECK(error.code() == Code::invalid_params);
  CHECK(error.data().value("pointer", "") == "/grammar");
  CHECK(error.data().value("line", 0) == 2);
  CHECK_THAT(error.message(), Catch::StartsWith("grammar: line 2, column 7: "));
  StepSpec spec = of_regex("a");
  spec.grammar = "root ::= \"a\"";
  error = refusal(spec);
  CHECK(error.code() == Code::invalid_params);
  CHECK_THAT(error.message(), Catch::Contains("regex and grammar"));
  spec = of_regex("a");
  spec.response_schema = json::parse_document("{}", json::kSchema).value();
  CHECK_THAT(refusal(spec).message(), Catch::Contains("schema and regex"));
}

}  // namespace
}  // namespace hob::constrain
