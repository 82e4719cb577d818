#include "plugins/files/edit.h"

#include <algorithm>
#include <map>
#include <vector>

#include "plugins/files/lines.h"
#include "schemas/base/json.h"
#include "schemas/base/utf8.h"

namespace hob::plugins::files {
namespace {

constexpr size_t kMaxBytes = 16u << 20;  // of the result
constexpr size_t kShownLines = 8;
constexpr size_t kShownWidth = 200;
constexpr size_t kComparedWidth = 300;
constexpr double kAlike = 0.4;

Error several(size_t count) {
  return Error(
      Code::invalid_params, "The text to replace occurs " + std::to_string(count) + " times."
  );
}

std::vector<size_t> occurrences(std::string_view text, std::string_view what) {
  std::vector<size_t> out;
  for (size_t at = text.find(what); at != std::string_view::npos;
       at = text.find(what, at + what.size()))
    out.push_back(at);
  return out;
}

/// How alike two lines are, 0 to 1: pairs of bytes in common (Dice's coefficient).
double likeness(std::string_view a, std::string_view b) {
  a = a.substr(0, kComparedWidth);
  b = b.substr(0, kComparedWidth);
  if (a == b) return 1.0;
  if (a.size() < 2 || b.size() < 2) return 0.0;
  std::map<std::pair<char, char>, int> pairs;
  for (size_t i = 0; i + 1 < a.size(); ++i) ++pairs[{a[i], a[i + 1]}];
  size_t common = 0;
  for (size_t i = 0; i + 1 < b.size(); ++i)
    if (auto it = pairs.find({b[i], b[i + 1]}); it != pairs.end() && it->second-- > 0) ++common;
  return 2.0 * static_cast<double>(common) / static_cast<double>(a.size() + b.size() - 2);
}

/// "12: text" for the lines around the one most like the longest line looked for; empty when none
/// is alike.
std::string nearest(
    const std::vector<std::string_view>& lines, const std::vector<std::string_view>& wanted
) {
  size_t longest = 0;
  for (size_t i = 0; i < wanted.size(); ++i)
    if (trimmed(wanted[i]).size() > trimmed(wanted[longest]).size()) longest = i;
  if (wanted.empty()) return "";
  double best = kAlike;
  size_t best_line = lines.size();
  for (size_t i = 0; i < lines.size(); ++i) {
    double alike = likeness(trimmed(wanted[longest]), trimmed(lines[i]));
    if (alike > best) best = alike, best_line = i;
  }
  if (best_line == lines.size()) return "";
  size_t from = best_line > longest ? best_line - longest : 0;
  if (best_line - from >= kShownLines) from = best_line - kShownLines / 2;
  size_t to =
      std::min({lines.size(), from + std::max<size_t>(wanted.size(), 1), from + kShownLines});
  std::string out;
  for (size_t i = from; i < to; ++i) {
    if (!out.empty()) out += '\n';
    out += std::to_string(i + 1) + ": " +
           utf8::repair(utf8::prefix(trimmed_right(lines[i]), kShownWidth));
  }
  return out;
}

enum class Forgive { trailing_space, indentation };

/// The replacement for whole lines, indented as the lines found are and with their line ends.
std::string fitted(
    std::string_view to,
    std::string_view wanted_first,
    std::string_view found_first,
    bool carriage_returns,
    Forgive forgive
) {
  std::string_view wanted_indent = indentation(wanted_first),
                   found_indent = indentation(found_first);
  std::string out;
  std::vector<std::string_view> lines = lines_of(to);
  for (size_t i = 0; i < lines.size(); ++i) {
    std::string_view line = lines[i];
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (forgive == Forgive::indentation && !trimmed(line).empty() &&
        line.starts_with(wanted_indent)) {
      out += found_indent;
      line.remove_prefix(wanted_indent.size());
    }
    out += line;
    if (i + 1 == lines.size()) break;
    out += carriage_returns ? "\r\n" : "\n";
  }
  return out;
}

/// Whole lines that are the same but for what is forgiven; nullopt-like: replaced 0 where there are
/// none.
Result<Edited> forgiving(
    std::string_view text,
    std::string_view from,
    std::string_view to,
    Occurrences wanted,
    Forgive forgive
) {
  std::vector<std::string_view> have = lines_of(text), want = lines_of(from);
  auto normal = [&](std::string_view line) {
    return forgive == Forgive::trailing_space ? trimmed_right(line) : trimmed(line);
  };
  // Blank lines alone match everywhere and mean nothing.
  size_t first = 0;
  while (first < want.size() && trimmed(want[first]).empty()) ++first;
  if (want.empty() || first == want.size() || want.size() > have.size()) return Edited{};
  std::vector<size_t> starts;
  for (size_t i = 0; i + want.size() <= have.size(); ++i) {
    size_t j = 0;
    while (j < want.size() && normal(have[i + j]) == normal(want[j])) ++j;
    if (j < want.size()) continue;
    starts.push_back(i);
    i += want.size() - 1;
  }
  if (starts.empty()) return Edited{};
  if (starts.size() > 1 && wanted == Occurrences::one) return several(starts.size());
  Edited out;
  size_t copied = 0;
  const char* base = text.data();
  for (size_t start : starts) {
    std::string_view last = have[start + want.size() - 1];
    auto begin = static_cast<size_t>(have[start].data() - base);
    auto end = static_cast<size_t>(last.data() - base) + last.size();
    bool carriage_returns = have[start].ends_with('\r');
    out.text += text.substr(copied, begin - copied);
    std::string piece = fitted(to, want[first], have[start + first], carriage_returns, forgive);
    out.text += piece;
    if (carriage_returns && last.ends_with('\r') && !piece.empty()) out.text += '\r';
    copied = end;
    // Nothing in their place: the line end goes, too.
    if (to.empty() && copied < text.size() && text[copied] == '\n') ++copied;
    if (out.text.size() > kMaxBytes) break;
  }
  out.text += text.substr(copied);
  out.replaced = starts.size();
  return out;
}

}  // namespace

Result<Edited> edit(
    std::string_view text, std::string_view from, std::string_view to, Occurrences wanted
) {
  if (from.empty())
    return Error(Code::invalid_params, "There is no text to replace: old_string is empty.");
  if (from == to)
    return Error(
        Code::invalid_params, "Nothing would change: old_string and new_string are the same."
    );
  Edited out;
  std::vector<size_t> found = occurrences(text, from);
  if (found.size() > 1 && wanted == Occurrences::one) return several(found.size());
  if (!found.empty()) {
    if (to.size() > from.size() && found.size() > kMaxBytes / (to.size() - from.size()))
      return Error(Code::invalid_params, "The edited file would be too large.");
    size_t copied = 0;
    for (size_t at : found) {
      out.text += text.substr(copied, at - copied);
      out.text += to;
      copied = at + from.size();
    }
    out.text += text.substr(copied);
    out.replaced = found.size();
  } else {
    for (Forgive forgive : {Forgive::trailing_space, Forgive::indentation}) {
      HOB_TRY(edited, forgiving(text, from, to, wanted, forgive));
      if (edited.replaced == 0) continue;
      out = std::move(edited);
      break;
    }
  }
  if (out.text.size() > kMaxBytes)
    return Error(Code::invalid_params, "The edited file would be too large.");
  if (out.replaced == 0)
    return Error(Code::not_found, "The text to replace does not occur.")
        .with("nearest", std::string_view(nearest(lines_of(text), lines_of(from))));
  if (out.text == text) return Error(Code::invalid_params, "Nothing would change.");
  return out;
}

}  // namespace hob::plugins::files
