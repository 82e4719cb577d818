// SchemaBuilder: unevaluatedProperties and unevaluatedItems. Once the choices of a set are made it is known which of its
// schemas hold, and which of these are parts of the one that asks: so "unevaluated" is "none of these parts speaks of it".
// An anyOf below such a schema is taken apart into the sets of branches that hold, for each that holds speaks.
#include <algorithm>

#include "model/grammar/keywords.h"
#include "model/grammar/schema.h"
#include "model/grammar/schema_error.h"

namespace hob::grammar {

using json::Document;
using Kind = Document::Kind;

namespace {

constexpr size_t kMaxTogether = 6;  // branches of one anyOf that may hold in any combination

bool is_true(const Document& schema) {
  return schema.kind == Kind::boolean ? schema.boolean : schema.kind == Kind::object && schema.members.empty();
}

// Whether a schema may speak of members or items.
bool speaks(const Document& schema) {
  if (schema.kind != Kind::object) return false;
  return std::any_of(schema.members.begin(), schema.members.end(), [](const auto& member) {
    static constexpr std::string_view kSilent[] = {"type", "required", "title", "description", "minProperties",
                                                   "maxProperties", "minItems", "maxItems", "enum", "const", "not"};
    return std::find(std::begin(kSilent), std::end(kSilent), member.first) == std::end(kSilent);
  });
}

bool refers(const Document& schema) {
  const auto member = [](const auto& one) { return one.first.substr(0, 1) == "$" || refers(one.second); };
  return std::any_of(schema.members.begin(), schema.members.end(), member) ||
         std::any_of(schema.items.begin(), schema.items.end(), refers);
}

}  // namespace

const Document* SchemaBuilder::unevaluated(const Document& schema, std::string_view keyword) const {
  const Document* rule = siblings_of_ref_ ? schema.find(keyword) : nullptr;
  return rule && !is_true(*rule) ? rule : nullptr;
}

bool SchemaBuilder::watches(const Document& schema) const {
  return unevaluated(schema, "unevaluatedProperties") || unevaluated(schema, "unevaluatedItems");
}

// A schema of the set turns out to be part of one that watches; so are its own parts.
Result<void> SchemaBuilder::watch(Items& items, const Document& schema) const {
  for (Item& item : items) {
    const bool part = std::find(item.parents.begin(), item.parents.end(), &schema) != item.parents.end();
    if ((item.schema != &schema && !part) || item.denied || item.watched) continue;
    if (item.settled > 0) {
      return refused(item.pointer, "unevaluatedProperties", "a schema that is reached in two ways has choices that were made "
                                                            "before it was known what depends on them");
    }
    item.watched = true;
    if (item.schema != &schema) HOB_TRY_VOID(watch(items, *item.schema));
  }
  return {};
}

std::vector<size_t> SchemaBuilder::parts_of(const Items& items, size_t whole) {
  std::vector<size_t> parts{whole};
  for (size_t at = 0; at < parts.size(); ++at) {
    for (size_t i = 0; i < items.size(); ++i) {
      const Item& item = items[i];
      if (item.denied || std::find(parts.begin(), parts.end(), i) != parts.end()) continue;
      const Document* parent = items[parts[at]].schema;
      if (std::find(item.parents.begin(), item.parents.end(), parent) != item.parents.end()) parts.push_back(i);
    }
  }
  return parts;
}

Result<std::vector<SchemaBuilder::Way>> SchemaBuilder::watched_ways(const Item& item, const Document& branches) {
  std::vector<Way> ways;
  std::vector<Item> together;
  for (size_t i = 0; i < branches.items.size(); ++i) {
    Item one = branch(item, branches.items[i], below(item.pointer, "anyOf", i));
    one.from.back().second = true;
    if (speaks(branches.items[i])) {
      together.push_back(std::move(one));
    } else {
      ways.emplace_back().adds.push_back(std::move(one));
    }
  }
  if (together.size() > kMaxTogether) {
    return refused(item.pointer, "anyOf", "beside unevaluatedProperties or unevaluatedItems at most " + std::to_string(kMaxTogether) +
                                              " branches of anyOf that speak of members or items are followed");
  }
  for (size_t set = 1; set < size_t{1} << together.size(); ++set) {
    Way& way = ways.emplace_back();
    for (size_t i = 0; i < together.size(); ++i) {
      if (set >> i & 1) way.adds.push_back(together[i]);
    }
  }
  return ways;
}

Result<const Document*> SchemaBuilder::some_of(const Item& item, std::vector<const Document*> schemas) {
  const Document*& known = some_[schemas];
  if (known) return known;
  if (resources_.size() > 1 && std::any_of(schemas.begin(), schemas.end(), [](const Document* one) { return refers(*one); })) {
    return refused(item.pointer, "unevaluatedItems", "unevaluatedItems beside contains is not followed where schemas inside have an $id");
  }
  Document& made = own_.emplace_back();
  made.kind = Kind::object;
  Document& list = made.members.emplace_back("anyOf", Document{}).second;
  list.kind = Kind::array;
  for (const Document* one : schemas) list.items.push_back(*one);
  return known = &made;
}

Result<std::vector<SchemaBuilder::Leftover>> SchemaBuilder::left_items(const Items& items) {
  std::vector<Leftover> out;
  for (size_t i = 0; i < items.size(); ++i) {
    const Document* rest = items[i].denied ? nullptr : unevaluated(*items[i].schema, "unevaluatedItems");
    if (!rest) continue;
    Leftover left{Item{rest, below(items[i].pointer, "unevaluatedItems")}, parts_of(items, i)};
    const bool known = std::any_of(left.parts.begin(), left.parts.end(), [&](size_t part) {
      return part != i && items[part].schema->find("unevaluatedItems");
    });
    if (known) continue;
    std::vector<const Document*> some{rest};
    for (const size_t part : left.parts) {
      const Document* kind = contains_tells_ ? items[part].schema->find("contains") : nullptr;
      if (kind) some.push_back(kind);
    }
    if (some.size() > 1) {
      HOB_TRY(either, some_of(items[i], std::move(some)));
      left.rule.schema = either;
    }
    out.push_back(std::move(left));
  }
  return out;
}

}  // namespace hob::grammar
