// cut: a result that is too large becomes one that fits, at its longest text or list, and says so.
//
//   bool was_cut = cut_to(value, 1 << 20);   // {"content": "....", "truncated": true}
//
// Text is cut at the end of a character, a list keeps its first entries. An object gets the member
// `truncated`. What still does not fit (thousands of short members) is replaced by {"truncated":
// true}. Pure; any thread.
#pragma once

#include "schemas/base/json.h"

namespace hob::plugins::host {

/// Whether anything was cut.
bool cut_to(Json& value, size_t max_bytes);

}  // namespace hob::plugins::host
