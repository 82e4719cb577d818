// SchemaBuilder, type by type: a set of schemas with nothing left to unfold becomes numbers, strings, arrays, objects.
#include <algorithm>

#include "model/grammar/language.h"
#include "model/grammar/schema.h"
#include "model/grammar/schema_error.h"
#include "schemas/base/utf8.h"

namespace hob::grammar {
namespace {

using json::Document;
using Kind = Document::Kind;

constexpr size_t kMaxJoined = 1'000;  // states
constexpr uint32_t kMaxCount = 1'000'000;  // least lengths above this are not for generating

bool equal_specs(const ArraySpec& a, const ArraySpec& b) {
  const auto same = [](const Tally& x, const Tally& y) { return x.min == y.min && x.max == y.max; };
  if (!std::equal(a.tallies.begin(), a.tallies.end(), b.tallies.begin(), b.tallies.end(), same)) return false;
  return a.ways == b.ways && a.unique == b.unique && a.prefix == b.prefix && a.rest == b.rest && a.min_items == b.min_items && a.max_items == b.max_items;
}
bool equal_specs(const ObjectSpec& a, const ObjectSpec& b) {
  const auto same = [](const Property& x, const Property& y) {
    return x.node == y.node && x.required == y.required && x.witness == y.witness;
  };
  const auto alike = [](const KeyClass& x, const KeyClass& y) {
    return x.language == y.language && x.node == y.node && x.witness == y.witness;
  };
  return a.names == b.names && a.wants_witness == b.wants_witness &&
         std::equal(a.others.begin(), a.others.end(), b.others.begin(), b.others.end(), alike) && a.min_properties == b.min_properties &&
         a.max_properties == b.max_properties &&
         std::equal(a.properties.begin(), a.properties.end(), b.properties.begin(), b.properties.end(), same);
}

template <typename Spec>
void drop_equal(std::vector<Spec>& specs) {
  for (size_t i = 0; i < specs.size(); ++i) {
    for (size_t j = specs.size() - 1; j > i; --j) {
      if (equal_specs(specs[i], specs[j])) specs.erase(specs.begin() + static_cast<ptrdiff_t>(j));
    }
  }
}

}  // namespace

Result<std::optional<uint32_t>> SchemaBuilder::count(const Items& items, const char* keyword, const char* opposite,
                                                     bool largest) {
  std::optional<uint32_t> found;
  for (const Item& item : items) {
    const bool inverted = item.denied && item.failing == opposite;
    if (item.denied && !inverted) continue;
    const char* name = inverted ? opposite : keyword;
    const Document* value = item.schema->find(name);
    if (!value) continue;
    const Decimal number = value->kind == Kind::number ? Decimal::parse(value->text) : Decimal{true, "1", 1};
    if (number.negative || !number.integral()) {
      return refused(item.pointer, name, std::string(name) + " must be a whole number, not negative");
    }
    uint32_t count = kUnlimited - 2;
    if (number.point <= 9) {
      count = 0;
      for (int i = 0; i < number.point; ++i) {
        const auto at = static_cast<size_t>(i);
        count = count * 10 + (at < number.digits.size() ? static_cast<uint32_t>(number.digits[at] - '0') : 0);
      }
    }
    if (inverted) count = largest ? count + 1 : count - 1;
    if (largest && count > kMaxCount) {
      return refused(item.pointer, name, std::string(name) + " asks for more than a model can write");
    }
    found = !found ? count : largest ? std::max(*found, count) : std::min(*found, count);
  }
  return found;
}

Result<void> SchemaBuilder::add_numbers(const Items& items, bool integer, bool fraction, Node& out) {
  std::optional<Bound> low, high;
  std::vector<Decimal> excluded;
  const Decimal one = Decimal::parse("1");
  Steps steps{integer, 0, {}};
  if (fraction) steps.shun(one);
  const auto take = [](std::optional<Bound>& best, Bound bound, int better) {
    const int order = best ? compare(bound.value, best->value) * better : 1;
    if (order > 0 || (order == 0 && bound.exclusive)) best = std::move(bound);
  };
  for (const Item& item : items) {
    const auto fails = [&](std::string_view keyword) { return item.denied && item.failing == keyword; };
    for (const bool lower : {true, false}) {
      const char* plain = lower ? "minimum" : "maximum";
      const char* strict = lower ? "exclusiveMinimum" : "exclusiveMaximum";
      const Document* bound = item.schema->find(plain);
      const Document* beyond = item.schema->find(strict);
      const bool also = beyond && beyond->kind == Kind::boolean && beyond->boolean;  // draft 4
      if (item.denied && !fails(plain)) bound = nullptr;
      if (item.denied && !fails(strict)) beyond = nullptr;
      if (bound && bound->kind != Kind::number) {
        return refused(item.pointer, plain, std::string(plain) + " must be a number");
      }
      if (beyond && beyond->kind != Kind::number && beyond->kind != Kind::boolean) {
        return refused(item.pointer, strict, std::string(strict) + " must be a number");
      }
      // What fails a lower bound lies under it.
      auto& best = lower != item.denied ? low : high;
      const int better = lower != item.denied ? 1 : -1;
      if (bound) take(best, {Decimal::parse(bound->text), also != item.denied}, better);
      if (beyond && beyond->kind == Kind::number) take(best, {Decimal::parse(beyond->text), !item.denied}, better);
    }
    for (const char* keyword : {"multipleOf", "divisibleBy"}) {
      const Document* divisor = item.schema->find(keyword);
      if (!divisor || (item.denied && !fails(keyword))) continue;
      if (divisor->kind != Kind::number) return refused(item.pointer, keyword, std::string(keyword) + " must be a number");
      const Decimal value = Decimal::parse(divisor->text);
      if (value.zero() || value.negative) return refused(item.pointer, keyword, std::string(keyword) + " must be above 0");
      if (item.denied ? steps.shun(value) : steps.take(value)) continue;
      return refused(item.pointer, keyword, item.denied ? "more than 8 multiples to avoid, or finer than 18 decimals, or above 1e18"
                                                        : "multiples are enforced down to 18 decimals and up to 1e18");
    }
    for (const char* keyword : {"const", "enum"}) {
      if (!fails(keyword)) continue;
      const Document& listed = *item.schema->find(keyword);
      const auto exclude = [&](const Document& value) {
        if (value.kind == Kind::number) excluded.push_back(Decimal::parse(value.text));
      };
      if (listed.kind == Kind::array && keyword[0] == 'e') std::for_each(listed.items.begin(), listed.items.end(), exclude);
      else exclude(listed);
    }
  }
  // Each excluded number parts the range in two.
  std::sort(excluded.begin(), excluded.end(), [](const Decimal& a, const Decimal& b) { return compare(a, b) < 0; });
  std::vector<NumberRange> ranges;
  std::optional<Bound> from = low;
  for (const Decimal& gap : excluded) {
    if ((high && compare(gap, high->value) > 0) || (from && compare(gap, from->value) < 0)) continue;
    if (auto range = NumberRange::make(steps, from, Bound{gap, true})) ranges.push_back(std::move(*range));
    from = Bound{gap, true};
  }
  if (auto range = NumberRange::make(steps, from, high)) ranges.push_back(std::move(*range));
  if (!ranges.empty()) {
    out.numbers.push_back({std::move(ranges)});
  } else if (low && high && compare(low->value, high->value) < 0 &&
             ((!steps.integer && steps.step == 0) || low->value.point > 20 || high->value.point > 20)) {
    return refused(items.front().pointer, "minimum", "the range lies beyond 20 digits or between 18 decimals");
  } else {
    impossible(items.front().pointer, steps.integer   ? "no integer lies between the bounds"
                                      : steps.plain() ? "no number lies between the bounds"
                                                      : "no multiple that is allowed lies between the bounds");
  }
  return {};
}

Result<LanguageId> SchemaBuilder::language_of(const Document& schema, const std::string& pointer,
                                              std::string_view keyword) {
  const Document* value = schema.find(keyword);
  if (!value || (keyword == "format" && value->kind != Kind::string)) return kNoLanguage;
  if (value->kind != Kind::string) return refused(pointer, keyword, "pattern must be a string");
  Languages& all = ir_.languages();
  auto language = keyword == "pattern" ? all.pattern(value->text) : all.format(value->text);
  if (!language) return refused(pointer, keyword, language.error().message());
  return language;
}

Result<void> SchemaBuilder::add_string(const Items& items, Node& out) {
  HOB_TRY(least, count(items, "minLength", "maxLength", true));
  HOB_TRY(most, count(items, "maxLength", "minLength", false));
  Languages& all = ir_.languages();
  LanguageId language = kNoLanguage;
  std::string_view source = "pattern";
  const auto take = [&](LanguageId more, bool denied) {
    if (denied) more = all.complement(more);
    language = language == kNoLanguage ? more : all.both(language, more);
  };
  for (const Item& item : items) {
    for (const std::string_view keyword : {"pattern", "format"}) {
      if (item.denied && item.failing != keyword) continue;
      HOB_TRY(one, language_of(*item.schema, item.pointer, keyword));
      if (one == kNoLanguage) continue;
      take(one, item.denied);
      source = keyword;
    }
    if (!item.denied || (item.failing != "const" && item.failing != "enum")) continue;
    const Document& listed = *item.schema->find(item.failing);
    std::vector<std::string> texts;
    if (item.failing == "const" && listed.kind == Kind::string) texts.push_back(listed.text);
    if (item.failing == "enum") {
      for (const Document& value : listed.items) {
        if (value.kind == Kind::string) texts.push_back(value.text);
      }
    }
    if (texts.empty()) continue;
    take(all.literals(texts), true);
    source = item.failing;
  }
  StringSpec spec{least.value_or(0), most.value_or(kUnlimited), {}};
  const std::string& pointer = items.front().pointer;
  if (spec.min_length > spec.max_length) {
    impossible(pointer, "minLength is above maxLength");
    return {};
  }
  if (language != kNoLanguage) {
    // A least length joins the language; a largest one is counted while a text is written.
    language = all.sized(language, spec.min_length, kUnlimited);
    const auto none = all.empty(language);
    if (!none) return refused(pointer, source, none.error().message());
    if (*none || all.at(language).least(Language::kStart) > spec.max_length) {
      impossible(pointer, "no text fits " + std::string(source) + " and the rest of the schema");
      return {};
    }
    if (language != all.everything()) {
      spec.language = language;
      spec.min_length = 0;
    }
  }
  out.strings.push_back(std::move(spec));
  return {};
}

// Joins what can be joined, so that alternatives are few.
void SchemaBuilder::tidy(Node& node) {
  if (node.numbers.size() > 1) {
    NumberSpec all;
    for (NumberSpec& spec : node.numbers) std::move(spec.ranges.begin(), spec.ranges.end(), std::back_inserter(all.ranges));
    node.numbers = {std::move(all)};
  }
  if (!node.numbers.empty()) {
    auto& ranges = node.numbers.front().ranges;
    for (const bool integer : {false, true}) {
      const auto whole = std::find_if(ranges.begin(), ranges.end(), [&](const NumberRange& range) {
        return range.integer == integer && !range.low && !range.high && range.plain();
      });
      const bool covers = whole != ranges.end() && (!integer || std::all_of(ranges.begin(), ranges.end(),
                                                                             [](const auto& r) { return r.integer; }));
      if (!covers) continue;
      NumberRange kept = std::move(*whole);
      ranges.clear();
      ranges.push_back(std::move(kept));
    }
  }
  std::vector<StringSpec> strings;
  std::vector<std::string> literals;
  for (StringSpec& spec : node.strings) {
    if (spec.literals.empty()) {
      const bool inside = std::any_of(strings.begin(), strings.end(), [&](const StringSpec& other) {
        return other.min_length <= spec.min_length && spec.max_length <= other.max_length &&
               (other.language == kNoLanguage || other.language == spec.language);
      });
      if (!inside) strings.push_back(std::move(spec));
    } else {
      std::move(spec.literals.begin(), spec.literals.end(), std::back_inserter(literals));
    }
  }
  std::erase_if(literals, [&](const std::string& literal) {
    const size_t length = utf8::length(literal);
    return std::any_of(strings.begin(), strings.end(), [&](const StringSpec& spec) {
      return spec.language == kNoLanguage && spec.min_length <= length && length <= spec.max_length;
    });
  });
  std::sort(literals.begin(), literals.end());
  literals.erase(std::unique(literals.begin(), literals.end()), literals.end());
  if (!literals.empty()) strings.push_back({0, kUnlimited, std::move(literals)});
  node.strings = std::move(strings);
  drop_equal(node.arrays);
  drop_equal(node.objects);
}

// Texts of several languages are one language, where that is small: then one thread reads them instead of several.
void SchemaBuilder::join_texts(Node& node) {
  Languages& all = ir_.languages();
  for (size_t i = 0; i + 1 < node.strings.size(); ++i) {
    const uint32_t longest = node.strings[i].max_length;
    const auto like = [&](const StringSpec& spec) {
      return spec.literals.empty() && spec.language != kNoLanguage && spec.min_length == 0 && spec.max_length == longest;
    };
    if (!like(node.strings[i])) continue;
    LanguageId together = node.strings[i].language;
    size_t states = all.at(together).states(), count = 1;
    for (size_t j = i + 1; j < node.strings.size(); ++j) {
      if (!like(node.strings[j])) continue;
      states += all.at(node.strings[j].language).states();
      if (states > kMaxJoined) return;
      together = all.either(together, node.strings[j].language);
      ++count;
    }
    if (count == 1 || !all.at(together).explore(kMaxJoined)) continue;
    const auto first = node.strings.begin() + static_cast<ptrdiff_t>(i) + 1;
    node.strings.erase(std::remove_if(first, node.strings.end(), like), node.strings.end());
    node.strings[i].language = together;
    if (together == all.everything()) node.strings[i].language = kNoLanguage;
  }
}

}  // namespace hob::grammar
