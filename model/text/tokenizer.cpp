#include "model/text/tokenizer.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <unordered_map>

#include "schemas/base/json.h"
#include "schemas/base/utf8.h"

namespace hob::text {
namespace {

constexpr std::string_view kSpaceMark = "\u2581";

struct ControlName {
  std::string_view content;
  std::optional<Token> ControlTokens::* member;
};

constexpr ControlName kControlNames[] = {
    {"<bos>", &ControlTokens::bos},
    {"<eos>", &ControlTokens::eos},
    {"<pad>", &ControlTokens::pad},
    {"<|turn>", &ControlTokens::turn_open},
    {"<turn|>", &ControlTokens::turn_close},
    {"<|channel>", &ControlTokens::channel_open},
    {"<channel|>", &ControlTokens::channel_close},
    {"<|tool>", &ControlTokens::tool_open},
    {"<tool|>", &ControlTokens::tool_close},
    {"<|tool_call>", &ControlTokens::call_open},
    {"<tool_call|>", &ControlTokens::call_close},
    {"<|tool_response>", &ControlTokens::response_open},
    {"<tool_response|>", &ControlTokens::response_close},
    {"<|\"|>", &ControlTokens::quote},
    {"<|think|>", &ControlTokens::think},
    {"<|image>", &ControlTokens::image_open},
    {"<image|>", &ControlTokens::image_close},
    {"<|image|>", &ControlTokens::image},
    {"<|audio>", &ControlTokens::audio_open},
    {"<audio|>", &ControlTokens::audio_close},
    {"<|audio|>", &ControlTokens::audio},
    {"<|video|>", &ControlTokens::video},
};

std::string spaces_for_marks(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const size_t mark = text.find(kSpaceMark);
    out.append(text.substr(0, mark));
    if (mark == std::string_view::npos) break;
    out.push_back(' ');
    text.remove_prefix(mark + kSpaceMark.size());
  }
  return out;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

// The byte of a piece "<0x0A>".
std::optional<char> byte_of(std::string_view text) {
  if (text.size() != 6 || text.substr(0, 3) != "<0x" || text[5] != '>') return std::nullopt;
  const int high = hex_digit(text[3]);
  const int low = hex_digit(text[4]);
  if (high < 0 || low < 0) return std::nullopt;
  return static_cast<char>(high << 4 | low);
}

std::string hex(uint64_t number) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (int shift = 60; shift >= 0; shift -= 4) out.push_back(kHex[number >> shift & 15]);
  return out;
}

void append_run(std::string& out, std::string& run) {
  if (utf8::valid(run)) {
    out += run;
  } else {
    for (size_t byte = 0; byte < run.size(); ++byte) out += "\uFFFD";
  }
  run.clear();
}

}  // namespace

Result<Tokenizer> Tokenizer::load(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  const auto length = file ? static_cast<std::streamoff>(file.tellg()) : -1;
  if (length < 0) {
    return Error(Code::not_found, path + ": cannot be read (" + std::strerror(errno) + ").");
  }
  if (static_cast<uint64_t>(length) > json::kModelFile.max_bytes) {
    return Error(
        Code::model_failed, path + ": is " + std::to_string(length) + " bytes long, at most " +
                                std::to_string(json::kModelFile.max_bytes) + " are read."
    );
  }
  const auto json = std::make_unique_for_overwrite<char[]>(static_cast<size_t>(length));
  file.seekg(0);
  if (!file.read(json.get(), length)) {
    return Error(Code::model_failed, path + ": reading stopped before its end.");
  }
  return parse({json.get(), static_cast<size_t>(length)}, path);
}

Result<Tokenizer> Tokenizer::parse(std::string_view json, std::string_view name) {
  HOB_TRY(file, read_tokenizer_file(json, name));
  return build(std::move(file), json, name);
}

Result<Tokenizer> Tokenizer::build(TokenizerFile file, std::string_view source, std::string_view name) {
  Tokenizer made;
  const uint32_t count = static_cast<uint32_t>(file.pieces.size());
  made.kinds_.assign(count, Kind::text);
  made.shown_.reserve(count, file.pieces.bytes());
  for (Token token = 0; token < count; ++token) {
    const std::string_view text = file.pieces[token];
    if (const auto byte = byte_of(text)) {
      made.kinds_[token] = Kind::byte;
      made.shown_.add(std::string_view(&*byte, 1));
    } else if (text.find(kSpaceMark) != std::string_view::npos) {
      made.shown_.add(spaces_for_marks(text));
    } else {
      made.shown_.add(text);
    }
  }
  made.find_control(file.added);
  std::vector<bool> forbidden(count);
  for (Token token = 0; token < count; ++token) forbidden[token] = made.kinds_[token] == Kind::special;
  made.vocabulary_ = Vocabulary(std::move(file.pieces));
  Result<Bpe> bpe = Bpe::build(made.vocabulary_, file.merges, forbidden, file.ranks);
  if (!bpe) return std::move(bpe).error().in(name);
  made.bpe_ = std::move(bpe).value();
  made.added_ = AddedTokens(file.added);
  std::vector<AddedToken> control, text;
  for (AddedToken& token : file.added) {
    (made.kinds_[token.id] == Kind::special ? control : text).push_back(std::move(token));
  }
  made.added_control_ = AddedTokens(control);
  made.added_text_ = AddedTokens(text);
  made.fingerprint_ = hex(hash_text(source)) + hex(hash_text(source.substr(source.size() / 3)));
  return made;
}

void Tokenizer::find_control(const std::vector<AddedToken>& added) {
  std::unordered_map<std::string_view, std::optional<Token> ControlTokens::*> names;
  for (const ControlName& name : kControlNames) names.emplace(name.content, name.member);
  ControlTokens gemma3;
  for (const AddedToken& token : added) {
    const auto name = names.find(token.content);
    if (name != names.end()) control_.*(name->second) = token.id;
    if (token.content == "<start_of_turn>") gemma3.turn_open = token.id;
    if (token.content == "<end_of_turn>") gemma3.turn_close = token.id;
    if (name != names.end() || token.special) kinds_[token.id] = Kind::special;
  }
  if (control_.turn_open || control_.turn_close || !gemma3.turn_open || !gemma3.turn_close) return;
  format_ = ChatFormat::gemma3;
  control_.turn_open = gemma3.turn_open;
  control_.turn_close = gemma3.turn_close;
  kinds_[*gemma3.turn_open] = kinds_[*gemma3.turn_close] = Kind::special;
}

std::vector<Token> Tokenizer::encode(std::string_view text, Control control) const {
  std::vector<Token> out;
  out.reserve(text.size() / 3 + 4);
  encode(text, control == Control::match ? added_ : added_text_, out);
  return out;
}

void Tokenizer::encode(std::string_view text, const AddedTokens& added, std::vector<Token>& out) const {
  size_t at = 0;
  while (const auto hit = added.next(text, at)) {
    bpe_.encode(text.substr(at, hit->begin - at), out);
    out.push_back(hit->token);
    at = hit->end;
  }
  bpe_.encode(text.substr(at), out);
}

std::vector<Token> Tokenizer::encode(std::span<const Piece> pieces) const {
  std::string plain;  // what has been read since the last control token
  std::vector<Token> out;
  for (size_t first = 0; first < pieces.size();) {
    if (!pieces[first].trusted) {
      plain += pieces[first++].text;
      continue;
    }
    std::string_view text = pieces[first].text;
    std::string joined;
    size_t last = first + 1;
    for (; last < pieces.size() && pieces[last].trusted; ++last) {
      if (joined.empty()) joined = text;
      joined += pieces[last].text;
    }
    if (last > first + 1) text = joined;
    size_t at = 0;
    while (const auto hit = added_control_.next(text, at)) {
      plain += text.substr(at, hit->begin - at);
      encode(plain, added_text_, out);
      plain.clear();
      out.push_back(hit->token);
      at = hit->end;
    }
    plain += text.substr(at);
    first = last;
  }
  encode(plain, added_text_, out);
  return out;
}

std::string Tokenizer::decode(std::span<const Token> tokens, Specials specials) const {
  std::string out;
  std::string run;
  for (const Token token : tokens) {
    if (token >= size()) continue;
    if (kinds_[token] == Kind::byte) {
      run += shown_[token];
      continue;
    }
    if (kinds_[token] == Kind::special && specials == Specials::skip) continue;
    if (!run.empty()) append_run(out, run);
    out += shown_[token];
  }
  append_run(out, run);
  return out;
}

std::string_view Tokenizer::bytes(Token token) const {
  return token >= size() || kinds_[token] == Kind::special ? std::string_view() : shown_[token];
}

std::string_view Tokenizer::shown(Token token) const {
  return token >= size() ? std::string_view() : shown_[token];
}

}  // namespace hob::text
