// Fields: reads numbers, flags and lists out of one JSON object of a model file, each with limits.
//
//   Fields fields(object, "config.json");
//   HOB_TRY(hidden, fields.integer("hidden_size", 1, kMaxHidden));
//
// Errors are `model_failed` and read "config.json: hidden_size must be an integer from 1 to 65536, got a string". A value
// of null counts as absent. Borrows the object; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/base/json.h"

namespace hob::gemma {

class Fields {
 public:
  /// `path` stands before the field's name in messages ("text_config.").
  Fields(const Json& object, std::string_view where, std::string path = "");

  bool has(std::string_view key) const { return find(key) != nullptr; }
  /// The value, or nullptr when absent or null.
  const Json* find(std::string_view key) const;
  /// The key stands there, if only with null.
  bool mentions(std::string_view key) const;

  Result<uint32_t> integer(std::string_view key, uint32_t low, uint32_t high) const;
  Result<uint32_t> integer_or(std::string_view key, uint32_t low, uint32_t high, uint32_t fallback) const;
  Result<double> number_or(std::string_view key, double low, double high, double fallback) const;
  Result<bool> flag_or(std::string_view key, bool fallback) const;
  Result<std::string> text_or(std::string_view key, std::string_view fallback) const;
  /// One integer or a list of them.
  Result<std::vector<uint32_t>> integers_or(
    std::string_view key, uint32_t high, size_t max_count, std::vector<uint32_t> fallback
  ) const;

  Error wrong(std::string_view key, std::string_view wanted) const;
  const std::string& where() const { return where_; }

 private:
  const Json& object_;
  std::string where_;
  std::string path_;
};

}  // namespace hob::gemma
