#include "schemas/base/utf8.h"
#include "schemas/schema/checker.h"

namespace hob::schema {

using json::Document;

bool Checker::number(const Node& node, const Document& value) {
  const NumberRules& rules = node.number;
  if (!rules.minimum && !rules.maximum && !rules.exclusive_minimum && !rules.exclusive_maximum &&
      !rules.multiple_of)
    return true;
  const Decimal number(value.text);
  const auto report = [&](std::string_view keyword, std::string_view wanted, const Bound& bound) {
    return fail(node, keyword, [&] {
      return "Wanted a number " + std::string(wanted) + " " + bound.lexeme + ", got " +
             brief(value) + ".";
    });
  };
  if (rules.minimum && number < rules.minimum->value)
    return report("minimum", "not below", *rules.minimum);
  if (rules.maximum && number > rules.maximum->value)
    return report("maximum", "not above", *rules.maximum);
  if (rules.exclusive_minimum && number <= rules.exclusive_minimum->value) {
    return report("exclusiveMinimum", "above", *rules.exclusive_minimum);
  }
  if (rules.exclusive_maximum && number >= rules.exclusive_maximum->value) {
    return report("exclusiveMaximum", "below", *rules.exclusive_maximum);
  }
  if (rules.multiple_of && !number.is_multiple_of(rules.multiple_of->value)) {
    return report("multipleOf", "that is a multiple of", *rules.multiple_of);
  }
  return true;
}

bool Checker::string(const Node& node, const Document& value) {
  const StringRules& rules = node.string;
  if (rules.min_length || rules.max_length) {
    const size_t length = utf8::length(value.text);
    if (rules.min_length && length < *rules.min_length) {
      return fail(node, "minLength", [&] {
        return "Wanted at least " + std::to_string(*rules.min_length) + " characters, got " +
               std::to_string(length) + ".";
      });
    }
    if (rules.max_length && length > *rules.max_length) {
      return fail(node, "maxLength", [&] {
        return "Wanted at most " + std::to_string(*rules.max_length) + " characters, got " +
               std::to_string(length) + ".";
      });
    }
  }
  if (!spend(node, value.text.size() / 256)) return false;
  if (rules.pattern && !rules.pattern->found_in(value.text)) {
    return fail(node, "pattern", [&] {
      return "Wanted a string that matches " + rules.pattern->text() + ", got " + brief(value) +
             ".";
    });
  }
  if (rules.format != nullptr && !rules.format->accepts(value.text)) {
    return fail(node, "format", [&] {
      return "Wanted a string of the format " + std::string(rules.format->name) + ", got " +
             brief(value) + ".";
    });
  }
  return true;
}

}  // namespace hob::schema
