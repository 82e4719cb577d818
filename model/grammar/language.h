// Languages: sets of texts, as automata over decoded characters that are built as far as they are visited.
//
//   Languages all;
//   HOB_TRY(word, all.pattern("^[a-z]+$"));           // JSON Schema's meaning: searched for, Unicode
//   HOB_TRY(date, all.format("date"));
//   LanguageId other = all.complement(all.either(word, date));
//   HOB_TRY(none, all.empty(other));                   // exact; an Error where the automaton would be too large
//   all.matches(word, "abc");
//
// An operation that grows too large gives a language whose use is an Error: ask empty() once before relying on one.
// Language is one automaton: states are small numbers, kDead is the one from which nothing is accepted, and no other
// state is without a way to an end, so whoever stays off kDead never meets a dead end. Equal languages (as far as seen)
// are one. Lazily filled, so one thread at a time, as for Machine.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/grammar/expression.h"
#include "schemas/base/result.h"

namespace hob::grammar {

class Language {
 public:
  static constexpr uint32_t kDead = 0;
  static constexpr uint32_t kStart = 1;
  static constexpr size_t kMaxExplored = 4'000;   // states, where all must be seen before use
  static constexpr size_t kMaxStates = 400'000;

  Language(Expressions& all, Expr root);

  uint32_t next(uint32_t state, char32_t character) {
    const uint32_t of = character < 128 ? ascii_[character] : class_of(character);
    const uint32_t known = next_[state * representatives_.size() + of];
    return known != kUnknown ? known : step(state, of);
  }
  bool accepts(uint32_t state) const { return states_[state].accepts; }
  /// The fewest characters to an end; kUnlimited from kDead.
  uint32_t least(uint32_t state) const { return states_[state].least; }
  /// Whether some character of first..last leads on to where `room` more are enough.
  bool possible(uint32_t state, char32_t first, char32_t last, uint32_t room = kUnlimited);
  /// The fewest characters to an end after one of first..last; kUnlimited where none of them fits.
  uint32_t least_after(uint32_t state, char32_t first, char32_t last);
  /// A shortest text from `state`.
  std::u32string shortest(uint32_t state);
  struct Span {
    char32_t first = 0, last = 0;
  };
  /// Texts from `state`, short ones early, until `visit` says no more; those that begin with a character of `spans` where
  /// there are any. Only after explore().
  void each(uint32_t state, const std::vector<Span>& spans, const std::function<bool(std::u32string_view)>& visit);
  /// How many texts `state` accepts; kUnlimited for that or more. Only after explore().
  uint32_t texts(uint32_t state) const { return texts_[state]; }
  /// Whether each state but the dead one accepts texts without number. Only after explore().
  bool endless() const { return endless_; }
  /// Whether a character of `spans` leads to such a state.
  bool endless_after(uint32_t state, const std::vector<Span>& spans);
  bool explored() const { return explored_; }
  /// Of the automaton, as far as it is built.
  size_t states() const { return states_.size(); }
  bool plain() const { return plain_; }
  /// Visits every state: makes texts() known, and least() exact where an expression alone does not tell it.
  Result<void> explore(size_t most = kMaxExplored);
  /// The largest least() of all states that count; kUnlimited where it is not known.
  uint32_t farthest() const { return explored_ ? farthest_ : kUnlimited; }
  /// Visits some states, so that what grows beyond measure shows it early: false then.
  bool probe();

  /// A set of categories of characters (see categories()), as bits.
  using Categories = uint64_t;
  /// Any text of these categories and of at most `length` characters can be read from a state, and ends at most `room`
  /// characters from an end. `beyond`: the fewest characters to an end after one that is not ASCII. `safe`: any text of so
  /// many characters can be read, and ends at most `back` characters from an end.
  struct Free {
    Categories categories = 0;
    uint32_t length = 0, room = 0, beyond = kUnlimited, safe = 0, back = kUnlimited;
  };
  const Free& free(uint32_t state) {
    if (state >= free_.size() || free_[state].length == kUnknown) find_free(state);
    return free_[state];
  }
  size_t bytes() const;

 private:
  struct State {
    Expr expr = 0;
    Before before = Before::start;
    bool accepts = false;
    uint32_t least = kUnlimited;
  };
  static constexpr uint32_t kUnknown = 0xFFFFFFFE;
  /// The next state that most categories lead to, and they.
  struct Turn {
    uint32_t to = kUnknown;
    Categories categories = 0;
  };
  uint32_t state_of(Expr expr, Before before);
  bool each(uint32_t state, const std::vector<Span>& spans, std::u32string& text,
            const std::function<bool(std::u32string_view)>& visit);
  uint32_t class_of(char32_t character) const;
  uint32_t step(uint32_t state, uint32_t character_class);
  void find_free(uint32_t state);
  Turn turn(uint32_t state);
  void find_categories();

  Expressions& all_;
  bool plain_ = true, explored_ = false, endless_ = false;
  uint32_t farthest_ = 0;
  std::vector<char32_t> bounds_;           // where another class begins
  std::vector<uint32_t> classes_;          // of the characters from bounds_[i] on
  std::vector<char32_t> representatives_;  // one character of each class
  uint32_t ascii_[128] = {};
  std::vector<State> states_;
  std::vector<uint32_t> next_;             // by state, then class
  std::map<std::pair<Expr, Before>, uint32_t> known_;
  std::vector<uint32_t> texts_;
  std::vector<uint32_t> danger_;  // characters to the nearest dead end; where explored
  std::vector<std::vector<uint32_t>> category_classes_;
  std::vector<Turn> turns_;
  std::vector<Free> free_;
};

/// The categories by which texts can be told to be free: each is a set of characters that patterns seldom part.
constexpr int kCategoryCount = 50;
int category_of(char32_t character);

class Languages {
 public:
  Result<LanguageId> pattern(std::string_view ecma262);
  Result<LanguageId> whole_pattern(std::string_view ecma262);
  /// The standard formats. Known but not regular: an Error. Unknown: kNoLanguage, for it asserts nothing.
  Result<LanguageId> format(std::string_view name);
  LanguageId literal(std::string_view text);
  LanguageId literals(const std::vector<std::string>& texts);
  LanguageId everything();
  LanguageId both(LanguageId a, LanguageId b);
  LanguageId either(LanguageId a, LanguageId b);
  LanguageId complement(LanguageId a);
  /// Texts of `a` of so many characters.
  LanguageId sized(LanguageId a, uint32_t least, uint32_t most);
  Result<bool> empty(LanguageId id);
  bool matches(LanguageId id, std::string_view utf8);
  Language& at(LanguageId id) { return *made_[id]; }
  /// What looks after the compilation that these are made for, or null.
  void watch(Watch* watch) { all_.watch(watch); }
  Watch* watch() const { return all_.watch(); }
  size_t bytes() const;

 private:
  LanguageId add(Expr root);
  Result<Expr> format_expression(std::string_view name);  // formats.cpp
  Expr of(LanguageId id) const { return roots_[id]; }

  Expressions all_;
  std::vector<Expr> roots_;
  std::vector<std::unique_ptr<Language>> made_;
  std::map<Expr, LanguageId> known_;
};

}  // namespace hob::grammar
