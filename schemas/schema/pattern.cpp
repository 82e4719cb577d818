#include "schemas/schema/pattern.h"

#include <re2/re2.h>

#include <optional>

#include "schemas/base/utf8.h"
#include "schemas/schema/pattern_class.h"

namespace hob::schema {
namespace {

constexpr int kMaxGroups = 200;

std::optional<int> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name(char32_t c) {
  return c >= 0x80 || c == '_' || c == '$' || is_letter(static_cast<char>(c)) ||
         is_digit(static_cast<char>(c));
}

class Translator {
 public:
  explicit Translator(std::string_view text) : text_(text) {}

  Result<Translation> run() {
    while (at_ < text_.size()) HOB_TRY_VOID(term());
    if (groups_ != 0) return bad("a group is not closed");
    return Translation{std::move(out_), std::move(unsupported_)};
  }

 private:
  Error bad(std::string_view what) const {
    return {
        Code::schema_unsupported, "The regular expression is malformed at byte " +
                                      std::to_string(at_) + ": " + std::string(what) + "."};
  }
  bool take(std::string_view word) {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  char peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  void lacks(std::string_view what) {
    if (unsupported_.empty()) unsupported_ = what;
  }
  void atom(std::string_view re2) {
    out_ += re2;
    repeatable_ = true;
  }
  void assertion(std::string_view re2) {
    out_ += re2;
    repeatable_ = false;
  }

  Result<void> term() {
    switch (peek()) {
      case '(':
        return open_group();
      case ')':
        if (groups_ == 0) return bad("a ) without its (");
        --groups_;
        ++at_;
        atom(")");
        return {};
      case '|':
        ++at_;
        assertion("|");
        return {};
      case '^':
        ++at_;
        assertion("^");
        return {};
      case '$':
        ++at_;
        assertion("$");
        return {};
      case '.':
        ++at_;
        atom(R"([^\n\r\x{2028}\x{2029}])");
        return {};
      case '[':
        return bracket();
      case '\\':
        return escape();
      case '*':
      case '+':
      case '?':
        return repeat(std::string(1, text_[at_++]));
      case '{':
        if (const size_t length = count_length(); length != 0) {
          const std::string_view count = text_.substr(at_, length);
          at_ += length;
          return repeat(std::string(count));
        }
        [[fallthrough]];
      default: {
        const char32_t c = utf8::next(text_, at_);
        if (c == utf8::kInvalid) return bad("not UTF-8");
        atom(literal(c));
        return {};
      }
    }
  }

  /// The length of "{2}", "{2,}" or "{2,5}" here; 0 when the brace is only a brace.
  size_t count_length() const {
    size_t ahead = 1;
    const auto digits = [&] {
      const size_t from = ahead;
      while (is_digit(peek(ahead))) ++ahead;
      return ahead > from;
    };
    if (!digits()) return 0;
    if (peek(ahead) == ',') {
      ++ahead;
      digits();
    }
    return peek(ahead) == '}' ? ahead + 1 : 0;
  }

  Result<void> repeat(std::string quantifier) {
    if (!repeatable_) return bad("there is nothing to repeat");
    out_ += quantifier;
    if (take("?")) out_ += '?';
    repeatable_ = false;
    return {};
  }

  Result<void> open_group() {
    if (++groups_ > kMaxGroups) return bad("too many groups inside each other");
    if (take("(?=") || take("(?!")) {
      lacks("look-ahead");
    } else if (take("(?<=") || take("(?<!")) {
      lacks("look-behind");
    } else if (take("(?<")) {
      const size_t from = at_;
      while (at_ < text_.size() && peek() != '>') {
        if (!is_name(utf8::next(text_, at_)))
          return bad("a group's name has letters, digits, _ and $ only");
      }
      if (at_ == from || is_digit(text_[from]) || !take(">"))
        return bad("the group's name is not complete");
    } else if (!take("(?:")) {
      ++at_;
      if (peek() == '?') return bad("ECMA-262 has no such group");
    }
    // Nothing is captured: only found or not found counts.
    assertion("(?:");
    return {};
  }

  Result<void> escape() {
    const char c = peek(1);
    if (at_ + 1 >= text_.size()) return bad("a backslash ends the text");
    if (c == 'b' || c == 'B') {
      at_ += 2;
      assertion(c == 'b' ? "\\b" : "\\B");
      return {};
    }
    if (c >= '1' && c <= '9') {
      ++at_;
      while (is_digit(peek())) ++at_;
      lacks("a back-reference");
      atom("(?:)");
      return {};
    }
    if (c == 'k') {
      const size_t close = text_.find('>', at_);
      if (peek(2) != '<' || close == std::string_view::npos) return bad("\\k wants a group's name");
      at_ = close + 1;
      lacks("a back-reference");
      atom("(?:)");
      return {};
    }
    HOB_TRY(set, set_escape());
    if (set) {
      atom("[" + *set + "]");
      return {};
    }
    HOB_TRY(code_point, character_escape(false));
    atom(literal(code_point));
    return {};
  }

  /// \d, \p{L} and the like, as members of a bracket; nothing (and nothing read) for other escapes.
  Result<std::optional<std::string>> set_escape() {
    const char c = peek(1);
    if (const auto set = class_escape(c)) {
      at_ += 2;
      return std::optional<std::string>(*set);
    }
    if (c != 'p' && c != 'P') return std::optional<std::string>();
    const size_t close = text_.find('}', at_);
    if (peek(2) != '{' || close == std::string_view::npos)
      return bad("\\p wants a property in braces");
    const std::string_view name = text_.substr(at_ + 3, close - at_ - 3);
    std::string set = property_escape(name, c == 'P');
    if (set.empty()) lacks("the Unicode property \"" + std::string(utf8::prefix(name, 60)) + "\"");
    at_ = close + 1;
    return std::optional<std::string>(std::move(set));
  }

  /// Reads `digits` hexadecimal digits.
  Result<char32_t> hex(int digits) {
    char32_t value = 0;
    for (int i = 0; i < digits; ++i, ++at_) {
      const auto digit = hex_digit(peek());
      if (!digit) return bad("a hexadecimal digit is missing");
      value = value * 16 + static_cast<char32_t>(*digit);
    }
    return value;
  }

  Result<char32_t> unicode_escape() {
    if (take("{")) {
      char32_t value = 0;
      bool any = false;
      while (!take("}")) {
        HOB_TRY(digit, hex(1));
        value = value * 16 + digit;
        any = true;
        if (value > 0x10FFFF) return bad("above U+10FFFF");
      }
      if (!any) return bad("\\u{} names no character");
      if (value >= 0xD800 && value < 0xE000)
        return bad("half of a surrogate pair matches nothing in UTF-8");
      return value;
    }
    HOB_TRY(unit, hex(4));
    if (unit < 0xD800 || unit >= 0xE000) return unit;
    if (unit < 0xDC00 && take("\\u")) {
      HOB_TRY(low, hex(4));
      if (low >= 0xDC00 && low < 0xE000) return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    }
    return bad("half of a surrogate pair matches nothing in UTF-8");
  }

  Result<char32_t> character_escape(bool in_bracket) {
    ++at_;
    if (at_ >= text_.size()) return bad("a backslash ends the text");
    const char c = peek();
    if (static_cast<unsigned char>(c) >= 0x80) return utf8::next(text_, at_);
    ++at_;
    switch (c) {
      case 't':
        return U'\t';
      case 'n':
        return U'\n';
      case 'v':
        return U'\v';
      case 'f':
        return U'\f';
      case 'r':
        return U'\r';
      case 'x':
        return hex(2);
      case 'u':
        return unicode_escape();
      case 'b':
        if (in_bracket) return U'\b';
        break;
      case '0':
        if (is_digit(peek())) return bad("octal escapes are not ECMA-262");
        return U'\0';
      case 'c':
        if (!is_letter(peek())) return bad("\\c wants a letter");
        return static_cast<char32_t>(text_[at_++] & 31);
      default:
        break;
    }
    if (is_letter(c) || is_digit(c)) {
      --at_;
      return bad("\\" + std::string(1, c) + " is not an escape of ECMA-262");
    }
    return static_cast<char32_t>(c);
  }

  struct Member {
    std::optional<std::string> set;
    char32_t code_point = 0;
  };

  Result<Member> member() {
    if (peek() == '\\') {
      HOB_TRY(set, set_escape());
      if (set) return Member{std::move(set), 0};
      HOB_TRY(code_point, character_escape(true));
      return Member{std::nullopt, code_point};
    }
    const char32_t code_point = utf8::next(text_, at_);
    if (code_point == utf8::kInvalid) return bad("not UTF-8");
    return Member{std::nullopt, code_point};
  }

  Result<void> bracket() {
    ++at_;
    const bool negated = take("^");
    std::string members;
    for (;;) {
      if (at_ >= text_.size()) return bad("a [ is not closed");
      if (take("]")) break;
      HOB_TRY(first, member());
      if (peek() == '-' && peek(1) != ']' && at_ + 1 < text_.size()) {
        ++at_;
        HOB_TRY(last, member());
        if (first.set || last.set) {
          // Without the u flag a dash beside \d is a dash.
          members += first.set ? *first.set : literal(first.code_point);
          members += literal('-') + (last.set ? *last.set : literal(last.code_point));
          continue;
        }
        if (last.code_point < first.code_point) return bad("a range ends before it begins");
        members += literal(first.code_point) + "-" + literal(last.code_point);
      } else {
        members += first.set ? *first.set : literal(first.code_point);
      }
    }
    if (members.empty()) {
      atom(negated ? R"([\x{0}-\x{10ffff}])" : R"([^\x{0}-\x{10ffff}])");
    } else {
      atom((negated ? "[^" : "[") + members + "]");
    }
    return {};
  }

  std::string_view text_;
  size_t at_ = 0;
  std::string out_;
  std::string unsupported_;
  int groups_ = 0;
  bool repeatable_ = false;
};

}  // namespace

Result<Translation> translate(std::string_view pattern) { return Translator(pattern).run(); }

Result<Pattern> Pattern::compile(std::string_view text) {
  if (text.size() > kMaxPatternBytes) {
    return Error(
        Code::schema_unsupported, "The regular expression has " + std::to_string(text.size()) +
                                      " bytes; " + std::to_string(kMaxPatternBytes) +
                                      " are allowed."
    );
  }
  HOB_TRY(translation, translate(text));
  if (!translation.unsupported.empty()) {
    return Error(
        Code::schema_unsupported, "The regular expression needs " + translation.unsupported +
                                      ", which the engine (RE2) does not have; write it without."
    );
  }
  RE2::Options options;
  options.set_log_errors(false);
  options.set_never_capture(true);
  auto program = std::make_shared<const RE2>(translation.re2, options);
  if (!program->ok()) {
    return Error(
        Code::schema_unsupported,
        "The engine (RE2) refuses the regular expression: " + program->error() + "."
    );
  }
  Pattern pattern;
  pattern.text_ = text;
  pattern.program_ = std::move(program);
  return pattern;
}

size_t Pattern::size() const { return static_cast<size_t>(program_->ProgramSize()); }

bool Pattern::found_in(std::string_view value) const { return RE2::PartialMatch(value, *program_); }

}  // namespace hob::schema
