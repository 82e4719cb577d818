// edit: one piece of a text replaced by another.
//
//   HOB_TRY(edited, edit("a = 1\nb = 2\n", "a = 1", "a = 3", Occurrences::one));
//
// First the exact text; where it does not occur, whole lines that differ in trailing space or line
// ends only; then whole lines that differ in indentation, too (the new text is indented as the old
// one was found). A match must be the only one unless all are asked for. Errors: invalid_params
// (nothing to look for, no change, several matches), not_found with the nearest lines in `nearest`.
// Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "schemas/base/result.h"

namespace hob::plugins::files {

enum class Occurrences { one, all };

struct Edited {
  std::string text;
  size_t replaced = 0;
};

Result<Edited> edit(
    std::string_view text, std::string_view from, std::string_view to, Occurrences wanted
);

}  // namespace hob::plugins::files
