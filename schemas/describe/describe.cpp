#include "schemas/describe/describe.h"

namespace hob::describe::detail {
namespace {

std::string number(double value) {
  return std::floor(value) == value && std::fabs(value) < 1e15 ? std::to_string(static_cast<long long>(value))
                                                               : json::dump(Json(value));
}

Json json_number(double value) {
  if (std::floor(value) == value && std::fabs(value) < 9e15) return Json(static_cast<int64_t>(value));
  return Json(value);
}

}  // namespace

Result<void> check_length(size_t length, std::string_view noun, const std::string& pointer, const Bounds& bounds) {
  const auto got = std::to_string(length) + " " + std::string(noun);
  if (bounds.min_length && length < *bounds.min_length) {
    return invalid_params(pointer, "at least " + std::to_string(*bounds.min_length) + " " + std::string(noun), got);
  }
  if (bounds.max_length && length > *bounds.max_length) {
    return invalid_params(pointer, "at most " + std::to_string(*bounds.max_length) + " " + std::string(noun), got);
  }
  return {};
}

Result<void> check_range(double value, const Json& json, const std::string& pointer, const Bounds& bounds) {
  if (bounds.min && !(value >= *bounds.min)) {
    return invalid_params(pointer, "a number of at least " + number(*bounds.min), json::brief(json));
  }
  if (bounds.max && !(value <= *bounds.max)) {
    return invalid_params(pointer, "a number of at most " + number(*bounds.max), json::brief(json));
  }
  return {};
}

Result<int64_t> read_integer(const Json& json, const std::string& pointer, int64_t low, int64_t high) {
  if (json.is_number_unsigned() && json.get<uint64_t>() > static_cast<uint64_t>(high)) {
    return invalid_params(pointer, "an integer of at most " + std::to_string(high), json::brief(json));
  }
  int64_t value = 0;
  if (json.is_number_integer()) {
    value = json.get<int64_t>();
  } else if (json.is_number_float() && std::floor(json.get<double>()) == json.get<double>() &&
             std::fabs(json.get<double>()) < 9e15) {
    value = static_cast<int64_t>(json.get<double>());
  } else {
    return invalid_params(pointer, "an integer", json::brief(json));
  }
  if (value < low || value > high) {
    return invalid_params(pointer, "an integer from " + std::to_string(low) + " to " + std::to_string(high),
                          json::brief(json));
  }
  return value;
}

Result<uint64_t> read_unsigned(const Json& json, const std::string& pointer, uint64_t high) {
  if (json.is_number_unsigned()) {
    const auto value = json.get<uint64_t>();
    if (value > high) return invalid_params(pointer, "an integer of at most " + std::to_string(high), json::brief(json));
    return value;
  }
  const auto top = static_cast<int64_t>(std::min(high, static_cast<uint64_t>(std::numeric_limits<int64_t>::max())));
  HOB_TRY(value, read_integer(json, pointer, 0, top));
  return static_cast<uint64_t>(value);
}

Error unknown_key(const std::string& pointer, const std::string& key, const std::vector<std::string>& known) {
  std::string list;
  for (const auto& name : known) list += (list.empty() ? "" : ", ") + name;
  return invalid_params(pointer + "/" + json::pointer_token(key), "one of the keys " + list, "\"" + key + "\"");
}

void add_bounds(Json& schema, const Bounds& bounds, std::string_view type) {
  const bool text = type == "string";
  if (text || type == "array") {
    if (bounds.min_length) schema[text ? "minLength" : "minItems"] = *bounds.min_length;
    if (bounds.max_length) schema[text ? "maxLength" : "maxItems"] = *bounds.max_length;
  } else {
    if (bounds.min) schema["minimum"] = json_number(*bounds.min);
    if (bounds.max) schema["maximum"] = json_number(*bounds.max);
  }
}

}  // namespace hob::describe::detail
