#include "model/serve/prompt.h"

namespace hob::serve {

Result<Prompt> make_prompt(const text::Tokenizer& tokenizer, const std::string& fingerprint,
                           const wire::StepParams& params) {
  using text::Piece;
  Prompt out;
  std::vector<Piece> pieces{{"<bos>", true}};
  if (params.prompt) {
    pieces.push_back({*params.prompt, true});
    out.tokens = tokenizer.encode(pieces);
    return out;
  }
  if (!params.system.empty() || !params.tools.empty()) {
    pieces.push_back({"<|turn>system\n", true});
    pieces.push_back({params.system, false});
    for (const wire::ToolDecl& tool : params.tools) {
      pieces.push_back({"<|tool>declaration:" + tool.name + "{}<tool|>", true});
    }
    pieces.push_back({"<turn|>\n", true});
    out.prefix = tokenizer.encode(pieces).size();
  }
  bool model_open = false;
  for (const wire::Item& item : params.items) {
    const bool from_user = item.kind == wire::ItemKind::user_message || item.kind == wire::ItemKind::notice;
    if (from_user && model_open) pieces.push_back({"<turn|>\n", true});
    if (!from_user && !model_open) pieces.push_back({"<|turn>model\n", true});
    model_open = !from_user;
    switch (item.kind) {
      case wire::ItemKind::user_message:
      case wire::ItemKind::notice:
        pieces.push_back({"<|turn>user\n", true});
        pieces.push_back({item.text, false});
        pieces.push_back({"<turn|>\n", true});
        break;
      case wire::ItemKind::tool_call:
        pieces.push_back({"<|tool_call>call:" + item.name.value_or("") + "{", true});
        pieces.push_back({item.arguments.value_or(""), false});
        pieces.push_back({"}<tool_call|>", true});
        break;
      case wire::ItemKind::tool_result:
        pieces.push_back({"<|tool_response>response:" + item.name.value_or("") + "{", true});
        pieces.push_back({item.result ? json::dump(*item.result) : "", false});
        pieces.push_back({"}<tool_response|>", true});
        break;
      case wire::ItemKind::thought:
        break;
      case wire::ItemKind::agent_message:
      case wire::ItemKind::structured_output:
        pieces.push_back({item.text, false});
        break;
    }
  }
  if (!model_open) pieces.push_back({"<|turn>model\n", true});
  out.tokens = tokenizer.encode(pieces);
  (void)fingerprint;
  return out;
}

}  // namespace hob::serve
