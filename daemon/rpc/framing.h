// Framing of the front door: one message a line, or LSP's Content-Length blocks where the first line says so.
//
//   MessageDecoder decoder;  decoder.push(bytes);
//   HOB_TRY(text, decoder.next());            // nullopt: more bytes are needed
//
// Pure bookkeeping; the limits hold before anything is allocated for a message.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "schemas/base/result.h"

namespace hob::rpc {

inline constexpr size_t kMaxMessageBytes = 16u << 20;

enum class Framing { unknown, line, lsp };

class MessageDecoder {
 public:
  void push(std::string_view bytes) { buffer_.append(bytes); }
  /// The next message. invalid_request: the stream cannot be understood further.
  Result<std::optional<std::string>> next();
  Framing framing() const { return framing_; }
  /// Whether a message has begun and is not complete.
  bool partial() const { return at_ < buffer_.size(); }

 private:
  Result<std::optional<std::string>> next_line();
  Result<std::optional<std::string>> next_block();
  std::string take(size_t bytes, size_t skip);

  std::string buffer_;
  size_t at_ = 0;       // start of what is not yet taken
  size_t scanned_ = 0;  // no line end before this place
  Framing framing_ = Framing::unknown;
};

/// The message as it goes out.
std::string frame(Framing framing, std::string_view text);

}  // namespace hob::rpc
