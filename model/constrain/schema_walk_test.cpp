// Schemas through the whole of a step, against the independent validator: what the matcher lets through is valid, what
// is valid it lets through however it is split into tokens, and nothing it begins is beyond finishing.
#include <catch2/catch.hpp>
#include <random>

#include "model/constrain/step_testing.h"
#include "schemas/base/json.h"
#include "schemas/schema/validator.h"

namespace hob::constrain {
namespace {

using namespace testing;

const char* const kSchemas[] = {
    "true",
    R"({"type":"object"})",
    R"({"type":"object","properties":{"name":{"type":"string"},"age":{"type":"integer","minimum":0,"maximum":150},
        "tags":{"type":"array","items":{"type":"string"},"maxItems":3}},"required":["name","age"]})",
    R"({"type":"object","properties":{"name":{"type":"string","minLength":2,"maxLength":5},"na":{"type":"null"},
        "path":{"enum":["a","ab","abc","é","日本語"]}},"required":["path"],"additionalProperties":false})",
    R"({"type":"array","items":{"type":"number","exclusiveMinimum":-1.5,"maximum":2.25},"minItems":2,"maxItems":4})",
    R"({"anyOf":[{"type":"object","properties":{"kind":{"const":"red"},"value":{"type":"integer"}},"required":["kind","value"]},
        {"type":"object","properties":{"kind":{"const":"re"},"value":{"type":"string"}},"required":["kind","value"]},
        {"type":"string","maxLength":3},{"type":"null"}]})",
    R"({"$defs":{"tree":{"type":"object","properties":{"id":{"type":"integer"},"items":{"type":"array",
        "items":{"$ref":"#/$defs/tree"}}},"required":["id"],"additionalProperties":false}},"$ref":"#/$defs/tree"})",
    R"({"enum":["red",12,1.5,null,[1,"a"],{"a":1,"b":{"c":[]}},"he said \"hi\"\n\\","\u0001"]})",
    R"({"type":"object","additionalProperties":{"type":"boolean"},"minProperties":1,"maxProperties":3,"properties":{"a":{"type":"integer"}}})",
    R"({"type":"object","properties":{"a":{"type":["integer","null"]},"b":{"type":"boolean"}},"required":["a","b"],
        "maxProperties":2})",
    R"({"type":"array","prefixItems":[{"type":"boolean"},{"type":"string","minLength":1}],"items":{"type":"integer"},"minItems":1})",
    R"({"allOf":[{"type":"object","properties":{"x":{"type":"number"}},"required":["x"]},{"properties":{"x":{"minimum":10},
        "y":{"const":{"deep":[true]}}}}]})",
    R"({"oneOf":[{"type":"integer","minimum":100},{"type":"integer","maximum":-100},{"type":"boolean"}]})",
    R"({"not":{"anyOf":[{"type":"string"},{"type":"integer","minimum":3},{"required":["a"]},{"type":"array","minItems":2}]}})",
    R"({"type":"object","properties":{"kind":{"enum":[1,2,3]},"a":{"type":"boolean"},"b":{"type":"null"}},
        "additionalProperties":false,"if":{"properties":{"kind":{"const":1}}},"then":{"required":["a"]},"else":{"required":["b"]}})",
    R"({"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"integer"},"c":{"type":"integer"}},
        "additionalProperties":{"type":"null"},"dependentRequired":{"a":["b"],"b":["c"]},
        "dependentSchemas":{"c":{"properties":{"b":{"minimum":5}}}}})",
    R"({"type":"object","properties":{"a":{"type":"number"},"b":{"type":"number"}},"oneOf":[{"required":["a"]},{"required":["b"]}]})",
    R"({"type":"array","items":{"type":"number","multipleOf":0.25,"minimum":-1,"maximum":3.1},"minItems":1})",
    R"({"type":"array","items":{"type":"integer","multipleOf":6,"not":{"anyOf":[{"multipleOf":4},{"const":6},{"minimum":100}]}},"minItems":1})",
    R"({"type":"array","items":{"type":"number","not":{"type":"integer"}},"minItems":1})",
    R"({"type":"array","items":{"type":["integer","null"]},"contains":{"type":"null"},"minContains":2,"maxContains":3,"maxItems":4})",
    R"({"type":"object","properties":{"a":{},"b":{"type":["null","array"]},"c":{"type":"boolean"}},"required":["b"],
        "additionalProperties":false,"not":{"properties":{"a":{}},"additionalProperties":{"type":["null","integer"]}}})",
    R"({"type":"object","additionalProperties":{"type":["null","integer"]},"not":{"additionalProperties":{"type":"integer"}}})",
    R"({"type":"array","prefixItems":[{"type":"boolean"}],"contains":{"type":"integer"}})",
    R"({"type":"array","items":{"type":["integer","array"]},"not":{"items":{"type":"integer"}}})",
    R"({"type":"array","allOf":[{"contains":{"multipleOf":2}},{"contains":{"multipleOf":3}}],"items":{"type":"integer"}})",
    R"({"type":"string","pattern":"^[a-c]{2,4}(é|日本|😊|\\n)?$","maxLength":4})",
    R"({"type":"object","properties":{"id":{"type":"string","pattern":"^\\w+-\\d\\d$","minLength":5},"when":{"format":"date-time"},
        "name":{"type":"string","pattern":"a|^\\s*$"}},"required":["id"],"additionalProperties":{"type":"string","pattern":"^(/[^/]+)+$","maxLength":9}})",
    R"({"type":"array","items":{"anyOf":[{"type":"string","format":"ipv4"},{"type":"string","not":{"pattern":"[a-m]"},"maxLength":3},
        {"type":"string","not":{"enum":["red","re"]},"pattern":"^re"}]}})",
    R"({"type":"object","patternProperties":{"^a|é":{"type":"integer"},"d$":{"type":["integer","null"]}},"additionalProperties":{"type":"boolean"},"properties":{"name":{"type":"null"}}})",
    R"({"type":"object","patternProperties":{"^[ab]{1,2}$":{"type":"integer"}},"additionalProperties":false,"minProperties":1})",
    R"({"type":"object","patternProperties":{"^(é|x*|[ab]{8})$":{"type":"null"}},"additionalProperties":false,"minProperties":3,"maxProperties":5})",
    R"({"type":"object","propertyNames":{"pattern":"^[\"\\\\a]{1,7}$"},"additionalProperties":{"type":"null"}})",
    R"({"type":"object","propertyNames":{"maxLength":1},"additionalProperties":{"type":"null"},"minProperties":2})",
    R"({"type":"object","patternProperties":{"^a":{"type":["integer","null"]}},"not":{"patternProperties":{"^ab":{"type":"integer"}}},"additionalProperties":false})",
    R"({"type":"array","uniqueItems":true,"items":{"type":["integer","string","null","array","object","boolean"]}})",
    R"({"type":"array","uniqueItems":true,"items":{"enum":["re","red","é",1,null]},"minItems":3})",
    R"({"type":"array","uniqueItems":true,"items":{"type":"integer","minimum":-1,"maximum":12},"minItems":2})",
    R"({"type":"array","uniqueItems":true,"items":{"type":"string","maxLength":2},"minItems":2})",
    R"({"type":"array","uniqueItems":true,"items":{"type":"string","pattern":"^[ab]{1,2}$"}})",
    R"({"type":"array","uniqueItems":true,"items":{"type":"object","properties":{"a":{"type":"boolean"}},"required":["a"]},"minItems":2})",
    R"({"type":"array","uniqueItems":true,"items":{"type":"array","items":{"type":["null","boolean"]}},"minItems":2})",
    R"({"type":"object","unevaluatedProperties":{"type":"null"},"anyOf":[{"properties":{"a":{"type":"integer"}},"required":["a"]},
        {"properties":{"name":{"type":"boolean"}},"required":["name"]}]})",
    R"({"type":"array","contains":{"type":"boolean"},"unevaluatedItems":{"type":"integer"}})",
    R"({"type":"object","patternProperties":{"a":{"type":"integer","minimum":10},"b":{"type":"number","minimum":3},"é|\"":{"type":["null","number"]}},"minProperties":1})",
    R"({"type":"array","items":{"type":"string","oneOf":[{"pattern":"red"},{"pattern":"re"},{"pattern":"na"},{"pattern":"[é😊\"]"}]},"minItems":1})",
    R"({"type":"array","items":{"anyOf":[{"type":"string","pattern":"^a","maxLength":4},{"type":"string","pattern":"b$","maxLength":4},
        {"type":"string","pattern":"re","maxLength":7},{"const":"name"}]}})",
    R"({"type":"string","pattern":"^[😀-😎\"\\\\\\u0000-\\u0008é]*$","minLength":1})",
};

struct Subject {
  std::string schema;
  json::Document document;
  std::shared_ptr<const CompiledStep> step;
  std::optional<schema::Validator> validator;
};

Subject subject(std::string_view text, bool call) {
  Subject out;
  out.schema = text;
  out.document = json::parse_document(text, json::kSchema).value();
  StepSpec spec = base_spec();
  if (call) {
    spec.tools.push_back({"call", out.document});
    spec.choice = Choice::required;
  } else {
    spec.response_schema = out.document;
  }
  auto step = compile(trie(), spec);
  if (!step) FAIL(step.error().message());
  out.step = *step;
  auto validator = schema::Validator::compile(out.document);
  if (!validator) FAIL(validator.error().message());
  out.validator = *validator;
  return out;
}

// Whether it can be a tool's arguments.
bool has_object(const json::Document& schema) {
  const std::string text = json::dump(schema);
  return text.find("\"object\"") != std::string::npos && text.rfind(R"({"type":"array")", 0) != 0;
}

// The value that the events tell.
std::string value_of(const std::vector<Event>& events) {
  std::string text;
  for (const Event& event : events) {
    if (event.kind == Event::Kind::answer) text += event.text;
    if (event.kind == Event::Kind::call_end) text = event.text;
  }
  return text;
}

void check_value(const Subject& subject, const std::vector<Event>& events, std::string_view written) {
  const std::string text = value_of(events);
  INFO(subject.schema);
  INFO(written);
  INFO(text);
  auto value = json::parse_document(text, json::kGenerated);
  if (!value) FAIL(value.error().message());
  const auto violation = subject.validator->validate(*value);
  if (violation) FAIL(schema::to_string(*violation));
}

std::vector<Token> allowed_of(const Bits& bits) {
  std::vector<Token> out;
  for (Token token = 0; token < trie()->size(); ++token) {
    if (get_bit(bits, token)) out.push_back(token);
  }
  return out;
}

TEST_CASE("random walks end valid, meet no dead end, and can be completed from anywhere") {
  int finished = 0;
  for (const bool call : {false, true}) {
    for (const char* schema : kSchemas) {
      const Subject about = subject(std::string(schema) == "true" && call ? "{}" : schema,
                                    call && has_object(json::parse_document(schema, json::kSchema).value()));
      std::mt19937 random(7);
      for (int walk = 0; walk < 12; ++walk) {
        Matcher m(about.step);
        std::vector<Event> events;
        std::string written;
        for (int n = 0; n < 120 && !m.finished(); ++n) {
          const Bits bits = mask_of(m);
          std::vector<Token> allowed = allowed_of(bits);
          INFO(about.schema << "\n" << written);
          REQUIRE_FALSE(allowed.empty());
          if (random() % 2 == 0) {  // often the short ones that move structure on
            std::vector<Token> shorter;
            for (const Token token : allowed) {
              if (trie()->vocabulary().bytes[token].size() < 2 && token < kFirstOrdinary + 128) shorter.push_back(token);
            }
            if (!shorter.empty()) allowed = shorter;
          }
          const Token token = allowed[random() % allowed.size()];
          written += trie()->vocabulary().special[token] ? "~" : trie()->vocabulary().bytes[token];
          if (n % 9 == walk % 9) {
            Matcher end = m;
            std::vector<Event> until = events;
            for (const Token next : end.shortest_completion()) {
              REQUIRE(get_bit(mask_of(end), next));
              REQUIRE(end.accept(next, until).ok());
            }
            REQUIRE(end.finished());
            check_value(about, until, written + " (completed)");
          }
          REQUIRE(m.accept(token, events).ok());
        }
        if (m.finished()) {
          ++finished;
          check_value(about, events, written);
        }
      }
    }
  }
  CHECK(finished > 50);
}

TEST_CASE("the mask is what accept() takes, token by token, at every place of a walk") {
  for (const char* schema : kSchemas) {
    const Subject about = subject(schema, false);
    std::mt19937 random(11);
    Matcher m(about.step);
    std::vector<Event> events;
    std::string written;
    for (int n = 0; n < 40 && !m.finished(); ++n) {
      const Bits bits = mask_of(m);
      for (Token token = 0; token < trie()->size(); ++token) {
        Matcher fork = m;
        std::vector<Event> ignored;
        INFO(about.schema << "\n" << written << " + " << trie()->vocabulary().bytes[token]);
        REQUIRE(fork.accept(token, ignored).ok() == get_bit(bits, token));
      }
      const std::vector<Token> allowed = allowed_of(bits);
      const Token token = allowed[random() % allowed.size()];
      written += trie()->vocabulary().bytes[token];
      REQUIRE(m.accept(token, events).ok());
    }
  }
}

// Tokens that the mask takes and accept() does not, and the other way round.
struct Wrong {
  int over = 0, under = 0;
  std::string first;
};

void compare(const Matcher& m, const std::string& written, Wrong& wrong) {
  const Bits bits = mask_of(m);
  for (Token token = 0; token < trie()->size(); ++token) {
    Matcher fork = m;
    std::vector<Event> ignored;
    const bool accepts = fork.accept(token, ignored).ok(), allowed = get_bit(bits, token);
    if (accepts == allowed) continue;
    (allowed ? wrong.over : wrong.under) += 1;
    if (wrong.first.empty()) wrong.first = written + " + " + trie()->vocabulary().bytes[token];
  }
}

TEST_CASE("masks inside texts of a language are exact, at every place and for every length that is left") {
  const char* const kTexts[] = {
      R"({"type":"string","pattern":"^[a-z]+(-[a-z0-9]+)*$","maxLength":6})",
      R"({"type":"string","pattern":"^.{3,9}$"})",
      R"({"type":"string","pattern":"^[^/\\\\]*$","maxLength":3})",
      R"({"type":"string","pattern":"a.*e","maxLength":7})",
      R"({"type":"string","pattern":"^[^日é]*$","maxLength":3})",
      R"({"type":"string","oneOf":[{"pattern":"red"},{"pattern":"語"},{"pattern":"na"}],"maxLength":9})",
      R"({"type":"string","pattern":"\\d\\d-[a-f]{4}"})",
      R"({"type":"string","pattern":"^(日本|é|😊|ab)+$","minLength":2,"maxLength":4})",
      R"({"type":"string","format":"uri"})",
      R"({"type":"string","format":"email","maxLength":12})",
      R"({"type":"string","format":"time"})",
      R"({"type":"string","not":{"enum":["name","na","red","hello world"]}})",
      R"({"type":"string","not":{"pattern":"[\"\\n\\u0000😊-😎]"},"maxLength":5})",
      R"({"type":"array","items":{"anyOf":[{"type":"string","pattern":"^re"},{"type":"string","pattern":"d$","maxLength":4}]},"maxItems":2})",
      R"({"type":"object","properties":{"a":{"type":"string","pattern":"^\\d+$"}},"additionalProperties":{"type":"string","format":"date"}})",
  };
  Wrong wrong;
  for (const char* text : kTexts) {
    for (const bool call : {false, true}) {
      const std::string schema = call ? R"({"type":"object","properties":{"name":)" + std::string(text) + R"(},"required":["name"]})" : text;
      const Subject about = subject(schema, call);
      std::mt19937 random(5);
      for (int walk = 0; walk < 3; ++walk) {
        Matcher m(about.step);
        std::vector<Event> events;
        std::string written = schema + ": ";
        for (int n = 0; n < 24 && !m.finished(); ++n) {
          compare(m, written, wrong);
          const std::vector<Token> allowed = allowed_of(mask_of(m));
          const Token token = allowed[random() % allowed.size()];
          written += trie()->vocabulary().bytes[token] + "|";
          REQUIRE(m.accept(token, events).ok());
        }
      }
    }
  }
  INFO(wrong.first);
  CHECK(wrong.over == 0);
  CHECK(wrong.under == 0);
}

TEST_CASE("a key that an object has is masked however its second coming is cut into tokens") {
  const Subject about = subject(R"({"type":"object","properties":{"age":{"type":"integer"},"id":true},"additionalProperties":{"type":["boolean","object"],
      "additionalProperties":{"type":"boolean"}}})", false);
  Wrong wrong;
  for (const char* begun : {"{", "{\"", "{\"a", "{\"a\":true,", "{\"a\": true, ", "{\"a\":true,\"", "{\"a\":true", "{\"ab\":true,\"a", "{\"name\":true,\"na",
                            "{\"a\\u0062c\":true,\"", "{\"abc\":true,\"a\\", "{\"age\":1,\"", "{\"age\":1,\"ag", "{\"age\":1,\"a\":true,\"id\":1,\"",
                            "{\"a\":{\"a\":true,\"", "{\"a\":{\"a\":true},\"", "{\"a\":{", "{\"é\":true,\"\xC3", "{\"\\\"\":true,\""}) {
    Matcher m(about.step);
    std::vector<Event> events;
    for (const Token token : trie()->spell(begun)) REQUIRE(m.accept(token, events).ok());
    compare(m, begun, wrong);
    Matcher again(subject(about.schema, false).step);  // with nothing kept yet
    for (const Token token : trie()->spell(begun)) REQUIRE(again.accept(token, events).ok());
    CHECK(mask_of(m) == mask_of(again));
  }
  INFO(wrong.first);
  CHECK(wrong.over == 0);
  CHECK(wrong.under == 0);
}

// The masks after each of `texts`, with what was kept of the ones before.
void compare_after(const Subject& about, std::initializer_list<const char*> texts, Wrong& wrong) {
  for (const char* begun : texts) {
    Matcher m(about.step);
    std::vector<Event> events;
    INFO(about.schema << "\n" << begun);
    for (const Token token : trie()->spell(begun)) REQUIRE(m.accept(token, events).ok());
    compare(m, begun, wrong);
  }
}

TEST_CASE("keys of patterns are masked exactly: new ones, ones that are there, declared ones, the last of a kind") {
  Wrong wrong;
  // Endlessly many keys, some of them declared.
  compare_after(subject(R"({"type":"object","properties":{"age":{"type":"boolean"},"red":{"type":"boolean"}},"patternProperties":{"^[a-z\"\u00e9]+$":{"type":["boolean","object"]},
      "^[0-9]":{"type":"integer"}},"additionalProperties":false})", false),
                {"{", "{\"", "{\"a", "{\"ag", "{\"r", "{\"a\":true,\"", "{\"a\":true", "{\"a\":true,\"a", "{\"ab\":true,\"a", "{\"ab\":true,\"a\":true,\"",
                 "{\"a\":{\"a\":1,\"", "{\"a\\", "{\"a\\\"", "{\"a\\\"\":true,\"a\\", "{\"\xC3", "{\"é\":true,\"\xC3", "{\"a\\u00", "{\"a\":true,\"\\u006",
                 "{\"age\":true,\"1\":1,\"", "{\"age\":true,\"1\":1,\"1"}, wrong);
  // 702 keys and 100 keys: whether one is left matters near the ends.
  const char* const kFinite = R"({"type":"object","properties":{"bc":true},"patternProperties":{"^[a-z]{1,2}$":{"type":"boolean"},"^[0-9][0-9]$":{"type":"null"}},
      "additionalProperties":false,"maxProperties":)";
  compare_after(subject(kFinite + std::string("30}"), false),
                {"{", "{\"", "{\"a", "{\"ab\":true,\"", "{\"ab\":true,\"a", "{\"a\":true,\"", "{\"a\":true,\"a", "{\"b", "{\"ab\":true", "{\"\\", "{\"a\\u0",
                 "{\"12\":null,\"1", "{\"12\":null,\"", "{\"10\":null,\"12\":null,\"99\":null,\"00\":null,\"9"}, wrong);
  // More keys than are looked for one by one, and the last one of a kind.
  std::string most = "{";
  for (int i = 0; i < 99; ++i) {
    most += (i == 0 ? "\"" : ",\"") + std::string(i < 10 ? "0" : "") + std::to_string(i) + "\":null";
    if (i != 15 && i != 16 && i != 17 && i < 89) continue;
    compare_after(subject(kFinite + std::string("300}"), false), {most.c_str(), (most + ",\"").c_str(), (most + ",\"a").c_str(),
                  (most + ",\"9").c_str()}, wrong);
  }
  compare_after(subject(R"({"type":"object","patternProperties":{"^[0-9][0-9]$":{"type":"null"}},"additionalProperties":false})", false),
                {most.c_str(), (most + ",\"").c_str(), (most + ",\"9").c_str(), (most + ",\"99").c_str()}, wrong);
  // Keys of several kinds at once.
  compare_after(subject(R"({"type":"object","patternProperties":{"a":{"type":"integer","minimum":10},"b":{"type":"number","minimum":3},"é|\"":{"type":["null","number"]}},
      "properties":{"name":{"type":"null"}},"minProperties":1})", false),
                {"{", "{\"", "{\"a", "{\"x", "{\"ab", "{\"na", "{\"\\", "{\"\\u00", "{\"\xC3", "{\"a\":12,\"", "{\"a\":12,\"a", "{\"ab\":12,\"a", "{\"é\":12,\"\xC3",
                 "{\"x\":1,\"\\u006", "{\"x\":1,\"a\":12,\"b\":5,\""}, wrong);
  // A key whose value must be the one that the object wants.
  compare_after(subject(R"({"type":"object","patternProperties":{"^a":{"type":["integer","null"]}},"not":{"patternProperties":{"^ab":{"type":"integer"}}},
      "additionalProperties":false})", false), {"{", "{\"", "{\"a", "{\"ab", "{\"a\":1,\"a", "{\"ab\":1,\"a", "{\"abc\":null,\"ab"}, wrong);
  INFO(wrong.first);
  CHECK(wrong.over == 0);
  CHECK(wrong.under == 0);
}

TEST_CASE("items that must differ are masked exactly, however their ends are cut into tokens") {
  Wrong wrong;
  const char* const kAny = R"({"type":"array","uniqueItems":true,"items":)";
  const auto check = [&](const char* items, std::initializer_list<const char*> texts, const char* more = "") {
    compare_after(subject(kAny + std::string(items) + more + "}", false), texts, wrong);
  };
  check(R"({"type":"string"})", {"[", "[\"", "[\"a", "[\"a\"", "[\"a\",", "[\"a\",\"", "[\"ab\",\"", "[\"ab\",\"a", "[\"a\",\"x\",\"", "[\"a\",\"\\", "[\"a\",\"\\u0061",
                                 "[\"a\", \"\\u00", "[\"é\",\"\xC3", "[\"\",", "[\"\",\"", "[\"\\\"\",\"\\"});
  check(R"({"type":"string","minLength":2})", {"[\"", "[\"ab\",\"", "[\"ab\",\"a", "[\"ab\",\"ab"});
  check(R"({"type":"string","maxLength":2})", {"[\"", "[\"ab\",\"", "[\"ab\",\"a", "[\"ab\",\"b", "[\"ab\",\"x", "[\"\",\"a\",\"a", "[\"ab\",\"a\\"});
  check(R"({"type":"string","pattern":"^[a-d]{1,2}$"})", {"[", "[\"", "[\"ab\",\"", "[\"ab\",\"a", "[\"a\",\"ab\",\"ac\",\"a", "[\"a\",\"ab\",\"ac\",\"ad\",\"aa\",\""});
  check(R"({"type":"string","pattern":"^[a-z]{3}$"})", {"[\"", "[\"abc\",\"", "[\"abc\",\"a", "[\"abc\",\"ab", "[\"red\",\"re", "[\"abc\",\"ab\\"});
  check(R"({"type":"string","pattern":"^[a-z]+(-[a-z]+)?$"})", {"[\"", "[\"ab\",\"", "[\"ab\",\"a", "[\"ab\",\"ab", "[\"ab\""});
  check(R"({"enum":["re","red","é",1,null,true,12]})", {"[", "[\"", "[\"re\",", "[\"re\",\"", "[\"red\",\"re", "[1,", "[1,1", "[null,", "[null,t", "[12,1", "[\"re\",\"red\",\"é\",1,null,true",
                                                         "[\"re\",\"red\",\"é\",1,null,true,", "[\"re\",\"red\",\"é\",1,null,true,1"});
  check(R"({"type":["integer","boolean"]})", {"[", "[1", "[1,", "[1,1", "[10,1", "[1,12,1", "[1,-", "[1,true", "[true,", "[true,f", "[0,-"});
  check(R"({"type":"integer","minimum":0,"maximum":11})", {"[1", "[1,1", "[1,10,1", "[1,10,11,", "[1,10,11,0"});
  check(R"({"type":"object","properties":{"a":{"type":"boolean"},"name":{"type":"string"}},"required":["a"]})",
        {"[", "[{", "[{\"a\":true", "[{\"a\":true}", "[{\"a\":true},", "[{\"a\":true},{\"a", "[{\"a\":true},{\"a\":", "[{\"a\":true},{\"a\":tr", "[{\"a\":true},{\"a\":true",
         "[{\"a\":true,\"b\":1},{\"b\":1,\"a\":true", "[{\"a\":true,\"b\":1},{\"b\":1,\"a\":false", "[{\"name\":\"a\",\"a\":true},{\"a\":true,\"name\":\"",
         "[{\"name\":\"a\",\"a\":true},{\"a\":true,\"name\":\"a", "[{\"a\":true,\"b\":[1]},{\"a\":true,\"b\":[1", "[{\"a\":true,\"b\":[1]},{\"a\":true,\"b\":[1]"});
  check(R"({"type":"array","items":{"type":["null","integer","string"]}})", {"[[", "[[]", "[[],", "[[],[", "[[1],[1", "[[1],[", "[[1],[12", "[[\"a\"],[\"", "[[\"a\"],[\"a", "[[\"a\"],[\"a\""});
  check(R"({"type":"array","uniqueItems":true,"items":{"type":"string"}})", {"[[\"a\"],[\"", "[[\"a\"],[\"a", "[[\"a\"],[\"a\",\"", "[[\"a\",\"b\"],[\"a\",\"", "[[\"a\",\"b\"],[\"a\",\"b"});
  check(R"({"type":"array","items":{"type":"object","properties":{"id":{"type":"string","pattern":"^[a-c]+$"}}}})",
        {"[[{\"id\":\"a\"}],[{\"id\":\"", "[[{\"id\":\"a\"}],[{\"id\":\"a", "[[{\"id\":\"a\"}],[{\"id\":\"a\"", "[[{\"id\":\"a\"}],[{\"id\":\"a\"}", "[[{\"id\":\"a\"}],[{\"id\":\"b\"}"});
  check(R"({"type":"string"})", {"[\"a\",\"b\",\"", "[\"a\",\"b\",\"a", "[\"a\",\"b\",\"c\""}, R"(,"maxItems":3)");
  compare_after(subject(R"({"type":"array","uniqueItems":true,"prefixItems":[{"type":"string"}],"items":{"enum":["a"]}})", false),
                {"[", "[\"", "[\"a", "[\"ab", "[\"x", "[\"a\"", "[\"x\"", "[\"x\",\"", "[\"x\",\"a"}, wrong);
  compare_after(subject(R"({"type":"array","uniqueItems":true,"prefixItems":[{"type":"string"},{"type":"string"}],"items":false})", false),
                {"[\"", "[\"a", "[\"a\",\"", "[\"a\",\"x", "[\"a\",\"x\""}, wrong);
  compare_after(subject(R"({"type":"object","properties":{"tags":{"type":"array","uniqueItems":true,"items":{"type":["string","object"]}},"id":true},"required":["tags","id"],
      "additionalProperties":{"type":"array","uniqueItems":true}})", false),
                {"{\"tags\":[", "{\"tags\":[\"a\",\"", "{\"tags\":[\"a\",\"a", "{\"tags\":[\"a\",{\"a\":1}", "{\"tags\":[{\"a\":1},{\"a\":1", "{\"tags\":[{\"a\":{\"b\":1}},{\"a\":{\"b\":1",
                 "{\"tags\":[{\"a\":{\"b\":1}},{\"a\":{\"b\":1}", "{\"tags\":[\"a\"],\"a\":[\"a\",\"", "{\"tags\":[\"a\"],\"a\":[\"a\"],\"", "{\"tags\":[\"a\"],\"ab\"", "{\"tags\":[\"a\"],\"ab\":["}, wrong);
  INFO(wrong.first);
  CHECK(wrong.over == 0);
  CHECK(wrong.under == 0);
}

TEST_CASE("any order of accepting, forking and going back gives the masks of a fresh walk, bit for bit") {
  for (const char* schema : kSchemas) {
    const Subject about = subject(schema, false);
    std::mt19937 random(13);
    struct Branch {
      Matcher matcher;
      std::vector<Token> tokens;
    };
    std::vector<Branch> branches{{Matcher(about.step), {}}};
    for (int n = 0; n < 60; ++n) {
      const size_t at = random() % branches.size();
      Branch branch = branches[at];  // a fork; often it takes the place of another
      std::vector<Event> events;
      for (size_t steps = random() % 4; steps > 0; --steps) {
        const std::vector<Token> allowed = allowed_of(mask_of(branch.matcher));
        if (allowed.empty()) break;
        branch.tokens.push_back(allowed[random() % allowed.size()]);
        REQUIRE(branch.matcher.accept(branch.tokens.back(), events).ok());
        if (branch.matcher.finished()) break;
      }
      if (branches.size() < 6) {
        branches.push_back(std::move(branch));
      } else {
        branches[random() % branches.size()] = std::move(branch);
      }
      if (n % 20 != 19) continue;
      const Subject fresh = subject(schema, false);
      for (const Branch& one : branches) {
        Matcher m(fresh.step);
        for (const Token token : one.tokens) REQUIRE(m.accept(token, events).ok());
        INFO(schema);
        REQUIRE(mask_of(m) == mask_of(one.matcher));
      }
    }
  }
}

TEST_CASE("a fork and a kept copy go on as a fresh walk would") {
  const Subject about = subject(kSchemas[2], false);
  const std::string text = R"({"name":"a\u00e9b","age":12,"tags":["x",)";
  const std::vector<Token> tokens = trie()->spell(text);
  std::vector<Matcher> kept;
  Matcher m(about.step);
  std::vector<Event> events;
  for (const Token token : tokens) {
    kept.push_back(m);
    REQUIRE(m.accept(token, events).ok());
  }
  for (size_t back = 0; back < tokens.size(); back += 3) {
    Matcher again = kept[back];
    Matcher fresh(about.step);
    std::vector<Event> ignored;
    for (size_t i = 0; i < tokens.size(); ++i) {
      if (i >= back) {
        REQUIRE(mask_of(again) == mask_of(kept[i]));
        REQUIRE(again.accept(tokens[i], ignored).ok());
      }
      REQUIRE(fresh.accept(tokens[i], ignored).ok());
    }
    REQUIRE(mask_of(again) == mask_of(m));
    REQUIRE(mask_of(fresh) == mask_of(m));
  }
}

// Random splits of the same text.
std::vector<Token> split(std::string_view text, std::mt19937& random) {
  std::vector<Token> out;
  while (!text.empty()) {
    std::vector<Token> fits;
    for (Token token = kFirstOrdinary; token < trie()->size(); ++token) {
      const std::string& bytes = trie()->vocabulary().bytes[token];
      if (text.substr(0, bytes.size()) == bytes) fits.push_back(token);
    }
    out.push_back(fits[random() % fits.size()]);
    text.remove_prefix(trie()->vocabulary().bytes[out.back()].size());
  }
  return out;
}

TEST_CASE("a valid answer passes and an invalid one fails, however it is split") {
  const struct {
    int schema;
    const char* text;
    bool valid;
  } kCases[] = {
      {2, R"({"name": "hello world", "age": 12, "tags": ["a", "b\""]})", true},
      {2, R"({"name": "hello world", "age": 151})", false},
      {2, "{\n  \"age\": 0,\n  \"name\": \"\"\n}\n", true},
      {2, R"({"name":"a","age":1,"name":"b"})", false},
      {3, R"({"path":"日本語","name":"日本"})", true},
      {3, R"({"path":"日本"})", false},
      {3, R"({"path":"ab","name":"abcabc"})", false},
      {3, R"({"path":"\u0061bc","na":null})", true},
      {4, "[0.5, 2.25, -1.4]", true},
      {4, "[0.5, 2.251]", false},
      {5, R"({"value":12,"kind":"red"})", true},
      {5, R"({"value":12,"kind":"re"})", false},
      {7, R"("he said \"hi\"\n\\")", true},
      {7, R"({"b":{"c":[]},"a":1})", true},
      {7, R"("\u0001")", true},
      {12, "100", true},
      {12, "10", false},
      {12, "-1e2", true},
  };
  std::mt19937 random(3);
  for (const auto& one : kCases) {
    const Subject about = subject(kSchemas[one.schema], false);
    for (int round = 0; round < 8; ++round) {
      Matcher m(about.step);
      std::vector<Event> events;
      bool fits = true;
      for (const Token token : split(one.text, random)) fits = fits && m.accept(token, events).ok();
      INFO(one.text);
      CHECK((fits && m.can_stop()) == one.valid);
    }
  }
}

TEST_CASE("with tools and a schema the model may call first, or must, or may not") {
  StepSpec spec = base_spec();
  spec.tools.push_back({"read", json::parse_document(R"({"type":"object","properties":{"n":{"type":"integer"}}})", json::kSchema).value()});
  spec.response_schema = json::parse_document(R"({"type":"integer"})", json::kSchema).value();
  Matcher m(compile(trie(), spec).value());
  std::vector<Event> events;
  REQUIRE(get_bit(mask_of(m), kCallOpen));
  REQUIRE(get_bit(mask_of(m), kFirstOrdinary + '1'));
  REQUIRE_FALSE(get_bit(mask_of(m), kFirstOrdinary + 'a'));
  REQUIRE_FALSE(get_bit(mask_of(m), kTurnClose));
  REQUIRE(m.accept(kFirstOrdinary + '1', events).ok());
  REQUIRE_FALSE(get_bit(mask_of(m), kCallOpen));
  REQUIRE(get_bit(mask_of(m), kTurnClose));
  spec.choice = Choice::required;
  Matcher must(compile(trie(), spec).value());
  REQUIRE_FALSE(get_bit(mask_of(must), kFirstOrdinary + '1'));
  spec.choice = Choice::none;
  Matcher never(compile(trie(), spec).value());
  REQUIRE_FALSE(get_bit(mask_of(never), kCallOpen));
}

TEST_CASE("a schema that cannot be enforced names its tool") {
  StepSpec spec;
  spec.stop_ids = {kEos};
  spec.tools.push_back({"read", json::parse_document(R"({"properties":{"p":{"pattern":"(?=x)."}}})", json::kSchema).value()});
  const auto refused = compile(trie(), spec);
  REQUIRE(refused.error().code() == Code::schema_unsupported);
  REQUIRE(refused.error().data()["pointer"] == "/properties/p");
  REQUIRE(refused.error().data()["keyword"] == "pattern");
  REQUIRE(refused.error().data()["tool"] == "read");
  spec.tools[0].parameters = json::parse_document(R"({"type":"string"})", json::kSchema).value();
  REQUIRE(compile(trie(), spec).error().code() == Code::schema_unsatisfiable);
}

}  // namespace
}  // namespace hob::constrain
