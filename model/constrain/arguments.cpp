#include "model/constrain/arguments.h"

namespace hob::constrain {

void ArgumentWriter::put_escaped(char c) {
  static constexpr char kHex[] = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  switch (c) {
    case '"':
      text_ += "\\\"";
      return;
    case '\\':
      text_ += "\\\\";
      return;
    case '\n':
      text_ += "\\n";
      return;
    case '\t':
      text_ += "\\t";
      return;
    case '\r':
      text_ += "\\r";
      return;
    default:
      if (byte < 0x20) {
        text_ += "\\u00";
        text_ += kHex[byte >> 4];
        text_ += kHex[byte & 15];
      } else {
        text_ += c;
      }
  }
}

void ArgumentWriter::quote() {
  text_ += '"';
  in_string_ = !in_string_;
}

void ArgumentWriter::bytes(std::string_view bytes) {
  for (const char c : bytes) {
    if (in_string_) {
      put_escaped(c);
      continue;
    }
    if (in_key_) {
      if (c == ':') {
        text_ += "\":";
        in_key_ = false;
      } else {
        put_escaped(c);
      }
      continue;
    }
    const bool key_place = !open_.empty() && open_.back() == '{' && (text_.back() == '{' || text_.back() == ',');
    if (key_place && c != '}') {
      text_ += '"';
      in_key_ = true;
      put_escaped(c);
      continue;
    }
    if (c == '{' || c == '[') open_.push_back(c);
    if ((c == '}' || c == ']') && !open_.empty()) open_.pop_back();
    text_ += c;
  }
}

}  // namespace hob::constrain
