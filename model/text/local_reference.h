// resolve_local: what "#/$defs/city" means inside a schema.
//
//   const json::Document* city = resolve_local(root, "#/$defs/city");   // null: not local, or nothing lies there
//
// Pure; any thread.
#pragma once

#include <string_view>

#include "schemas/base/document.h"

namespace hob::text {

const json::Document* resolve_local(const json::Document& root, std::string_view reference);

}  // namespace hob::text
