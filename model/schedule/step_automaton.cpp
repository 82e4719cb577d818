#include "model/schedule/step_automaton.h"

#include <algorithm>

namespace hob::schedule {

StepAutomaton::StepAutomaton(std::shared_ptr<const constrain::CompiledStep> step, constrain::ControlIds control,
                             std::vector<Token> stops, size_t mask_words, bool inside_thought)
    : matcher_(std::move(step)),
      control_(control),
      stops_(std::move(stops)),
      bits_(mask_words),
      in_thought_(inside_thought) {}

bool StepAutomaton::is_stop(Token token) const {
  return std::find(stops_.begin(), stops_.end(), token) != stops_.end();
}

Result<sample::Mask> StepAutomaton::mask() {
  matcher_.mask(bits_);
  return sample::Mask(bits_);
}

void StepAutomaton::follow(Token token) {
  if (control_.channel_open == token) in_thought_ = true;
  if (control_.channel_close == token) in_thought_ = false;
  if (control_.call_open == token) in_call_ = true;
  if (control_.call_close == token) in_call_ = in_string_ = false;
  if (control_.quote == token && in_call_) in_string_ = !in_string_;
}

void StepAutomaton::follow_json(std::string_view text) {
  answering_ = true;
  for (const char c : text) {
    if (escaped_) {
      escaped_ = false;
    } else if (in_string_ && c == '\\') {
      escaped_ = true;
    } else if (c == '"') {
      in_string_ = !in_string_;
    }
  }
}

Result<void> StepAutomaton::read(Token token, std::vector<Event>& events) {
  using Kind = constrain::Event::Kind;
  read_.clear();
  HOB_TRY_VOID(matcher_.accept(token, read_));
  follow(token);
  for (constrain::Event& event : read_) {
    switch (event.kind) {
      case Kind::text:
        events.push_back({Event::Kind::text, std::move(event.text), "", ""});
        break;
      case Kind::thought:
        events.push_back({Event::Kind::thought, std::move(event.text), "", ""});
        break;
      case Kind::call_begin:
        events.push_back({Event::Kind::call_begin, "", std::move(event.name), ""});
        break;
      case Kind::call_end:
        events.push_back({Event::Kind::call, "", std::move(event.name), std::move(event.text)});
        break;
      case Kind::answer:
        follow_json(event.text);
        events.push_back({Event::Kind::answer, std::move(event.text), "", ""});
        break;
      case Kind::words:
        events.push_back({Event::Kind::words, std::move(event.text), "", ""});
        break;
    }
  }
  return {};
}

Result<void> StepAutomaton::accept(Token token, std::vector<Event>& events) { return read(token, events); }

Where StepAutomaton::where() const {
  if (in_thought_) return Where::thought;
  if (in_call_) return in_string_ ? Where::string : Where::value;
  if ((answering_ || matcher_.in_words()) && !matcher_.finished() && !matcher_.can_stop()) return in_string_ ? Where::string : Where::value;
  return Where::outside;
}

size_t StepAutomaton::legal(std::span<const Token> tokens) const {
  constrain::Matcher ahead = matcher_;
  std::vector<constrain::Event> events;
  size_t count = 0;
  while (count < tokens.size() && ahead.accept(tokens[count], events)) ++count;
  return count;
}

std::vector<Token> StepAutomaton::closing() {
  std::vector<Token> tokens = matcher_.shortest_completion();
  while (!tokens.empty() && is_stop(tokens.back())) tokens.pop_back();
  return tokens;
}

void StepAutomaton::finish(std::optional<Token> stop, std::vector<Event>& events) {
  if (stop) {
    if (read(*stop, events)) return;
  }
  if (!matcher_.can_stop()) return;
  for (const Token token : stops_) {
    if (read(token, events)) return;
  }
}

}  // namespace hob::schedule
