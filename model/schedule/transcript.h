// Transcript: what a step has made so far: its token ids, its items, and what of its text was shown.
//
//   Transcript transcript(stop_strings, progress);
//   transcript.add({token, before, after, logprob}, events);     // events become items and progress
//   if (transcript.stop_string()) ...                            // the text is over
//   transcript.finish(fingerprint, inside_thought, result);
//
// Free text goes through StopStrings: what may still become a stop is held back, and given out when something else
// begins or the step ends. Thoughts, calls and answers that are held to something are not looked at. Thread [model].
#pragma once

#include <functional>
#include <optional>

#include "model/sample/stop_strings.h"
#include "model/schedule/automaton.h"
#include "schemas/wire/step.h"

namespace hob::schedule {

class Transcript {
 public:
  using Progress = std::function<void(wire::StepProgress)>;
  struct Added {
    Token token;
    Where before, after;
    std::optional<wire::TokenLogprob> logprob = std::nullopt;
  };

  Transcript(std::vector<std::string> stop_strings, bool logprobs, Progress progress);

  /// A token that the automaton took, and what it brought to light.
  void add(Added added, std::vector<Event> events);
  /// Events that belong to no token of ours: the automaton's last words.
  void report(std::vector<Event> events);
  /// Gives out the text that is held back.
  void end_text();
  /// From now on a limit closes what is open: a call closed so is left out.
  void begin_closing() { closing_ = true; }
  /// Takes the call or answer back that was left open; the history must not hold what never happened.
  void drop_open_value();
  void mark_incomplete() { incomplete_ = true; }

  /// Without the stop token.
  const std::vector<Token>& ids() const { return ids_; }
  bool has_calls() const;
  const std::optional<std::string>& stop_string() const { return stops_.stopped(); }
  void finish(const std::string& fingerprint, bool inside_thought, wire::StepResult& result);

 private:
  struct Place {
    Where where;
    size_t text;  // bytes of free text before the token
  };
  void report_one(Event event);
  void show_text(std::string text);
  void add_text(wire::ItemKind kind, std::string text);
  void cut_logprobs();

  Progress progress_;
  sample::StopStrings stops_;
  std::optional<std::vector<wire::TokenLogprob>> logprobs_;  // of the first ids, one each
  std::vector<Token> ids_;
  std::vector<Place> places_;           // one for each logprob
  std::vector<wire::Item> items_;
  std::optional<size_t> value_begins_;  // where in ids_ the last call or answer begins
  bool words_ = false;                  // the answer is held to rules, and has begun
  size_t text_ = 0;                     // bytes of free text that came
  size_t shown_ = 0;                    // and that were given out
  bool closing_ = false;
  bool incomplete_ = false;
};

}  // namespace hob::schedule
