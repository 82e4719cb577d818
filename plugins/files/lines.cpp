#include "plugins/files/lines.h"

#include <algorithm>

namespace hob::plugins::files {
namespace {
constexpr std::string_view kSpace = " \t\r\f\v";
constexpr size_t kLookedAt = 64u << 10;
}  // namespace

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> out;
  for (size_t at = 0; at < text.size();) {
    size_t end = std::min(text.find('\n', at), text.size());
    out.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

bool is_binary(std::string_view bytes) { return bytes.substr(0, kLookedAt).find('\0') != std::string_view::npos; }

std::string_view trimmed_right(std::string_view line) {
  size_t end = line.find_last_not_of(kSpace);
  return end == std::string_view::npos ? std::string_view() : line.substr(0, end + 1);
}

std::string_view indentation(std::string_view line) {
  return line.substr(0, std::min(line.find_first_not_of(kSpace), line.size()));
}

std::string_view trimmed(std::string_view line) {
  line = trimmed_right(line);
  return line.substr(indentation(line).size());
}

}  // namespace hob::plugins::files
