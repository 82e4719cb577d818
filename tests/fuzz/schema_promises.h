// What holds for any JSON Schema, told by two readers that share nothing: the grammar that guides
// the model, and the validator that judges what came out.
//
//   check_schema(document);      // throws Broken
//
// Of a schema that both take: a short value of the grammar is valid, and a list of plain values is
// judged alike. Where the grammar says that nothing fits, none of these is valid.
#pragma once

#include "schemas/base/document.h"

namespace hob::fuzz {

void check_schema(const json::Document& schema);

}  // namespace hob::fuzz
