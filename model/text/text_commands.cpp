#include "model/text/text_commands.h"

#include <istream>
#include <ostream>

#include "model/text/chat.h"
#include "model/text/gemma3_chat.h"
#include "schemas/base/document.h"
#include "schemas/base/json.h"

namespace hob::text {
namespace {

using json::Document;
using Kind = Document::Kind;

struct Options {
  std::string model;
  bool untrusted = false;
  bool decode = false;
};

Result<Options> read_options(std::span<const std::string> arguments, bool tokenize) {
  Options options;
  for (size_t at = 0; at < arguments.size(); ++at) {
    const std::string& word = arguments[at];
    if (word == "--model" && at + 1 < arguments.size()) {
      options.model = arguments[++at];
    } else if (tokenize && word == "--untrusted") {
      options.untrusted = true;
    } else if (tokenize && word == "--decode") {
      options.decode = true;
    } else {
      return Error(Code::invalid_params, "unknown or incomplete option " + word);
    }
  }
  if (options.model.empty()) return Error(Code::invalid_params, "--model DIR|FILE.gguf is missing");
  if (options.untrusted && options.decode) {
    return Error(Code::invalid_params, "--untrusted says how text is read; it does not go with --decode");
  }
  return options;
}

template <typename Line>
void each_line(std::istream& in, std::ostream& out, Line&& answer) {
  for (std::string line; std::getline(in, line);) {
    const Result<std::string> result = answer(line);
    out << (result ? *result : json::dump(Json{{"error", result.error().message()}})) << '\n' << std::flush;
  }
}

// Loads the tokenizer and answers every line.
template <typename Line>
int run(
    const Result<Tokenizer>& tokenizer, std::istream& in, std::ostream& out, std::ostream& err, Line&& answer
) {
  if (!tokenizer) {
    err << tokenizer.error().message() << '\n';
    return 1;
  }
  each_line(in, out, [&](const std::string& line) { return answer(line, *tokenizer); });
  return 0;
}

std::string ids_text(const std::vector<Token>& ids) {
  std::string out = "[";
  for (const Token id : ids) {
    if (out.size() > 1) out += ',';
    out += std::to_string(id);
  }
  return out + "]";
}

Result<bool> flag(const Document& request, std::string_view key) {
  const Document* value = request.find(key);
  if (value == nullptr || value->kind == Kind::null) return false;
  if (value->kind != Kind::boolean) return Error(Code::invalid_params, std::string(key) + " must be true or false.");
  return value->boolean;
}

Result<Chat> read_chat(std::string_view line) {
  HOB_TRY(request, json::parse_document(line, json::kWire));
  if (request.kind != Kind::object) {
    return Error(Code::invalid_params, "a line must be an object with messages, for example {\"messages\": []}.");
  }
  Chat chat;
  if (const Document* messages = request.find("messages")) chat.messages = *messages;
  if (const Document* tools = request.find("tools")) chat.tools = *tools;
  if (const Document* model = request.find("model"); model != nullptr && model->kind != Kind::null) {
    if (model->kind != Kind::string || (model->text != "small" && model->text != "big")) {
      return Error(Code::invalid_params, "model must be \"small\" or \"big\".");
    }
    chat.size = model->text == "big" ? ModelSize::big : ModelSize::small;
  }
  HOB_TRY(thinking, flag(request, "enable_thinking"));
  HOB_TRY(generation, flag(request, "add_generation_prompt"));
  HOB_TRY(preserve, flag(request, "preserve_thinking"));
  chat.enable_thinking = thinking;
  chat.add_generation_prompt = generation;
  chat.preserve_thinking = preserve;
  return chat;
}

}  // namespace

Result<Tokenizer> tokenizer_of_directory(const std::string& model) { return Tokenizer::load(model + "/tokenizer.json"); }

Result<std::string> tokenize_line(std::string_view line, Control control, const Tokenizer& tokenizer) {
  HOB_TRY(text, json::parse_document(line, json::kWire));
  if (text.kind != Kind::string) {
    return Error(Code::invalid_params, "a line must be a JSON string, for example \"some text\".");
  }
  return ids_text(tokenizer.encode(text.text, control));
}

Result<std::string> decode_line(std::string_view line, const Tokenizer& tokenizer) {
  HOB_TRY(list, json::parse(line, json::kWire));
  if (!list.is_array()) return Error(Code::invalid_params, "a line must be an array of token ids, for example [1, 2].");
  std::vector<Token> ids;
  for (const Json& id : list) {
    if (!id.is_number_integer() || id < Json(0) || id >= Json(tokenizer.size())) {
      return Error(
          Code::invalid_params, "wanted token ids below " + std::to_string(tokenizer.size()) + ", got " + json::brief(id)
      );
    }
    ids.push_back(id.get<Token>());
  }
  return json::dump(Json(tokenizer.decode(ids, Specials::keep)));
}

Result<std::string> render_line(std::string_view line, const Tokenizer& tokenizer) {
  HOB_TRY(chat, read_chat(line));
  HOB_TRY(pieces, tokenizer.format() == ChatFormat::gemma3 ? render_gemma3_chat(chat) : render_chat(chat));
  return "{\"prompt\":" + json::dump(Json(pieces.text())) +
         ",\"tokens\":" + ids_text(tokenizer.encode(pieces.list())) + "}";
}

int tokenize_command(
    std::span<const std::string> arguments, std::istream& in, std::ostream& out, std::ostream& err, const TokenizerLoader& load
) {
  const Result<Options> options = read_options(arguments, true);
  if (!options) {
    err << options.error().message() << "\nusage: hob model tokenize --model DIR [--untrusted] [--decode]\n";
    return 2;
  }
  const Control control = options->untrusted ? Control::as_text : Control::match;
  return run(load(options->model), in, out, err, [&](const std::string& line, const Tokenizer& tokenizer) {
    return options->decode ? decode_line(line, tokenizer) : tokenize_line(line, control, tokenizer);
  });
}

int render_command(
    std::span<const std::string> arguments, std::istream& in, std::ostream& out, std::ostream& err, const TokenizerLoader& load
) {
  const Result<Options> options = read_options(arguments, false);
  if (!options) {
    err << options.error().message() << "\nusage: hob model render --model DIR\n";
    return 2;
  }
  return run(load(options->model), in, out, err, render_line);
}

}  // namespace hob::text
