// The keywords of JSON Schema, draft 3 to 2020-12: which are enforced, which say nothing about values, which are refused.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "schemas/base/document.h"
#include "schemas/base/result.h"

namespace hob::grammar {

/// Types as a set of bits.
enum : unsigned { kNull = 1, kBoolean = 2, kNumber = 4, kString = 8, kArray = 16, kObject = 32, kEveryType = 63 };

/// Keywords that name another schema, which must hold, too.
inline constexpr std::string_view kReferences[] = {"$ref", "$dynamicRef", "$recursiveRef"};

unsigned type_of(const json::Document& value);

/// What a set of schemas says of types, as one schema's part. Number with `integer` is a whole one, with `fraction` one
/// that is not whole.
struct Types {
  unsigned set = kEveryType;
  bool integer = false, fraction = false;
};
Result<Types> types_of(const json::Document& schema, const std::string& pointer);
/// The types of a value that makes the assertion `keyword` of `schema` fail.
Result<Types> types_of_failure(const json::Document& schema, std::string_view keyword, const std::string& pointer);
/// The types that an assertion says anything of.
unsigned types_of_keyword(std::string_view keyword);
/// The first keyword of `schema` that could constrain a value of one of `types` and is not enforced here, with a
/// sentence why.
struct Refusal {
  std::string_view keyword;
  std::string why;
};
std::optional<Refusal> refused_keyword(const json::Document& schema, unsigned types);

}  // namespace hob::grammar
