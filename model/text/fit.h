// fit: cuts a tool's result to a budget of tokens, so that one long file does not fill the context.
//
//   Json shown = fit(result, 2000, tokenizer);   // {"content": "head\n[... 812 lines cut ...]\ntail", "truncated": true}
//
// A text over the budget keeps head and tail at line ends with a note between; a list keeps its first entries; the
// longest members of an object are cut first, to one common share. An object that was cut has `truncated: true`.
// The same input gives the same output. Work grows with the budget, not with the result. Pure; any thread.
#pragma once

#include <cstddef>

#include "model/text/tokenizer.h"
#include "schemas/base/json.h"

namespace hob::text {

/// Tokens of a result as the prompt writes it.
size_t response_tokens(const Json& result, const Tokenizer& tokenizer);

Json fit(const Json& result, size_t budget_tokens, const Tokenizer& tokenizer);

}  // namespace hob::text
