// One model step under its grammar: from the end of the prompt to the stop token. Mask and parser in one.
//
//   HOB_TRY(step, compile(trie, spec));              // immutable shape; keep it by the hash of its spec
//   Matcher matcher(step);
//   matcher.mask(bits);  ...choose a token...        // 1 = allowed
//   HOB_TRY_VOID(matcher.accept(token, events));     // text, thought, call_begin, call_end, answer, words
//   if (matcher.finished()) ... matcher.stop() ...
//
// What may come: thoughts between channel tokens (where thinking is on); free text, or one JSON value that fits
// `response_schema`, or one text of `regex` or `grammar`; calls `<|tool_call>call:NAME{...}<tool_call|>` one after another, whose name is an allowed one and
// whose arguments fit its schema; then a stop token: <|tool_response> after calls, else the end of the turn. Calls may
// come first where the answer is held to something, and must where the choice says so. Control tokens are known by id: text that
// looks like one is text. Whatever was begun can be finished: a token that would close wrongly is masked.
//
// A Matcher is a value: a copy is a snapshot and a fork, and assigning the copy is going back; all copy a few pointers,
// however long the output is. To try drafts:
//
//   std::vector<Token> drafts = matcher.forced(8);
//   Matcher ahead = matcher;
//   for (const Token draft : drafts) {               // the masks under which the model's own choice is made
//     ahead.mask(bits);  ...the first place where it chose otherwise ends the draft...
//     HOB_TRY_VOID(ahead.accept(draft, events));     // or throw `ahead` away: `matcher` has not moved
//   }
//
// One thread at a time
// uses a CompiledStep and its matchers (they share caches and count references without atomics); a step may be compiled
// on another thread and handed over.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "model/constrain/token_trie.h"
#include "model/grammar/machine.h"
#include "model/grammar/rule_machine.h"
#include "model/grammar/watch.h"
#include "schemas/base/document.h"
#include "schemas/base/result.h"

namespace hob::constrain {

struct ToolSpec {
  std::string name;
  std::optional<json::Document> parameters;  // a JSON Schema; without one, any object
};

enum class Choice {
  automatic,  // text or calls
  none,       // no calls
  required,   // at least one call
  named,      // a call of StepSpec::named
};

struct StepSpec {
  std::vector<ToolSpec> tools;  // the allowed ones only
  Choice choice = Choice::automatic;
  std::string named;
  bool parallel = true;  // several calls in one step
  std::optional<json::Document> response_schema;  // at most one of this and the two below
  std::optional<std::string> regex;               // ECMA-262, of the whole answer; see grammar/gbnf_reader.h
  std::optional<std::string> grammar;             // GBNF
  bool thinking = false;           // thoughts may come
  bool starts_in_thought = false;  // the prompt ended inside the thought channel
  std::optional<uint32_t> thought_budget;  // tokens in thoughts, all together; then the channel must close
  std::vector<Token> stop_ids;             // the model's end tokens
};

struct Event {
  enum class Kind {
    text,        // text: a piece of free text, whole characters
    thought,     // text: a piece of a thought, without its head and outer white space
    call_begin,  // name
    call_end,    // name; text: the arguments as JSON
    answer,      // text: a piece of the structured answer's JSON
    words,       // text: a piece of the answer that is held to a regular expression or a grammar, as it is
  };
  Kind kind = Kind::text;
  std::string name;
  std::string text;
};

enum class Stop { none, end_turn, tool_calls };

class CompiledStep;

/// Errors: schema_unsupported (pointer, keyword), schema_unsatisfiable, invalid_params; of a grammar with line and column; and
/// what `watch` says where it says that it takes too long.
Result<std::shared_ptr<const CompiledStep>> compile(std::shared_ptr<const TokenTrie> trie, const StepSpec& spec,
                                                    grammar::Watch* watch = nullptr);

class Matcher {
 public:
  explicit Matcher(std::shared_ptr<const CompiledStep> step);

  /// Sets all bits: (vocabulary + 63) / 64 words. Once finished, none is set.
  void mask(std::span<uint64_t> bits) const;
  /// Whether every ordinary token is allowed: the mask only keeps control tokens out.
  bool unconstrained() const;
  /// Reads one token. On an error (the mask would not have allowed it) nothing changes.
  Result<void> accept(Token token, std::vector<Event>& out);
  bool finished() const { return stop_ != Stop::none; }
  Stop stop() const { return stop_; }
  /// Whether a stop token is allowed now.
  bool can_stop() const;
  /// Whether it is inside an answer that is held to a regular expression or a grammar.
  bool in_words() const;
  /// Tokens that end the step from here, few of them and all allowed: what was begun is completed by its schema.
  std::vector<Token> shortest_completion() const;
  /// At most `most` tokens that will most likely come next because the grammar leaves one way to go on: heads of calls,
  /// keys, punctuation, constants, spelt as the tokenizer would (Vocabulary::spell). Each is allowed by its mask, but none is
  /// sure: white space is guessed from what this answer did before, escapes are not looked at, and other splits into
  /// tokens are as legal. Use them as drafts. Costs microseconds a token; may be empty.
  std::vector<Token> forced(size_t most) const;

 private:
  enum class Phase : uint8_t {
    open,       // nothing of the answer yet: text, calls or the JSON value may begin
    text,       // inside free text
    answer,     // inside the JSON value, or the text of the rules
    thought,
    name,       // inside "call:NAME{"
    arguments,
    called,     // after a call
    over,
  };
  /// Pieces of a call's arguments, newest first; shared between forks.
  struct Piece {
    uint32_t uses = 0;
    std::string bytes;  // of one token; empty: the quote token
    Piece* before = nullptr;  // counted
    static void release(Piece* piece);
  };
  /// Bytes on their way to an event: held until characters are whole and white space turns out to be inside.
  struct Flow {
    std::string held;
    bool begun = false;
    uint8_t head = 0;  // bytes of a thought's head seen; 255: over
  };

  /// How the answer has been spaced so far: what came after the last of each mark outside strings, 0 where none came yet.
  struct Spacing {
    bool text = false, escaped = false;  // inside a string, after its backslash
    char last = 0;                       // the mark just read
    char after_colon = 0, after_comma = 0, after_open = 0;
    void read(std::string_view bytes);
    char after(char mark) const;  // what comes after the next such mark, most likely
  };

  bool calls_allowed() const;
  bool text_allowed() const;
  grammar::RuleState words() const;
  bool channel_allowed() const;
  bool is_stop(Token token) const;
  bool over_budget() const;
  void flow(Event::Kind kind, std::string_view bytes, bool last, std::vector<Event>& out);
  bool read_name(std::string_view bytes, std::vector<Event>& out);
  bool read_bytes(std::string_view bytes, std::vector<Event>& out);
  bool read_control(Token token, std::vector<Event>& out);
  void keep(std::string bytes);
  std::string arguments() const;
  void mask_name(std::span<uint64_t> bits) const;
  std::vector<Token> forced_words(size_t most) const;

  std::shared_ptr<const CompiledStep> step_;
  grammar::Threads threads_;
  grammar::RuleState words_;  // where the answer is held to rules
  grammar::Ref<Piece> pieces_;
  Flow flow_;
  Spacing spacing_;
  Phase phase_ = Phase::open;
  Phase resume_ = Phase::open;  // after a thought
  Stop stop_ = Stop::none;
  uint32_t low_ = 0, high_ = 0, position_ = 0;  // call heads that still fit
  uint32_t tool_ = 0;
  uint32_t calls_ = 0;
  uint32_t thought_tokens_ = 0;
};

}  // namespace hob::constrain
