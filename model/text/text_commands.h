// text_commands: `hob model tokenize` and `hob model render`, for other programs.
//
//   hob model tokenize --model DIR [--untrusted] [--decode]   "some text" -> [1,2,3]   (or back)
//   hob model render --model DIR                              {"messages": [...]} -> {"prompt": "...", "tokens": [...]}
//
// One JSON value a line in, one a line out, in the same order; a line that cannot be done gives {"error": "..."} and
// the next goes on. DIR needs a tokenizer.json only; who calls may bring a loader for other files. tokenize adds no <bos>; without --untrusted added tokens are
// read in the text. render takes messages and tools as Hugging Face's chat templates do, further enable_thinking,
// add_generation_prompt, preserve_thinking and model ("small", the default, or "big"); text from messages never
// yields control tokens. The bodies run until the end of `in`; one thread.
#pragma once

#include <functional>
#include <iosfwd>
#include <span>
#include <string>
#include <string_view>

#include "model/text/tokenizer.h"

namespace hob::text {

/// What becomes of --model.
using TokenizerLoader = std::function<Result<Tokenizer>(const std::string& model)>;
/// DIR/tokenizer.json.
Result<Tokenizer> tokenizer_of_directory(const std::string& model);

/// The commands: `arguments` come after the word. They return the exit status: 0, 1 (no tokenizer) or 2 (usage).
int tokenize_command(
    std::span<const std::string> arguments, std::istream& in, std::ostream& out, std::ostream& err,
    const TokenizerLoader& load = tokenizer_of_directory
);
int render_command(
    std::span<const std::string> arguments, std::istream& in, std::ostream& out, std::ostream& err,
    const TokenizerLoader& load = tokenizer_of_directory
);

/// One line of each: the answer, or the error that the command prints.
Result<std::string> tokenize_line(std::string_view line, Control control, const Tokenizer& tokenizer);
Result<std::string> decode_line(std::string_view line, const Tokenizer& tokenizer);
Result<std::string> render_line(std::string_view line, const Tokenizer& tokenizer);

}  // namespace hob::text
