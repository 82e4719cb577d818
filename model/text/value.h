// value: JSON values in the notation of Gemma's format.
//
//   {"city": "Rome", "days": 3}   ->   {city:<|"|>Rome<|"|>,days:3}
//
// Strings stand raw between <|"|> tokens, numbers as Python prints them, keys sorted without regard to case (keys
// that are equal then keep their order). Strings and keys are from outside. Pure; any thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "model/text/pieces.h"
#include "schemas/base/document.h"
#include "schemas/base/result.h"

namespace hob::text {

/// Calls and responses write keys bare, declarations between <|"|>.
enum class Keys { bare, quoted };

Result<void> write_value(const json::Document& value, Keys keys, Pieces& out);

/// The members sorted by lower-cased key.
std::vector<const std::pair<std::string, json::Document>*> sorted_members(const json::Document& object);

/// Python's truth: null, false, zero, the empty text, list and object are false; so is a missing value.
bool truthy(const json::Document* value);

}  // namespace hob::text
