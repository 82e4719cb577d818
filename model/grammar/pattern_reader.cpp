#include "model/grammar/pattern_reader.h"

#include <algorithm>
#include <optional>
#include <string>

#include "model/grammar/text_cursor.h"
#include "schemas/base/utf8.h"

namespace hob::grammar {
namespace {

constexpr int kMaxGroups = 200;
constexpr uint32_t kMaxRepeat = 1'000'000;

std::optional<uint32_t> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<uint32_t>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<uint32_t>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<uint32_t>(c - 'A' + 10);
  return std::nullopt;
}
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Reader : TextCursor {
 public:
  Reader(std::string_view text, Expressions& all) : TextCursor(text), all_(all) {}

  Result<Expr> run() {
    HOB_TRY(out, choices(0));
    if (at_ < text_.size()) return bad("a ) without its (");
    return out;
  }

 private:
  Error bad(std::string_view what) const {
    return {Code::schema_unsupported,
            "the regular expression is malformed at byte " + std::to_string(at_) + ": " + std::string(what)};
  }
  static Error lacks(std::string_view what) {
    return {Code::schema_unsupported, std::string(what) + " in a regular expression cannot be enforced; write it without"};
  }

  Result<Expr> choices(int depth) {
    if (depth > kMaxGroups) return bad("too many groups inside each other");
    std::vector<Expr> out;
    do {
      HOB_TRY(one, sequence(depth));
      out.push_back(one);
    } while (take("|"));
    return all_.alt(std::move(out));
  }

  Result<Expr> sequence(int depth) {
    std::vector<Expr> parts;
    while (!over() && peek() != '|' && peek() != ')') {
      HOB_TRY(part, term(depth));
      parts.push_back(part);
    }
    Expr out = Expressions::kEmpty;
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) out = all_.cat(*part, out);
    return out;
  }

  Result<Expr> term(int depth) {
    bool assertion = false;
    HOB_TRY(part, atom(depth, assertion));
    uint32_t least = 1, most = 1;
    if (take("*")) {
      least = 0, most = kUnlimited;
    } else if (take("+")) {
      most = kUnlimited;
    } else if (take("?")) {
      least = 0;
    } else {
      HOB_TRY(counted, counts(least, most));
      if (!counted) return part;
    }
    if (assertion) return bad("there is nothing to repeat");
    take("?");  // lazy or not, the same texts match
    if (peek() == '*' || peek() == '+' || peek() == '?') return bad("there is nothing to repeat");
    uint32_t unused = 0;
    HOB_TRY(again, counts(unused, unused));
    if (again) return bad("there is nothing to repeat");
    return all_.loop(part, least, most);
  }

  // "{2}", "{2,}" or "{2,5}"; otherwise the brace is only a brace.
  Result<bool> counts(uint32_t& least, uint32_t& most) {
    if (peek() != '{') return false;
    size_t at = at_ + 1;
    bool huge = false;
    const auto number = [&](uint32_t& value) {
      const size_t from = at;
      uint64_t read = 0;
      for (; at < text_.size() && is_digit(text_[at]); ++at) {
        read = std::min<uint64_t>(read * 10 + static_cast<uint64_t>(text_[at] - '0'), kUnlimited);
      }
      huge = huge || read > kMaxRepeat;
      value = static_cast<uint32_t>(read);
      return at > from;
    };
    uint32_t first = 0, last = 0;
    if (!number(first)) return false;
    last = first;
    if (at < text_.size() && text_[at] == ',') {
      ++at;
      if (!number(last)) last = kUnlimited;
    }
    if (at >= text_.size() || text_[at] != '}') return false;
    if (huge) return lacks("a repetition of more than 1,000,000 times");
    if (last < first) return bad("a repetition's bounds are in the wrong order");
    at_ = at + 1;
    least = first;
    most = last;
    return true;
  }

  Result<Expr> atom(int depth, bool& assertion) {
    switch (peek()) {
      case '(':
        return group(depth);
      case '^':
        ++at_;
        assertion = true;
        return Expressions::kStart;
      case '$':
        ++at_;
        assertion = true;
        return Expressions::kFinish;
      case '.':
        ++at_;
        return all_.set(*char_class('.'));
      case '[':
        return bracket();
      case '\\':
        return escape(assertion);
      case '*':
      case '+':
      case '?':
        return bad("there is nothing to repeat");
      default: {
        if (peek() == '{') {
          uint32_t unused = 0;
          const size_t here = at_;
          HOB_TRY(counted, counts(unused, unused));
          if (counted) {
            at_ = here;
            return bad("there is nothing to repeat");
          }
        }
        const char32_t c = utf8::next(text_, at_);
        if (c == utf8::kInvalid) return bad("not UTF-8");
        return one(c);
      }
    }
  }

  Expr one(char32_t c) { return all_.set(CharSet{{c, c}}); }

  Result<Expr> group(int depth) {
    if (take("(?=") || take("(?!")) return lacks("look-ahead");
    if (take("(?<=") || take("(?<!")) return lacks("look-behind");
    if (take("(?<")) {
      const size_t from = at_;
      const auto in_name = [&] {
        const char c = peek();
        return is_letter(c) || is_digit(c) || c == '_' || c == '$' || static_cast<unsigned char>(c) >= 0x80;
      };
      while (!over() && in_name()) ++at_;
      if (at_ == from || is_digit(text_[from]) || !take(">")) return bad("the group's name is not complete");
    } else if (!take("(?:")) {
      ++at_;
      if (peek() == '?') return bad("ECMA-262 has no such group");
    }
    HOB_TRY(inside, choices(depth + 1));
    if (!take(")")) return bad("a group is not closed");
    return inside;
  }

  Result<Expr> escape(bool& assertion) {
    const char c = peek(1);
    if (at_ + 1 >= text_.size()) return bad("a backslash ends the text");
    if (c == 'b' || c == 'B') {
      at_ += 2;
      assertion = true;
      return c == 'b' ? Expressions::kBoundary : Expressions::kNoBoundary;
    }
    if ((c >= '1' && c <= '9') || (c == 'k' && peek(2) == '<')) return lacks("a back-reference");
    HOB_TRY(set, set_escape());
    if (set) return all_.set(*set);
    HOB_TRY(character, character_escape(false));
    return one(character);
  }

  // \d, \p{L} and the like; nothing (and nothing read) for other escapes.
  Result<std::optional<CharSet>> set_escape() {
    const char c = peek(1);
    if (c != 'p' && c != 'P') {
      auto set = c == '.' ? std::nullopt : char_class(c);
      if (set) at_ += 2;
      return set;
    }
    const size_t close = text_.find('}', at_);
    if (peek(2) != '{' || close == std::string_view::npos) return bad("\\p wants a property in braces");
    const std::string_view name = text_.substr(at_ + 3, close - at_ - 3);
    auto set = unicode_property(name);
    if (!set) return lacks("the Unicode property \"" + std::string(utf8::prefix(name, 60)) + "\"");
    at_ = close + 1;
    if (c == 'P') set = set->inverted();
    return set;
  }

  Result<char32_t> hex(int digits) {
    char32_t value = 0;
    for (int i = 0; i < digits; ++i, ++at_) {
      const auto digit = hex_digit(peek());
      if (!digit) return bad("a hexadecimal digit is missing");
      value = value * 16 + *digit;
    }
    return value;
  }

  Result<char32_t> unicode_escape() {
    char32_t value = 0;
    if (take("{")) {
      const size_t from = at_;
      while (!take("}")) {
        HOB_TRY(digit, hex(1));
        value = value * 16 + digit;
        if (value > 0x10FFFF) return bad("above U+10FFFF");
      }
      if (at_ == from + 1) return bad("\\u{} names no character");
    } else {
      HOB_TRY(unit, hex(4));
      value = unit;
      if (unit >= 0xD800 && unit < 0xDC00 && take("\\u")) {
        HOB_TRY(low, hex(4));
        if (low >= 0xDC00 && low < 0xE000) return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
      }
    }
    if (value >= 0xD800 && value < 0xE000) return bad("half of a surrogate pair matches nothing in UTF-8");
    return value;
  }

  Result<char32_t> character_escape(bool in_bracket) {
    ++at_;
    if (over()) return bad("a backslash ends the text");
    const char c = peek();
    if (static_cast<unsigned char>(c) >= 0x80) {
      const char32_t character = utf8::next(text_, at_);
      if (character == utf8::kInvalid) return bad("not UTF-8");
      return character;
    }
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
    if (is_letter(c) || is_digit(c)) return bad("\\" + std::string(1, c) + " is not an escape of ECMA-262");
    return static_cast<char32_t>(c);
  }

  struct Member {
    std::optional<CharSet> set;
    char32_t character = 0;
  };

  Result<Member> member() {
    if (peek() == '\\') {
      HOB_TRY(set, set_escape());
      if (set) return Member{std::move(set), 0};
      HOB_TRY(character, character_escape(true));
      return Member{std::nullopt, character};
    }
    const char32_t character = utf8::next(text_, at_);
    if (character == utf8::kInvalid) return bad("not UTF-8");
    return Member{std::nullopt, character};
  }

  Result<Expr> bracket() {
    ++at_;
    const bool negated = take("^");
    CharSet out;
    const auto add = [&](const Member& m) { m.set ? out.add(*m.set) : out.add(m.character, m.character); };
    while (!take("]")) {
      if (over()) return bad("a [ is not closed");
      HOB_TRY(first, member());
      if (peek() != '-' || peek(1) == ']' || at_ + 1 >= text_.size()) {
        add(first);
        continue;
      }
      ++at_;
      HOB_TRY(last, member());
      if (first.set || last.set) {  // without the u flag a dash beside \d is a dash
        add(first);
        add(last);
        out.add('-', '-');
      } else if (last.character < first.character) {
        return bad("a range ends before it begins");
      } else {
        out.add(first.character, last.character);
      }
    }
    out.tidy();
    return all_.set(negated ? out.inverted() : out);
  }

  Expressions& all_;
};

Result<Expr> read(std::string_view pattern, Expressions& all) {
  if (pattern.size() > kMaxPatternBytes) {
    return Error(Code::schema_unsupported, "the regular expression has " + std::to_string(pattern.size()) +
                                               " bytes; " + std::to_string(kMaxPatternBytes) + " are allowed");
  }
  HOB_TRY(out, Reader(pattern, all).run());
  if (all.blown()) return Error(Code::schema_unsupported, "the regular expressions of the schema are too large together");
  return out;
}

}  // namespace

Result<Expr> read_pattern(std::string_view pattern, Expressions& all) {
  HOB_TRY(out, read(pattern, all));
  return all.found(out);
}

Result<Expr> read_whole_pattern(std::string_view pattern, Expressions& all) {
  HOB_TRY(out, read(pattern, all));
  return all.found(all.cat(Expressions::kStart, all.cat(out, Expressions::kFinish)));
}

}  // namespace hob::grammar
