// hob model, hob bench, hob grammar: the model's state over RPC; the rest execs the model programs beside hob.
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "daemon/cli/app.h"
#include "daemon/cli/reach.h"
#include "schemas/base/json.h"

namespace hob::cli {
namespace {

Result<void> status(Shared& shared) {
  HOB_TRY(daemon, reach(shared, Need::running));
  HOB_TRY(model, daemon.client.call<wire::ModelStatus>("model/status", wire::Nothing{}));
  if (shared.json) {
    std::printf("%s\n", json::dump(describe::write(model)).c_str());
  } else {
    std::printf("state       %s\n", model.state.c_str());
    if (model.reason) std::printf("reason      %s\n", shared.terminal.for_output(*model.reason).c_str());
    if (model.loading) std::printf("loaded      %d %%\n", static_cast<int>(*model.loading * 100));
    if (model.model) {
      const wire::ModelInfo& info = *model.model;
      const bool told = info.name.find("demonstration") != std::string::npos;
      std::printf("model       %s%s\n", shared.terminal.for_output(info.name).c_str(),
                  info.demonstration && !told ? " (demonstration model)" : "");
      std::printf("device      %s, %s\n", info.device.c_str(), info.dtype.c_str());
      std::printf("context     %u tokens\n", info.context_size);
      std::printf("loaded in   %.2f s\n", info.load_seconds);
    }
    if (model.tokens_per_second > 0) std::printf("speed       %.1f tokens/s\n", model.tokens_per_second);
    if (model.speculative && model.speculative->drafted > 0) {
      const wire::Speculative& drafts = *model.speculative;
      std::printf("drafts      %.0f %% of %llu right, %.2f tokens a step",
                  100.0 * static_cast<double>(drafts.accepted) / static_cast<double>(drafts.drafted),
                  static_cast<unsigned long long>(drafts.drafted), drafts.tokens_per_step);
      if (drafts.speed_up) std::printf(", %.2f x the speed", *drafts.speed_up);
      std::printf("\n");
    }
    std::printf("restarts    %u\n", model.restarts);
  }
  if (model.state == "failed") shared.exit = kNoModel;
  return {};
}

/// Becomes the program, with the rest of the command line. `--model` is the built-in one where none is named.
Result<void> become(Shared& shared, const std::string& program, std::vector<std::string> arguments, bool wants_model) {
  HOB_TRY(places, shared.places());
  const std::string path = places.bin_dir + "/" + program;
  const bool named = std::any_of(arguments.begin(), arguments.end(), [](const std::string& a) {
    return a == "--model" || a.starts_with("--model=") || a == "--synthetic" || a.starts_with("--synthetic=") ||
           a == "--help" || a == "-h";
  });
  if (wants_model && !named) arguments.insert(arguments.end(), {"--model", places.model_dir});
  std::vector<char*> argv = {const_cast<char*>(path.c_str())};
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  std::fflush(stdout);
  ::execv(path.c_str(), argv.data());
  return Error(Code::internal, "Cannot run " + path + ": " + errno_text(errno) + ". It belongs beside hob.");
}

void add_passing(Command& group, Shared& shared, const std::string& name, const std::string& about,
                 const std::string& program, const std::string& command, bool wants_model) {
  Command& app = group.add(name, about);
  app.pass_on([&shared, program, command, wants_model](const std::vector<std::string>& rest) {
    std::vector<std::string> arguments = {command};
    arguments.insert(arguments.end(), rest.begin(), rest.end());
    if (auto result = become(shared, program, std::move(arguments), wants_model); !result) fail(shared, result.error());
  });
}

}  // namespace

void add_model_commands(Command& app, Shared& shared) {
  Command& model = app.add("model", "The model's state; its tokenizer, prompts and logits");
  model.wants_subcommand(true);
  model.examples("  hob model status\n"
           "  echo '\"hello\"' | hob model tokenize --model DIR\n"
           "  echo '{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}' | hob model render --model DIR\n"
           "  hob model info DIR\n"
           "  hob model logits --model DIR --tokens ids.json --out logits.safetensors");
  Command& status_app = model.add("status", "What the model is doing");
  add_common(status_app, shared);
  status_app.examples("  hob model status --json");
  status_app.run([&shared] {
    if (auto result = status(shared); !result) fail(shared, result.error());
  });
  add_passing(model, shared, "info", "Size, layers and memory of a checkpoint, and what this machine can hold", "hob-model", "info", false);
  add_passing(model, shared, "logits", "Logits of given tokens, as a safetensors file", "hob-model", "logits", true);
  add_passing(model, shared, "tokenize", "Lines of JSON strings to lines of token ids, or back with --decode", "hob-model-lite", "tokenize", true);
  add_passing(model, shared, "render", "Lines of conversations to lines of prompts", "hob-model-lite", "render", true);

  add_passing(app, shared, "bench", "Measures the engine on this machine: prefill, decoding, memory", "hob-model", "bench", true);

  Command& grammar = app.add("grammar", "The grammars that keep answers to their schemas");
  grammar.wants_subcommand(true);
  grammar.examples("  hob grammar bench --stdio");
  add_passing(grammar, shared, "bench", "Compiles schemas and judges strings, on standard input", "hob-model-lite", "grammar-bench", false);
}

}  // namespace hob::cli
