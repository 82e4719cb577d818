// A small vocabulary for tests: the control tokens of Gemma 4 under ids of our own, every byte, and pieces of the kinds
// that make masks hard (quotes with commas, brackets in a row, words with spaces, doubles of the same bytes).
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/constrain/token_trie.h"
#include "schemas/base/result.h"

namespace hob::constrain::testing {

enum : Token {
  kPad, kEos, kBos, kTurnOpen, kTurnClose, kChannelOpen, kChannelClose, kCallOpen, kCallClose, kResponseOpen, kQuoteToken,
  kImage, kFirstOrdinary,
};

inline Vocabulary vocabulary() {
  Vocabulary made;
  for (Token id = 0; id < kFirstOrdinary; ++id) {
    made.bytes.emplace_back();
    made.special.push_back(true);
  }
  made.control = {kEos, kTurnClose, kChannelOpen, kChannelClose, kCallOpen, kCallClose, kResponseOpen, kQuoteToken};
  const auto add = [&](std::string text) {
    made.bytes.push_back(std::move(text));
    made.special.push_back(false);
  };
  for (int byte = 0; byte < 256; ++byte) add(std::string(1, static_cast<char>(byte)));
  for (const char* text :
       {"a", "\"", "{", "1",  // twins of the byte tokens
        "\",", "\":", "\": ", "\"}", "\"]", "\",\"", "\", \"", "\":\"", "\": \"", "{\"", "{\"name", "[\"", "[[", "]]", "}}",
        "{}", "[]", "},", "}, {", "],", "[{", "}]", "\"}]", ", ", ",\n", "\n", "\n\n", "\n  ", "\n    ", "  ", "    ", ": ",
        "\"\"", "\\\"", "\\n", "\\u00", "\\u", "\\\\", "name", "na", "me", "path", "pa", "th", "city", "true", "false",
        "null", "nul", "tr", "ue", "age", "call", "call:", "read", "_file", "file", ":{", "{path", "path:", "12", "00",
        "10", "99", "0.5", ".5", "e1", "e+", "-1", "1,", "0]", "5}", "hello", " world", "the ", " of", "é", "日本", "語",
        "\xF0\x9F\x98\x8A", "thought", "thought\n", "<|tool_call>", "<turn|>", "<|\"|>", "abc", "bc", "ab", "a\"", "b\":",
        "x\",", "red", "green", "blue", "re", "d\"", "id", "id\"", "\"id\"", "tags", "items", "value", "kind", "s\":",
        "s\": [", "\"a\":", "a\":1", "\"a\"", "1.0", "2.5", "}\n", " {", " [", " \"", " }", " ]"}) {
    add(text);
  }
  return made;
}

inline std::shared_ptr<const TokenTrie> trie() {
  static const std::shared_ptr<const TokenTrie> kTrie = TokenTrie::make(vocabulary()).value();
  return kTrie;
}

}  // namespace hob::constrain::testing
