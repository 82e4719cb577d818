// The reader behind json::read: a recursive-descent scanner whose depth is bounded by its limits. Internal to
// schemas/base.
#pragma once

#include <string>
#include <string_view>

#include "schemas/base/json.h"

namespace hob::json {

class Reader {
 public:
  Reader(std::string_view text, const Limits& limits, Events& events)
      : text_(text), limits_(limits), events_(events) {}
  Result<void> run();

 private:
  Result<void> value(int depth);
  Result<void> object(int depth);
  Result<void> array(int depth);
  Result<void> number();
  Result<void> word(std::string_view word);
  Result<std::string> quoted();
  Result<void> escape(std::string& out);
  Result<char32_t> hex4();
  Result<void> count();
  void skip_space();
  bool take(char c);
  Error fail(std::string message, size_t offset) const;
  Error fail(std::string message) const { return fail(std::move(message), at_); }
  std::string here() const;

  std::string_view text_;
  const Limits& limits_;
  Events& events_;
  size_t at_ = 0;
  size_t nodes_ = 0;
};

}  // namespace hob::json
