// Dialect: which draft a schema is written in, and where that draft has schemas inside schemas.
// Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "schemas/base/document.h"
#include "schemas/schema/registry.h"

namespace hob::schema {

enum class Draft : unsigned { draft_7 = 1, draft_2019_09 = 2, draft_2020_12 = 4 };

/// Sets of drafts, for the tables of keywords.
inline constexpr unsigned kOld = 1, kMiddle = 2, kNew = 4;
inline constexpr unsigned kAllDrafts = 7, kSince2019 = 6, kUntil2019 = 3;

struct Dialect {
  Draft draft = Draft::draft_2020_12;
  bool assertions = true;         // the metaschema has the validation vocabulary
  bool format_assertion = false;  // the metaschema asks that formats are asserted
  std::string refused;  // why schemas of this dialect cannot be compiled; empty when they can

  bool in(unsigned drafts) const { return (static_cast<unsigned>(draft) & drafts) != 0; }
};

/// The dialect that "$schema" names; a custom metaschema is looked up in `known` (may be null).
Dialect dialect_of(std::string_view schema_uri, const Registry* known);

/// How a keyword holds schemas.
enum class Shape { schema, list, map, schema_or_list, map_of_schema_or_names };

/// The shape of `keyword` in this draft; nothing when it holds no schemas there.
std::optional<Shape> shape_of(std::string_view keyword, Draft draft);

}  // namespace hob::schema
