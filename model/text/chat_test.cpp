#include "model/text/chat.h"

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
