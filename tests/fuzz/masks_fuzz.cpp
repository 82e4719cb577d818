// Steps under a grammar: the mask is what can be read, token by token, something is always allowed,
// what was begun can be finished by allowed tokens, and what is finished is valid to a validator that
// shares nothing with the grammar. Masks are compared whole, at every place that a walk comes by.
#include <algorithm>
#include <optional>
#include <set>

#include "model/constrain/compiled_step.h"
#include "model/constrain/test_vocabulary.h"
#include "model/constrain/walk.h"
#include "tests/fuzz/judged_step.h"
#include "tests/fuzz/schemas.h"
#include "tests/fuzz/target.h"

namespace hob::fuzz {
namespace {

using namespace constrain;
using constrain::testing::trie;
using grammar::Dialect;
using grammar::Symbol;
using grammar::Threads;

/// Where masks are hard, and a text that leads there. In the call dialect walks begin anew.
struct Hard {
  const char* schema;
  const char* begun;
};
constexpr std::array kHard{
    Hard{
        R"({"type":"object","patternProperties":{"a":{"type":"integer","minimum":10},"b":{"type":"number","minimum":3},"é|\"":{"type":["null","number"]}},"minProperties":1})",
        R"({"ab":12,")"},
    Hard{
        R"({"type":"object","patternProperties":{"^[ab]{1,2}$":{"type":"boolean"},"^[0-9]$":{"type":"null"}},"properties":{"ab":{"type":"null"}},"additionalProperties":false})",
        R"({"a":true,"bb":true,"b)"},
    Hard{
        R"({"type":"object","propertyNames":{"pattern":"^[a-z\"\\\\é]+$"},"additionalProperties":{"type":["null","object"]},"properties":{"name":true}})",
        R"({"na":null,"a":null,"a)"},
    Hard{
        R"({"type":"object","propertyNames":{"not":{"pattern":"ue|pa"}},"patternProperties":{"a":{"type":["integer","null"]},"[r-t]":{"type":["integer","boolean"]}}})",
        R"({"ar":1,"t)"},
    Hard{R"({"type":"object","additionalProperties":{"type":"object"}})", R"({"a":{"a":{},"na":{"a":{},")"},
    Hard{
        R"({"type":"array","items":{"type":"object","properties":{"name":{"type":"string"},"na":{"type":"string","maxLength":3},"id":{"type":"integer"}},"required":["name"]}})",
        R"([{"name":"a","na":"a)"},
    Hard{
        R"({"type":"object","properties":{"name":{"type":"string","oneOf":[{"pattern":"red"},{"pattern":"re"},{"pattern":"na"},{"pattern":"[é\"]"}]}},"required":["name"]})",
        R"({"name":"re)"},
    Hard{
        R"({"type":"array","items":{"anyOf":[{"pattern":"^a","maxLength":4,"type":"string"},{"pattern":"b$","maxLength":5,"type":"string"},{"enum":["name","na","re","red","é"]}]}})",
        R"(["a)"},
    Hard{R"({"type":"array","items":{"type":"string","pattern":"^[a-c\\\\é]{2,5}$"}})", R"(["ab",")"},
    Hard{R"({"type":"array","items":{"type":"string","minLength":2,"maxLength":5}})", R"(["a)"},
    Hard{
        R"({"type":"array","uniqueItems":true,"items":{"type":["string","integer","boolean","null"],"maxLength":2,"minimum":0,"maximum":12}})",
        R"(["a",1,"ab",true,"a)"},
    Hard{R"({"type":"array","uniqueItems":true,"items":{"type":"string"}})", R"(["a","ab","name","red",")"},
    Hard{R"({"type":"array","uniqueItems":true,"items":{"type":"string","pattern":"^[ab]{1,2}$"}})", R"(["a","b","ab",")"},
    Hard{R"({"type":"array","uniqueItems":true,"items":{"enum":["re","red","é","a\"",1,null,1.5,true]}})", R"(["red",1,"é",")"},
    Hard{R"({"type":"array","uniqueItems":true,"items":{"type":"number","multipleOf":0.5,"minimum":0,"maximum":12}})", R"([1,1.5,12,1)"},
    Hard{
        R"({"type":"array","uniqueItems":true,"items":{"type":"object","additionalProperties":{"type":["boolean","string"]}}})",
        R"([{"a":true},{},{"a":"a"},{"a":)"},
    Hard{
        R"({"type":"array","uniqueItems":true,"items":{"type":"array","items":{"type":["null","boolean"]}}})",
        R"([[],[true],[null,true],[)"},
    Hard{
        R"({"type":"object","additionalProperties":{"type":["null","integer"]},"not":{"additionalProperties":{"type":"integer"}}})",
        R"({"a":1,"na":)"},
    Hard{
        R"({"type":"array","items":{"type":["integer","array"],"items":{"enum":[[],{},"a]",12]}},"contains":{"type":"array"},"maxContains":2,"minItems":2})",
        R"([1,[)"},
    Hard{R"({"type":"string","format":"date-time"})", R"("2024-02-2)"},
    Hard{R"({"enum":["\u0001\"é😊","😊","日本","日","\\n"]})", R"("\u)"},
};

/// Compiled at first use and kept, with its masks: what is kept must not change what a later walk
/// sees. Null where the schema takes no object and arguments are wanted.
const JudgedStep* subject(size_t number, bool call) {
  static std::vector<std::optional<Result<JudgedStep>>> kept(2 * (kHard.size() + kSchemas.size()));
  auto& out = kept[2 * number + (call ? 1 : 0)];
  const char* const text = number < kHard.size() ? kHard[number].schema : kSchemas[number - kHard.size()];
  if (!out) {
    const json::Document schema = json::parse_document(text, json::kSchema).value();
    out = JudgedStep::make(schema, call ? Dialect::gemma : Dialect::json);
  }
  if (out->ok()) return &**out;
  if (!call) broken(std::string(text) + ": " + out->error().message());
  return nullptr;
}

void expect_nothing(const std::optional<std::string>& wrong) {
  if (wrong) broken(*wrong);
}

/// What can be read, found token by token: in the order of their bytes, so that beginnings are read once.
std::vector<uint64_t> readable(const grammar::Machine& machine, const Threads& from) {
  static const std::vector<Token> kSorted = [] {
    std::vector<Token> out;
    const Vocabulary& all = trie()->vocabulary();
    for (Token token = 0; token < all.bytes.size(); ++token) {
      if (!all.special[token]) out.push_back(token);
    }
    std::sort(out.begin(), out.end(), [&](Token a, Token b) { return all.bytes[a] < all.bytes[b]; });
    return out;
  }();
  std::vector<uint64_t> bits(trie()->words());
  std::vector<Threads> after{from};
  std::string_view before;
  for (const Token token : kSorted) {
    const std::string_view bytes = trie()->vocabulary().bytes[token];
    size_t same = 0;
    while (same < before.size() && same < bytes.size() && before[same] == bytes[same]) ++same;
    if (same + 1 < after.size()) after.resize(same + 1);
    while (after.size() <= bytes.size() && !after.back().empty()) {
      const auto byte = static_cast<unsigned char>(bytes[after.size() - 1]);
      Threads next;
      machine.step(after.back(), byte, next);
      after.push_back(std::move(next));
    }
    if (after.size() == bytes.size() + 1 && !after.back().empty()) set_bit(bits, token);
    before = bytes.substr(0, after.size() - 1);
  }
  if (machine.dialect() == Dialect::gemma) {
    Threads next;
    machine.step(from, grammar::kQuote, next);
    if (!next.empty()) set_bit(bits, constrain::testing::kQuoteToken);
  }
  return bits;
}

void compare(Masker& masker, const Threads& threads, const std::string& read, const std::vector<uint64_t>& bits) {
  // Not again where many inputs begin alike.
  constexpr size_t kMostKnown = 1u << 16;
  static std::set<std::pair<const Masker*, std::string>> known;
  if (known.size() > kMostKnown) known.clear();
  if (!known.emplace(&masker, read).second) return;
  const std::vector<uint64_t> wanted = readable(masker.machine(), threads);
  for (Token token = 0; token < trie()->size(); ++token) {
    if (get_bit(bits, token) == get_bit(wanted, token)) continue;
    broken(
        std::string("after ") + read + " the mask " + (get_bit(bits, token) ? "allows" : "forbids") + " \"" +
        trie()->vocabulary().bytes[token] + "\""
    );
  }
}

/// Values alone: masks compared whole, at many places, after going back as well as on.
void walk_values(Choices& choices, const JudgedStep& about, const char* begun) {
  const CompiledStep& step = *about.step;
  Masker& masker = step.answer_masker ? *step.answer_masker : *step.call_masker;
  const grammar::Machine& machine = masker.machine();
  Threads threads{machine.start(step.answer ? *step.answer : step.nodes.front())};
  std::string read;
  const unsigned how = choices.byte();
  if (begun != nullptr && step.answer) {
    read = std::string(begun).substr(0, how % 2 == 0 ? std::string::npos : how / 2);
    if (!masker.accept(threads, read)) broken("the text to begin with is not read: " + read);
  }
  Threads kept = threads;
  std::string kept_read = read;
  std::vector<uint64_t> bits(trie()->words());
  const size_t size = trie()->size();
  for (int steps = 0; steps < 12 && !(steps > 0 && choices.over()); ++steps) {
    masker.mask(threads, bits);
    const unsigned what = choices.byte();
    if (steps == 0 || what % 4 == 0) compare(masker, threads, read, bits);
    size_t token = choices.below(size);
    const size_t from = token;
    do {
      token = (token + 1) % size;
    } while (!get_bit(bits, static_cast<Token>(token)) && token != from);
    if (!get_bit(bits, static_cast<Token>(token))) {
      expect(grammar::Machine::done(threads), "something is allowed where the value is not over");
      break;
    }
    if (what % 16 == 1) kept = threads, kept_read = read;
    if (token == constrain::testing::kQuoteToken) {
      Threads next;
      machine.step(threads, grammar::kQuote, next);
      expect(!next.empty(), "an allowed quote is read");
      threads = std::move(next);
    } else {
      expect(masker.accept(threads, trie()->vocabulary().bytes[token]), "an allowed token is read");
    }
    read += token == constrain::testing::kQuoteToken ? "`" : trie()->vocabulary().bytes[token];
    if (what % 16 == 3) threads = kept, read = kept_read;
  }
}

/// The whole of a step: its mask and accept() agree, it can be finished, and what comes out is valid.
void walk_step(Choices& choices, const JudgedStep& about) {
  Matcher matcher(about.step);
  std::vector<Event> events;
  const size_t size = trie()->size();
  const unsigned how = choices.byte();
  for (int steps = 0; steps < 20 && !choices.over() && !matcher.finished(); ++steps) {
    const std::vector<uint64_t> bits = mask_of(matcher);
    const auto one = static_cast<Token>(choices.below(size));
    Matcher fork = matcher;
    std::vector<Event> ignored;
    if (fork.accept(one, ignored).ok() != get_bit(bits, one)) {
      broken("mask and accept differ: token " + std::to_string(one) + " \"" + trie()->vocabulary().bytes[one] + "\"");
    }
    if (steps == static_cast<int>(how % 16)) expect_nothing(about.judge_completed(matcher, events));
    // The next allowed one from a chosen place on.
    const size_t from = choices.below(size);
    size_t token = from;
    while (!get_bit(bits, static_cast<Token>(token))) {
      token = (token + 1) % size;
      expect(token != from, "something is always allowed");
    }
    expect(matcher.accept(static_cast<Token>(token), events).ok(), "an allowed token is accepted");
  }
  expect_nothing(matcher.finished() ? about.judge(events) : about.judge_completed(matcher, events));
}

void run(std::string_view bytes) {
  Choices choices(bytes);
  const size_t number = choices.below(kHard.size() + kSchemas.size());
  const unsigned how = choices.byte();
  const JudgedStep* about = subject(number, how % 4 == 1);
  if (about == nullptr) return;
  const Hard* hard = number < kHard.size() ? &kHard[number] : nullptr;
  try {
    if (how % 8 >= 6) return walk_step(choices, *about);
    walk_values(choices, *about, hard ? hard->begun : nullptr);
  } catch (const Broken& what) {
    broken(std::string(what.what()) + "\nschema: " + (hard ? hard->schema : kSchemas[number - kHard.size()]));
  }
}

std::vector<std::string> seeds() {
  std::vector<std::string> out;
  for (size_t number = 0; number < kHard.size() + kSchemas.size(); ++number) {
    for (const char how : {'\x00', '\x01', '\x06', '\x0A'}) {
      std::string one{static_cast<char>(number), how};
      for (int i = 0; i < 50; ++i)
        one += static_cast<char>(i % 4 == 3 ? 0 : (i * (number + 3) + static_cast<size_t>(how)) % 253);
      out.push_back(one);
    }
  }
  return out;
}

const Target kTarget({"masks", run, seeds, 4000});

}  // namespace
}  // namespace hob::fuzz
