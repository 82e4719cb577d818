// pattern: file name patterns (globs).
//
//   HOB_TRY(pattern, Pattern::parse("src/**/*.{cc,h}"));
//   pattern.matches("src/a/b.cc");
//
// `*` and `?` stay within a name, `**` as a whole name spans any number of directories, `[a-z]` and
// `[!a-z]` are one character, `{a,b}` one of several. A pattern without a slash is one of names: it
// matches at any depth. Matching takes time proportional to pattern times path at worst. Immutable;
// any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "schemas/base/result.h"

namespace hob::plugins::files {

class Pattern {
 public:
  static Result<Pattern> parse(std::string_view text);
  bool matches(std::string_view path) const;

 private:
  std::vector<std::vector<std::string>> alternatives_;  // each a list of names, "**" among them
  bool names_only_ = false;
};

}  // namespace hob::plugins::files
