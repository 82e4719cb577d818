// tokenizer.json: one that is read gives ids that there are, keeps control tokens out of text, and
// reads the same again.
#include "schemas/base/json.h"
#include "tests/fuzz/promises.h"
#include "tests/fuzz/target.h"

namespace hob::fuzz {
namespace {

void run(std::string_view bytes) {
  const auto tokenizer = text::Tokenizer::parse(bytes, "tokenizer.json");
  if (!tokenizer) {
    const std::string& message = tokenizer.error().message();
    expect(message.rfind("tokenizer.json", 0) == 0, "a refusal begins with the file");
    expect(message.size() < 2000, "a refusal is not the whole file");
    return;
  }
  for (text::Token id = 0; id < tokenizer->size(); ++id) {
    expect(
        !tokenizer->is_special(id) || tokenizer->bytes(id).empty(), "a control token has no text"
    );
    (void)tokenizer->shown(id);
  }
  check_text(*tokenizer, "a <bos>b ab\u2581\n<|turn>\xF0\x9F\x98\x80 <0x41>");
  check_text(*tokenizer, "\xFF\xC3");
  for (const text::Token id : tokenizer->encode("<bos>a<|turn>", text::Control::match))
    expect(id < tokenizer->size(), "an id is one of the vocabulary");
  const auto again = text::Tokenizer::parse(bytes, "tokenizer.json");
  expect(
      again && again->fingerprint() == tokenizer->fingerprint(),
      "the same file has the same fingerprint"
  );
}

/// Small but whole: all bytes, two control tokens, a few merges.
std::string small(bool pairs) {
  const std::vector<std::string> control{"<pad>", "<eos>", "<bos>", "<unk>", "<|turn>", "<turn|>"};
  Json vocab = Json::object();
  const auto add = [&](const std::string& piece) { vocab[piece] = vocab.size(); };
  for (const std::string& piece : control) add(piece);
  for (int byte = 0; byte < 256; ++byte) {
    const char* const hex = "0123456789ABCDEF";
    add(std::string("<0x") + hex[byte / 16] + hex[byte % 16] + ">");
  }
  for (const char* piece : {"a", "b", "\u2581", "ab", "\u2581ab", "\n"}) add(piece);
  Json added = Json::array();
  for (size_t id = 0; id < control.size(); ++id) {
    added.push_back(Json{
        {"id", id},
        {"content", control[id]},
        {"single_word", false},
        {"lstrip", false},
        {"rstrip", false},
        {"normalized", false},
        {"special", true}});
  }
  const Json merges =
      pairs ? Json::parse(R"([["a","b"],["▁","ab"]])") : Json::parse(R"(["a b","▁ ab"])");
  Json file = Json::parse(R"({"version":"1.0","truncation":null,"padding":null,"added_tokens":[],
    "normalizer":{"type":"Replace","pattern":{"String":" "},"content":"▁"},
    "pre_tokenizer":null,"post_processor":null,
    "decoder":{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"}]},
    "model":{"type":"BPE","dropout":null,"unk_token":"<unk>","continuing_subword_prefix":null,"end_of_word_suffix":null,
      "fuse_unk":true,"byte_fallback":true,"ignore_merges":false,"vocab":{},"merges":[]}})");
  file["added_tokens"] = added;
  file["model"]["vocab"] = vocab;
  file["model"]["merges"] = merges;
  return json::dump(file);
}

std::vector<std::string> seeds() { return {small(true), small(false)}; }

const Target kTarget({"tokenizer_file", run, seeds, 1500});

}  // namespace
}  // namespace hob::fuzz
