#include "plugins/command/output.h"

#include <algorithm>

#include "schemas/base/utf8.h"

namespace hob::plugins::command {
namespace {

constexpr char kEscape = '\x1b', kBell = '\x07';

/// The end of the escape sequence that begins at text[at].
size_t after_escape(std::string_view text, size_t at) {
  if (++at >= text.size()) return at;
  const char kind = text[at++];
  if (kind == '[') {  // CSI: parameters, then a letter
    while (at < text.size() && (text[at] < '@' || text[at] > '~')) ++at;
    return std::min(at + 1, text.size());
  }
  if (kind == ']' || kind == 'P' || kind == '_' || kind == '^') {  // a string, to BEL or ESC backslash
    while (at < text.size() && text[at] != kBell && text[at] != kEscape) ++at;
    if (at < text.size() && text[at] == kEscape) ++at;
    return std::min(at + 1, text.size());
  }
  if (kind == '(' || kind == ')') return std::min(at + 1, text.size());
  return at;
}

}  // namespace

std::string plain(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (size_t i = 0; i < bytes.size();) {
    const char c = bytes[i];
    if (c == kEscape) {
      i = after_escape(bytes, i);
      continue;
    }
    ++i;
    if (c == '\r') {
      if (i < bytes.size() && bytes[i] == '\n') continue;
      out += '\n';
    } else if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t') {
      if (c != 0x7f) out += c;
    }
  }
  return utf8::repair(out);
}

void Output::append(std::string_view bytes) {
  if (head_.size() < max_head_ && tail_.empty()) {
    std::string_view part = bytes.substr(0, max_head_ - head_.size());
    head_ += part;
    bytes.remove_prefix(part.size());
  }
  tail_ += bytes;
  if (tail_.size() <= 2 * max_tail_) return;
  const size_t cut = tail_.size() - max_tail_;
  cut_bytes_ += cut;
  cut_lines_ += static_cast<size_t>(std::count(tail_.begin(), tail_.begin() + static_cast<std::ptrdiff_t>(cut), '\n'));
  tail_.erase(0, cut);
}

std::string Output::text() const {
  if (cut_bytes_ == 0) return plain(head_ + tail_);
  // Whole lines on both sides of the note.
  std::string_view head = head_, tail = tail_;
  size_t lines = cut_lines_;
  if (size_t end = head.rfind('\n'); end != std::string_view::npos) head = head.substr(0, end);
  if (size_t start = tail.find('\n'); start != std::string_view::npos) {
    tail = tail.substr(start + 1);
    ++lines;
  }
  return plain(head) + "\n[... " + std::to_string(lines) + " lines cut ...]\n" + plain(tail);
}

}  // namespace hob::plugins::command
