#include "model/text/chat.h"

#include <optional>
#include <string>

#include "model/text/declaration.h"
#include "model/text/value.h"
#include "model/text/white_space.h"

namespace hob::text {
namespace {

using json::Document;
using Kind = Document::Kind;

Error refused(std::string message) { return Error(Code::invalid_params, std::move(message)); }

std::string_view text_of(const Document* value) {
  return value != nullptr && value->kind == Kind::string ? std::string_view(value->text) : std::string_view();
}

// What a media part leaves in the text; empty for parts that leave nothing.
std::string_view placeholder(std::string_view part_type) {
  if (part_type == "image" || part_type == "image_url") return "<|image|>";
  if (part_type == "audio" || part_type == "input_audio") return "<|audio|>";
  if (part_type == "video") return "<|video|>";
  return {};
}

// Model text without thought channels: of the pieces between <channel|> what stands before the first <|channel>.
std::string without_thought(std::string_view text) {
  constexpr std::string_view kOpen = "<|channel>";
  constexpr std::string_view kClose = "<channel|>";
  std::string out;
  for (;;) {
    const size_t close = text.find(kClose);
    const std::string_view part = text.substr(0, close);
    out += part.substr(0, part.find(kOpen));
    if (close == std::string_view::npos) break;
    text.remove_prefix(close + kClose.size());
  }
  return std::string(trim(out));
}

class Renderer {
 public:
  explicit Renderer(const Chat& chat) : chat_(chat) {}

  Result<Pieces> run() {
    if (chat_.messages.kind != Kind::array) return refused("messages must be an array.");
    HOB_TRY_VOID(check_roles());
    out_.ours("<bos>");
    HOB_TRY_VOID(system_turn());
    for (size_t at = first_; at < messages().size(); ++at) {
      if (role(at) == "tool") continue;
      Result<void> written = message(at);
      if (!written) return std::move(written).error().in("messages[" + std::to_string(at) + "]");
    }
    if (chat_.add_generation_prompt) generation_prompt();
    return std::move(out_);
  }

 private:
  enum class Last { closed_turn, call, response };

  const std::vector<Document>& messages() const { return chat_.messages.items; }
  std::string_view role(size_t at) const { return text_of(messages()[at].find("role")); }

  Result<void> check_roles() {
    std::string_view before;
    for (size_t at = 0; at < messages().size(); ++at) {
      if (messages()[at].kind != Kind::object || role(at).empty()) {
        return refused("messages[" + std::to_string(at) + "] must be an object with a role.");
      }
      if (role(at) == "user") last_user_ = at;
      if (role(at) == "tool") continue;
      const bool mixed = (before == "model" && role(at) == "assistant") || (before == "assistant" && role(at) == "model");
      if (mixed) {
        return refused(
            "messages[" + std::to_string(at) + "]: the roles model and assistant follow each other, which leaves "
            "a turn unbalanced; use assistant for both."
        );
      }
      before = role(at);
    }
    return {};
  }

  Result<void> system_turn() {
    const bool has_text = !messages().empty() && (role(0) == "system" || role(0) == "developer");
    const bool has_tools = truthy(&chat_.tools);
    if (has_tools && chat_.tools.kind != Kind::array) return refused("tools must be an array.");
    if (!has_text && !has_tools && !chat_.enable_thinking) return {};
    out_.ours("<|turn>system\n");
    if (chat_.enable_thinking) out_.ours("<|think|>\n");
    if (has_text) {
      first_ = 1;
      Result<void> written = system_text(messages()[0].find("content"));
      if (!written) return std::move(written).error().in("messages[0]");
    }
    for (size_t at = 0; has_tools && at < chat_.tools.items.size(); ++at) {
      const Document* function = chat_.tools.items[at].find("function");
      if (function == nullptr || function->kind != Kind::object) {
        return refused("tools[" + std::to_string(at) + "] must be an object with the object \"function\".");
      }
      out_.ours("<|tool>");
      HOB_TRY_VOID(write_declaration(*function, out_));
      out_.ours("<tool|>");
    }
    out_.ours("<turn|>\n");
    return {};
  }

  Result<void> system_text(const Document* content) {
    if (content == nullptr || content->kind == Kind::null) return {};
    if (content->kind == Kind::string) {
      out_.theirs(trim(content->text));
      return {};
    }
    if (content->kind != Kind::array) return refused("content must be a text or a list of parts.");
    for (const Document& part : content->items) {
      HOB_TRY(type, part_type(part));
      if (type == "text") {
        out_.theirs(trim(text_of(part.find("text"))));
        out_.ours(" ");
      } else if (!placeholder(type).empty()) {
        out_.ours(" ");
      }
    }
    return {};
  }

  static Result<std::string_view> part_type(const Document& part) {
    if (part.kind != Kind::object) return refused("a part of content must be an object with a type.");
    return text_of(part.find("type"));
  }

  static Result<Pieces> content_of(const Document& message, bool model) {
    Pieces out;
    const Document* content = message.find("content");
    if (content == nullptr || content->kind == Kind::null) return out;
    const auto text = [&](std::string_view raw) { out.theirs(model ? without_thought(raw) : trim(raw)); };
    if (content->kind == Kind::string) {
      text(content->text);
      return out;
    }
    if (content->kind != Kind::array) return refused("content must be a text or a list of parts.");
    for (const Document& part : content->items) {
      HOB_TRY(type, part_type(part));
      if (type == "text") {
        text(text_of(part.find("text")));
      } else {
        out.ours(placeholder(type));
      }
    }
    return out;
  }

  // The next message that is no tool message.
  std::optional<size_t> next_speaker(size_t at) const {
    for (++at; at < messages().size(); ++at) {
      if (role(at) != "tool") return at;
    }
    return std::nullopt;
  }

  Result<void> message(size_t at) {
    const Document& message = messages()[at];
    const bool assistant = role(at) == "assistant";
    const bool model = assistant || role(at) == "model";
    const bool goes_on = assistant && before_ == "assistant";
    before_ = role(at);
    if (!goes_on) {
      out_.ours("<|turn>");
      if (model) {
        out_.ours("model");
      } else {
        out_.theirs(role(at));
      }
      out_.ours("\n");
    }
    HOB_TRY(calls, list_of(message, "tool_calls"));
    reasoning(message, at, !calls->empty());
    for (const Document& call : *calls) HOB_TRY_VOID(write_call(call));
    HOB_TRY(answered, responses(message, at, *calls));
    HOB_TRY(content, content_of(message, model));
    out_.append(content);

    const std::optional<size_t> next = next_speaker(at);
    if (!calls->empty() && !answered) {
      if (next) return refused("its calls have no responses, but other messages follow; give every call one.");
      if (!content.empty()) {
        return refused("it has calls without responses and text; put the text into a message of its own before.");
      }
      out_.ours("<|tool_response>");
      last_ = Last::call;
    } else if (answered && content.empty() && !next) {
      last_ = Last::response;
    } else if (!(assistant && next && role(*next) == "assistant")) {
      if (answered && !next && chat_.add_generation_prompt) {
        return refused(
            "it is the last, with calls, responses and text, which closes the turn that the model should go on "
            "with; put the text into a message of its own before."
        );
      }
      out_.ours("<turn|>\n");
      last_ = Last::closed_turn;
    }
    return {};
  }

  static Result<const std::vector<Document>*> list_of(const Document& message, std::string_view key) {
    static const std::vector<Document> kNothing;
    const Document* list = message.find(key);
    if (!truthy(list)) return &kNothing;
    if (list->kind != Kind::array) return refused(std::string(key) + " must be an array.");
    return &list->items;
  }

  void reasoning(const Document& message, size_t at, bool has_calls) {
    const Document* thought = message.find("reasoning");
    if (!truthy(thought)) thought = message.find("reasoning_content");
    if (!truthy(thought) || thought->kind != Kind::string) return;
    const bool fresh = !last_user_ || at > *last_user_;
    if (!fresh && !(chat_.preserve_thinking && has_calls)) return;
    out_.ours("<|channel>thought\n");
    out_.theirs(thought->text);
    out_.ours("\n<channel|>");
  }

  Result<void> write_call(const Document& call) {
    const Document* function = call.find("function");
    if (function == nullptr || function->kind != Kind::object) {
      return refused("a call must be an object with the object \"function\".");
    }
    const Document* name = function->find("name");
    if (name == nullptr || name->kind != Kind::string) return refused("a call must have a name.");
    const Document* arguments = function->find("arguments");
    if (arguments == nullptr || (arguments->kind != Kind::object && arguments->kind != Kind::null)) {
      return refused("the arguments of the call of " + name->text + " must be an object; parse a text first.");
    }
    out_.ours("<|tool_call>call:");
    out_.theirs(name->text);
    if (arguments->kind == Kind::null) {
      out_.ours("{}");
    } else {
      HOB_TRY_VOID(write_value(*arguments, Keys::bare, out_));
    }
    out_.ours("<tool_call|>");
    return {};
  }

  // Writes the responses of this message, or of the tool messages after it; says whether there were any.
  Result<bool> responses(const Document& message, size_t at, const std::vector<Document>& calls) {
    HOB_TRY(own, list_of(message, "tool_responses"));
    for (const Document& response : *own) {
      const Document* body = response.find("response");
      if (body == nullptr) return refused("an entry of tool_responses has no \"response\".");
      const std::string_view name = text_of(response.find("name"));
      HOB_TRY_VOID(write_response(name.empty() ? "unknown" : name, *body));
    }
    if (!own->empty()) return true;
    if (calls.empty()) return false;
    bool any = false;
    for (size_t tool = at + 1; tool < messages().size() && role(tool) == "tool"; ++tool) {
      HOB_TRY_VOID(tool_message(messages()[tool], calls));
      any = true;
    }
    return any;
  }

  static bool same_id(const Document* a, const Document* b) {
    const bool no_a = a == nullptr || a->kind == Kind::null;
    const bool no_b = b == nullptr || b->kind == Kind::null;
    if (no_a || no_b) return no_a && no_b;
    return a->kind == b->kind && a->text == b->text;
  }

  Result<void> tool_message(const Document& message, const std::vector<Document>& calls) {
    std::string_view name = text_of(message.find("name"));
    if (name.empty()) name = "unknown";
    std::optional<std::string_view> called;
    for (const Document& call : calls) {
      if (!same_id(call.find("id"), message.find("tool_call_id"))) continue;
      const std::string_view match = text_of(call.find("function")->find("name"));
      if (called && *called != match) {
        return refused("a response fits several calls; give every call and response an id of its own.");
      }
      called = match;
    }
    if (called) name = *called;
    const Document* content = message.find("content");
    Document body;
    if (content == nullptr || content->kind != Kind::array) {
      if (content != nullptr && content->kind == Kind::object) {
        return refused("the content of a tool message is an object; use tool_responses for structured results.");
      }
      if (content != nullptr) body = *content;
      return write_response(name, body);
    }
    body.kind = Kind::string;
    Pieces media;
    for (const Document& part : content->items) {
      HOB_TRY(type, part_type(part));
      if (type == "text") {
        body.text += text_of(part.find("text"));
      } else {
        media.ours(placeholder(type));
      }
    }
    HOB_TRY_VOID(write_response(name, body));
    out_.append(media);
    return {};
  }

  Result<void> write_response(std::string_view name, const Document& body) {
    out_.ours("<|tool_response>response:");
    out_.theirs(name);
    if (body.kind == Kind::object) {
      HOB_TRY_VOID(write_value(body, Keys::bare, out_));
    } else {
      out_.ours("{value:");
      HOB_TRY_VOID(write_value(body, Keys::bare, out_));
      out_.ours("}");
    }
    out_.ours("<tool_response|>");
    return {};
  }

  void generation_prompt() {
    if (last_ == Last::call) return;
    if (last_ == Last::response) {
      if (chat_.enable_thinking) out_.ours("<|channel>thought\n");
      return;
    }
    out_.ours("<|turn>model\n");
    if (chat_.size == ModelSize::big && !chat_.enable_thinking) out_.ours("<|channel>thought\n<channel|>");
  }

  const Chat& chat_;
  Pieces out_;
  size_t first_ = 0;  // of the messages that are no system turn
  std::optional<size_t> last_user_;
  std::string_view before_;  // role of the message before that was no tool message
  Last last_ = Last::closed_turn;
};

}  // namespace

Result<Pieces> render_chat(const Chat& chat) { return Renderer(chat).run(); }

}  // namespace hob::text
