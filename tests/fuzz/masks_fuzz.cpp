// Steps under a grammar: the mask is what accept() takes, something is always allowed, what was
// begun can be finished by allowed tokens, and what is finished is valid to a validator that shares
// nothing with the grammar.
#include <optional>

#include "model/constrain/test_vocabulary.h"
#include "model/constrain/walk.h"
#include "tests/fuzz/judged_step.h"
#include "tests/fuzz/schemas.h"
#include "tests/fuzz/target.h"

namespace hob::fuzz {
namespace {

using namespace constrain;
using constrain::testing::trie;

/// Compiled at first use and kept, with its masks: what is kept must not change what a later walk
/// sees. Null where the schema takes no object and arguments are wanted.
const JudgedStep* subject(size_t number, bool call) {
  static std::vector<std::optional<Result<JudgedStep>>> kept(2 * kSchemas.size());
  auto& out = kept[2 * number + (call ? 1 : 0)];
  if (!out) {
    const json::Document schema = json::parse_document(kSchemas[number], json::kSchema).value();
    out = JudgedStep::make(schema, call ? grammar::Dialect::gemma : grammar::Dialect::json);
  }
  if (out->ok()) return &**out;
  if (!call) broken(std::string(kSchemas[number]) + ": " + out->error().message());
  return nullptr;
}

void expect_nothing(const std::optional<std::string>& wrong) {
  if (wrong) broken(*wrong);
}

void run(std::string_view bytes) {
  Choices choices(bytes);
  const size_t number = choices.below(kSchemas.size());
  const unsigned how = choices.byte();
  const JudgedStep* about = subject(number, how % 2 == 1);
  if (about == nullptr) return;
  Matcher matcher(about->step);
  std::vector<Event> events;
  const size_t size = trie()->size();
  const auto compare = [&](const std::vector<uint64_t>& bits, Token token) {
    Matcher fork = matcher;
    std::vector<Event> ignored;
    if (fork.accept(token, ignored).ok() != get_bit(bits, token)) {
      broken(
          "mask and accept differ: token " + std::to_string(token) + " \"" +
          trie()->vocabulary().bytes[token] + "\" of " + kSchemas[number]
      );
    }
  };
  for (int steps = 0; steps < 20 && !choices.over() && !matcher.finished(); ++steps) {
    const std::vector<uint64_t> bits = mask_of(matcher);
    compare(bits, static_cast<Token>(choices.below(size)));
    if (steps == static_cast<int>(how / 2 % 16)) {
      expect_nothing(about->judge_completed(matcher, events));
      if (how >= 248) {
        for (Token token = 0; token < size; ++token) compare(bits, token);
      }
    }
    // The next allowed one from a chosen place on.
    const size_t from = choices.below(size);
    size_t token = from;
    while (!get_bit(bits, static_cast<Token>(token))) {
      token = (token + 1) % size;
      expect(token != from, "something is always allowed");
    }
    expect(matcher.accept(static_cast<Token>(token), events).ok(), "an allowed token is accepted");
  }
  expect_nothing(
      matcher.finished() ? about->judge(events) : about->judge_completed(matcher, events)
  );
}

std::vector<std::string> seeds() {
  std::vector<std::string> out;
  for (size_t number = 0; number < kSchemas.size(); ++number) {
    for (const char how : {'\x04', '\x09', '\xF8', '\xFD'}) {
      std::string one{static_cast<char>(number), how};
      for (int i = 0; i < 80; ++i)
        one +=
            static_cast<char>(i % 4 == 3 ? 0 : (i * (number + 3) + static_cast<size_t>(how)) % 253);
      out.push_back(one);
    }
  }
  return out;
}

const Target kTarget({"masks", run, seeds, 3000});

}  // namespace
}  // namespace hob::fuzz
