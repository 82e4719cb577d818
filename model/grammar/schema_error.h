// What the files of SchemaBuilder share: its refusals and its pointers.
#pragma once

#include <string>
#include <string_view>

#include "schemas/base/error.h"
#include "schemas/base/json.h"

namespace hob::grammar {

inline Error refused(const std::string& pointer, std::string_view keyword, const std::string& why) {
  return Error(Code::schema_unsupported, "at \"" + pointer + "\": " + why)
      .with("pointer", std::string_view(pointer))
      .with("keyword", keyword);
}

inline std::string below(const std::string& pointer, std::string_view token) {
  return pointer + "/" + json::pointer_token(token);
}
inline std::string below(const std::string& pointer, std::string_view keyword, size_t index) {
  return pointer + "/" + std::string(keyword) + "/" + std::to_string(index);
}

}  // namespace hob::grammar
