// untold: the keywords of a schema that a declaration cannot tell the model.
//
//   for (const Untold& one : untold_keywords(schema)) ...   // {"/properties/age/minimum", "minimum", "..."}
//
// A declaration has words for description, type, enum, items, nullable, properties and required; lowering.h brings
// references, unions, constants and choices of other types into them. What is left over is enforced while the model
// writes all the same, but a model that is not told is pushed where it could have walked: schema/check says which
// keywords those are, so that their author can put them into a description. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "schemas/base/document.h"

namespace hob::text {

struct Untold {
  std::string pointer;  // JSON Pointer of the keyword in the schema
  std::string keyword;
  std::string message;
};

/// In the order of the schema; at most 200, the last one says so.
std::vector<Untold> untold_keywords(const json::Document& schema);

}  // namespace hob::text
