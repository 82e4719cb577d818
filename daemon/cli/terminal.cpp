#include "daemon/cli/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace hob::cli {

std::string visible(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte == '\n' || byte == '\t') {
      out += text[i];
    } else if (byte < 0x20) {
      out += '^';
      out += static_cast<char>(byte + 0x40);
    } else if (byte == 0x7f) {
      out += "^?";
    } else if (byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) {
      char escaped[8];  // U+0080..U+009F: some terminals take them for escape sequences
      std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(text[++i])));
      out += escaped;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string one_line(std::string_view text, size_t columns) {
  std::string out;
  size_t characters = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool begins = (static_cast<unsigned char>(text[i]) & 0xc0) != 0x80;
    if (begins && ++characters > columns) {
      // The last character gives way to the ellipsis.
      while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xc0) == 0x80) out.pop_back();
      if (!out.empty()) out.pop_back();
      return out + "…";
    }
    out += text[i] == '\n' || text[i] == '\r' || text[i] == '\t' ? ' ' : text[i];
  }
  return out;
}

Terminal::Terminal() : in_(::isatty(0) == 1), out_(::isatty(1) == 1), err_(::isatty(2) == 1) {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  const bool dumb = term != nullptr && std::string_view(term) == "dumb";
  colour_ = err_ && !dumb && (no_color == nullptr || *no_color == '\0');
}

size_t Terminal::columns() const {
  winsize size{};
  if (::ioctl(2, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20) return size.ws_col;
  return 100;
}

std::string Terminal::paint(std::string_view code, std::string_view text) const {
  if (!colour_) return std::string(text);
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

void Terminal::note(std::string_view text) {
  if (quiet_) return;
  end_progress();
  std::fprintf(stderr, "%s\n", dim(visible(text)).c_str());
}

void Terminal::warn(std::string_view text) {
  end_progress();
  std::fprintf(stderr, "hob: %s\n", visible(text).c_str());
}

void Terminal::progress(std::string_view text) {
  if (!err_ || quiet_) return;
  std::fprintf(stderr, "\r\x1b[K%s", dim(one_line(visible(text), columns() - 1)).c_str());
  std::fflush(stderr);
  progress_ = true;
}

void Terminal::bar(std::string_view text, double share) {
  constexpr int kWidth = 24;
  const int full = static_cast<int>(std::clamp(share, 0.0, 1.0) * kWidth);
  progress(std::string(text) + " [" + std::string(static_cast<size_t>(full), '#') +
           std::string(static_cast<size_t>(kWidth - full), '.') + "] " +
           std::to_string(static_cast<int>(std::clamp(share, 0.0, 1.0) * 100)) + " %");
}

void Terminal::end_progress() {
  if (!progress_) return;
  progress_ = false;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
}

}  // namespace hob::cli
