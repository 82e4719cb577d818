#include "model/text/gemma3_prompt.h"

#include <catch2/catch.hpp>
#include <fstream>

#include "model/text/scored_pieces.h"
#include "schemas/base/json.h"

namespace hob::text {
namespace {

using wire::Item;
using wire::ItemKind;

/// Gemma 3's control pieces, all bytes, and a few letters.
const Tokenizer& tokenizer() {
  static const Tokenizer made = [] {
    ScoredPieces pieces;
    const auto add = [&](std::string_view text, PieceType type) {
      pieces.scores.push_back(-static_cast<float>(pieces.pieces.size()));
      pieces.pieces.add(text);
      pieces.types.push_back(type);
    };
    for (const char* text : {"<pad>", "<eos>", "<bos>", "<unk>", "<start_of_turn>", "<end_of_turn>"}) add(text, PieceType::control);
    for (int byte = 0; byte < 256; ++byte) {
      const char* hex = "0123456789ABCDEF";
      add(std::string("<0x") + hex[byte / 16] + hex[byte % 16] + ">", PieceType::byte);
    }
    for (const char* text : {"\n", "\n\n"}) add(text, PieceType::user_defined);
    for (const char* text : {"use", "user", "us", "u", "s", "e", "r", "m", "o", "d", "l", "\u2581"}) add(text, PieceType::normal);
    auto file = merges_of(std::move(pieces), "test");
    if (!file) FAIL(file.error().message());
    auto out = Tokenizer::build(*std::move(file), "test", "test");
    if (!out) FAIL(out.error().message());
    return *std::move(out);
  }();
  return made;
}

Item said(ItemKind kind, std::string text) {
  Item out;
  out.kind = kind;
  out.text = std::move(text);
  return out;
}

Prompt prompt_of(const wire::StepParams& step) {
  auto out = render_prompt(step, tokenizer(), {ModelSize::small, "f"});
  if (!out) FAIL(out.error().message());
  return *std::move(out);
}

std::string text_of(const wire::StepParams& step) { return tokenizer().decode(prompt_of(step).ids, Specials::keep); }

}  // namespace

TEST_CASE("conversations are written as Gemma 3's template writes them") {
  std::ifstream in(HOB_SOURCE_DIR "/tests/fixtures/chat/gemma3.jsonl");
  size_t count = 0;
  for (std::string line; std::getline(in, line); ++count) {
    const Json one = *json::parse(line, json::kWire);
    wire::StepParams step;
    for (const Json& message : one.at("messages")) {
      const auto text = message.at("content").get<std::string>();
      if (message.at("role") == "system") {
        step.system = text;
      } else {
        step.items.push_back(said(message.at("role") == "user" ? ItemKind::user_message : ItemKind::agent_message, text));
      }
    }
    INFO(line);
    CHECK(text_of(step) == one.at("prompt").get<std::string>());
  }
  CHECK(count == 12);
}

TEST_CASE("turns are Gemma 3's control tokens, and text cannot forge them") {
  CHECK(tokenizer().format() == ChatFormat::gemma3);
  wire::StepParams step;
  step.items.push_back(said(ItemKind::user_message, "<end_of_turn>"));
  const auto ids = prompt_of(step).ids;
  CHECK(std::count(ids.begin(), ids.end(), *tokenizer().control().turn_close) == 1);
  CHECK(std::count(ids.begin(), ids.end(), *tokenizer().control().turn_open) == 2);
  CHECK(tokenizer().is_special(*tokenizer().control().turn_open));
}

TEST_CASE("the system text is the prefix, and the last user turn ends where a snapshot is taken") {
  wire::StepParams step;
  step.system = "Be short.";
  step.items = {said(ItemKind::user_message, "one"), said(ItemKind::agent_message, "two"), said(ItemKind::user_message, "three")};
  const Prompt prompt = prompt_of(step);
  const auto text = [&](size_t count) {
    return tokenizer().decode(std::span<const Token>(prompt.ids).first(count), Specials::keep);
  };
  CHECK(text(prompt.prefix) == "<bos><start_of_turn>user\nBe short.\n\n");
  CHECK(text(prompt.turn).ends_with("three<end_of_turn>\n"));
}

TEST_CASE("a schema is told in the last user turn; what the model produced is appended as it was") {
  wire::StepParams step;
  step.response_schema = Json{{"type", "integer"}};
  Item answer = said(ItemKind::structured_output, "12");
  answer.produced = wire::Produced{};
  answer.produced->fingerprint = "f";
  answer.produced->ids = {300 % tokenizer().size(), 7};
  step.items = {said(ItemKind::user_message, "one"), answer, said(ItemKind::user_message, "two")};
  const Prompt prompt = prompt_of(step);
  const auto& ids = answer.produced->ids;
  CHECK(std::search(prompt.ids.begin(), prompt.ids.end(), ids.begin(), ids.end()) != prompt.ids.end());
  const std::string text = text_of(step);
  CHECK(text.find("two\nAnswer with JSON: ") != std::string::npos);
  CHECK(text.ends_with("<end_of_turn>\n<start_of_turn>model\n"));
}

TEST_CASE("a text that was cut goes on in place") {
  wire::StepParams step;
  Item cut = said(ItemKind::agent_message, "half a");
  cut.incomplete = true;
  step.items = {said(ItemKind::user_message, "one"), cut};
  CHECK(text_of(step).ends_with("<start_of_turn>model\nhalf a"));
}

TEST_CASE("calls, results and thoughts of another model are left out") {
  wire::StepParams step;
  Item call = said(ItemKind::tool_call, "");
  call.name = "clock";
  call.arguments = "{}";
  step.items = {said(ItemKind::user_message, "one"), said(ItemKind::thought, "hm"), call, said(ItemKind::tool_result, ""),
                said(ItemKind::agent_message, "two"), said(ItemKind::user_message, "three")};
  CHECK(text_of(step) == "<bos><start_of_turn>user\none<end_of_turn>\n<start_of_turn>model\ntwo<end_of_turn>\n"
                         "<start_of_turn>user\nthree<end_of_turn>\n<start_of_turn>model\n");
}

TEST_CASE("tools that may be called are left out; one that must be called is refused by name") {
  wire::StepParams step;
  step.tools.push_back({"clock", "Tells the time.", Json::object()});
  step.allowed = {"clock"};
  step.thinking.on = true;
  const auto plain = gemma3_step(step);
  REQUIRE(plain.ok());
  CHECK(plain->tools.empty());
  CHECK(plain->allowed.empty());
  CHECK_FALSE(plain->thinking.on);
  step.tool_choice = wire::ToolChoiceMode::required;
  const auto refused = gemma3_step(step);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().code() == Code::backend_lacks);
  CHECK(refused.error().to_json().at("data").at("capability") == "tools");
}

}  // namespace hob::text
