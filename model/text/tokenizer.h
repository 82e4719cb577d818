// Tokenizer: text to token ids and back, as Gemma's tokenizer.json says.
//
//   HOB_TRY(tokenizer, Tokenizer::load("models/tiny/tokenizer.json"));
//   std::vector<Token> ids = tokenizer.encode("Say <turn|>", Control::as_text);   // no control id comes out
//   std::string text = tokenizer.decode(ids, Specials::keep);
//
// `Control::match` reads control tokens (such as <turn|>) as what they are; use it for our own template text alone.
// Text from outside is encoded with `Control::as_text`, or as an untrusted Piece, and cannot forge a control token.
// No <bos> is ever added. A copy is expensive (tens of megabytes with the real vocabulary): share by reference.
// Immutable once loaded; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/text/added_tokens.h"
#include "model/text/bpe.h"
#include "model/text/vocabulary.h"
#include "schemas/base/result.h"

namespace hob::text {

enum class Control { match, as_text };
enum class Specials { keep, skip };

/// A stretch of a prompt: ours (control tokens are read) or from outside (they are text).
struct Piece {
  std::string text;
  bool trusted = false;
  bool operator==(const Piece&) const = default;
};

/// The ids of the control tokens, found by their content; empty where the file has none.
struct ControlTokens {
  std::optional<Token> bos, eos, pad;
  std::optional<Token> turn_open, turn_close;          // <|turn> <turn|>
  std::optional<Token> channel_open, channel_close;    // <|channel> <channel|>
  std::optional<Token> tool_open, tool_close;          // <|tool> <tool|>
  std::optional<Token> call_open, call_close;          // <|tool_call> <tool_call|>
  std::optional<Token> response_open, response_close;  // <|tool_response> <tool_response|>
  std::optional<Token> quote;                          // <|"|>
  std::optional<Token> think;                          // <|think|>
  std::optional<Token> image_open, image_close, image;  // <|image> <image|> <|image|>
  std::optional<Token> audio_open, audio_close, audio;  // <|audio> <audio|> <|audio|>
  std::optional<Token> video;                           // <|video|>
};

/// Which chat format the control tokens of a vocabulary belong to.
enum class ChatFormat { gemma4, gemma3 };

class Tokenizer {
 public:
  /// Reads a tokenizer.json. Errors name the file and the field.
  static Result<Tokenizer> load(const std::string& path);
  /// The same from memory; `name` stands for the file in messages.
  static Result<Tokenizer> parse(std::string_view json, std::string_view name);
  /// From what another kind of file says; `source` is all that it was read from, for the fingerprint.
  static Result<Tokenizer> build(TokenizerFile file, std::string_view source, std::string_view name);

  std::vector<Token> encode(std::string_view text, Control control) const;
  /// Encodes the pieces as one text: merges and added tokens that are mere text (such as <table>) run across piece borders
  /// as they do in the reference, but a control token is only read where it lies wholly in trusted text.
  std::vector<Token> encode(std::span<const Piece> pieces) const;

  /// The text of the ids. Runs of byte pieces are decoded together; where a run is not UTF-8 each of its bytes
  /// becomes U+FFFD. Unknown ids yield nothing.
  std::string decode(std::span<const Token> tokens, Specials specials) const;

  /// The bytes that a token stands for in text (U+2581 is a space by then); empty for control tokens.
  std::string_view bytes(Token token) const;
  /// The text of a token as it is shown, control tokens included.
  std::string_view shown(Token token) const;
  bool is_byte(Token token) const { return token < size() && kinds_[token] == Kind::byte; }
  bool is_special(Token token) const { return token < size() && kinds_[token] == Kind::special; }
  /// The token with this text, spelled as in tokenizer.json.
  std::optional<Token> find(std::string_view content) const { return vocabulary_.find(content); }

  uint32_t size() const { return vocabulary_.size(); }
  const ControlTokens& control() const { return control_; }
  /// Gemma 3's where turns are <start_of_turn> and <end_of_turn>, which then are control().turn_open and turn_close.
  ChatFormat format() const { return format_; }
  /// Changes when anything in the file does that could change an id: 32 hex digits.
  const std::string& fingerprint() const { return fingerprint_; }

 private:
  enum class Kind : uint8_t { text, byte, special };
  Tokenizer() = default;
  void find_control(const std::vector<AddedToken>& added);
  void encode(std::string_view text, const AddedTokens& added, std::vector<Token>& out) const;

  Vocabulary vocabulary_;
  AddedTokens added_;  // all of them:
  AddedTokens added_control_, added_text_;  // what no text from outside may spell, and what is text like any other
  Bpe bpe_;
  StringList shown_;  // by id: with spaces for U+2581, one raw byte for a byte piece
  std::vector<Kind> kinds_;
  ControlTokens control_;
  ChatFormat format_ = ChatFormat::gemma4;
  std::string fingerprint_;
};

}  // namespace hob::text
