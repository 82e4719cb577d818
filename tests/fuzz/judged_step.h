// JudgedStep: a model step under one schema, as an answer or as a tool's arguments, with the
// validator that judges what comes out of it.
//
//   HOB_TRY(step, JudgedStep::make(schema, Dialect::gemma));
//   Matcher matcher(step.step);
//   ...events...
//   if (const auto wrong = step.judge(events)) broken(*wrong);
//
// The vocabulary is that of the constraint engine's own tests. One thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/constrain/step.h"
#include "schemas/schema/validator.h"

namespace hob::fuzz {

struct JudgedStep {
  std::shared_ptr<const constrain::CompiledStep> step;
  schema::Validator validator;

  static Result<JudgedStep> make(const json::Document& schema, grammar::Dialect dialect);
  /// What is wrong with the values that the events of a finished step tell.
  std::optional<std::string> judge(const std::vector<constrain::Event>& events) const;
  /// The same after the shortest way to the end; every token of that must be allowed.
  std::optional<std::string> judge_completed(
      constrain::Matcher matcher, std::vector<constrain::Event> events
  ) const;
};

std::vector<uint64_t> mask_of(const constrain::Matcher& matcher);

}  // namespace hob::fuzz
