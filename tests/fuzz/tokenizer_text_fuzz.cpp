// Any text through a tokenizer and back; any ids through it; and a prompt cut into pieces, of which
// only ours may hold control tokens.
#include "model/text/detokenizer.h"
#include "schemas/base/utf8.h"
#include "tests/fuzz/promises.h"
#include "tests/fuzz/target.h"

namespace hob::fuzz {
namespace {

const text::Tokenizer& tokenizer() {
  static const text::Tokenizer kLoaded =
      text::Tokenizer::load(HOB_SOURCE_DIR "/tests/fixtures/tokenizer/hand.json").value();
  return kLoaded;
}

void run(std::string_view bytes) {
  check_text(tokenizer(), bytes);

  std::vector<text::Token> ids;
  for (Choices choices(bytes); !choices.over();)
    ids.push_back(static_cast<text::Token>(choices.below(tokenizer().size() + 2)));
  expect(utf8::valid(tokenizer().decode(ids, text::Specials::keep)), "ids become UTF-8");
  text::Detokenizer stream(tokenizer(), text::Specials::skip);
  for (const text::Token id : ids)
    expect(utf8::valid(stream.push(id)), "a stream of ids becomes UTF-8");
  expect(utf8::valid(stream.finish()), "the end of a stream is UTF-8");

  // Pieces, of which every other one is ours: as many control tokens come out as ours hold,
  // wherever the borders are.
  Choices choices(bytes);
  std::vector<text::Piece> pieces;
  size_t ours = 0;
  while (!choices.over()) {
    const unsigned choice = choices.byte();
    if (choice % 4 == 0) {
      pieces.push_back({"<|turn>", true});
      ++ours;
    } else {
      pieces.push_back({std::string(choices.take(choice % 16)), false});
    }
  }
  size_t special = 0;
  for (const text::Token id : tokenizer().encode(pieces))
    special += tokenizer().is_special(id) && tokenizer().shown(id) != "<unk>";
  expect(special == ours, "control tokens come from our pieces alone");
}

std::vector<std::string> seeds() {
  return {
      "the quick brown fox\n\n  jumps",
      "<|turn>user\n<bos><turn|>",
      "\x07<|turn>\x04|turn>\x08\x09<|turn>u",
      "\u2581 \u2581\u2581a",
      "\xF0\x9F\x98\x80\xE6\x97\xA5\xE6\x9C\xAC",
      "\xFF\xFE\xC3(",
      "<|\"|>path<|\"|>",
      "<0x41><0xE2>",
      std::string("\0a\0", 3)};
}

const Target kTarget({"tokenizer_text", run, seeds, 3000});

}  // namespace
}  // namespace hob::fuzz
