// at_most_one: fields of which one at most may be given.
//
//   HOB_TRY_VOID(at_most_one({{"schema", params.schema.has_value()}, {"regex", params.regex.has_value()}}));
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "schemas/base/result.h"

namespace hob {

struct GivenField {
  std::string_view name;
  bool given;
};

/// invalid_params at the second that is given.
inline Result<void> at_most_one(std::initializer_list<GivenField> fields) {
  const GivenField* first = nullptr;
  for (const GivenField& field : fields) {
    if (!field.given) continue;
    if (first == nullptr) {
      first = &field;
      continue;
    }
    std::string wanted = "one of ";
    for (const GivenField& one : fields) {
      if (&one != fields.begin()) wanted += &one + 1 == fields.end() ? " and " : ", ";
      wanted += one.name;
    }
    return invalid_params("/" + std::string(field.name), wanted, std::string(first->name) + " and " + std::string(field.name));
  }
  return {};
}

}  // namespace hob
