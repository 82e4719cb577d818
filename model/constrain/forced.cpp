// Matcher: what comes next where the grammar leaves one way to go on.
#include <algorithm>

#include "model/constrain/compiled_step.h"
#include "model/constrain/step.h"
#include "schemas/base/utf8.h"

namespace hob::constrain {
namespace {

using grammar::Machine;
using grammar::Symbol;
using grammar::Threads;

constexpr size_t kBytesPerToken = 16;  // looked at, for each token asked for
constexpr size_t kMostThreads = 8;     // more ways to read it than that are no certainty

bool blank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

// The only symbol that goes on but for white space and escapes, with what follows it in `next`.
std::optional<Symbol> only_way(const Machine& machine, const Threads& now, Threads& next) {
  if (now.empty() || now.size() > kMostThreads) return std::nullopt;
  std::vector<Symbol> symbols;
  for (const grammar::Thread& thread : now) {
    if (!machine.likely(thread, symbols)) return std::nullopt;
  }
  std::sort(symbols.begin(), symbols.end());
  symbols.erase(std::unique(symbols.begin(), symbols.end()), symbols.end());
  std::optional<Symbol> only;
  Threads one;
  for (const Symbol symbol : symbols) {
    machine.step(now, symbol, one);
    if (one.empty()) continue;
    if (only) return std::nullopt;
    only = symbol;
    std::swap(next, one);
  }
  return only;
}

}  // namespace

void Matcher::Spacing::read(std::string_view bytes) {
  for (const char c : bytes) {
    if (text) {
      text = escaped || c != '"';
      escaped = !escaped && c == '\\';
      last = 0;
      continue;
    }
    const char what = blank(c) ? c : 'x';
    if (last == ':') after_colon = what;
    if (last == ',') after_comma = what;
    if (last == '{' || last == '[') after_open = what;
    text = c == '"';
    last = c;
  }
}

char Matcher::Spacing::after(char mark) const {
  // As most models write where nothing is known yet: {"a": 1, "b": 2}
  if (mark == ':') return after_colon == 0 ? ' ' : after_colon;
  if (mark == ',' && after_comma == 0) return after_open == '\n' ? after_open : after(':');
  if (mark == ',') return after_comma;
  if (mark == '{' || mark == '[') return after_open;
  return 'x';
}

// What a grammar leaves no choice about.
std::vector<Token> Matcher::forced_words(size_t most) const {
  grammar::RuleState state = words();
  std::string run;
  while (run.size() < most * kBytesPerToken) {
    const auto only = step_->words_masker->machine().only(state);
    if (!only) break;
    const std::string character = utf8::encode({&*only, 1});
    if (!step_->words_masker->machine().read(state, character)) break;
    run += character;
  }
  std::vector<Token> out = step_->trie->spell_naturally(run);
  if (out.size() > most) out.resize(most);
  return out;
}

std::vector<Token> Matcher::forced(size_t most) const {
  const TokenTrie& trie = *step_->trie;
  const ControlIds& control = trie.vocabulary().control;
  if (most == 0) return {};
  if (phase_ == Phase::open && step_->must_call && calls_ == 0 && step_->free_text() && !channel_allowed()) {
    return {*control.call_open};
  }
  if (phase_ == Phase::called && !step_->parallel) return {step_->call_stop ? *step_->call_stop : step_->stops.front()};
  if (step_->words_masker && (phase_ == Phase::answer || (phase_ == Phase::open && !calls_allowed() && !channel_allowed()))) {
    return forced_words(most);
  }
  Threads now = threads_, next;
  std::string run;
  const Machine* machine = nullptr;
  if (phase_ == Phase::name && high_ == low_ + 1) {
    machine = &step_->call_masker->machine();
    run = step_->heads[low_].substr(position_);
    machine->step({machine->start(step_->nodes[low_])}, Symbol{'{'}, now);
  } else if (phase_ == Phase::arguments) {
    machine = &step_->call_masker->machine();
  } else if (phase_ == Phase::answer || (phase_ == Phase::open && step_->answer && !calls_allowed() && !channel_allowed())) {
    machine = &step_->answer_masker->machine();
    if (phase_ == Phase::open) now = {machine->start(*step_->answer)};
  } else {
    return {};
  }
  const bool json = machine->dialect() == grammar::Dialect::json;
  std::vector<Token> out;
  const auto spell = [&] {
    for (const Token token : trie.spell_naturally(run)) out.push_back(token);
    run.clear();
  };
  Spacing spacing = spacing_;
  for (size_t left = most * kBytesPerToken; left > 0 && out.size() < most; --left) {
    if (Machine::done(now)) {
      spell();
      if (phase_ != Phase::answer && phase_ != Phase::open) out.push_back(*control.call_close);
      break;
    }
    const std::optional<Symbol> only = only_way(*machine, now, next);
    if (!only) break;
    if (*only > 0xFF) {
      spell();
      out.push_back(*control.quote);
      std::swap(now, next);
      continue;
    }
    const char mark = spacing.text ? 0 : spacing.last;
    const char before = mark == 0 ? 'x' : spacing.after(mark);
    const bool closes = !spacing.text && (*only == '}' || *only == ']');
    if (json && (before == '\n' || (closes && spacing.after_open == '\n'))) break;  // how far it is indented is not known
    if (json && before == ' ') {
      machine->step(now, ' ', next);
      if (next.empty()) break;
      run.push_back(' ');
      spacing.read(" ");
    } else {
      run.push_back(static_cast<char>(*only));
      spacing.read(std::string_view(&run.back(), 1));
    }
    std::swap(now, next);
  }
  // What follows decides with which token a blank is written.
  while (json && !run.empty() && run.back() == ' ' && !spacing.text) run.pop_back();
  spell();
  if (out.size() > most) out.resize(most);
  return out;
}

}  // namespace hob::constrain
