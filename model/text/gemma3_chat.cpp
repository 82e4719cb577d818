#include "model/text/gemma3_chat.h"

#include "model/text/white_space.h"

namespace hob::text {
namespace {

using json::Document;
using Kind = Document::Kind;

Error refused(size_t message, std::string what) {
  return Error(Code::invalid_params, "messages[" + std::to_string(message) + "]: " + std::move(what));
}

Error lacks(const char* capability, std::string what) {
  return Error(Code::backend_lacks, "Gemma 3's chat format has no " + std::move(what)).with("capability", capability);
}

/// The texts of a message, which is one or a list of parts.
Result<std::vector<std::string_view>> texts_of(const Document& message, size_t at) {
  const Document* content = message.find("content");
  if (content != nullptr && content->kind == Kind::string) return std::vector<std::string_view>{content->text};
  if (content == nullptr || content->kind != Kind::array) return refused(at, "content must be a text or a list of parts.");
  std::vector<std::string_view> out;
  for (const Document& part : content->items) {
    const Document* type = part.find("type");
    if (type == nullptr || type->kind != Kind::string) return refused(at, "a part of content must be an object with a type.");
    if (type->text != "text") {
      return Error(Code::unsupported_content, "messages[" + std::to_string(at) + "]: parts of type \"" + type->text +
                                                  "\" are not supported by this version of hob.");
    }
    const Document* text = part.find("text");
    if (text == nullptr || text->kind != Kind::string) return refused(at, "a part of type \"text\" must have a text.");
    out.push_back(text->text);
  }
  return out;
}

}  // namespace

Result<Pieces> render_gemma3_chat(const Chat& chat) {
  if (chat.tools.kind != Kind::null && !(chat.tools.kind == Kind::array && chat.tools.items.empty())) {
    return lacks("tools", "tools: leave them out, or use a Gemma 4 model.");
  }
  if (chat.enable_thinking) return lacks("thinking", "thoughts: leave enable_thinking out, or use a Gemma 4 model.");
  if (chat.messages.kind != Kind::array) return Error(Code::invalid_params, "messages must be an array.");
  Pieces out;
  out.ours("<bos>");
  std::string system;
  const auto& messages = chat.messages.items;
  size_t first = 0;  // message that is no system message
  for (size_t at = 0; at < messages.size(); ++at) {
    const Document* role = messages[at].find("role");
    if (role == nullptr || role->kind != Kind::string) return refused(at, "a message must be an object with a role.");
    HOB_TRY(texts, texts_of(messages[at], at));
    if (at == 0 && role->text == "system") {
      if (texts.size() != 1) return refused(at, "a system message must have one text, not " + std::to_string(texts.size()) + ".");
      system = std::string(texts.front()) + "\n\n";
      first = 1;
      continue;
    }
    const bool user = role->text == "user";
    if (!user && role->text != "assistant" && role->text != "model") {
      return refused(at, "the format has the roles user and assistant, and system for the first message, not \"" +
                             role->text.substr(0, 40) + "\".");
    }
    if (user != ((at - first) % 2 == 0)) return refused(at, "user and assistant must take turns, the user first.");
    out.ours(user ? "<start_of_turn>user\n" : "<start_of_turn>model\n");
    if (at == first) out.theirs(system);
    for (const std::string_view text : texts) out.theirs(trim(text));
    out.ours("<end_of_turn>\n");
  }
  if (messages.size() == first) return Error(Code::invalid_params, "messages must have a user's message.");
  if (chat.add_generation_prompt) out.ours("<start_of_turn>model\n");
  return out;
}

}  // namespace hob::text
