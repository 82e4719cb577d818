#include "schemas/base/json_reader.h"

#include "schemas/base/key_set.h"
#include "schemas/base/utf8.h"

namespace hob::json {

Result<void> read(std::string_view text, const Limits& limits, Events& events) {
  if (text.size() > limits.max_bytes) {
    return Error(Code::parse_error, "The JSON text has " + std::to_string(text.size()) + " bytes; the limit is " +
                                        std::to_string(limits.max_bytes) + ".")
        .with("limit", static_cast<long long>(limits.max_bytes));
  }
  return Reader(text, limits, events).run();
}

Error Reader::fail(std::string message, size_t offset) const {
  return Error(Code::parse_error, std::move(message) + " (byte " + std::to_string(offset) + ").")
      .with("offset", static_cast<long long>(offset));
}

std::string Reader::here() const {
  if (at_ >= text_.size()) return "the end of the text";
  const auto c = static_cast<unsigned char>(text_[at_]);
  if (c >= 0x20 && c < 0x7F) return std::string("'") + text_[at_] + "'";
  constexpr char kHex[] = "0123456789abcdef";
  return std::string("byte 0x") + kHex[c >> 4] + kHex[c & 15];
}

void Reader::skip_space() {
  while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) {
    ++at_;
  }
}

bool Reader::take(char c) {
  if (at_ >= text_.size() || text_[at_] != c) return false;
  ++at_;
  return true;
}

Result<void> Reader::count() {
  if (++nodes_ > limits_.max_nodes) {
    return fail("The JSON text has more than " + std::to_string(limits_.max_nodes) + " values")
        .with("limit", static_cast<long long>(limits_.max_nodes));
  }
  return {};
}

Result<void> Reader::run() {
  skip_space();
  HOB_TRY_VOID(value(1));
  skip_space();
  if (at_ != text_.size()) return fail("Expected the end after the JSON value, got " + here());
  return {};
}

Result<void> Reader::value(int depth) {
  HOB_TRY_VOID(count());
  if (at_ >= text_.size()) return fail("Expected a JSON value, got the end of the text");
  switch (text_[at_]) {
    case '{':
      return object(depth);
    case '[':
      return array(depth);
    case '"': {
      HOB_TRY(text, quoted());
      return events_.string(std::move(text));
    }
    case 't':
      HOB_TRY_VOID(word("true"));
      return events_.boolean(true);
    case 'f':
      HOB_TRY_VOID(word("false"));
      return events_.boolean(false);
    case 'n':
      HOB_TRY_VOID(word("null"));
      return events_.null();
    default:
      return number();
  }
}

Result<void> Reader::object(int depth) {
  if (depth > limits_.max_depth) {
    return fail("The JSON text nests deeper than " + std::to_string(limits_.max_depth))
        .with("limit", static_cast<long long>(limits_.max_depth));
  }
  ++at_;
  HOB_TRY_VOID(events_.begin_object());
  skip_space();
  if (take('}')) return events_.end_object();
  KeySet seen;
  for (;;) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != '"') return fail("Expected a key in double quotes, got " + here());
    const size_t start = at_;
    HOB_TRY(name, quoted());
    if (!seen.add(name)) {
      return fail("The key \"" + std::string(utf8::prefix(name, 60)) + "\" stands twice in one object", start);
    }
    HOB_TRY_VOID(events_.key(std::move(name)));
    skip_space();
    if (!take(':')) return fail("Expected ':' after the key, got " + here());
    skip_space();
    HOB_TRY_VOID(value(depth + 1));
    skip_space();
    if (take(',')) continue;
    if (take('}')) return events_.end_object();
    return fail("Expected ',' or '}' in an object, got " + here());
  }
}

Result<void> Reader::array(int depth) {
  if (depth > limits_.max_depth) {
    return fail("The JSON text nests deeper than " + std::to_string(limits_.max_depth))
        .with("limit", static_cast<long long>(limits_.max_depth));
  }
  ++at_;
  HOB_TRY_VOID(events_.begin_array());
  skip_space();
  if (take(']')) return events_.end_array();
  for (;;) {
    skip_space();
    HOB_TRY_VOID(value(depth + 1));
    skip_space();
    if (take(',')) continue;
    if (take(']')) return events_.end_array();
    return fail("Expected ',' or ']' in an array, got " + here());
  }
}

Result<void> Reader::word(std::string_view word) {
  if (text_.substr(at_, word.size()) != word) return fail("Expected " + std::string(word));
  at_ += word.size();
  return {};
}

Result<void> Reader::number() {
  const size_t start = at_;
  const auto digit = [this] { return at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; };
  take('-');
  if (!digit()) {
    if (at_ == start) return fail("Expected a JSON value, got " + here());
    return fail("Expected a digit, got " + here());
  }
  if (!take('0')) {
    while (digit()) ++at_;
  } else if (digit()) {
    return fail("A number may not begin with 0");
  }
  if (take('.')) {
    if (!digit()) return fail("Expected a digit after the point, got " + here());
    while (digit()) ++at_;
  }
  if (take('e') || take('E')) {
    if (!take('+')) take('-');
    if (!digit()) return fail("Expected a digit in the exponent, got " + here());
    while (digit()) ++at_;
  }
  return events_.number(text_.substr(start, at_ - start));
}

Result<std::string> Reader::quoted() {
  ++at_;
  std::string out;
  for (;;) {
    const size_t start = at_;
    while (at_ < text_.size()) {
      const auto c = static_cast<unsigned char>(text_[at_]);
      if (c == '"' || c == '\\' || c < 0x20 || c >= 0x80) break;
      ++at_;
    }
    out.append(text_.substr(start, at_ - start));
    if (at_ >= text_.size()) return fail("A string is not closed");
    const auto c = static_cast<unsigned char>(text_[at_]);
    if (c == '"') {
      ++at_;
      return out;
    }
    if (c == '\\') {
      HOB_TRY_VOID(escape(out));
    } else if (c < 0x20) {
      return fail("A control character stands bare in a string; write it as an escape");
    } else {
      const size_t from = at_;
      if (utf8::next(text_, at_) == utf8::kInvalid) return fail("The text is not valid UTF-8", from);
      out.append(text_.substr(from, at_ - from));
    }
  }
}

Result<char32_t> Reader::hex4() {
  char32_t value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = at_ < text_.size() ? text_[at_] : '\0';
    char32_t digit = 0;
    if (c >= '0' && c <= '9') {
      digit = static_cast<char32_t>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      digit = static_cast<char32_t>(c - 'a' + 10);
    } else if (c >= 'A' && c <= 'F') {
      digit = static_cast<char32_t>(c - 'A' + 10);
    } else {
      return fail("Expected four hexadecimal digits after \\u");
    }
    value = value * 16 + digit;
    ++at_;
  }
  return value;
}

Result<void> Reader::escape(std::string& out) {
  const size_t start = at_;
  ++at_;
  if (at_ >= text_.size()) return fail("A string is not closed");
  const char c = text_[at_++];
  switch (c) {
    case '"':
    case '\\':
    case '/':
      out += c;
      return {};
    case 'b':
      out += '\b';
      return {};
    case 'f':
      out += '\f';
      return {};
    case 'n':
      out += '\n';
      return {};
    case 'r':
      out += '\r';
      return {};
    case 't':
      out += '\t';
      return {};
    case 'u': {
      HOB_TRY(unit, hex4());
      if (unit >= 0xDC00 && unit <= 0xDFFF) return fail("A low surrogate stands alone", start);
      if (unit >= 0xD800 && unit <= 0xDBFF) {
        if (!take('\\') || !take('u')) return fail("A high surrogate stands alone", start);
        HOB_TRY(second, hex4());
        if (second < 0xDC00 || second > 0xDFFF) return fail("A high surrogate stands alone", start);
        unit = 0x10000 + ((unit - 0xD800) << 10) + (second - 0xDC00);
      }
      utf8::append(out, unit);
      return {};
    }
    default:
      return fail("An unknown escape stands in a string", start);
  }
}

}  // namespace hob::json
