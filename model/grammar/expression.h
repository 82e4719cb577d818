// Expressions: regular expressions as values, with their derivatives (Brzozowski).
//
//   Expressions all;
//   Expr e = all.cat(all.text("ab"), all.loop(all.set(digits), 1, kUnlimited));
//   all.derive(e, 'a', Before::start)      // what must follow after an 'a'
//
// Equal expressions are one number: alternatives are sorted sets, simple laws are applied as they are built, so an
// expression has finitely many derivatives. Repetition is a counter and never unfolded; intersection, complement and
// "at most n characters" are expressions like others. Anchors and word boundaries match nothing or the empty text,
// which depends on the characters before and after: nullable() is asked with both.
// An expression is *plain* when emptiness and least length can be read off it: it is made of sets, sequence, choice,
// repetition and bound alone. Past kMaxNodes everything new is kNothing and blown() says so. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/grammar/char_set.h"
#include "model/grammar/ir.h"
#include "model/grammar/watch.h"

namespace hob::grammar {

using Expr = uint32_t;

/// Of \w, which word boundaries look at.
bool is_word(char32_t c);

enum class Before : uint8_t { start, other, word };
enum class After : uint8_t { finish, other, word };

class Expressions {
 public:
  static constexpr Expr kNothing = 0, kEmpty = 1, kAnyCharacter = 2, kAnything = 3, kStart = 4, kFinish = 5,
                        kBoundary = 6, kNoBoundary = 7;
  static constexpr size_t kMaxNodes = 400'000;
  static constexpr size_t kMaxWork = 2'000'000;  // members of choices and intersections built

  Expressions();

  Expr set(const CharSet& characters);
  Expr text(std::string_view utf8);
  Expr cat(Expr a, Expr b);
  Expr alt(std::vector<Expr> choices);
  Expr alt(Expr a, Expr b) { return alt(std::vector<Expr>{a, b}); }
  Expr both(std::vector<Expr> parts);
  Expr complement(Expr a);
  /// `least` to `most` times; kUnlimited is no limit.
  Expr loop(Expr a, uint32_t least, uint32_t most);
  /// Of the texts of `a`, those of at most `most` characters. Only for plain expressions.
  Expr bound(Expr a, uint32_t most);
  /// What a search for `a` accepts: texts with a match in them.
  Expr found(Expr a);

  /// RFC 3339's times with a leap second: see leap_time.h.
  Expr leap_time();

  bool nullable(Expr a, Before before, After after) const {
    return nodes_[a].nulls >> (3 * static_cast<int>(before) + static_cast<int>(after)) & 1;
  }
  bool plain(Expr a) const { return nodes_[a].plain; }
  bool looks_around(Expr a) const { return nodes_[a].looks_around; }
  /// The least length of a plain expression's texts.
  uint32_t least(Expr a) const { return nodes_[a].least; }
  Expr derive(Expr a, char32_t character, Before before);
  /// Of a plain expression that any text may be read from: the most that its texts may be short of an end then. Else
  /// kUnlimited, which may also say that it was not seen.
  uint32_t always(Expr a) const;
  /// Every set of characters in `a`.
  std::vector<const CharSet*> sets(Expr a) const;
  bool blown() const { return blown_; }
  /// While there is one, all is blown once it is over.
  void watch(Watch* watch) { watch_ = watch; }
  Watch* watch() const { return watch_; }
  size_t size() const { return nodes_.size(); }
  size_t work() const { return work_; }
  size_t bytes() const;

 private:
  enum class Kind : uint32_t { nothing, empty, set, start, finish, boundary, no_boundary, cat, alt, both, complement, loop, bound, leap };
  struct Node {
    Kind kind = Kind::nothing;
    bool plain = true;
    bool looks_around = false;
    uint16_t nulls = 0;
    uint32_t a = 0, b = 0;  // parts; set: index into sets_; loop: a, least and most; alt, both: from and count in lists_
                            // leap: phase and what is known of the time
    uint32_t m = 0;
    uint32_t least = 0;
  };
  struct KeyHash {
    size_t operator()(const std::vector<uint32_t>& key) const;
  };

  Expr intern(Node node, const std::vector<Expr>* list);
  Expr make(Kind kind, uint32_t a, uint32_t b, uint32_t m);
  Expr make(Kind kind, const std::vector<Expr>& list);
  void settle(Node& node, const std::vector<Expr>* list) const;
  Expr derive_now(Expr a, char32_t character, Before before);
  std::vector<Expr> list(const Node& node) const;
  const CharSet* set_of(Expr a) const;
  /// `a` as a loop over one set, followed by nothing.
  bool as_run(Expr a, Expr& body, uint32_t& least, uint32_t& most) const;

  std::vector<Node> nodes_;
  std::vector<Expr> lists_;
  std::vector<const CharSet*> sets_;
  std::map<CharSet, uint32_t> set_ids_;
  std::unordered_map<std::vector<uint32_t>, Expr, KeyHash> known_;
  std::unordered_map<uint64_t, Expr> derived_;
  std::vector<const CharSet*> leap_sets_;
  void spend(size_t work);

  size_t work_ = 0;
  int depth_ = 0;
  bool blown_ = false;
  Watch* watch_ = nullptr;
};

}  // namespace hob::grammar
