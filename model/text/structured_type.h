// structured_type: the line that asks for JSON.
//
//   structured_line(schema, tokenizer) ==
//       R"(Answer with JSON: {"name": string, "tags"?: [string], "mood": "good" | "bad"})"
//
// A compact type reads better than a JSON Schema and costs a tenth of its tokens. Keys stand in schema order.
// Schemas that the notation cannot say (recursive ones, tuples, allOf, patternProperties, ...) and types of more than
// 400 tokens are given as the JSON Schema itself. The line only tells the model; the automaton enforces. Pure.
#pragma once

#include <optional>
#include <string>

#include "model/text/tokenizer.h"
#include "schemas/base/json.h"

namespace hob::text {

/// The schema in the notation, or nothing where it cannot say it.
std::optional<std::string> structured_type(const Json& schema);

/// The whole line, without a line end.
std::string structured_line(const Json& schema, const Tokenizer& tokenizer);

}  // namespace hob::text
