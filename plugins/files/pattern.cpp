#include "plugins/files/pattern.h"

#include "schemas/base/utf8.h"

namespace hob::plugins::files {
namespace {

constexpr size_t kMaxBytes = 1024;
constexpr size_t kMaxAlternatives = 64;

/// Expands the first {a,b} outside of brackets, again and again.
Result<void> expand(const std::string& text, std::vector<std::string>& out) {
  size_t open = std::string::npos;
  int depth = 0;
  std::vector<size_t> commas;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '{') {
      if (depth++ == 0) open = i, commas.clear();
    } else if (c == ',' && depth == 1) {
      commas.push_back(i);
    } else if (c == '}' && depth > 0 && --depth == 0) {
      if (commas.empty()) continue;  // {x} is itself
      commas.push_back(i);
      size_t from = open + 1;
      for (size_t comma : commas) {
        HOB_TRY_VOID(expand(text.substr(0, open) + text.substr(from, comma - from) + text.substr(i + 1), out));
        from = comma + 1;
      }
      return {};
    }
  }
  if (out.size() >= kMaxAlternatives)
    return Error(Code::invalid_params, "The pattern has too many alternatives in braces (at most 64).");
  out.push_back(text);
  return {};
}

std::vector<std::string> names_of(std::string_view path) {
  std::vector<std::string> out;
  for (size_t at = 0; at <= path.size();) {
    size_t end = std::min(path.find('/', at), path.size());
    std::string_view name = path.substr(at, end - at);
    if (!name.empty() && name != "." && !(name == "**" && !out.empty() && out.back() == "**")) out.emplace_back(name);
    at = end + 1;
  }
  return out;
}

/// One bracket at pattern[at] == '['; moves `at` past it. A bracket without end is the character itself.
bool bracket(std::string_view pattern, size_t& at, char32_t c) {
  size_t i = at + 1;
  bool negated = i < pattern.size() && (pattern[i] == '!' || pattern[i] == '^');
  if (negated) ++i;
  bool found = false, first = true;
  while (i < pattern.size() && (pattern[i] != ']' || first)) {
    first = false;
    char32_t low = utf8::next(pattern, i), high = low;
    if (i + 1 < pattern.size() && pattern[i] == '-' && pattern[i + 1] != ']') {
      ++i;
      high = utf8::next(pattern, i);
    }
    found = found || (c >= low && c <= high);
  }
  if (i >= pattern.size()) {
    ++at;
    return c == U'[';
  }
  at = i + 1;
  return found != negated;
}

/// One name; the last star is the only one that has to be tried again.
bool name_matches(std::string_view pattern, std::string_view name) {
  size_t p = 0, n = 0, star = std::string_view::npos, resume = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = ++p;
      resume = n;
      continue;
    }
    if (p < pattern.size()) {
      size_t next_p = p, next_n = n;
      char32_t c = utf8::next(name, next_n);
      bool same;
      if (pattern[p] == '?') {
        same = true;
        ++next_p;
      } else if (pattern[p] == '[') {
        same = bracket(pattern, next_p, c);
      } else {
        if (pattern[p] == '\\' && p + 1 < pattern.size()) ++next_p;
        same = utf8::next(pattern, next_p) == c;
      }
      if (same) {
        p = next_p;
        n = next_n;
        continue;
      }
    }
    if (star == std::string_view::npos) return false;
    p = star;
    (void)utf8::next(name, resume);
    n = resume;
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

/// Whole paths, the same way: the last ** is the only one that has to be tried again.
bool path_matches(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
  size_t p = 0, n = 0, star = std::string::npos, resume = 0;
  while (n < path.size()) {
    if (p < pattern.size() && pattern[p] == "**") {
      star = ++p;
      resume = n;
    } else if (p < pattern.size() && name_matches(pattern[p], path[n])) {
      ++p;
      ++n;
    } else if (star != std::string::npos) {
      p = star;
      n = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == "**") ++p;
  return p == pattern.size();
}

}  // namespace

Result<Pattern> Pattern::parse(std::string_view text) {
  if (text.empty() || text.size() > kMaxBytes)
    return Error(Code::invalid_params, "A file name pattern has 1 to 1024 bytes.");
  std::vector<std::string> texts;
  HOB_TRY_VOID(expand(std::string(text), texts));
  Pattern out;
  out.names_only_ = text.find('/') == std::string_view::npos && text != "**";
  for (const std::string& one : texts) {
    std::vector<std::string> names = names_of(one);
    if (names.empty()) return Error(Code::invalid_params, "The file name pattern names nothing.");
    out.alternatives_.push_back(std::move(names));
  }
  return out;
}

bool Pattern::matches(std::string_view path) const {
  std::vector<std::string> names = names_of(path);
  if (names.empty()) return false;
  for (const auto& pattern : alternatives_) {
    if (names_only_ ? name_matches(pattern.front(), names.back()) : path_matches(pattern, names)) return true;
  }
  return false;
}

}  // namespace hob::plugins::files
