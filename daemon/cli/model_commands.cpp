// hob model, hob bench, hob grammar: the model's state over RPC, which one hobd hosts (hob.yaml); the rest execs the model
// programs beside hob.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "daemon/cli/app.h"
#include "daemon/cli/reach.h"
#include "daemon/cli/table.h"
#include "daemon/config/model_choice.h"
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
      const auto& can = info.capabilities;
      if (!can.empty() && std::find(can.begin(), can.end(), "tools") == can.end()) {
        std::printf("tools       not available: the model's chat format has none\n");
      }
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
    return a == "--model" || a.starts_with("--model=") || a == "--help" || a == "-h";
  });
  if (wants_model && !named) arguments.insert(arguments.end(), {"--model", places.model_dir});
  std::vector<char*> argv = {const_cast<char*>(path.c_str())};
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  std::fflush(stdout);
  ::execv(path.c_str(), argv.data());
  return Error(Code::internal, "Cannot run " + path + ": " + errno_text(errno) + ". It belongs beside hob.");
}

struct Known {
  std::string name, path;
  bool built_in = false;
};

/// The built-in models: the directories beside the default one where they are installed, only that one in a source tree.
std::vector<Known> built_in_models(const config::Places& places) {
  namespace fs = std::filesystem;
  const fs::path own = places.model_dir;
  if (own.filename() == "checkpoint") return {{own.parent_path().filename().string(), own.string(), true}};
  std::vector<Known> out;
  std::error_code failure;
  for (fs::directory_iterator at(own.parent_path(), failure), end; !failure && at != end; at.increment(failure)) {
    if (at->is_directory(failure)) out.push_back({at->path().filename().string(), at->path().string(), true});
  }
  std::sort(out.begin(), out.end(), [](const Known& a, const Known& b) { return a.name < b.name; });
  return out;
}

Result<void> list(Shared& shared) {
  HOB_TRY(places, shared.places());
  HOB_TRY(configured, config::load(places.config_dir));
  const std::string chosen = configured.model.path.empty() ? places.model_dir : configured.model.path;
  std::vector<Known> models = built_in_models(places);
  const bool known = std::any_of(models.begin(), models.end(), [&](const Known& one) { return one.path == chosen; });
  if (!known) models.push_back({std::filesystem::path(chosen).stem().string(), chosen, false});
  if (shared.json) {
    Json rows = Json::array();
    for (const Known& one : models) {
      rows.push_back({{"name", one.name}, {"path", one.path}, {"builtIn", one.built_in}, {"default", one.path == chosen}});
    }
    std::printf("%s\n", json::dump(Json{{"models", rows}}).c_str());
    return {};
  }
  Table table({"", "NAME", "KIND", "PATH"});
  for (const Known& one : models) {
    table.row({one.path == chosen ? "*" : " ", one.name, one.built_in ? "built in" : "configured", one.path});
  }
  table.print(shared.terminal);
  return {};
}

/// What a name or a path on the command line means; the empty path is the built-in model that is there by itself.
Result<std::string> path_of(const config::Places& places, const std::string& word) {
  namespace fs = std::filesystem;
  std::string names;
  for (const Known& one : built_in_models(places)) {
    if (one.name == word) return one.path == places.model_dir ? std::string() : one.path;
    names += (names.empty() ? "" : ", ") + one.name;
  }
  std::error_code failure;
  const fs::path path = fs::absolute(word, failure).lexically_normal();
  const bool file = fs::is_regular_file(path, failure) && path.extension() == ".gguf";
  bool directory = fs::exists(path / "config.json", failure);
  for (fs::directory_iterator at(path, failure), end; !directory && !failure && at != end; at.increment(failure)) {
    directory = at->path().extension() == ".gguf";
  }
  if (file || directory) return path.string();
  return Error(Code::not_found, "\"" + word + "\" is no built-in model (" + names + "), no file NAME.gguf and no directory with "
                                "config.json or a file NAME.gguf.");
}

Result<void> use(Shared& shared, const std::string& word) {
  HOB_TRY(places, shared.places());
  HOB_TRY(path, path_of(places, word));
  HOB_TRY_VOID(config::choose_model(places.config_dir, path));
  const std::string file = places.config_dir + "/hob.yaml";
  if (shared.json) {
    std::printf("%s\n", json::dump(Json{{"path", path.empty() ? places.model_dir : path}, {"file", file}}).c_str());
  } else {
    std::printf("%s now names %s. A daemon that runs goes on with its model until it is started again (hob daemon restart).\n",
                shared.terminal.for_output(file).c_str(),
                path.empty() ? "the built-in model" : shared.terminal.for_output(path).c_str());
  }
  return {};
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
  Command& model = app.add("model", "The model's state, and which one is hosted; its tokenizer, prompts and logits");
  model.wants_subcommand(true);
  model.examples("  hob model status\n"
           "  echo '\"hello\"' | hob model tokenize --model DIR\n"
           "  echo '{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}' | hob model render --model DIR\n"
           "  hob model list\n"
           "  hob model use models/gemma.gguf\n"
           "  hob model info MODEL\n"
           "  hob model logits --model DIR --tokens ids.json --out logits.safetensors");
  Command& status_app = model.add("status", "What the model is doing");
  add_common(status_app, shared);
  status_app.examples("  hob model status --json");
  status_app.run([&shared] {
    if (auto result = status(shared); !result) fail(shared, result.error());
  });
  Command& list_app = model.add("list", "The built-in models and the one that is configured; * marks what hobd hosts");
  add_common(list_app, shared);
  list_app.examples("  hob model list --json");
  list_app.run([&shared] {
    if (auto result = list(shared); !result) fail(shared, result.error());
  });
  Command& use_app = model.add("use", "Makes a model the one that hobd hosts: a built-in name, a directory or a GGUF file");
  add_common(use_app, shared);
  const auto word = std::make_shared<std::string>();
  use_app.option("MODEL", *word, "A name of `hob model list`, a checkpoint directory or a file NAME.gguf").required();
  use_app.examples("  hob model use tiny\n  hob model use models/gemma-3-270m-it.gguf");
  use_app.run([&shared, word] {
    if (auto result = use(shared, *word); !result) fail(shared, result.error());
  });
  add_passing(model, shared, "info", "Size, layers and memory of a checkpoint, and what this machine can hold", "hob-model", "info", false);
  add_passing(model, shared, "logits", "Logits of given tokens, as a safetensors file", "hob-model", "logits", true);
  add_passing(model, shared, "tokenize", "Lines of JSON strings to lines of token ids, or back with --decode", "hob-model-lite", "tokenize", true);
  add_passing(model, shared, "render", "Lines of conversations to lines of prompts", "hob-model-lite", "render", true);

  Command& grammar = app.add("grammar", "What keeps answers to their schemas and grammars");
  grammar.wants_subcommand(true);
  grammar.examples("  hob grammar check moves.gbnf\n  hob grammar bench --stdio");
  add_grammar_check(grammar, shared);
  add_passing(grammar, shared, "bench", "Compiles schemas and judges strings, on standard input", "hob-model-lite", "grammar-bench", false);
}

}  // namespace hob::cli
