// Reads ECMA-262 regular expressions into Expressions, as JSON Schema uses them: Unicode, not anchored, nothing captured.
//
//   HOB_TRY(e, read_pattern("^[a-z]+\\d{2,}$", expressions));   // accepts whole texts with a match in them
//
// Look-around and back-references are refused by name; so are Unicode properties beyond general categories and scripts,
// and what is no regular expression. Escaped punctuation (`\-`, `\@`) is allowed, as browsers do without the u flag.
#pragma once

#include <string_view>

#include "model/grammar/expression.h"
#include "schemas/base/result.h"

namespace hob::grammar {

inline constexpr size_t kMaxPatternBytes = 16u << 10;

/// Error: schema_unsupported with a sentence.
Result<Expr> read_pattern(std::string_view pattern, Expressions& expressions);
/// The same, but the whole text must match.
Result<Expr> read_whole_pattern(std::string_view pattern, Expressions& expressions);

}  // namespace hob::grammar
