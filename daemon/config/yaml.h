// yaml: the part of YAML that configuration needs, as Json with the place of every value.
//
//   HOB_TRY(document, yaml::parse(text, "hob.yaml"));
//   document.value;                          // Json, for describe::read
//   document.place("/model/threads");        // line and column, from 1
//
// Values are those of YAML 1.2's core schema: null, true, false, integers, decimals, text; "yes" and "on" are text.
// Refused by name: more than one document, duplicate keys, keys that are not text, anchors and aliases (a few of them
// can stand for gigabytes), tags, more than 1 MiB, 32 levels or 20,000 values. Pure; any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "schemas/base/json.h"

namespace hob::config::yaml {

inline constexpr size_t kMaxBytes = 1u << 20;
inline constexpr int kMaxDepth = 32;
inline constexpr size_t kMaxValues = 20'000;

struct Place {
  int line = 1;
  int column = 1;
};

struct Document {
  Json value;                            // an empty file is an empty object
  std::map<std::string, Place> places;   // by JSON pointer; of a member, where its key stands

  /// Of the value, or of the nearest one around it.
  Place place(std::string pointer) const;
};

/// Errors are invalid_params, "FILE:LINE:COLUMN: what is wrong".
Result<Document> parse(std::string_view text, const std::string& file);

/// "FILE:LINE:COLUMN: MESSAGE", with both in the error's data.
Error error_at(const std::string& file, Place place, const std::string& message);

}  // namespace hob::config::yaml
