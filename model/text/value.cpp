#include "model/text/value.h"

#include <algorithm>

#include "model/text/lower_case.h"
#include "model/text/python_number.h"

namespace hob::text {

using json::Document;

std::vector<const std::pair<std::string, Document>*> sorted_members(const Document& object) {
  using Member = std::pair<std::string, Document>;
  std::vector<std::pair<std::string, const Member*>> keyed;
  keyed.reserve(object.members.size());
  for (const Member& member : object.members) keyed.emplace_back(lower_case(member.first), &member);
  // UTF-8 sorts bytewise as its code points do.
  std::stable_sort(keyed.begin(), keyed.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<const Member*> sorted;
  sorted.reserve(keyed.size());
  for (const auto& [key, member] : keyed) sorted.push_back(member);
  return sorted;
}

Result<void> write_value(const Document& value, Keys keys, Pieces& out) {
  switch (value.kind) {
    case Document::Kind::null:
      out.ours("null");
      return {};
    case Document::Kind::boolean:
      out.ours(value.boolean ? "true" : "false");
      return {};
    case Document::Kind::number: {
      HOB_TRY(number, python_number(value.text));
      out.ours(number);
      return {};
    }
    case Document::Kind::string:
      out.quoted(value.text);
      return {};
    case Document::Kind::array: {
      out.ours("[");
      bool first = true;
      for (const Document& item : value.items) {
        if (!first) out.ours(",");
        first = false;
        HOB_TRY_VOID(write_value(item, keys, out));
      }
      out.ours("]");
      return {};
    }
    case Document::Kind::object: {
      out.ours("{");
      bool first = true;
      for (const auto* member : sorted_members(value)) {
        if (!first) out.ours(",");
        first = false;
        if (keys == Keys::quoted) {
          out.quoted(member->first);
        } else {
          out.theirs(member->first);
        }
        out.ours(":");
        HOB_TRY_VOID(write_value(member->second, keys, out));
      }
      out.ours("}");
      return {};
    }
  }
  return {};
}

bool truthy(const Document* value) {
  if (value == nullptr) return false;
  switch (value->kind) {
    case Document::Kind::null:
      return false;
    case Document::Kind::boolean:
      return value->boolean;
    case Document::Kind::number:
      return value->text.substr(0, value->text.find_first_of("eE")).find_first_not_of("-0.") != std::string::npos;
    case Document::Kind::string:
      return !value->text.empty();
    case Document::Kind::array:
      return !value->items.empty();
    case Document::Kind::object:
      return !value->members.empty();
  }
  return false;
}

}  // namespace hob::text
