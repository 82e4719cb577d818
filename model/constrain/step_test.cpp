#include "model/constrain/step.h"

#include <catch2/catch.hpp>

#include "model/constrain/arguments.h"
#include "model/constrain/step_testing.h"
#include "schemas/base/json.h"

namespace hob::constrain {
namespace {

using namespace testing;

StepSpec tool_spec() {
  StepSpec spec = base_spec();
  spec.tools.push_back({"read_file", {}});
  spec.tools.push_back({"read", {}});
  return spec;
}

bool allows(const Matcher& m, Token token) { return get_bit(mask_of(m), token); }

void control(Matcher& m, Token token, std::vector<Event>& out) {
  REQUIRE(allows(m, token));
  REQUIRE(m.accept(token, out).ok());
}

std::string joined(const std::vector<Event>& events, Event::Kind kind) {
  std::string text;
  for (const Event& event : events) {
    if (event.kind == kind) text += event.text;
  }
  return text;
}

TEST_CASE("free text streams whole characters and ends with a stop token") {
  Matcher m = matcher(base_spec());
  std::vector<Event> events;
  REQUIRE(m.unconstrained());
  REQUIRE(write(m, "na\xC3", events, true));
  REQUIRE(joined(events, Event::Kind::text) == "na");
  REQUIRE(write(m, "\xA9!", events, true));
  REQUIRE(joined(events, Event::Kind::text) == "na\xC3\xA9!");
  REQUIRE_FALSE(m.finished());
  control(m, kTurnClose, events);
  REQUIRE(m.finished());
  REQUIRE(m.stop() == Stop::end_turn);
  REQUIRE(mask_of(m) == Bits(trie()->words()));
  REQUIRE_FALSE(m.accept(kFirstOrdinary, events).ok());
}

TEST_CASE("bytes that never become a character end as replacement characters") {
  Matcher m = matcher(base_spec());
  std::vector<Event> events;
  REQUIRE(write(m, "a\xE6\x97", events, true));
  control(m, kEos, events);
  REQUIRE(joined(events, Event::Kind::text).substr(0, 4) == "a\xEF\xBF\xBD");
}

TEST_CASE("a call gives its name as soon as it is known and its arguments as JSON") {
  for (const bool bytewise : {false, true}) {
    Matcher m = matcher(tool_spec());
    std::vector<Event> events;
    control(m, kCallOpen, events);
    REQUIRE_FALSE(allows(m, kCallClose));
    REQUIRE(write(m, "call:read_file{path:", events, bytewise));
    REQUIRE(events.size() == 1);
    REQUIRE(events[0].kind == Event::Kind::call_begin);
    REQUIRE(events[0].name == "read_file");
    control(m, kQuoteToken, events);
    REQUIRE_FALSE(allows(m, kCallClose));
    REQUIRE(write(m, "a \"b\"\\\n{,}:<|tool_call>", events, bytewise));
    control(m, kQuoteToken, events);
    REQUIRE(write(m, ",n:-1.50e+3,l:[1,[],{}],t:true,u:null}", events, bytewise));
    REQUIRE_FALSE(m.can_stop());
    control(m, kCallClose, events);
    REQUIRE(events.size() == 2);
    REQUIRE(events[1].kind == Event::Kind::call_end);
    REQUIRE(events[1].name == "read_file");
    REQUIRE(events[1].text ==
            R"({"path":"a \"b\"\\\n{,}:<|tool_call>","n":-1.50e+3,"l":[1,[],{}],"t":true,"u":null})");
    REQUIRE_FALSE(allows(m, kTurnClose));
    control(m, kResponseOpen, events);
    REQUIRE(m.stop() == Stop::tool_calls);
  }
}

TEST_CASE("a name that is the beginning of another is told apart by its brace") {
  Matcher m = matcher(tool_spec());
  std::vector<Event> events;
  control(m, kCallOpen, events);
  REQUIRE(write(m, "call:read", events));
  Matcher other = m;
  REQUIRE(write(m, "{}", events));
  REQUIRE(events.back().name == "read");
  events.clear();
  REQUIRE(write(other, "_file{}", events));
  REQUIRE(events.back().name == "read_file");
  REQUIRE_FALSE(write(other, "x", events));
}

TEST_CASE("a key comes once in a call, however it is reached") {
  Matcher m = matcher(tool_spec());
  std::vector<Event> events;
  control(m, kCallOpen, events);
  REQUIRE(write(m, "call:read{path:1,", events));
  Matcher fork = m;
  REQUIRE_FALSE(write(m, "path:", events));
  REQUIRE(write(fork, "pathx:2}", events));
}

TEST_CASE("values nest 48 deep and no deeper") {
  Matcher m = matcher(tool_spec());
  std::vector<Event> events;
  control(m, kCallOpen, events);
  REQUIRE(write(m, "call:read{a:" + std::string(47, '['), events));
  REQUIRE_FALSE(allows(m, kFirstOrdinary + '['));
  REQUIRE_FALSE(allows(m, kFirstOrdinary + '{'));
  REQUIRE(write(m, "1" + std::string(47, ']') + "}", events));
  control(m, kCallClose, events);
}

TEST_CASE("several calls follow each other only where that is wanted") {
  StepSpec spec = tool_spec();
  for (const bool parallel : {true, false}) {
    spec.parallel = parallel;
    Matcher m = matcher(spec);
    std::vector<Event> events;
    control(m, kCallOpen, events);
    REQUIRE(write(m, "call:read{}", events));
    control(m, kCallClose, events);
    REQUIRE(allows(m, kCallOpen) == parallel);
    REQUIRE_FALSE(allows(m, kFirstOrdinary + 'a'));
  }
}

TEST_CASE("the choice decides whether calls may or must come") {
  StepSpec spec = tool_spec();
  spec.choice = Choice::none;
  REQUIRE_FALSE(allows(matcher(spec), kCallOpen));
  REQUIRE(allows(matcher(spec), kTurnClose));
  spec.choice = Choice::required;
  REQUIRE(allows(matcher(spec), kCallOpen));
  REQUIRE_FALSE(allows(matcher(spec), kTurnClose));
  REQUIRE_FALSE(allows(matcher(spec), kFirstOrdinary + 'a'));
  spec.choice = Choice::named;
  spec.named = "read";
  Matcher m = matcher(spec);
  std::vector<Event> events;
  control(m, kCallOpen, events);
  REQUIRE(write(m, "call:read", events));
  REQUIRE_FALSE(allows(m, kFirstOrdinary + '_'));
  spec.named = "write";
  REQUIRE(compile(trie(), spec).error().code() == Code::invalid_params);
}

TEST_CASE("a thought is told apart from text, its head and outer white space are gone") {
  StepSpec spec = tool_spec();
  REQUIRE_FALSE(allows(matcher(spec), kChannelOpen));
  spec.thinking = true;
  for (const bool bytewise : {false, true}) {
    Matcher m = matcher(spec);
    std::vector<Event> events;
    control(m, kChannelOpen, events);
    REQUIRE(write(m, "thought\n\nI see  it \n", events, bytewise));
    REQUIRE_FALSE(allows(m, kTurnClose));
    control(m, kChannelClose, events);
    REQUIRE(write(m, "the end", events, bytewise));
    REQUIRE(joined(events, Event::Kind::thought) == "I see  it");
    REQUIRE(joined(events, Event::Kind::text) == "the end");
    REQUIRE(allows(m, kCallOpen));
    REQUIRE(allows(m, kChannelOpen));
  }
}

TEST_CASE("a thought over its budget can only close") {
  StepSpec spec = base_spec();
  spec.thinking = spec.starts_in_thought = true;
  spec.thought_budget = 3;
  Matcher m = matcher(spec);
  std::vector<Event> events;
  REQUIRE(write(m, "abc", events, true));
  REQUIRE_FALSE(m.unconstrained());
  Bits only(trie()->words());
  set_bit(only, kChannelClose);
  REQUIRE(mask_of(m) == only);
  control(m, kChannelClose, events);
  REQUIRE_FALSE(allows(m, kChannelOpen));
  REQUIRE(allows(m, kTurnClose));
}

TEST_CASE("text that looks like a control token is text") {
  Matcher m = matcher(tool_spec());
  std::vector<Event> events;
  REQUIRE(write(m, "<|tool_call>call:read{}<turn|>", events));
  REQUIRE(joined(events, Event::Kind::text) == "<|tool_call>call:read{}<turn|>");
  REQUIRE_FALSE(m.finished());
}

TEST_CASE("twins of the same bytes are allowed together and refused together") {
  Matcher m = matcher(tool_spec());
  std::vector<Event> events;
  control(m, kCallOpen, events);
  REQUIRE(write(m, "call:read{a:", events));
  const auto check = [](const Matcher& at) {
    const Bits bits = mask_of(at);
    const auto& texts = trie()->vocabulary().bytes;
    for (Token a = kFirstOrdinary; a < texts.size(); ++a) {
      for (Token b = a + 1; b < texts.size(); ++b) {
        if (texts[a] == texts[b]) REQUIRE(get_bit(bits, a) == get_bit(bits, b));
      }
    }
  };
  check(m);
  REQUIRE(write(m, "[1", events));
  check(m);
}

TEST_CASE("a refused token changes nothing") {
  Matcher m = matcher(tool_spec());
  std::vector<Event> events;
  control(m, kCallOpen, events);
  REQUIRE(write(m, "call:read{a:1", events));
  const Bits before = mask_of(m);
  const size_t count = events.size();
  REQUIRE_FALSE(m.accept(kTurnClose, events).ok());
  REQUIRE_FALSE(m.accept(kImage, events).ok());
  REQUIRE_FALSE(m.accept(9999999, events).ok());
  REQUIRE_FALSE(m.accept(kFirstOrdinary + 'x', events).ok());
  REQUIRE(mask_of(m) == before);
  REQUIRE(events.size() == count);
}

TEST_CASE("every state of a step can be completed by allowed tokens") {
  StepSpec spec = tool_spec();
  spec.thinking = true;
  Matcher m = matcher(spec);
  std::vector<Event> events;
  const auto completes = [](Matcher at) {
    std::vector<Event> ignored;
    for (const Token token : at.shortest_completion()) {
      REQUIRE(allows(at, token));
      REQUIRE(at.accept(token, ignored).ok());
    }
    REQUIRE(at.finished());
  };
  completes(m);
  control(m, kChannelOpen, events);
  completes(m);
  control(m, kChannelClose, events);
  control(m, kCallOpen, events);
  completes(m);
  for (const char c : std::string("call:read{a:[{b:-")) {
    REQUIRE(write(m, std::string(1, c), events));
    completes(m);
  }
  REQUIRE(write(m, "0},", events));
  completes(m);
  control(m, kQuoteToken, events);
  REQUIRE(write(m, "\xE6", events, true));
  completes(m);
}

TEST_CASE("what the grammar leaves no choice about is foretold") {
  StepSpec spec = tool_spec();
  spec.choice = Choice::named;
  spec.named = "read_file";
  spec.parallel = false;
  Matcher m = matcher(spec);
  std::vector<Event> events;
  std::string text;
  for (int i = 0; i < 2; ++i) {
    for (const Token token : m.forced(64)) {
      text += trie()->vocabulary().bytes[token];
      REQUIRE(m.accept(token, events).ok());
    }
  }
  REQUIRE(text == "call:read_file{");
}

// The answer to `schema` after `begun`, as far as it is foretold; every token must be allowed.
std::string foretold(std::string_view schema, std::string_view begun, size_t most = 64) {
  StepSpec spec;
  spec.stop_ids = {kEos};
  spec.response_schema = json::parse_document(schema, json::kSchema).value();
  Matcher m(compile(trie(), spec).value());
  std::vector<Event> events;
  for (const Token token : trie()->spell(begun)) REQUIRE(m.accept(token, events).ok());
  Matcher ahead = m;
  std::string text;
  const std::vector<Token> forced = m.forced(most);
  CHECK(forced.size() <= most);
  Bits bits(trie()->words());
  for (const Token token : forced) {
    ahead.mask(bits);
    REQUIRE(get_bit(bits, token));
    REQUIRE(ahead.accept(token, events).ok());
    text += trie()->vocabulary().bytes[token];
  }
  return text;
}

TEST_CASE("keys, punctuation and constants of an answer are foretold, spaced as the answer is") {
  const char* const schema = R"({"type":"object","properties":{"name":{"const":"h\"é"},"age":{"type":"integer"},"path":{"type":"string"}},
    "required":["name","age"],"additionalProperties":false})";
  CHECK(foretold(schema, "") == "{\"");
  CHECK(foretold(schema, "{\"n") == "ame\": \"h");  // the constant goes on with an escape, which is not looked at
  CHECK(foretold(schema, "{\"age\":1,\"n") == "ame\":\"h");
  CHECK(foretold(schema, "{\"age\": 1, \"name\": \"h\\\"") == "é\"");
  CHECK(foretold(schema, "{\"age\": 1,\n\"n").substr(0, 6) == "ame\": ");
  CHECK(foretold(schema, "{\"path\": \"") == "");
  CHECK(foretold(schema, "{\"path\": \"x\"") == ", \"");
  CHECK(foretold(schema, "{\"a", 1).size() <= 7);
  CHECK(foretold(R"({"const":[true,{"a":null}]})", "[tr") == "ue, {\"a\": null}]");
  CHECK(foretold("true", "[") == "");
}

TEST_CASE("a compilation is given up where its watch says so, wherever that is, and not otherwise") {
  StepSpec spec = tool_spec();
  const auto schema = [](const char* text) { return json::parse_document(text, json::kSchema).value(); };
  spec.tools[0].parameters = schema(R"({"type":"object","properties":{"a":{"type":"string","not":{"pattern":"a.{5}b"}},"b":{"enum":[1,{"c":2}]}}})");
  spec.choice = Choice::automatic;
  spec.response_schema = schema(R"({"type":"object","patternProperties":{"ab":{"type":"integer"},"c.{3}d":{"type":["integer","null"]}},
      "anyOf":[{"required":["abc"]},{"minProperties":2}]})");
  const auto can_be_given_up = [&](const StepSpec& asked, size_t least) {
    size_t looks = 0;
    grammar::Watch patient([&]() -> std::optional<Error> { return ++looks, std::nullopt; });
    REQUIRE(compile(trie(), asked, &patient).ok());
    CHECK(looks > least);
    const size_t most = looks;
    for (size_t last = 1; last <= most; last += 1 + most / 12) {
      looks = 0;
      grammar::Watch watch([&]() -> std::optional<Error> {
        if (++looks < last) return std::nullopt;
        return Error(Code::cancelled, "enough");
      });
      const auto step = compile(trie(), asked, &watch);
      INFO(last);
      REQUIRE(watch.why());
      REQUIRE_FALSE(step.ok());
      CHECK(step.error().message() == "enough");
      CHECK(looks == last);
    }
  };
  can_be_given_up(spec, 10);
  StepSpec words;
  words.stop_ids = spec.stop_ids;
  words.regex = "[a-f]{3,12}(x[0-9]{2}){1,9}";
  can_be_given_up(words, 2);
  words.regex.reset();
  words.grammar = "root ::= \"(\" (root | word{1,6}) \")\"\nword ::= [a-c]{2,9} | [b-d]{3,7} \"!\"";
  can_be_given_up(words, 2);
}

TEST_CASE("tool names and stop tokens are checked") {
  StepSpec spec = tool_spec();
  spec.tools.push_back({"a{b", {}});
  REQUIRE(compile(trie(), spec).error().code() == Code::invalid_params);
  spec.tools.back().name = "read";
  REQUIRE(compile(trie(), spec).error().code() == Code::invalid_params);
  spec = base_spec();
  spec.stop_ids = {1'000'000};
  REQUIRE(compile(trie(), spec).error().code() == Code::invalid_params);
  spec.stop_ids.clear();
  REQUIRE(compile(trie(), spec).error().code() == Code::invalid_params);
}

}  // namespace
}  // namespace hob::constrain
