// SchemaBuilder: what $ref, $id and $anchor point at, inside the document.
#include <algorithm>

#include "model/grammar/schema.h"
#include "model/grammar/schema_error.h"

namespace hob::grammar {

using json::Document;
using Kind = Document::Kind;

void SchemaBuilder::find_anchors(const Document& value, const std::string& pointer, bool root) {
  for (const auto& [name, member] : value.members) {
    if (member.kind == Kind::string) {
      if (name == "$anchor") anchors_.emplace(member.text, std::make_pair(&value, pointer));
      if (name == "$id" && !root) {
        if (!member.text.empty() && member.text[0] == '#') {
          anchors_.emplace(member.text.substr(1), std::make_pair(&value, pointer));
        } else {
          nested_ids_.push_back(pointer);
        }
      }
    } else if (member.kind == Kind::object || member.kind == Kind::array) {
      find_anchors(member, below(pointer, name), false);
    }
  }
  for (size_t i = 0; i < value.items.size(); ++i) {
    find_anchors(value.items[i], pointer + "/" + std::to_string(i), false);
  }
}

Result<const Document*> SchemaBuilder::resolve(const Item& item, const Document& reference, std::string& pointer) {
  if (reference.kind != Kind::string) return refused(item.pointer, "$ref", "$ref must be a string");
  std::string_view text = reference.text;
  const auto unresolved = [&](const std::string& why) {
    return refused(item.pointer, "$ref", "$ref \"" + reference.text + "\" " + why);
  };
  const size_t hash = std::min(text.find('#'), text.size());
  if (hash > 0) {
    const Document* id = root_->kind == Kind::object ? root_->find("$id") : nullptr;
    const bool own = id && id->kind == Kind::string &&
                     text.substr(0, hash) == std::string_view(id->text).substr(0, id->text.find('#'));
    if (!own) return unresolved("points outside this schema; only local references are followed");
  }
  // Within a schema that has an $id of its own, '#' is that schema.
  const auto elsewhere = [&](const std::string& place) {
    return std::any_of(nested_ids_.begin(), nested_ids_.end(), [&](const std::string& nested) {
      return place.compare(0, nested.size(), nested) == 0 && (place.size() == nested.size() || place[nested.size()] == '/');
    });
  };
  if (elsewhere(item.pointer)) return unresolved("cannot be followed inside a schema that has an $id of its own");
  std::string fragment;
  const std::string_view raw = hash < text.size() ? text.substr(hash + 1) : std::string_view();
  for (size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '%') {
      fragment.push_back(raw[i]);
      continue;
    }
    const auto digit = [&](size_t at) {
      const size_t found = at < raw.size() ? std::string_view("0123456789abcdefABCDEF").find(raw[at]) : 99;
      return found < 16 ? static_cast<int>(found) : found < 22 ? static_cast<int>(found) - 6 : -1;
    };
    if (digit(i + 1) < 0 || digit(i + 2) < 0) return unresolved("has a broken percent escape");
    fragment.push_back(static_cast<char>(digit(i + 1) * 16 + digit(i + 2)));
    i += 2;
  }
  if (fragment.empty()) {
    pointer.clear();
    return root_;
  }
  if (fragment[0] != '/') {
    const auto found = anchors_.find(fragment);
    if (found == anchors_.end() || elsewhere(found->second.second)) {
      return unresolved("names an anchor that is not there");
    }
    pointer = found->second.second;
    return found->second.first;
  }
  const Document* at = root_;
  for (size_t from = 1; from <= fragment.size();) {
    const size_t to = std::min(fragment.find('/', from), fragment.size());
    std::string token;
    for (size_t i = from; i < to; ++i) {
      if (fragment[i] == '~' && i + 1 < to && (fragment[i + 1] == '0' || fragment[i + 1] == '1')) {
        token.push_back(fragment[++i] == '0' ? '~' : '/');
      } else {
        token.push_back(fragment[i]);
      }
    }
    const Document* next = nullptr;
    if (at->kind == Kind::object) next = at->find(token);
    if (at->kind == Kind::array && !token.empty() && token.size() < 8 &&
        token.find_first_not_of("0123456789") == std::string::npos) {
      const auto index = static_cast<size_t>(std::stoul(token));
      if (index < at->items.size()) next = &at->items[index];
    }
    if (!next) return unresolved("points at nothing");
    at = next;
    from = to + 1;
  }
  pointer = fragment;
  return at;
}

}  // namespace hob::grammar
