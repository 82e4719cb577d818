#include "model/gemma/fields.h"

#include <cmath>

namespace hob::gemma {
namespace {

std::string range(double low, double high) {
  const auto text = [](double value) {
    std::string out = std::to_string(value);
    while (out.back() == '0') out.pop_back();
    if (out.back() == '.') out.pop_back();
    return out;
  };
  return "a number from " + text(low) + " to " + text(high);
}

std::string range(uint32_t low, uint32_t high) {
  return "an integer from " + std::to_string(low) + " to " + std::to_string(high);
}

/// The integer if `value` is one within the limits.
std::optional<uint32_t> integer_in(const Json& value, uint32_t low, uint32_t high) {
  if (!value.is_number_integer()) return std::nullopt;
  if (!value.is_number_unsigned() && value.get<int64_t>() < 0) return std::nullopt;
  const auto number = value.get<uint64_t>();
  if (number < low || number > high) return std::nullopt;
  return static_cast<uint32_t>(number);
}

}  // namespace

Fields::Fields(const Json& object, std::string_view where, std::string path)
    : object_(object), where_(where), path_(std::move(path)) {}

const Json* Fields::find(std::string_view key) const {
  const auto at = object_.find(std::string(key));
  return at == object_.end() || at->is_null() ? nullptr : &*at;
}

bool Fields::mentions(std::string_view key) const { return object_.contains(std::string(key)); }

Error Fields::wrong(std::string_view key, std::string_view wanted) const {
  const Json* value = find(key);
  return Error(
    Code::model_failed, where_ + ": " + path_ + std::string(key) + " must be " + std::string(wanted) + ", got " +
                          (value ? json::brief(*value) : std::string("nothing"))
  );
}

Result<uint32_t> Fields::integer(std::string_view key, uint32_t low, uint32_t high) const {
  if (const Json* value = find(key)) {
    if (const auto number = integer_in(*value, low, high)) return *number;
  }
  return wrong(key, range(low, high));
}

Result<uint32_t> Fields::integer_or(
  std::string_view key, uint32_t low, uint32_t high, uint32_t fallback
) const {
  if (!has(key)) return fallback;
  return integer(key, low, high);
}

Result<double> Fields::number_or(std::string_view key, double low, double high, double fallback) const {
  const Json* value = find(key);
  if (!value) return fallback;
  if (value->is_number()) {
    const double number = value->get<double>();
    if (std::isfinite(number) && number >= low && number <= high) return number;
  }
  return wrong(key, range(low, high));
}

Result<bool> Fields::flag_or(std::string_view key, bool fallback) const {
  const Json* value = find(key);
  if (!value) return fallback;
  if (value->is_boolean()) return value->get<bool>();
  return wrong(key, "true or false");
}

Result<std::string> Fields::text_or(std::string_view key, std::string_view fallback) const {
  const Json* value = find(key);
  if (!value) return std::string(fallback);
  if (value->is_string()) return value->get<std::string>();
  return wrong(key, "a string");
}

Result<std::vector<uint32_t>> Fields::integers_or(
  std::string_view key, uint32_t high, size_t max_count, std::vector<uint32_t> fallback
) const {
  const Json* value = find(key);
  if (!value) return fallback;
  const std::string wanted = range(0, high) + " or a list of at most " + std::to_string(max_count);
  if (const auto number = integer_in(*value, 0, high)) return std::vector<uint32_t>{*number};
  if (!value->is_array() || value->size() > max_count) return wrong(key, wanted);
  std::vector<uint32_t> out;
  for (const Json& item : *value) {
    const auto number = integer_in(item, 0, high);
    if (!number) return wrong(key, wanted);
    out.push_back(*number);
  }
  return out;
}

}  // namespace hob::gemma
