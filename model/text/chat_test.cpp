#include "model/text/chat.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <string>

#include "model/text/python_number.h"
#include "model/text/white_space.h"
#include "schemas/base/json.h"

using namespace hob;
using namespace hob::text;
using json::Document;

namespace {

struct Case {
  std::string name;
  Chat chat;
  std::string expected;
  bool trap = false;
  std::string note;
};

bool flag(const Document& object, std::string_view key) {
  const Document* value = object.find(key);
  return value != nullptr && value->boolean;
}

std::vector<Case> golden_cases() {
  std::ifstream file(HOB_SOURCE_DIR "/tests/fixtures/chat/cases.jsonl");
  std::vector<Case> cases;
  for (std::string line; std::getline(file, line);) {
    auto document = json::parse_document(line, json::kWire);
    REQUIRE(document.ok());
    Case one;
    one.name = document->find("name")->text;
    one.chat.messages = *document->find("messages");
    if (const Document* tools = document->find("tools")) one.chat.tools = *tools;
    one.chat.enable_thinking = flag(*document, "enable_thinking");
    one.chat.add_generation_prompt = flag(*document, "add_generation_prompt");
    one.chat.preserve_thinking = flag(*document, "preserve_thinking");
    one.chat.size = document->find("model")->text == "big" ? ModelSize::big : ModelSize::small;
    one.expected = document->find("expected")->text;
    one.trap = flag(*document, "trap");
    if (const Document* note = document->find("note")) one.note = note->text;
    cases.push_back(std::move(one));
  }
  return cases;
}

}  // namespace

TEST_CASE("every golden conversation renders byte for byte, and malformed ones are refused") {
  const std::vector<Case> cases = golden_cases();
  CHECK(cases.size() == 405);
  for (const Case& one : cases) {
    INFO(one.name << " " << one.note);
    const Result<Pieces> pieces = render_chat(one.chat);
    if (one.note.starts_with("REFUSE")) {
      CHECK_FALSE(pieces.ok());
    } else if (pieces.ok()) {
      CHECK(pieces->text() == one.expected);
    } else {
      INFO(pieces.error().message());
      CHECK(one.note.starts_with("EITHER"));
    }
  }
}

TEST_CASE("tokens of a rendered chat are those of its text, unless someone forged control tokens") {
  const auto tokenizer = Tokenizer::load(HOB_SOURCE_DIR "/tests/fixtures/tokenizer/vocabulary.json");
  REQUIRE(tokenizer.ok());
  size_t forged = 0;
  for (const Case& one : golden_cases()) {
    const Result<Pieces> pieces = render_chat(one.chat);
    if (!pieces) continue;
    INFO(one.name);
    size_t ours = 0;  // control tokens of our own literals
    for (const Piece& piece : pieces->list()) {
      if (!piece.trusted) continue;
      for (const Token id : tokenizer->encode(piece.text, Control::match)) ours += tokenizer->is_special(id) ? 1 : 0;
    }
    const std::vector<Token> ids = tokenizer->encode(pieces->list());
    const auto is_special = [&](Token id) { return tokenizer->is_special(id); };
    CHECK(static_cast<size_t>(std::count_if(ids.begin(), ids.end(), is_special)) == ours);
    CHECK(tokenizer->decode(ids, Specials::keep) == pieces->text());
    const std::vector<Token> whole = tokenizer->encode(pieces->text(), Control::match);
    if (static_cast<size_t>(std::count_if(whole.begin(), whole.end(), is_special)) == ours) {
      CHECK(ids == whole);
    } else {
      ++forged;
    }
  }
  CHECK(forged >= 10);
}

TEST_CASE("numbers print as Python prints them") {
  const std::pair<const char*, const char*> cases[] = {
      {"0", "0"},           {"-0", "0"},         {"-0.0", "-0.0"},        {"1E5", "100000.0"},
      {"1e-7", "1e-07"},    {"0.0001", "0.0001"}, {"0.00001", "1e-05"},    {"1e16", "1e+16"},
      {"123456789012345680.0", "1.2345678901234568e+17"}, {"9999999999999998.0", "9999999999999998.0"},
      {"0.1", "0.1"},       {"1.50", "1.5"},     {"5e-324", "5e-324"},    {"1e-400", "0.0"},
      {"123456789012345678901234567890", "123456789012345678901234567890"},
      {"1.7976931348623157e308", "1.7976931348623157e+308"},
  };
  for (const auto& [lexeme, printed] : cases) {
    const auto text = python_number(lexeme);
    REQUIRE(text.ok());
    CHECK(*text == printed);
  }
  CHECK_FALSE(python_number("1e400").ok());
}
