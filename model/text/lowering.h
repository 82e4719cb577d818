// lowering: makes a JSON Schema fit what Gemma's declarations can say.
//
// The format knows description, string enums, items, nullable, properties, required and one type; everything else
// would vanish or come out malformed (declaration.h). So references and unions are resolved, a nullable union
// becomes one type and `nullable`, constants become enums, and choices that are no strings go into the description.
// A schema that says no more than the format can say is left as it is. This shapes only what the model reads: what
// it may write is the automaton's business, and that keeps every keyword. Pure; any thread.
#pragma once

#include "schemas/base/document.h"

namespace hob::text {

/// The `parameters` of a declaration for this schema; null where there is nothing to declare.
json::Document lower_parameters(const json::Document& schema);

}  // namespace hob::text
