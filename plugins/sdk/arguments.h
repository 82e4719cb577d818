// Arguments: a call's arguments by name. The daemon has checked them against the manifest already, so a getter asks
// for what the manifest promises; an argument that is absent or of another type after all gives the fallback.
//
//   std::string path = arguments.text("path");
//   int64_t limit = arguments.integer("limit", 2000);
//
// Borrows the JSON object it is made from. Immutable; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "schemas/base/json.h"

namespace hob::sdk {

class Arguments {
 public:
  explicit Arguments(const Json& object) : object_(object) {}

  bool has(std::string_view name) const { return find(name) != nullptr; }
  std::string text(std::string_view name, std::string_view fallback = "") const;
  /// Whole numbers written as 3.0 count; numbers beyond int64 are clamped.
  int64_t integer(std::string_view name, int64_t fallback) const;
  bool flag(std::string_view name, bool fallback) const;
  const Json& json() const { return object_; }

 private:
  const Json* find(std::string_view name) const;
  const Json& object_;
};

}  // namespace hob::sdk
