#include "tests/fuzz/judged_step.h"

#include "model/constrain/test_vocabulary.h"
#include "model/constrain/walk.h"

namespace hob::fuzz {

using namespace constrain;
using constrain::testing::trie;

Result<JudgedStep> JudgedStep::make(const json::Document& schema, grammar::Dialect dialect) {
  StepSpec spec;
  spec.stop_ids = {
      constrain::testing::kEos, constrain::testing::kTurnClose, constrain::testing::kResponseOpen};
  if (dialect == grammar::Dialect::gemma) {
    spec.tools.push_back({"call", schema});
    spec.choice = Choice::required;
  } else {
    spec.response_schema = schema;
  }
  HOB_TRY(step, compile(trie(), spec));
  HOB_TRY(validator, schema::Validator::compile(schema));
  return JudgedStep{step, validator};
}

std::optional<std::string> JudgedStep::judge(const std::vector<Event>& events) const {
  std::vector<std::string> values;
  std::string answer;
  for (const Event& event : events) {
    if (event.kind == Event::Kind::answer) answer += event.text;
    if (event.kind == Event::Kind::call_end) values.push_back(event.text);
  }
  if (values.empty()) values.push_back(answer);
  for (const std::string& text : values) {
    const auto value = json::parse_document(text, json::kGenerated);
    if (!value) return "this is not JSON: " + text;
    if (const auto violation = validator.validate(*value))
      return "not valid: " + text + ": " + schema::to_string(*violation);
  }
  return std::nullopt;
}

std::optional<std::string> JudgedStep::judge_completed(Matcher matcher, std::vector<Event> events)
    const {
  for (const Token token : matcher.shortest_completion()) {
    if (!get_bit(mask_of(matcher), token))
      return "the completion's token " + std::to_string(token) + " is masked";
    if (auto read = matcher.accept(token, events); !read)
      return "a completion is refused: " + read.error().message();
  }
  if (!matcher.finished()) return "a completion does not come to an end";
  return judge(events);
}

std::vector<uint64_t> mask_of(const Matcher& matcher) {
  std::vector<uint64_t> bits(trie()->words());
  matcher.mask(bits);
  return bits;
}

}  // namespace hob::fuzz
