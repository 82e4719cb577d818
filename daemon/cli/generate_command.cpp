// hob generate: one answer without a session: text, JSON that fits a schema, or words that fit a regular expression or a
// grammar.
#include <cstdio>

#include "daemon/cli/app.h"
#include "daemon/cli/json_argument.h"
#include "daemon/cli/prompt.h"
#include "daemon/cli/reach.h"
#include "schemas/base/json.h"

namespace hob::cli {
namespace {

struct GenerateOptions {
  std::string prompt, schema, grammar, system;
  std::optional<std::string> regex;
  std::vector<std::string> stop;
  bool think = false, repeat = false;
  std::optional<uint64_t> seed;
  std::optional<double> temperature;
  std::optional<uint32_t> max_tokens;
};

Error usage(const std::string& message) { return {Code::invalid_request, message}; }

Result<wire::Generate> params_of(const GenerateOptions& options, Terminal& terminal) {
  wire::Generate out;
  const int held = (options.schema.empty() ? 0 : 1) + (options.regex ? 1 : 0) + (options.grammar.empty() ? 0 : 1);
  if (held > 1) return usage("--schema, --regex and --grammar exclude each other: an answer is held to one of them.");
  if (!options.schema.empty()) {
    auto schema = json_argument(options.schema, json::kSchema);
    if (!schema) return usage("--schema: " + schema.error().message());
    if (!schema->is_object() && !schema->is_boolean()) return usage("--schema: a JSON Schema is an object; this is " + json::brief(*schema) + ".");
    out.schema = *std::move(schema);
  }
  out.regex = options.regex;
  if (!options.grammar.empty()) {
    auto text = text_argument(options.grammar, kMostGrammar);
    if (!text) return usage("--grammar: " + text.error().message());
    out.grammar = *std::move(text);
  }
  // Standard input that is the grammar is no part of the question.
  const bool taken = options.grammar == "-" || options.schema == "-";
  HOB_TRY(prompt, asked(options.prompt, taken ? Piped::left : Piped::read, terminal));
  out.messages.emplace();
  if (!options.system.empty()) out.messages->push_back({"system", options.system});
  out.messages->push_back({"user", std::move(prompt)});
  if (options.seed || options.temperature || options.repeat) {
    out.sampling.emplace();
    out.sampling->seed = options.seed;
    out.sampling->temperature = options.temperature;
    if (options.repeat) out.sampling->repetition_guard = false;
  }
  if (options.think) out.thinking = wire::Thinking{true, std::nullopt};
  out.max_tokens = options.max_tokens;
  out.stop = options.stop;
  return out;
}

/// Waits for the answer and prints what comes of it meanwhile; Ctrl-C ends it.
Result<wire::GenerateResult> follow(Shared& shared, Client& client, const wire::Generate& params) {
  HOB_TRY(id, client.send("generate", describe::write(params)));
  for (;;) {
    Json message;
    switch (client.wait({}, message)) {
      case Wake::message:
        break;
      case Wake::interrupt:
        (void)client.send("$/cancel_request", {{"requestId", id}});
        return Error(Code::cancelled, "Interrupted.");
      default:
        return lost_connection();
    }
    if (message.value("method", "") == "generate/delta") {
      const Json delta = message.value("params", Json::object());
      if (shared.json || delta.value("requestId", Json()) != id) continue;
      std::fputs(shared.terminal.for_output(delta.value("text", "")).c_str(), stdout);
      std::fflush(stdout);
    } else if (message.contains("id") && !message.contains("method") && message.at("id") == id) {
      if (message.contains("error")) return Error::from_json(message.at("error"));
      return describe::read<wire::GenerateResult>(message.value("result", Json::object()));
    }
  }
}

Result<void> generate(Shared& shared, const GenerateOptions& options) {
  HOB_TRY(params, params_of(options, shared.terminal));
  params.stream = true;
  HOB_TRY(daemon, reach(shared, Need::running));
  HOB_TRY(result, follow(shared, daemon.client, params));
  const bool limited = result.stop_reason == "max_tokens" || result.stop_reason == "repetition";
  shared.exit = limited ? kLimit : kDone;
  if (shared.json) {
    std::printf("%s\n", json::dump(describe::write(result)).c_str());
    return {};
  }
  if (!result.output.ends_with('\n')) std::printf("\n");
  if (limited) {
    shared.terminal.note(result.incomplete ? "(a limit was reached; the answer was closed so that it fits)" : "(a limit was reached)");
  }
  return {};
}

}  // namespace

void add_generate_command(Command& app, Shared& shared) {
  Command& generate_app = app.add("generate", "One answer without a session or tools; held to a schema, a regex or a grammar");
  auto options = std::make_shared<GenerateOptions>();
  generate_app.option("prompt", options->prompt, "What to say to the model; text piped into standard input follows it").shown_as("TEXT");
  generate_app.option("--schema", options->schema, "The answer is JSON that fits this JSON Schema").shown_as("FILE|JSON");
  generate_app.option("--regex", options->regex, "The whole answer matches this regular expression").shown_as("REGEX");
  generate_app.option("--grammar", options->grammar, "The whole answer is one of this grammar's texts (GBNF)").shown_as("FILE|-");
  generate_app.option("--system", options->system, "A system text").shown_as("TEXT");
  generate_app.option("--stop", options->stop, "Ends free text where this comes, which is not shown").shown_as("TEXT");
  generate_app.flag("--think", options->think, "Let the model think first");
  generate_app.option("--seed", options->seed, "The same seed gives the same answer").shown_as("N");
  generate_app.option("--temperature", options->temperature, "0 takes the likeliest word").between(0.0, 10.0).shown_as("T");
  generate_app.flag("--repeat", options->repeat, "Let the model repeat itself; a loop of tokens ends an answer otherwise");
  generate_app.option("--max-tokens", options->max_tokens, "At most so many").between(1, 1000000).shown_as("N");
  add_common(generate_app, shared);
  generate_app.examples("  hob generate \"Say hello.\"\n"
           "  hob generate --regex 'yes|no' \"Is 17 a prime?\"\n"
           "  hob generate --regex '\\d{4}-\\d{2}-\\d{2}' \"When did Apollo 11 land?\"\n"
           "  hob generate --grammar moves.gbnf \"The next two moves, please.\"\n"
           "  printf 'root ::= item+\\nitem ::= \"- \" [^\\\\n]+ \"\\\\n\"\\n' | hob generate --grammar - \"Name three fruits.\"\n"
           "  hob generate --schema person.json \"Anna is 31 years old.\" --json\n"
           "Exit status: 0 done, 1 error (also a grammar that is refused), 2 usage, 3 no daemon, 4 no model, 7 a limit was\n"
           "reached, 130 interrupted.");
  generate_app.run([&shared, options] {
    if (const auto result = generate(shared, *options); !result) fail_or_usage(shared, result.error());
  });
}

}  // namespace hob::cli
