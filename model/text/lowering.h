// lowering: makes a JSON Schema fit what Gemma's declarations can say.
//
// The format knows description, string enums, items, nullable, properties, required and one type; everything else
// would vanish or come out malformed (declaration.h). So references and unions are resolved, a nullable union
// becomes one type and `nullable`, constants become enums, choices that are no strings go into the description, and the
// properties of a union's parts become those of one object. What cannot be told all the same: untold.h.
// A schema that says no more than the format can say is left as it is. This shapes only what the model reads: what
// it may write is the automaton's business, and that keeps every keyword. Pure; any thread.
#pragma once

#include "schemas/base/document.h"

namespace hob::text {

/// Of references and nested schemas; below it a schema says no more than its type.
inline constexpr int kMaxLoweringDepth = 12;

/// The `parameters` of a declaration for this schema; null where there is nothing to declare.
json::Document lower_parameters(const json::Document& schema);

}  // namespace hob::text
