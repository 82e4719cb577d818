#include "plugins/files/search.h"

#include <re2/re2.h>

#include "plugins/files/lines.h"
#include "schemas/base/utf8.h"

namespace hob::plugins::files {
namespace {
constexpr size_t kMaxPattern = 4096;
constexpr size_t kMaxLine = 400;  // shown
}  // namespace

struct Search::Machine {
  re2::RE2 expression;
};

Search::Search(std::unique_ptr<Machine> machine) : machine_(std::move(machine)) {}
Search::Search(Search&&) noexcept = default;
Search& Search::operator=(Search&&) noexcept = default;
Search::~Search() = default;

Result<Search> Search::parse(const std::string& pattern) {
  if (pattern.empty() || pattern.size() > kMaxPattern)
    return Error(Code::invalid_params, "A search pattern has 1 to 4096 bytes.");
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(16 << 20);
  auto machine = std::unique_ptr<Machine>(new Machine{re2::RE2(pattern, options)});
  if (!machine->expression.ok())
    return Error(Code::invalid_params, "The pattern is no regular expression: " + machine->expression.error() + ".");
  return Search(std::move(machine));
}

std::vector<Match> Search::in(std::string_view text, size_t limit) const {
  std::vector<Match> out;
  size_t number = 0;
  for (std::string_view line : lines_of(text)) {
    ++number;
    if (out.size() >= limit) break;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (!re2::RE2::PartialMatch(re2::StringPiece(line.data(), line.size()), machine_->expression)) continue;
    std::string shown = utf8::repair(utf8::prefix(line, kMaxLine));
    if (line.size() > kMaxLine) shown += " ...";
    out.push_back({number, std::move(shown)});
  }
  return out;
}

}  // namespace hob::plugins::files
