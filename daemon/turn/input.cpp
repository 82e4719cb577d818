#include "daemon/turn/input.h"

namespace hob::turn {

Result<std::string> text_of(const std::vector<wire::ContentBlock>& input) {
  std::string text;
  for (size_t i = 0; i < input.size(); ++i) {
    const wire::ContentBlock& block = input[i];
    const std::string pointer = "/input/" + std::to_string(i);
    std::string piece;
    if (block.type == "text") {
      if (!block.text) return invalid_params(pointer + "/text", "a string (it is required)", "nothing");
      piece = *block.text;
    } else if (block.type == "resource_link") {
      if (!block.uri) return invalid_params(pointer + "/uri", "a string (it is required)", "nothing");
      constexpr std::string_view kFile = "file://";
      piece = block.uri->starts_with(kFile) ? block.uri->substr(kFile.size()) : *block.uri;
    } else {
      return Error(Code::unsupported_content, "Content of type \"" + block.type.substr(0, 40) +
                                                  "\" is not understood yet; send text or resource_link.")
          .with("pointer", pointer + "/type");
    }
    if (!text.empty()) text += "\n\n";
    text += piece;
  }
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
    return invalid_params("/input", "some text", "white space alone");
  }
  return text;
}

}  // namespace hob::turn
