// SchemaBuilder, type by type: a set of schemas with nothing left to unfold becomes numbers, strings, arrays, objects.
#include <algorithm>

#include "model/grammar/schema.h"
#include "model/grammar/schema_error.h"
#include "schemas/base/utf8.h"

namespace hob::grammar {
namespace {

using json::Document;
using Kind = Document::Kind;

constexpr uint32_t kMaxCount = 1'000'000;  // least lengths above this are not for generating

bool equal_specs(const ArraySpec& a, const ArraySpec& b) {
  return a.prefix == b.prefix && a.rest == b.rest && a.min_items == b.min_items && a.max_items == b.max_items;
}
bool equal_specs(const ObjectSpec& a, const ObjectSpec& b) {
  const auto same = [](const Property& x, const Property& y) { return x.node == y.node && x.required == y.required; };
  return a.names == b.names && a.additional == b.additional && a.min_properties == b.min_properties &&
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

Result<std::optional<uint32_t>> SchemaBuilder::count(const Items& items, const char* keyword, bool largest) {
  std::optional<uint32_t> found;
  for (const Item& item : items) {
    const Document* value = item.schema->find(keyword);
    if (!value) continue;
    const Decimal number = value->kind == Kind::number ? Decimal::parse(value->text) : Decimal{true, "1", 1};
    if (number.negative || !number.integral()) {
      return refused(item.pointer, keyword, std::string(keyword) + " must be a whole number, not negative");
    }
    uint32_t count = kUnlimited - 1;
    if (number.point <= 9) {
      count = 0;
      for (int i = 0; i < number.point; ++i) {
        const auto at = static_cast<size_t>(i);
        count = count * 10 + (at < number.digits.size() ? static_cast<uint32_t>(number.digits[at] - '0') : 0);
      }
    }
    if (largest && count > kMaxCount) {
      return refused(item.pointer, keyword, std::string(keyword) + " asks for more than a model can write");
    }
    found = !found ? count : largest ? std::max(*found, count) : std::min(*found, count);
  }
  return found;
}

Result<void> SchemaBuilder::add_numbers(const Items& items, bool integer, Node& out) {
  std::optional<Bound> low, high;
  const auto take = [](std::optional<Bound>& best, Bound bound, int better) {
    const int order = best ? compare(bound.value, best->value) * better : 1;
    if (order > 0 || (order == 0 && bound.exclusive)) best = std::move(bound);
  };
  for (const Item& item : items) {
    for (const bool lower : {true, false}) {
      const char* plain = lower ? "minimum" : "maximum";
      const char* strict = lower ? "exclusiveMinimum" : "exclusiveMaximum";
      const Document* bound = item.schema->find(plain);
      const Document* beyond = item.schema->find(strict);
      if (bound && bound->kind != Kind::number) {
        return refused(item.pointer, plain, std::string(plain) + " must be a number");
      }
      if (beyond && beyond->kind != Kind::number && beyond->kind != Kind::boolean) {
        return refused(item.pointer, strict, std::string(strict) + " must be a number");
      }
      auto& best = lower ? low : high;
      const bool also = beyond && beyond->kind == Kind::boolean && beyond->boolean;  // draft 4
      if (bound) take(best, {Decimal::parse(bound->text), also}, lower ? 1 : -1);
      if (beyond && beyond->kind == Kind::number) take(best, {Decimal::parse(beyond->text), true}, lower ? 1 : -1);
    }
  }
  auto range = NumberRange::make(integer, low, high);
  if (range) {
    out.numbers.push_back({{std::move(*range)}});
  } else if (low && high && compare(low->value, high->value) < 0 &&
             (!integer || low->value.point > 20 || high->value.point > 20)) {
    return refused(items.front().pointer, "minimum", "the range lies beyond 20 digits or between 18 decimals");
  } else {
    impossible(items.front().pointer, integer ? "no integer lies between the bounds" : "no number lies between the bounds");
  }
  return {};
}

Result<void> SchemaBuilder::add_string(const Items& items, Node& out) {
  HOB_TRY(least, count(items, "minLength", true));
  HOB_TRY(most, count(items, "maxLength", false));
  StringSpec spec{least.value_or(0), most.value_or(kUnlimited), {}};
  if (spec.min_length > spec.max_length) {
    impossible(items.front().pointer, "minLength is above maxLength");
  } else {
    out.strings.push_back(std::move(spec));
  }
  return {};
}

Result<void> SchemaBuilder::add_array(const Items& items, Node& out) {
  HOB_TRY(least, count(items, "minItems", true));
  HOB_TRY(most, count(items, "maxItems", false));
  ArraySpec spec;
  spec.min_items = least.value_or(0);
  spec.max_items = most.value_or(kUnlimited);
  if (spec.min_items > spec.max_items) {
    impossible(items.front().pointer, "minItems is above maxItems");
    return {};
  }
  struct Shape {
    const Document* list = nullptr;
    const Document* rest = nullptr;
    std::string list_pointer, rest_pointer;
  };
  std::vector<Shape> shapes;
  size_t longest = 0;
  for (const Item& item : items) {
    Shape shape;
    const Document* each = item.schema->find("items");
    shape.list = item.schema->find("prefixItems");
    shape.list_pointer = below(item.pointer, "prefixItems");
    shape.rest = each;
    shape.rest_pointer = below(item.pointer, "items");
    if (!shape.list && each && each->kind == Kind::array) {  // the older form
      shape.list = each;
      shape.list_pointer = below(item.pointer, "items");
      shape.rest = item.schema->find("additionalItems");
      shape.rest_pointer = below(item.pointer, "additionalItems");
    }
    if (shape.list && shape.list->kind != Kind::array) {
      return refused(item.pointer, "prefixItems", "prefixItems must be a list of schemas");
    }
    if (shape.list) longest = std::max(longest, shape.list->items.size());
    shapes.push_back(std::move(shape));
  }
  const auto item_node = [&](size_t index) {
    Items set;
    for (const Shape& shape : shapes) {
      if (shape.list && index < shape.list->items.size()) {
        set.push_back({&shape.list->items[index], shape.list_pointer + "/" + std::to_string(index), false, false, {}});
      } else if (shape.rest) {
        set.push_back({shape.rest, shape.rest_pointer, false, false, {}});
      }
    }
    return node(std::move(set));
  };
  for (size_t i = 0; i < longest && i < spec.max_items; ++i) {
    HOB_TRY(item, item_node(i));
    spec.prefix.push_back(item);
  }
  HOB_TRY(rest, item_node(longest));
  spec.rest = rest;
  out.arrays.push_back(std::move(spec));
  return {};
}

Result<void> SchemaBuilder::add_object(const Items& items, Node& out) {
  HOB_TRY(least, count(items, "minProperties", true));
  HOB_TRY(most, count(items, "maxProperties", false));
  ObjectSpec spec;
  spec.min_properties = least.value_or(0);
  spec.max_properties = most.value_or(kUnlimited);
  if (spec.min_properties > spec.max_properties) {
    impossible(items.front().pointer, "minProperties is above maxProperties");
    return {};
  }
  std::vector<std::string> order;
  std::map<std::string, bool> required;  // every name that is spoken of
  bool declares = false, speaks_of_others = false;
  for (const Item& item : items) {
    if (const Document* properties = item.schema->find("properties")) {
      if (properties->kind != Kind::object) return refused(item.pointer, "properties", "properties must be an object");
      for (const auto& [name, schema] : properties->members) {
        declares = true;
        if (required.emplace(name, false).second) order.push_back(name);
      }
    }
    speaks_of_others = speaks_of_others || item.schema->find("additionalProperties");
  }
  for (const Item& item : items) {
    const Document* names = item.schema->find("required");
    if (!names || (names->kind == Kind::boolean && !names->boolean)) continue;
    if (names->kind != Kind::array) return refused(item.pointer, "required", "required must be a list of names");
    for (const Document& name : names->items) {
      if (name.kind != Kind::string) return refused(item.pointer, "required", "required must be a list of names");
      if (required.emplace(name.text, true).second) order.push_back(name.text);
      required[name.text] = true;
    }
  }
  const auto others = [&](std::string_view name, bool named) {
    Items set;
    for (const Item& item : items) {
      const Document* properties = item.schema->find("properties");
      const Document* own = named && properties ? properties->find(name) : nullptr;
      const Document* other = item.schema->find("additionalProperties");
      if (own) {
        set.push_back({own, below(below(item.pointer, "properties"), name), false, false, {}});
      } else if (other) {
        set.push_back({other, below(item.pointer, "additionalProperties"), false, false, {}});
      }
    }
    return set;
  };
  for (const auto& [name, must] : required) {
    if (dialect_ == Dialect::gemma && !bare_key(name)) return unwritable_key(items.front().pointer, "properties", name);
    HOB_TRY(value, node(others(name, true)));
    spec.names.push_back(name);
    spec.properties.push_back({value, must});
  }
  for (const std::string& name : order) {
    spec.declared.push_back(
        static_cast<uint32_t>(std::lower_bound(spec.names.begin(), spec.names.end(), name) - spec.names.begin()));
  }
  Items rest = others("", false);
  const bool closed = std::any_of(rest.begin(), rest.end(), [](const Item& item) {
    return item.schema->kind == Kind::boolean && !item.schema->boolean;
  });
  if (!closed && !(dialect_ == Dialect::gemma && declares && !speaks_of_others)) {
    HOB_TRY(value, node(std::move(rest)));
    spec.additional = value;
  }
  size_t must = 0;
  for (const Property& property : spec.properties) must += property.required ? 1 : 0;
  if (must > spec.max_properties) impossible(items.front().pointer, "more keys are required than maxProperties allows");
  if (spec.additional == kNone && spec.properties.size() < spec.min_properties) {
    impossible(items.front().pointer, "fewer keys are allowed than minProperties asks for");
  }
  out.objects.push_back(std::move(spec));
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
        return range.integer == integer && !range.low && !range.high;
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
        return other.min_length <= spec.min_length && spec.max_length <= other.max_length;
      });
      if (!inside) strings.push_back(std::move(spec));
    } else {
      std::move(spec.literals.begin(), spec.literals.end(), std::back_inserter(literals));
    }
  }
  std::erase_if(literals, [&](const std::string& literal) {
    const size_t length = utf8::length(literal);
    return std::any_of(strings.begin(), strings.end(), [&](const StringSpec& spec) {
      return spec.min_length <= length && length <= spec.max_length;
    });
  });
  std::sort(literals.begin(), literals.end());
  literals.erase(std::unique(literals.begin(), literals.end()), literals.end());
  if (!literals.empty()) strings.push_back({0, kUnlimited, std::move(literals)});
  node.strings = std::move(strings);
  drop_equal(node.arrays);
  drop_equal(node.objects);
}

}  // namespace hob::grammar
