#include "model/serve/lite_commands.h"

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "model/bench/grammar_stdio.h"
#include "model/gemma/gguf_tokenizer.h"
#include "model/text/text_commands.h"

namespace hob::serve {
namespace {

using Body = int (*)(
    std::span<const std::string>, std::istream&, std::ostream&, std::ostream&, const text::TokenizerLoader&
);

Result<text::Tokenizer> load(const std::string& model) { return gemma::load_tokenizer(model); }

/// A command whose body reads its own arguments.
void add(CLI::App& app, int& status, const std::string& name, const std::string& about, const std::string& footer,
         Body body) {
  CLI::App* command = app.add_subcommand(name, about);
  command->allow_extras();
  command->footer(footer);
  command->callback([command, body, &status] {
    const std::vector<std::string> arguments = command->remaining();
    status = body(arguments, std::cin, std::cout, std::cerr, load);
  });
}

}  // namespace

void add_lite_commands(CLI::App& app, int& status) {
  add(app, status, "tokenize", "Lines of JSON strings in, lines of token ids out; --decode: back",
      "Options: --model DIR|FILE.gguf [--untrusted] [--decode]\nExample:\n"
      "  echo '\"Hello <turn|>\"' | hob-model-lite tokenize --model DIR",
      text::tokenize_command);
  add(app, status, "render", "Lines of {messages, tools, ...} in, lines of {prompt, tokens} out",
      "Options: --model DIR\nExample:\n  echo '{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}' | "
      "hob-model-lite render --model DIR",
      text::render_command);
  CLI::App* bench = app.add_subcommand("grammar-bench", "Measures the constraint engine: one request a line in, one "
                                                        "reply a line out");
  const auto stdio = std::make_shared<bool>(true);
  bench->add_flag("--stdio", *stdio, "Speak on standard input and output (the only way there is)");
  bench->footer("Example:\n  echo '{\"op\":\"hello\"}' | hob-model-lite grammar-bench --stdio");
  bench->callback([stdio, &status] { status = bench::run_grammar_stdio(std::cin, std::cout); });
}

}  // namespace hob::serve
