// SchemaBuilder: the parts of a schema that say "or": anyOf, oneOf, if, and what depends on a member being there.
#include <algorithm>

#include "model/grammar/schema.h"
#include "model/grammar/schema_error.h"

namespace hob::grammar {

using json::Document;
using Kind = Document::Kind;

SchemaBuilder::Item SchemaBuilder::branch(const Item& whole, const Document& schema, std::string pointer, bool denied) {
  Item item{&schema, std::move(pointer), denied};
  item.from = whole.from;
  item.from.emplace_back(whole.schema, false);
  item.parents = {whole.schema};
  item.watched = whole.watched && !denied;
  return item;
}

const Document* SchemaBuilder::present(const Document& source, const std::string& name) {
  const Document*& known = present_[{&source, name}];
  if (known) return known;
  const auto text = [](std::string_view value) {
    Document document;
    document.kind = Kind::string;
    document.text = value;
    return document;
  };
  Document& made = own_.emplace_back();
  made.kind = Kind::object;
  made.members.emplace_back("type", text("object"));
  Document names;
  names.kind = Kind::array;
  names.items.push_back(text(name));
  made.members.emplace_back("required", std::move(names));
  return known = &made;
}

// The choice after those that are settled, in a fixed order.
Result<std::optional<SchemaBuilder::Choice>> SchemaBuilder::choice(const Item& item) {
  const Document& schema = *item.schema;
  uint32_t skip = item.settled;
  const auto next = [&] { return skip == 0 || skip-- == 0; };
  for (const std::string_view keyword : {"anyOf", "oneOf"}) {
    const Document* branches = schema.find(keyword);
    if (!branches || !next()) continue;
    if (branches->kind != Kind::array || branches->items.empty()) {
      return refused(item.pointer, keyword, std::string(keyword) + " must be a list of schemas");
    }
    Choice found{keyword, {}};
    if (item.watched && keyword[0] == 'a') {
      HOB_TRY(ways, watched_ways(item, *branches));
      found.ways = std::move(ways);
      return std::optional(std::move(found));
    }
    for (size_t i = 0; i < branches->items.size(); ++i) {
      Way& way = found.ways.emplace_back();
      way.adds.push_back(branch(item, branches->items[i], below(item.pointer, keyword, i)));
      way.adds.back().from.back().second = keyword == "anyOf";
    }
    return std::optional(std::move(found));
  }
  const Document* condition = conditions_ ? schema.find("if") : nullptr;
  const Document* then = schema.find("then");
  const Document* otherwise = schema.find("else");
  if (condition && (then || otherwise || item.watched) && next()) {
    Choice found{"if", {}};
    Way& yes = found.ways.emplace_back();
    yes.adds.push_back(branch(item, *condition, below(item.pointer, "if")));
    if (then) yes.adds.push_back(branch(item, *then, below(item.pointer, "then")));
    Way& no = found.ways.emplace_back();
    no.adds.push_back(branch(item, *condition, below(item.pointer, "if"), true));
    if (otherwise) no.adds.push_back(branch(item, *otherwise, below(item.pointer, "else")));
    return std::optional(std::move(found));
  }
  for (const std::string_view keyword : {"dependentRequired", "dependentSchemas", "dependencies"}) {
    const Document* rules = schema.find(keyword);
    if (!rules) continue;
    if (rules->kind != Kind::object) return refused(item.pointer, keyword, std::string(keyword) + " must be an object");
    for (const auto& [name, rule] : rules->members) {
      if (!next()) continue;
      const std::string pointer = below(below(item.pointer, keyword), name);
      Choice found{keyword, {}};
      found.ways.emplace_back().adds.push_back(branch(item, *present(*rules, name), pointer, true));
      Way& there = found.ways.emplace_back();
      there.adds.push_back(branch(item, *present(*rules, name), pointer));
      if (keyword == "dependentSchemas" || (keyword == "dependencies" && rule.kind != Kind::array && rule.kind != Kind::string)) {
        there.adds.push_back(branch(item, rule, pointer));
      } else {
        HOB_TRY(needed, needed_names(rule, item.pointer, keyword));
        for (const std::string& need : needed) there.adds.push_back(branch(item, *present(*rules, need), pointer));
      }
      return std::optional(std::move(found));
    }
  }
  return std::optional<Choice>();
}

Result<std::vector<std::string>> SchemaBuilder::needed_names(const Document& rule, const std::string& pointer,
                                                             std::string_view keyword) {
  std::vector<std::string> names;
  if (rule.kind == Kind::string && keyword == "dependencies") {  // draft 3
    names.push_back(rule.text);
    return names;
  }
  bool good = rule.kind == Kind::array;
  for (const Document& name : rule.items) {
    good = good && name.kind == Kind::string;
    names.push_back(name.text);
  }
  if (!good) return refused(pointer, keyword, std::string(keyword) + " must list names");
  return names;
}

}  // namespace hob::grammar
