// Reads grammars and regular expressions into Rules.
//
//   HOB_TRY(rules, read_grammar("root ::= item+\nitem ::= \"- \" [^\\n]+ \"\\n\""));
//   HOB_TRY(rules, read_regex("[A-Z]{2}-\\d{4}"));            // the whole text matches; ^ and $ may be there
//
// Grammars are GBNF, as llama.cpp documents it: `name ::= ...` with "literals", [a-z] and [^a-z], `.` (any character), groups,
// `|`, `*`, `+`, `?`, `{m}`, `{m,}`, `{m,n}`, `{,n}`, and # comments; `root` is the whole text. A rule goes on in the next line
// after ::=, after and before |, and inside parentheses. Escapes: \n \t \r \\ \" \[ \] \xHH \uHHHH \UHHHHHHHH.
//
// Errors. invalid_params with "line" and "column" for what is malformed, names a rule that is not there, is there twice, or
// begins with itself (left recursion; the circle is told), and for what is too large. schema_unsatisfiable for a rule
// that never ends. schema_unsupported for what regular expressions have beyond what can be enforced, and for automata that
// grow beyond measure. Pure; the Rules are then one thread's at a time.
#pragma once

#include <memory>
#include <string_view>

#include "model/grammar/rules.h"
#include "schemas/base/result.h"

namespace hob::grammar {

inline constexpr size_t kMaxGrammarBytes = 256u << 10;
inline constexpr size_t kMaxRules = 2'000;
inline constexpr int kMaxGroups = 100;             // inside each other
inline constexpr uint32_t kMaxRepetition = 1'000'000;

/// A watch that says no ends either with some error; its own is the one to tell.
Result<std::shared_ptr<const Rules>> read_grammar(std::string_view text, Watch* watch = nullptr);
Result<std::shared_ptr<const Rules>> read_regex(std::string_view pattern, Watch* watch = nullptr);

}  // namespace hob::grammar
