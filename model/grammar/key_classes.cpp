// SchemaBuilder: undeclared keys. The patterns of patternProperties, and what propertyNames allows, part the texts that
// are no declared names into classes; all keys of one class have values of one node. Few keys become names.
#include <algorithm>

#include "model/grammar/language.h"
#include "model/grammar/schema.h"
#include "model/grammar/schema_error.h"
#include "schemas/base/utf8.h"

namespace hob::grammar {
namespace {

using json::Document;
using Kind = Document::Kind;

constexpr size_t kMaxCells = 64;       // that patterns part the keys into
constexpr uint32_t kFewKeys = 64;      // so many become names
constexpr size_t kMaxPatterns = 200;
// Keys that a call can have: bare, and nothing in them ends them.
constexpr std::string_view kBareKey = "[^\\u0000-\\u0020\\u007f{}\\[\\],:\"'`\\\\]+";

bool is_false(const Document& schema) { return schema.kind == Kind::boolean && !schema.boolean; }

}  // namespace

Result<LanguageId> SchemaBuilder::names_of(Items set, const std::string& pointer) {
  HOB_TRY(id, node(std::move(set)));
  if (unfinished_.count(id)) return refused(pointer, "propertyNames", "propertyNames cannot lead back to the schema that it is in");
  Languages& all = ir_.languages();
  LanguageId out = all.complement(all.everything());
  for (const StringSpec& spec : ir_.nodes[id].strings) {
    const LanguageId one = spec.language == kNoLanguage ? all.everything() : spec.language;
    out = all.either(out, spec.literals.empty() ? all.sized(one, spec.min_length, spec.max_length) : all.literals(spec.literals));
  }
  return out;
}

Result<SchemaBuilder::Keys> SchemaBuilder::read_keys(const Items& items, bool limited) {
  Keys keys;
  Languages& all = ir_.languages();
  Items names;
  const auto pattern_of = [&](const std::string& text, const std::string& pointer) -> Result<LanguageId> {
    auto language = all.pattern(text);
    if (!language) return refused(pointer, "patternProperties", language.error().message());
    const auto none = all.empty(*language);
    if (!none) return refused(pointer, "patternProperties", none.error().message());
    return language;
  };
  for (size_t i = 0; i < items.size(); ++i) {
    const Item& item = items[i];
    const Document* patterns = item.schema->find("patternProperties");
    const Document* named = item.schema->find("propertyNames");
    if (!item.denied) {
      if (named) names.push_back({named, below(item.pointer, "propertyNames")});
      if (!patterns) continue;
      if (patterns->kind != Kind::object) return refused(item.pointer, "patternProperties", "patternProperties must be an object");
      for (const auto& [text, schema] : patterns->members) {
        HOB_TRY(language, pattern_of(text, item.pointer));
        const auto at = std::find(keys.patterns.begin(), keys.patterns.end(), language);
        keys.rules.push_back({i, static_cast<size_t>(at - keys.patterns.begin()), &schema,
                              below(below(item.pointer, "patternProperties"), text)});
        if (at == keys.patterns.end()) keys.patterns.push_back(language);
      }
      if (keys.patterns.size() > kMaxPatterns) return refused(item.pointer, "patternProperties", "so many patterns cannot be told apart");
      continue;
    }
    const std::string_view keyword = item.failing;
    if (keyword != "additionalProperties" && keyword != "patternProperties" && keyword != "propertyNames") continue;
    // Some member must break the rule.
    if (keys.witness || limited) {
      return refused(item.pointer, keyword, std::string(keyword) +
                                                " cannot be denied twice, nor with a largest number of keys");
    }
    keys.witness = &item;
    if (keyword == "patternProperties") {
      const auto& [text, schema] = patterns->members[item.index];
      HOB_TRY(language, pattern_of(text, item.pointer));
      keys.witness_language = language;
      keys.witness_value = Item{&schema, below(below(item.pointer, keyword), text), true};
    } else if (keyword == "propertyNames") {
      Items set;
      set.push_back({named, below(item.pointer, keyword)});
      HOB_TRY(language, names_of(std::move(set), item.pointer));
      keys.witness_language = all.complement(language);
    } else {
      const Document* declared = item.schema->find("properties");
      for (size_t n = 0; declared && n < declared->members.size(); ++n) keys.witness_not.push_back(declared->members[n].first);
      for (size_t n = 0; patterns && n < patterns->members.size(); ++n) {
        HOB_TRY(language, pattern_of(patterns->members[n].first, item.pointer));
        const LanguageId other = all.complement(language);
        keys.witness_language = keys.witness_language == kNoLanguage ? other : all.both(keys.witness_language, other);
      }
      keys.witness_value = Item{item.schema->find(keyword), below(item.pointer, keyword), true};
    }
  }
  if (!names.empty()) {
    const std::string pointer = names.front().pointer;
    HOB_TRY(base, names_of(std::move(names), pointer));
    keys.base = base;
  }
  return keys;
}

Result<std::vector<SchemaBuilder::Cell>> SchemaBuilder::part_keys(const Keys& keys, const std::string& pointer) {
  Languages& all = ir_.languages();
  LanguageId start = keys.base.value_or(all.everything());
  if (dialect_ == Dialect::gemma) {
    HOB_TRY(bare, all.whole_pattern(kBareKey));
    start = all.both(start, bare);
  }
  std::vector<Cell> cells{{start, {}, keys.witness && keys.witness_language == kNoLanguage}};
  const std::string_view keyword = keys.patterns.empty() ? "propertyNames" : "patternProperties";
  const auto part = [&](LanguageId by, auto note) -> Result<void> {
    std::vector<Cell> parts;
    for (const Cell& cell : cells) {
      for (const bool inside : {true, false}) {
        Cell one = cell;
        one.language = all.both(cell.language, inside ? by : all.complement(by));
        const auto none = all.empty(one.language);
        if (!none) return refused(pointer, keyword, none.error().message());
        if (*none) continue;
        note(one, inside);
        parts.push_back(std::move(one));
      }
    }
    work_ += parts.size() * 8;
    if (parts.size() > kMaxCells || work_ > kMaxWork) {
      return refused(pointer, keyword, "the patterns of keys overlap in too many ways");
    }
    cells = std::move(parts);
    return {};
  };
  for (const LanguageId pattern : keys.patterns) {
    HOB_TRY_VOID(part(pattern, [](Cell& cell, bool inside) { cell.hits.push_back(inside); }));
  }
  if (keys.witness && keys.witness_language != kNoLanguage) {
    HOB_TRY_VOID(part(keys.witness_language, [](Cell& cell, bool inside) { cell.witness = inside; }));
  }
  return cells;
}

SchemaBuilder::Items SchemaBuilder::rules_of(const Items& items, const Keys& keys, const Cell& cell,
                                             const std::string* name) const {
  Items set;
  std::vector<bool> spoken(items.size());
  for (size_t i = 0; i < items.size(); ++i) {
    const Item& item = items[i];
    if (item.denied) continue;
    const Document* properties = item.schema->find("properties");
    const Document* own = name && properties ? properties->find(*name) : nullptr;
    spoken[i] = own != nullptr;
    if (own) set.push_back({own, below(below(item.pointer, "properties"), *name)});
    for (const Keys::Rule& rule : keys.rules) {
      if (rule.item != i || !cell.hits[rule.pattern]) continue;
      set.push_back({rule.schema, rule.pointer});
      spoken[i] = true;
    }
    const Document* other = item.schema->find("additionalProperties");
    if (!spoken[i] && other) set.push_back({other, below(item.pointer, "additionalProperties")});
    spoken[i] = spoken[i] || other;
  }
  for (size_t i = 0; i < items.size(); ++i) {
    const Document* rest = items[i].denied ? nullptr : unevaluated(*items[i].schema, "unevaluatedProperties");
    if (!rest) continue;
    const std::vector<size_t> parts = parts_of(items, i);
    const bool known = std::any_of(parts.begin(), parts.end(), [&](size_t part) {
      return spoken[part] || (part != i && items[part].schema->find("unevaluatedProperties") && siblings_of_ref_);
    });
    if (!known) set.push_back({rest, below(items[i].pointer, "unevaluatedProperties")});
  }
  return set;
}

Result<void> SchemaBuilder::add_classes(const Items& items, const Keys& keys, std::vector<Cell> cells, bool open,
                                        ObjectSpec& out) {
  Languages& all = ir_.languages();
  bool whole = !keys.base;  // what is left are all keys
  for (const Cell& cell : cells) {
    Items set = rules_of(items, keys, cell, nullptr);
    const bool closed = std::any_of(set.begin(), set.end(), [](const Item& item) { return is_false(*item.schema); });
    const bool matched = std::find(cell.hits.begin(), cell.hits.end(), true) != cell.hits.end();
    if (closed || (!open && !matched)) {
      whole = false;
      continue;
    }
    KeyClass made{cell.language};
    HOB_TRY(value, node(set));
    made.node = value;
    if (cell.witness) {
      if (keys.witness_value) set.push_back(*keys.witness_value);
      HOB_TRY(one, node(std::move(set)));
      made.witness = one;
    }
    const auto same = std::find_if(out.others.begin(), out.others.end(), [&](const KeyClass& other) {
      return other.node == made.node && other.witness == made.witness;
    });
    if (same == out.others.end()) {
      out.others.push_back(made);
    } else {
      same->language = all.either(same->language, made.language);
    }
  }
  if (whole && out.others.size() == 1) out.others[0].language = kNoLanguage;
  return {};
}

Result<void> SchemaBuilder::name_few_keys(ObjectSpec& object, std::map<std::string, bool>& names,
                                          std::vector<std::string>& order, const std::string& pointer) {
  Languages& all = ir_.languages();
  for (size_t i = 0; i < object.others.size(); ++i) {
    if (object.others[i].language == kNoLanguage) continue;
    Language& language = all.at(object.others[i].language);
    const auto seen = language.explore();
    if (!seen) return refused(pointer, "patternProperties", seen.error().message());
    if (language.texts(Language::kStart) > kFewKeys) continue;
    language.each(Language::kStart, {}, [&](std::u32string_view text) {
      const std::string name = utf8::encode(text);
      if (names.emplace(name, false).second) order.push_back(name);
      return true;
    });
    object.others.erase(object.others.begin() + static_cast<ptrdiff_t>(i--));
  }
  return {};
}

Result<void> SchemaBuilder::limit_classes(ObjectSpec& object, const std::string& pointer) {
  Languages& all = ir_.languages();
  size_t finite = 0;
  for (KeyClass& other : object.others) {
    if (other.language == kNoLanguage) continue;
    other.keys = all.at(other.language).texts(Language::kStart);
    if (other.keys == kUnlimited) continue;
    for (const std::string& name : object.names) other.keys -= all.matches(other.language, name) ? 1 : 0;
    ++finite;
    if (other.witness != kNone) {
      return refused(pointer, "patternProperties", "a rule for keys cannot be denied where only so many keys can break it");
    }
  }
  if (finite > KeyClass::kMostFinite || object.others.size() > KeyClass::kMost) {
    return refused(pointer, "patternProperties", "so many kinds of keys cannot be told apart");
  }
  std::erase_if(object.others, [](const KeyClass& other) { return other.keys == 0; });
  std::stable_sort(object.others.begin(), object.others.end(),
                   [](const KeyClass& a, const KeyClass& b) { return a.keys != kUnlimited && b.keys == kUnlimited; });
  return {};
}

}  // namespace hob::grammar
