// Vocabulary: what the constraint engine needs of a tokenizer: the bytes of every id, and which ids are control tokens.
//
// Control tokens are known by id alone: text that looks like one is text. An id with no bytes is never offered.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hob::constrain {

using Token = uint32_t;

/// Gemma 4's control tokens; each is absent where the vocabulary lacks it.
struct ControlIds {
  std::optional<Token> eos, turn_close;
  std::optional<Token> channel_open, channel_close;  // around thoughts
  std::optional<Token> call_open, call_close;
  std::optional<Token> response_open;  // stop after calls: the model waits for results
  std::optional<Token> quote;          // around strings in calls
};

struct Vocabulary {
  std::vector<std::string> bytes;  // by id; empty: special or unusable
  std::vector<bool> special;       // by id
  ControlIds control;
  /// How the tokenizer spells a text by ordinary tokens; absent: the longest piece first.
  std::function<std::vector<Token>(std::string_view)> spell;
};

}  // namespace hob::constrain
