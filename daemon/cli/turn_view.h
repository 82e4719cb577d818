// TurnView: shows one turn while it happens. The answer goes to standard output as it is written; tool calls, thoughts
// and notices go to standard error, dim. With a response schema only the JSON reaches standard output.
//
//   TurnView view(terminal, View::text, Answer::text, Thoughts::hidden);
//   view.show(event);          // of this turn alone, in order
//   view.finish(state);
//
// Deltas are a convenience: whatever of an item they did not bring is printed when the item is completed.
#pragma once

#include <map>
#include <string>

#include "daemon/cli/terminal.h"
#include "schemas/wire/client/events.h"
#include "schemas/wire/client/turn.h"

namespace hob::cli {

enum class View { text, quiet, json, jsonl };
enum class Answer { text, structured };
enum class Thoughts { hidden, shown };

class TurnView {
 public:
  TurnView(Terminal& terminal, View view, Answer answer, Thoughts thoughts)
      : terminal_(terminal), view_(view), answer_(answer), thoughts_(thoughts) {}

  void show(const wire::EventMessage& event);
  void finish(const wire::TurnState& state);

 private:
  enum class Where { nowhere, output, aside };
  Where where(const std::string& kind) const;
  void print(Where where, const std::string& text);
  void end_line();
  void show_delta(const wire::EventMessage& event);
  void show_item(const wire::EventMessage& event);

  Terminal& terminal_;
  View view_;
  Answer answer_;
  Thoughts thoughts_;
  std::map<std::string, size_t> printed_;  // bytes of each open item
  std::string open_item_;                  // whose line is not ended yet
  Where open_where_ = Where::nowhere;
  bool at_line_start_ = true;
};

}  // namespace hob::cli
