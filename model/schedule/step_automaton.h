// StepAutomaton: model/constrain's matcher as the generation loop wants it.
//
//   auto automaton = std::make_unique<StepAutomaton>(compiled, control);
//
// It adds where the output stands (thought, value, string), which the matcher need not know. Thread [model]: a compiled
// step and all its matchers belong to one thread at a time.
#pragma once

#include "model/constrain/step.h"
#include "model/schedule/automaton.h"

namespace hob::schedule {

class StepAutomaton final : public Automaton {
 public:
  StepAutomaton(std::shared_ptr<const constrain::CompiledStep> step, constrain::ControlIds control,
                std::vector<Token> stops, size_t mask_words, bool inside_thought);

  Result<sample::Mask> mask() override;
  Result<void> accept(Token token, std::vector<Event>& events) override;
  Where where() const override;
  std::vector<Token> forced(size_t most) const override { return matcher_.forced(most); }
  size_t legal(std::span<const Token> tokens) const override;
  std::vector<Token> closing() override;
  void finish(std::optional<Token> stop, std::vector<Event>& events) override;

 private:
  bool is_stop(Token token) const;
  void follow(Token token);
  void follow_json(std::string_view text);
  Result<void> read(Token token, std::vector<Event>& events);

  constrain::Matcher matcher_;
  constrain::ControlIds control_;
  std::vector<Token> stops_;
  std::vector<uint64_t> bits_;
  std::vector<constrain::Event> read_;  // kept for its memory
  bool in_thought_;
  bool in_call_ = false;
  bool in_string_ = false;  // of the call or of the answer
  bool escaped_ = false;    // the answer's last byte was a backslash inside a string
  bool answering_ = false;
};

}  // namespace hob::schedule
