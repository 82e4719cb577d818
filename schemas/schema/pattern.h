// Pattern: an ECMA-262 regular expression, run by RE2 in time linear in the text.
//
//   HOB_TRY(pattern, Pattern::compile("^\\d{4}$"));
//   pattern.found_in("2024");
//
// translate() rewrites ECMA's meaning into RE2's words: `.` stops at four line ends, \s and \d are
// ECMA's sets, \cX, \uXXXX and \p{Letter} are spelled out. What RE2 cannot do (look-around,
// back-references) is named, never dropped. Like a browser without the `u` flag we allow `\-`, `\@`
// and other escaped punctuation, since real schemas have them; escaped letters without a meaning
// are errors. A Pattern is immutable and may be used on any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "schemas/base/result.h"

namespace re2 {
class RE2;
}

namespace hob::schema {

inline constexpr size_t kMaxPatternBytes = 64u << 10;

struct Translation {
  std::string re2;
  std::string unsupported;  // what RE2 lacks, in words; empty when `re2` can be used
};

/// An error means: not a regular expression by ECMA-262.
Result<Translation> translate(std::string_view pattern);

class Pattern {
 public:
  /// schema_unsupported when the text is malformed, needs what RE2 lacks, or is too large.
  static Result<Pattern> compile(std::string_view text);

  /// Somewhere in `value` (patterns are not anchored).
  bool found_in(std::string_view value) const;
  const std::string& text() const { return text_; }
  /// What it weighs, in instructions of the compiled program.
  size_t size() const;

 private:
  Pattern() = default;
  std::string text_;
  std::shared_ptr<const re2::RE2> program_;
};

}  // namespace hob::schema
