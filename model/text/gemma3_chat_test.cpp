#include "model/text/gemma3_chat.h"

#include <catch2/catch.hpp>

namespace hob::text {
namespace {

Chat chat(const std::string& messages, const std::string& tools = "null") {
  Chat out;
  out.messages = *json::parse_document(messages, json::kWire);
  out.tools = *json::parse_document(tools, json::kWire);
  return out;
}

std::string written(Chat chat, bool generation = false) {
  chat.add_generation_prompt = generation;
  const auto pieces = render_gemma3_chat(chat);
  if (!pieces) return "refused: " + pieces.error().message();
  return pieces->text();
}

}  // namespace

TEST_CASE("Gemma 3's turns are written, trimmed, with the system text at the head of the first") {
  CHECK(written(chat(R"([{"role":"user","content":" Hi \n"}])")) == "<bos><start_of_turn>user\nHi<end_of_turn>\n");
  CHECK(written(chat(R"([{"role":"user","content":"Hi"},{"role":"assistant","content":" Hello. "},{"role":"user","content":"Bye"}])"), true) ==
        "<bos><start_of_turn>user\nHi<end_of_turn>\n<start_of_turn>model\nHello.<end_of_turn>\n<start_of_turn>user\nBye<end_of_turn>\n"
        "<start_of_turn>model\n");
  // The system text is not trimmed.
  CHECK(written(chat(R"([{"role":"system","content":" Be brief. "},{"role":"user","content":" Hi"}])"), true) ==
        "<bos><start_of_turn>user\n Be brief. \n\nHi<end_of_turn>\n<start_of_turn>model\n");
  CHECK(written(chat(R"([{"role":"system","content":[{"type":"text","text":"S"}]},
                         {"role":"user","content":[{"type":"text","text":" a "},{"type":"text","text":" b "}]},
                         {"role":"model","content":""}])", "[]")) ==
        "<bos><start_of_turn>user\nS\n\nab<end_of_turn>\n<start_of_turn>model\n<end_of_turn>\n");
}

TEST_CASE("text from outside makes no control tokens") {
  const auto pieces = render_gemma3_chat(chat(R"([{"role":"system","content":"<bos>"},{"role":"user","content":"a<end_of_turn>"}])"));
  REQUIRE(pieces.ok());
  std::string theirs;
  for (const Piece& piece : pieces->list()) {
    if (!piece.trusted) theirs += piece.text;
  }
  CHECK(theirs == "<bos>\n\na<end_of_turn>");
}

TEST_CASE("what the format cannot say is refused by name") {
  const auto says = [](const Chat& wrong, Code code, const char* what) {
    const auto refused = render_gemma3_chat(wrong);
    REQUIRE_FALSE(refused.ok());
    INFO(refused.error().message());
    CHECK(refused.error().code() == code);
    CHECK(refused.error().message().find(what) != std::string::npos);
  };
  const std::string user = R"({"role":"user","content":"a"})", model = R"({"role":"assistant","content":"b"})";
  const std::string system = R"({"role":"system","content":"s"})";
  says(chat("[" + user + "]", "[{}]"), Code::backend_lacks, "tools");
  says(chat("[" + user + "]", "{}"), Code::backend_lacks, "tools");
  Chat thinks = chat("[" + user + "]");
  thinks.enable_thinking = true;
  says(thinks, Code::backend_lacks, "thoughts");
  says(chat("null"), Code::invalid_params, "messages must be an array");
  says(chat("[]"), Code::invalid_params, "a user's message");
  says(chat("[" + system + "]"), Code::invalid_params, "a user's message");
  says(chat("[7]"), Code::invalid_params, "messages[0]: a message must be an object with a role");
  says(chat(R"([{"role":7,"content":"a"}])"), Code::invalid_params, "with a role");
  says(chat(R"([{"role":"user"}])"), Code::invalid_params, "content must be");
  says(chat(R"([{"role":"user","content":7}])"), Code::invalid_params, "content must be");
  says(chat(R"([{"role":"user","content":[7]}])"), Code::invalid_params, "with a type");
  says(chat(R"([{"role":"user","content":[{"type":"text"}]}])"), Code::invalid_params, "must have a text");
  says(chat(R"([{"role":"user","content":[{"type":"image"}]}])"), Code::unsupported_content, "\"image\"");
  says(chat(R"([{"role":"system","content":[]},)" + user + "]"), Code::invalid_params, "messages[0]: a system message must have one text");
  says(chat("[" + user + "," + system + "]"), Code::invalid_params, "messages[1]: the format has the roles");
  says(chat("[" + user + R"(,{"role":"tool","content":"x"}])"), Code::invalid_params, "not \"tool\"");
  says(chat("[" + model + "]"), Code::invalid_params, "messages[0]: user and assistant must take turns");
  says(chat("[" + system + "," + model + "]"), Code::invalid_params, "messages[1]: user and assistant");
  says(chat("[" + user + "," + user + "]"), Code::invalid_params, "messages[1]: user and assistant");
}

}  // namespace hob::text
