#include "schemas/schema/pattern_class.h"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <cstdio>

namespace hob::schema {
namespace {

struct LongName {
  std::string_view name;
  std::string_view category;
};

/// Unicode's PropertyValueAliases for the general categories.
constexpr std::array kCategories = {
    LongName{"Letter", "L"},
    LongName{"Lowercase_Letter", "Ll"},
    LongName{"Uppercase_Letter", "Lu"},
    LongName{"Titlecase_Letter", "Lt"},
    LongName{"Modifier_Letter", "Lm"},
    LongName{"Other_Letter", "Lo"},
    LongName{"Mark", "M"},
    LongName{"Combining_Mark", "M"},
    LongName{"Nonspacing_Mark", "Mn"},
    LongName{"Spacing_Mark", "Mc"},
    LongName{"Enclosing_Mark", "Me"},
    LongName{"Number", "N"},
    LongName{"Decimal_Number", "Nd"},
    LongName{"digit", "Nd"},
    LongName{"Letter_Number", "Nl"},
    LongName{"Other_Number", "No"},
    LongName{"Punctuation", "P"},
    LongName{"punct", "P"},
    LongName{"Connector_Punctuation", "Pc"},
    LongName{"Dash_Punctuation", "Pd"},
    LongName{"Open_Punctuation", "Ps"},
    LongName{"Close_Punctuation", "Pe"},
    LongName{"Initial_Punctuation", "Pi"},
    LongName{"Final_Punctuation", "Pf"},
    LongName{"Other_Punctuation", "Po"},
    LongName{"Symbol", "S"},
    LongName{"Math_Symbol", "Sm"},
    LongName{"Currency_Symbol", "Sc"},
    LongName{"Modifier_Symbol", "Sk"},
    LongName{"Other_Symbol", "So"},
    LongName{"Separator", "Z"},
    LongName{"Space_Separator", "Zs"},
    LongName{"Line_Separator", "Zl"},
    LongName{"Paragraph_Separator", "Zp"},
    LongName{"Control", "Cc"},
    LongName{"cntrl", "Cc"},
    LongName{"Format", "Cf"},
    LongName{"Surrogate", "Cs"},
    LongName{"Private_Use", "Co"},
};

constexpr std::string_view kSpace =
    R"(\t\n\v\f\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff})";
constexpr std::string_view kNotSpace =
    R"(\x{0}-\x{8}\x{e}-\x{1f}\x{21}-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e})"
    R"(\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{fefe}\x{ff00}-\x{10ffff})";

}  // namespace

std::optional<std::string_view> class_escape(char letter) {
  switch (letter) {
    case 'd':
      return "0-9";
    case 'D':
      return R"(\x{0}-\x{2f}\x{3a}-\x{10ffff})";
    case 'w':
      return "0-9A-Za-z_";
    case 'W':
      return R"(\x{0}-\x{2f}\x{3a}-\x{40}\x{5b}-\x{5e}\x{60}\x{7b}-\x{10ffff})";
    case 's':
      return kSpace;
    case 'S':
      return kNotSpace;
    default:
      return std::nullopt;
  }
}

std::string property_escape(std::string_view name, bool negated) {
  if (name == "Any") return negated ? "" : R"(\x{0}-\x{10ffff})";
  if (name == "ASCII") return negated ? R"(\x{80}-\x{10ffff})" : R"(\x{0}-\x{7f})";
  const bool script = name.starts_with("Script=") || name.starts_with("sc=");
  const bool category = name.starts_with("General_Category=") || name.starts_with("gc=");
  if (script || category) name.remove_prefix(name.find('=') + 1);
  if (!script) {
    const auto row = std::find_if(kCategories.begin(), kCategories.end(), [&](const LongName& r) {
      return r.name == name;
    });
    if (row != kCategories.end()) name = row->category;
  }
  if (name.empty() || !std::all_of(name.begin(), name.end(), [](char c) {
        return c == '_' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
      })) {
    return {};
  }
  // One or two letters are a category, more a script; RE2 decides which it knows.
  if (script ? name.size() < 3 : category && name.size() > 2) return {};
  if (!script && !category && name.size() > 2) return {};
  std::string escape = (negated ? "\\P{" : "\\p{") + std::string(name) + "}";
  RE2::Options quiet;
  quiet.set_log_errors(false);
  return RE2(escape, quiet).ok() ? escape : std::string();
}

std::string literal(char32_t code_point) {
  char text[16];
  std::snprintf(text, sizeof text, "\\x{%x}", static_cast<unsigned>(code_point));
  return text;
}

}  // namespace hob::schema
