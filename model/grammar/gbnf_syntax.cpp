#include "model/grammar/gbnf_syntax.h"

#include <algorithm>
#include <optional>

#include "model/grammar/gbnf_reader.h"
#include "model/grammar/machine_text.h"
#include "model/grammar/text_cursor.h"
#include "schemas/base/utf8.h"

namespace hob::grammar {
namespace {

constexpr size_t kMaxNodes = 200'000;
constexpr size_t kMaxNameBytes = 128;
constexpr int kMaxRounds = 4;  // of repetitions of a repetition

bool in_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

class Parser : TextCursor {
 public:
  explicit Parser(std::string_view text) : TextCursor(text) {}

  Result<Gbnf> run() {
    skip(true);
    while (!over()) HOB_TRY_VOID(rule());
    if (out_.rules.empty()) return bad(text_.size(), "a rule \"root ::= ...\" was wanted; the grammar has none");
    for (const auto& [name, at] : used_) {
      const auto known = numbers_.find(name);
      if (known == numbers_.end() || !defined_[known->second]) {
        return bad(at, "the rule \"" + name + "\" is used here, but there is no \"" + name + " ::= ...\"" + nearest());
      }
    }
    const auto root = numbers_.find("root");
    if (root == numbers_.end() || !defined_[root->second]) {
      return bad(0, "a rule \"root ::= ...\" was wanted, for the whole answer" + nearest());
    }
    out_.root = root->second;
    return std::move(out_);
  }

 private:
  Error bad(size_t at, const std::string& sentence) const { return grammar_error(text_, at, sentence); }
  Error unexpected(const std::string& wanted) const {
    if (over()) return bad(at_, wanted + " was wanted, but the grammar ends here");
    size_t after = at_;
    const char32_t c = utf8::next(text_, after);
    std::string shown = c == U'\n' || c == U'\r' ? "the end of the line" : "\"" + std::string(text_.substr(at_, after - at_)) + "\"";
    if (c == utf8::kInvalid) shown = "a byte that is no UTF-8";
    return bad(at_, wanted + " was wanted; " + shown + " came");
  }
  std::string nearest() const {
    std::string names;
    size_t told = 0;
    for (size_t i = 0; i < out_.rules.size() && told < 8; ++i) {
      if (!defined_[i]) continue;
      names += (told++ == 0 ? "; there are " : ", ") + out_.rules[i].name;
    }
    return names;
  }

  /// Blanks and comments; with `lines` also the ends of lines.
  void skip(bool lines) {
    while (!over()) {
      const char c = peek();
      if (c == '#') {
        at_ = std::min(text_.find_first_of("\r\n", at_), text_.size());
      } else if (c == ' ' || c == '\t' || (lines && (c == '\n' || c == '\r'))) {
        ++at_;
      } else {
        return;
      }
    }
  }

  Result<std::string> name() {
    const size_t from = at_;
    while (in_name(peek())) ++at_;
    if (at_ == from) return unexpected("a rule's name (letters, digits, - and _)");
    if (at_ - from > kMaxNameBytes) return bad(from, "a rule's name has at most 128 letters");
    return std::string(text_.substr(from, at_ - from));
  }

  Result<uint32_t> number_of(const std::string& name) {
    const auto [at, fresh] = numbers_.emplace(name, static_cast<uint32_t>(out_.rules.size()));
    if (fresh) {
      if (out_.rules.size() >= kMaxRules) {
        return bad(at_, "a grammar has at most " + std::to_string(kMaxRules) + " rules; this has more");
      }
      out_.rules.push_back({name, 0, {}});
      defined_.push_back(false);
    }
    return at->second;
  }

  Result<void> rule() {
    const size_t from = at_;
    HOB_TRY(called, name());
    HOB_TRY(number, number_of(called));
    skip(false);
    if (!take("::=")) return unexpected("\"::=\" after the rule's name \"" + called + "\"");
    if (defined_[number]) {
      const auto [line, column] = place(out_.rules[number].at);
      return bad(from, "the rule \"" + called + "\" is there twice; the first is in line " + std::to_string(line));
    }
    defined_[number] = true;
    out_.rules[number].at = from;
    const size_t after = at_;
    skip(true);
    if (begins_rule()) {  // the next one: this is empty
      at_ = after;
    } else {
      HOB_TRY(body, choice(0));
      out_.rules[number].body = std::move(body);
    }
    skip(false);
    if (!over() && peek() != '\n' && peek() != '\r') return unexpected("the end of the line, or more of the rule \"" + called + "\"");
    skip(true);
    return {};
  }

  bool begins_rule() const {
    size_t at = at_;
    while (at < text_.size() && in_name(text_[at])) ++at;
    if (at == at_) return false;
    while (at < text_.size() && (text_[at] == ' ' || text_[at] == '\t')) ++at;
    return text_.substr(at).starts_with("::=");
  }

  Result<GbnfNode> choice(int depth) {
    if (depth > kMaxGroups) return bad(at_, "at most " + std::to_string(kMaxGroups) + " groups stand inside each other; here are more");
    GbnfNode out;
    out.kind = GbnfNode::Kind::choice;
    out.at = at_;
    for (;;) {
      HOB_TRY(part, sequence(depth));
      out.parts.push_back(std::move(part));
      // A | may begin the next line.
      const size_t here = at_;
      skip(true);
      if (!take("|")) {
        if (depth == 0) at_ = here;
        break;
      }
      const size_t after = at_;
      skip(true);
      if (depth == 0 && begins_rule()) {  // "a ::= x |" and then the next rule: the last way is the empty one
        at_ = after;
        out.parts.emplace_back();
        out.parts.back().at = at_;
        break;
      }
    }
    if (out.parts.size() > 1) return out;
    GbnfNode only = std::move(out.parts.front());
    return only;
  }

  Result<GbnfNode> sequence(int depth) {
    GbnfNode out;
    out.at = at_;
    for (;;) {
      skip(depth > 0);
      const char c = peek();
      if (over() || c == '|' || c == ')' || c == '\n' || c == '\r') break;
      if (depth > 0 && begins_rule()) return bad(at_, "the ) of a group was wanted; a rule begins here");
      HOB_TRY(part, repeated(depth));
      out.parts.push_back(std::move(part));
      if (++nodes_ > kMaxNodes) return bad(at_, "a grammar has at most " + std::to_string(kMaxNodes) + " parts; this has more");
    }
    if (out.parts.size() != 1) return out;
    GbnfNode only = std::move(out.parts.front());
    return only;
  }

  Result<GbnfNode> repeated(int depth) {
    HOB_TRY(part, atom(depth));
    for (int rounds = 0;; ++rounds) {
      const size_t here = at_;
      skip(false);
      uint32_t least = 0, most = kUnlimited;
      if (take("*")) {
      } else if (take("+")) {
        least = 1;
      } else if (take("?")) {
        most = 1;
      } else if (peek() == '{') {
        HOB_TRY_VOID(counts(least, most));
      } else {
        at_ = here;
        return part;
      }
      if (rounds >= kMaxRounds) return bad(here, "so many repetitions of a repetition are not read");
      GbnfNode loop;
      loop.kind = GbnfNode::Kind::loop;
      loop.at = part.at;
      loop.least = least;
      loop.most = most;
      loop.parts.push_back(std::move(part));
      part = std::move(loop);
    }
  }

  Result<void> counts(uint32_t& least, uint32_t& most) {
    const size_t from = at_++;
    const auto number = [&](uint32_t& value) {
      skip(false);
      const size_t begin = at_;
      uint64_t read = 0;
      for (; peek() >= '0' && peek() <= '9'; ++at_) {
        read = std::min<uint64_t>(read * 10 + static_cast<uint64_t>(peek() - '0'), kUnlimited - 1);
      }
      value = static_cast<uint32_t>(read);
      const bool any = at_ > begin;
      skip(false);
      return any;
    };
    least = 0;
    most = kUnlimited;
    const bool first = number(least);
    bool last = first;
    if (take(",")) {
      last = number(most);
      if (!last) most = kUnlimited;
      if (!first && !last) return bad(from, "a repetition {m}, {m,}, {m,n} or {,n} was wanted; it has no number");
    } else if (first) {
      most = least;
    } else {
      return unexpected("a number for the repetition, {m}, {m,}, {m,n} or {,n},");
    }
    if (!take("}")) return unexpected("the } of a repetition");
    if (least > kMaxRepetition || (most != kUnlimited && most > kMaxRepetition)) {
      return bad(from, "something repeats at most 1,000,000 times; leave the limit away ({m,}) for more");
    }
    if (most < least) {
      return bad(from, "a repetition's bounds are in the wrong order: {" + std::to_string(least) + "," + std::to_string(most) + "}");
    }
    return {};
  }

  Result<GbnfNode> atom(int depth) {
    GbnfNode out;
    out.at = at_;
    switch (peek()) {
      case '"': {
        out.kind = GbnfNode::Kind::text;
        HOB_TRY(text, literal());
        out.text = std::move(text);
        return out;
      }
      case '[': {
        out.kind = GbnfNode::Kind::set;
        HOB_TRY(set, bracket());
        out.set = std::move(set);
        return out;
      }
      case '.':
        ++at_;
        out.kind = GbnfNode::Kind::set;
        out.set = CharSet::all();
        return out;
      case '(': {
        ++at_;
        HOB_TRY(inside, choice(depth + 1));
        skip(true);
        if (!take(")")) return unexpected("the ) of the group that begins in " + where(out.at));
        inside.at = out.at;
        return inside;
      }
      case '<':
        return bad(at_, "tokens (<...>) in a grammar cannot be enforced; write the text that they stand for");
      case '!':
        return bad(at_, "a negation (!) in a grammar cannot be enforced; write what may come, or [^...] for one character");
      case '*':
      case '+':
      case '?':
      case '{':
        return bad(at_, std::string("there is nothing to repeat before \"") + peek() + "\"");
      default:
        break;
    }
    if (!in_name(peek())) return unexpected("a \"literal\", a [class], a rule's name, . or a group");
    HOB_TRY(called, name());
    HOB_TRY(number, number_of(called));
    used_.emplace(called, out.at);
    out.kind = GbnfNode::Kind::rule;
    out.rule = number;
    if (size_t after = text_.find_first_not_of(" \t", at_); after != std::string_view::npos && text_.substr(after).starts_with("::=")) {
      return bad(out.at, "a rule begins in a line of its own; \"" + called + " ::=\" stands behind another one's");
    }
    return out;
  }

  Result<std::string> literal() {
    const size_t from = at_++;
    std::string out;
    while (!take("\"")) {
      if (over() || peek() == '\n' || peek() == '\r') {
        return bad(from, "the literal that begins here is not closed in its line; write \\n for the end of a line");
      }
      HOB_TRY(c, character());
      utf8::append(out, c);
    }
    return out;
  }

  Result<CharSet> bracket() {
    const size_t from = at_++;
    const bool negated = take("^");
    CharSet out;
    while (!take("]")) {
      if (over() || peek() == '\n' || peek() == '\r') {
        return bad(from, "the class that begins here is not closed in its line; write \\n for the end of a line and \\] for a ]");
      }
      const size_t here = at_;
      HOB_TRY(first, character());
      char32_t last = first;
      if (peek() == '-' && peek(1) != ']' && at_ + 1 < text_.size() && peek(1) != '\n') {
        ++at_;
        HOB_TRY(to, character());
        last = to;
      }
      if (last < first) return bad(here, "a range ends before it begins");
      out.add(first, last);
    }
    out.tidy();
    if (negated) out = out.inverted();
    if (out.empty()) return bad(from, "a class without a character matches nothing");
    return out;
  }

  Result<char32_t> character() {
    const size_t from = at_;
    if (peek() != '\\') {
      const char32_t c = utf8::next(text_, at_);
      if (c == utf8::kInvalid) return bad(from, "the grammar is not UTF-8 here");
      return c;
    }
    ++at_;
    const char c = peek();
    ++at_;
    switch (c) {
      case 'n':
        return U'\n';
      case 't':
        return U'\t';
      case 'r':
        return U'\r';
      case '\\':
      case '"':
      case '[':
      case ']':
        return static_cast<char32_t>(c);
      case 'x':
        return hex(from, 2);
      case 'u':
        return hex(from, 4);
      case 'U':
        return hex(from, 8);
      default:
        return bad(from, "the escapes are \\n \\t \\r \\\\ \\\" \\[ \\] \\xHH \\uHHHH \\UHHHHHHHH; this is another");
    }
  }

  Result<char32_t> hex(size_t from, int digits) {
    uint64_t value = 0;
    for (int i = 0; i < digits; ++i, ++at_) {
      const int digit = over() ? -1 : hex_value(static_cast<unsigned char>(peek()));
      if (digit < 0) return bad(from, "this escape has " + std::to_string(digits) + " hexadecimal digits");
      value = value << 4 | static_cast<uint64_t>(digit);
    }
    if (value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) {
      return bad(from, "this escape names no character; halves of surrogate pairs are none, write \\U and the whole one");
    }
    return static_cast<char32_t>(value);
  }

  std::pair<size_t, size_t> place(size_t at) const {
    const std::string_view before = text_.substr(0, at);
    const auto line = static_cast<size_t>(std::count(before.begin(), before.end(), '\n')) + 1;
    const size_t begin = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    return {line, at - begin + 1};
  }
  std::string where(size_t at) const {
    const auto [line, column] = place(at);
    return "line " + std::to_string(line) + ", column " + std::to_string(column);
  }

  size_t nodes_ = 0;
  Gbnf out_;
  std::map<std::string, uint32_t> numbers_;
  std::map<std::string, size_t> used_;  // where first
  std::vector<bool> defined_;
};

}  // namespace

Error grammar_error(std::string_view text, size_t at, const std::string& sentence, Code code) {
  const std::string_view before = text.substr(0, std::min(at, text.size()));
  const auto line = static_cast<long long>(std::count(before.begin(), before.end(), '\n')) + 1;
  const size_t begin = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  const std::string_view in_line = before.substr(begin);
  const auto column = static_cast<long long>(std::count_if(in_line.begin(), in_line.end(), [](char c) {
                        return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
                      })) + 1;
  return Error(code, "line " + std::to_string(line) + ", column " + std::to_string(column) + ": " + sentence)
      .with("line", line)
      .with("column", column);
}

Result<Gbnf> parse_gbnf(std::string_view text) {
  if (text.size() > kMaxGrammarBytes) {
    return Error(Code::invalid_params, "a grammar has at most " + std::to_string(kMaxGrammarBytes) + " bytes; this has " +
                                           std::to_string(text.size()));
  }
  if (const size_t at = utf8::first_invalid(text); at != std::string_view::npos) {
    return grammar_error(text, at, "the grammar is not UTF-8 here");
  }
  return Parser(text).run();
}

}  // namespace hob::grammar
