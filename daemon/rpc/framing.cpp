#include "daemon/rpc/framing.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace hob::rpc {
namespace {

constexpr std::string_view kLengthHeader = "content-length:";
constexpr size_t kMaxHeaderBytes = 8u << 10;

Error too_large() {
  return Error(Code::invalid_request, "A message is larger than " + std::to_string(kMaxMessageBytes) + " bytes.")
      .with("limit", static_cast<long long>(kMaxMessageBytes));
}

bool starts_with_length(std::string_view text) {
  if (text.size() < kLengthHeader.size()) return false;
  return std::equal(kLengthHeader.begin(), kLengthHeader.end(), text.begin(), [](char want, char got) {
    return want == static_cast<char>(std::tolower(static_cast<unsigned char>(got)));
  });
}

}  // namespace

std::string MessageDecoder::take(size_t bytes, size_t skip) {
  std::string text = buffer_.substr(at_, bytes);
  at_ += bytes + skip;
  if (at_ == buffer_.size()) {
    buffer_.clear();
    at_ = 0;
  } else if (at_ > (1u << 20)) {
    buffer_.erase(0, at_);
    at_ = 0;
  }
  scanned_ = at_;
  return text;
}

Result<std::optional<std::string>> MessageDecoder::next() {
  if (framing_ == Framing::unknown) {
    // Blank lines before the first message tell nothing.
    while (at_ < buffer_.size() && (buffer_[at_] == '\n' || buffer_[at_] == '\r')) ++at_;
    scanned_ = std::max(scanned_, at_);
    const std::string_view rest = std::string_view(buffer_).substr(at_);
    if (rest.size() < kLengthHeader.size() && rest.find('\n') == std::string_view::npos) {
      return std::optional<std::string>();
    }
    framing_ = starts_with_length(rest) ? Framing::lsp : Framing::line;
  }
  return framing_ == Framing::lsp ? next_block() : next_line();
}

Result<std::optional<std::string>> MessageDecoder::next_line() {
  for (;;) {
    const size_t end = buffer_.find('\n', scanned_);
    if (end == std::string::npos) {
      scanned_ = buffer_.size();
      if (buffer_.size() - at_ > kMaxMessageBytes) return too_large();
      return std::optional<std::string>();
    }
    if (end - at_ > kMaxMessageBytes) return too_large();
    std::string text = take(end - at_, 1);
    if (!text.empty() && text.back() == '\r') text.pop_back();
    if (text.find_first_not_of(" \t") != std::string::npos) return std::optional<std::string>(std::move(text));
  }
}

Result<std::optional<std::string>> MessageDecoder::next_block() {
  const std::string_view rest = std::string_view(buffer_).substr(at_);
  const size_t end = rest.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    if (rest.size() > kMaxHeaderBytes) return Error(Code::invalid_request, "A header block does not end.");
    return std::optional<std::string>();
  }
  std::optional<size_t> length;
  std::string_view headers = rest.substr(0, end);
  while (!headers.empty()) {
    const size_t eol = std::min(headers.find("\r\n"), headers.size());
    std::string_view line = headers.substr(0, eol);
    headers.remove_prefix(std::min(headers.size(), eol + 2));
    if (!starts_with_length(line)) continue;
    line.remove_prefix(kLengthHeader.size());
    while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
    size_t value = 0;
    const auto [p, e] = std::from_chars(line.data(), line.data() + line.size(), value);
    if (e != std::errc() || p != line.data() + line.size() || line.empty()) {
      return Error(Code::invalid_request, "Content-Length is not a number.");
    }
    if (length && *length != value) return Error(Code::invalid_request, "Content-Length stands twice.");
    length = value;
  }
  if (!length) return Error(Code::invalid_request, "A header block has no Content-Length.");
  if (*length > kMaxMessageBytes) return too_large();
  if (rest.size() - end - 4 < *length) return std::optional<std::string>();
  take(end + 4, 0);
  return std::optional<std::string>(take(*length, 0));
}

std::string frame(Framing framing, std::string_view text) {
  if (framing == Framing::lsp) return "Content-Length: " + std::to_string(text.size()) + "\r\n\r\n" + std::string(text);
  return std::string(text) + "\n";
}

}  // namespace hob::rpc
