// Equality of JSON values as JSON Schema has it: numbers by value (1 is 1.0), objects without
// regard to order. Values deeper than the checker allows must not come here. Pure; any thread.
#pragma once

#include "schemas/base/document.h"

namespace hob::schema {

bool equal(const json::Document& a, const json::Document& b);
/// Equal values have equal hashes.
size_t hash(const json::Document& value);

}  // namespace hob::schema
