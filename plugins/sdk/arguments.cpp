#include "plugins/sdk/arguments.h"

#include <cmath>
#include <limits>

namespace hob::sdk {

const Json* Arguments::find(std::string_view name) const {
  if (!object_.is_object()) return nullptr;
  auto it = object_.find(std::string(name));
  return it == object_.end() || it->is_null() ? nullptr : &*it;
}

std::string Arguments::text(std::string_view name, std::string_view fallback) const {
  const Json* value = find(name);
  return value && value->is_string() ? value->get<std::string>() : std::string(fallback);
}

int64_t Arguments::integer(std::string_view name, int64_t fallback) const {
  const Json* value = find(name);
  if (!value || !value->is_number()) return fallback;
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  if (value->is_number_unsigned()) {
    auto number = value->get<uint64_t>();
    return number > static_cast<uint64_t>(kMost) ? kMost : static_cast<int64_t>(number);
  }
  if (value->is_number_integer()) return value->get<int64_t>();
  double number = value->get<double>();
  if (std::isnan(number)) return fallback;
  if (number >= 9.2e18) return kMost;
  if (number <= -9.2e18) return std::numeric_limits<int64_t>::min();
  return static_cast<int64_t>(number);
}

bool Arguments::flag(std::string_view name, bool fallback) const {
  const Json* value = find(name);
  return value && value->is_boolean() ? value->get<bool>() : fallback;
}

}  // namespace hob::sdk
