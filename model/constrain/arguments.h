// Arguments in Gemma's call syntax, written as JSON.
//
//   ArgumentWriter writer;
//   writer.bytes("{path:"); writer.quote(); writer.bytes("a b"); writer.quote(); writer.bytes(",n:3}");
//   writer.text()                      // {"path":"a b","n":3}
//
// Only for what a matcher accepted: it does not check. Numbers keep their digits, keys their order. One value, one use.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hob::constrain {

class ArgumentWriter {
 public:
  void bytes(std::string_view bytes);
  void quote();
  const std::string& text() const { return text_; }

 private:
  void put_escaped(char c);

  std::string text_;
  std::vector<char> open_;  // '{' and '[', innermost last
  bool in_string_ = false;
  bool in_key_ = false;
};

}  // namespace hob::constrain
