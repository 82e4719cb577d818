#include "model/grammar/char_set.h"

#include <re2/re2.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <string>

#include "schemas/base/utf8.h"

namespace hob::grammar {
namespace {

constexpr char32_t kLast = 0x10FFFF, kFirstSurrogate = 0xD800, kLastSurrogate = 0xDFFF,
                   kBeforeSurrogates = 0xD7FF, kAfterSurrogates = 0xE000;

// Long names of the general categories (PropertyValueAliases).
constexpr std::pair<std::string_view, std::string_view> kCategories[] = {
    {"Letter", "L"}, {"Lowercase_Letter", "Ll"}, {"Uppercase_Letter", "Lu"}, {"Titlecase_Letter", "Lt"},
    {"Modifier_Letter", "Lm"}, {"Other_Letter", "Lo"}, {"Mark", "M"}, {"Combining_Mark", "M"},
    {"Nonspacing_Mark", "Mn"}, {"Spacing_Mark", "Mc"}, {"Enclosing_Mark", "Me"}, {"Number", "N"},
    {"Decimal_Number", "Nd"}, {"digit", "Nd"}, {"Letter_Number", "Nl"}, {"Other_Number", "No"},
    {"Punctuation", "P"}, {"punct", "P"}, {"Connector_Punctuation", "Pc"}, {"Dash_Punctuation", "Pd"},
    {"Open_Punctuation", "Ps"}, {"Close_Punctuation", "Pe"}, {"Initial_Punctuation", "Pi"},
    {"Final_Punctuation", "Pf"}, {"Other_Punctuation", "Po"}, {"Symbol", "S"}, {"Math_Symbol", "Sm"},
    {"Currency_Symbol", "Sc"}, {"Modifier_Symbol", "Sk"}, {"Other_Symbol", "So"}, {"Separator", "Z"},
    {"Space_Separator", "Zs"}, {"Line_Separator", "Zl"}, {"Paragraph_Separator", "Zp"}, {"Control", "Cc"},
    {"cntrl", "Cc"}, {"Format", "Cf"}, {"Private_Use", "Co"}};

// The Unicode tables are RE2's: it is asked for the runs of the property in a text of all characters.
std::optional<CharSet> ask(const std::string& property) {
  RE2::Options options;
  options.set_log_errors(false);
  const RE2 run("((?:\\p{" + property + "})+)", options);
  if (!run.ok()) return std::nullopt;
  std::string text;
  for (char32_t c = 0; c <= kLast; ++c) {
    if (c < kFirstSurrogate || c > kLastSurrogate) utf8::append(text, c);
  }
  CharSet out;
  re2::StringPiece rest(text), found;
  while (RE2::FindAndConsume(&rest, run, &found)) {
    const std::string_view part(found.data(), found.size());
    size_t at = 0, last = part.size() - 1;
    const char32_t first = utf8::next(part, at);
    while ((static_cast<unsigned char>(part[last]) & 0xC0) == 0x80) --last;
    out.add(first, utf8::next(part, last));
  }
  out.tidy();
  return out;
}

}  // namespace

CharSet::CharSet(std::initializer_list<Range> ranges) : ranges_(ranges) { tidy(); }

CharSet CharSet::of(std::string_view ascii) {
  CharSet out;
  for (const char c : ascii) out.add(static_cast<unsigned char>(c), static_cast<unsigned char>(c));
  out.tidy();
  return out;
}

void CharSet::add(const CharSet& other) { ranges_.insert(ranges_.end(), other.ranges_.begin(), other.ranges_.end()); }

void CharSet::tidy() {
  std::vector<Range> split;
  for (const auto& [first, last] : ranges_) {
    if (first > last) continue;
    if (first < kFirstSurrogate) split.emplace_back(first, std::min(last, kBeforeSurrogates));
    if (last > kLastSurrogate) split.emplace_back(std::max(first, kAfterSurrogates), last);
  }
  std::sort(split.begin(), split.end());
  ranges_.clear();
  for (const Range& range : split) {
    // Nothing lies between U+D7FF and U+E000, but they stay two ranges: arithmetic on ranges stays simple.
    if (!ranges_.empty() && range.first <= ranges_.back().second + 1) {
      ranges_.back().second = std::max(ranges_.back().second, range.second);
    } else {
      ranges_.push_back(range);
    }
  }
}

bool CharSet::contains(char32_t c) const {
  const auto after = std::upper_bound(ranges_.begin(), ranges_.end(), c,
                                      [](char32_t value, const Range& range) { return value < range.first; });
  return after != ranges_.begin() && c <= std::prev(after)->second;
}

CharSet CharSet::inverted() const {
  CharSet out;
  char32_t next = 0;
  for (const auto& [first, last] : ranges_) {
    if (first > next) out.add(next, first - 1);
    next = last + 1;
  }
  if (next <= kLast) out.add(next, kLast);
  out.tidy();
  return out;
}

CharSet CharSet::with(const CharSet& other) const {
  CharSet out = *this;
  out.add(other);
  out.tidy();
  return out;
}

CharSet CharSet::intersected(const CharSet& other) const {
  CharSet out;
  for (size_t i = 0, j = 0; i < ranges_.size() && j < other.ranges_.size();) {
    const Range& a = ranges_[i];
    const Range& b = other.ranges_[j];
    const char32_t first = std::max(a.first, b.first), last = std::min(a.second, b.second);
    if (first <= last) out.add(first, last);
    a.second < b.second ? ++i : ++j;
  }
  out.tidy();
  return out;
}

std::optional<CharSet> char_class(char letter) {
  switch (letter) {
    case 'd':
      return CharSet{{'0', '9'}};
    case 'w':
      return CharSet{{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}};
    case 's':
      return CharSet{{9, 13}, {' ', ' '}, {0xA0, 0xA0}, {0x1680, 0x1680}, {0x2000, 0x200A}, {0x2028, 0x2029},
                     {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}, {0xFEFF, 0xFEFF}};
    case '.':
      return CharSet{{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}}.inverted();
    case 'D':
    case 'W':
    case 'S':
      return char_class(static_cast<char>(letter + ('a' - 'A')))->inverted();
    default:
      return std::nullopt;
  }
}

std::optional<CharSet> unicode_property(std::string_view name) {
  if (name == "Any") return CharSet::all();
  if (name == "ASCII") return CharSet{{0, 0x7F}};
  const bool script = name.starts_with("Script=") || name.starts_with("sc=");
  const bool category = name.starts_with("General_Category=") || name.starts_with("gc=");
  if (script || category) name.remove_prefix(name.find('=') + 1);
  if (!script) {
    for (const auto& [longer, shorter] : kCategories) {
      if (longer == name) name = shorter;
    }
  }
  const bool letters = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return c == '_' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
  });
  if (!letters || (script ? name.size() < 3 : name.size() > 2)) return std::nullopt;
  static std::mutex mutex;
  static std::map<std::string, std::optional<CharSet>, std::less<>> known;
  const std::lock_guard lock(mutex);
  if (const auto found = known.find(name); found != known.end()) return found->second;
  if (known.size() > 300) return std::nullopt;  // more than there are
  return known.emplace(std::string(name), ask(std::string(name))).first->second;
}

}  // namespace hob::grammar
