#include "schemas/schema/equal.h"

#include <algorithm>
#include <functional>
#include <unordered_map>

#include "schemas/schema/decimal.h"

namespace hob::schema {
namespace {

using json::Document;
constexpr size_t kFewMembers = 12;

bool equal_objects(const Document& a, const Document& b) {
  if (a.members.size() <= kFewMembers) {
    return std::all_of(a.members.begin(), a.members.end(), [&](const auto& member) {
      const Document* other = b.find(member.first);
      return other != nullptr && equal(member.second, *other);
    });
  }
  std::unordered_map<std::string_view, const Document*> others;
  for (const auto& [key, value] : b.members) others.emplace(key, &value);
  return std::all_of(a.members.begin(), a.members.end(), [&](const auto& member) {
    const auto other = others.find(member.first);
    return other != others.end() && equal(member.second, *other->second);
  });
}

}  // namespace

bool equal(const Document& a, const Document& b) {
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case Document::Kind::null:
      return true;
    case Document::Kind::boolean:
      return a.boolean == b.boolean;
    case Document::Kind::number:
      return a.text == b.text || Decimal(a.text) == Decimal(b.text);
    case Document::Kind::string:
      return a.text == b.text;
    case Document::Kind::array:
      return std::equal(a.items.begin(), a.items.end(), b.items.begin(), b.items.end(), equal);
    case Document::Kind::object:
      return a.members.size() == b.members.size() && equal_objects(a, b);
  }
  return false;
}

size_t hash(const Document& value) {
  size_t result = static_cast<size_t>(value.kind) + 1;
  switch (value.kind) {
    case Document::Kind::null:
      break;
    case Document::Kind::boolean:
      result = result * 31 + (value.boolean ? 1 : 0);
      break;
    case Document::Kind::number:
      result = result * 31 + Decimal(value.text).hash();
      break;
    case Document::Kind::string:
      result = result * 31 + std::hash<std::string>()(value.text);
      break;
    case Document::Kind::array:
      for (const Document& item : value.items) result = result * 31 + hash(item);
      break;
    case Document::Kind::object:
      // A sum, so that the order of keys does not count.
      for (const auto& [key, member] : value.members) {
        result += (std::hash<std::string>()(key) * 31 + hash(member)) * 0x9E3779B97F4A7C15ULL;
      }
      break;
  }
  return result;
}

}  // namespace hob::schema
