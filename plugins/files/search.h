// search: lines that match a regular expression (RE2: linear time, no backtracking). [any]
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "schemas/base/result.h"

namespace hob::plugins::files {

struct Match {
  size_t line;  // from 1
  std::string text;
};

class Search {
 public:
  /// invalid_params with RE2's reason for what is no regular expression.
  static Result<Search> parse(const std::string& pattern);
  Search(Search&&) noexcept;
  Search& operator=(Search&&) noexcept;
  ~Search();

  /// At most `limit` matching lines; long ones are cut.
  std::vector<Match> in(std::string_view text, size_t limit) const;

 private:
  struct Machine;
  explicit Search(std::unique_ptr<Machine> machine);
  std::unique_ptr<Machine> machine_;
};

}  // namespace hob::plugins::files
