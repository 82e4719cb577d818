// hob-model: the model process with libtorch.
#include <malloc.h>
#include <time.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "model/serve/bench_masks.h"
#include "model/serve/program.h"
#include "model/serve/torch_loader.h"
#include "model/torch/bench_command.h"
#include "model/torch/info_command.h"
#include "model/torch/logits_command.h"
#include "schemas/wire/handshake.h"

namespace {

using hob::torch_engine::BenchOptions;
using hob::torch_engine::LogitsOptions;

/// libgomp reads this when it is loaded, before main. Its waiting threads must not spin: on a busy machine two spinning
/// threads take whole time slices from each other. hobd passes it; by hand the program starts itself once more.
void ensure_passive_waiting(char** argv) {
  if (std::getenv("OMP_WAIT_POLICY") != nullptr) return;
  setenv("OMP_WAIT_POLICY", "passive", 1);
  execv("/proc/self/exe", argv);
  // Without /proc it goes on as it is, only slower beside other work.
}

/// The scratch of a step is freed and wanted again at once. It stays with the process: handed back to the kernel it would
/// come again page by page, cleared, which is 2 to 3 % of a prefill.
void keep_scratch() {
  constexpr int kScratch = 256 << 20;  // bytes; several times the largest tensor of a step
  mallopt(M_MMAP_THRESHOLD, kScratch);
  mallopt(M_TRIM_THRESHOLD, kScratch);
}

/// Since this process began, to a hundredth of a second; 0 where /proc does not tell.
double seconds_of_process() {
  std::ifstream file("/proc/self/stat");
  std::string text;
  std::getline(file, text);
  const size_t name_ends = text.rfind(')');
  if (name_ends == std::string::npos) return 0;
  std::istringstream fields(text.substr(name_ends + 1));
  std::string field;
  for (int i = 3; i <= 22; ++i) fields >> field;  // the 22nd: clock ticks from the boot to the start
  timespec now{};
  if (!fields || ::clock_gettime(CLOCK_BOOTTIME, &now) != 0) return 0;
  const double began = std::strtod(field.c_str(), nullptr) / static_cast<double>(::sysconf(_SC_CLK_TCK));
  return std::max(0.0, static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9 - began);
}

int fail_bench(const std::string& text) {
  std::fprintf(stderr, "hob bench: %s\n", text.c_str());
  return 1;
}

/// All rows; exit status. What is wrong with the schema is said before anything is measured.
int run_bench(const BenchOptions& options, const std::string& schema) {
  if (schema.empty()) return hob::torch_engine::run_bench(options);
  if (options.model.empty()) {
    return fail_bench("--schema wants --model: random weights have no tokens whose masks could be made.");
  }
  auto read = hob::serve::read_schema(schema);
  if (!read) return fail_bench(read.error().message());
  if (const int status = hob::torch_engine::run_bench(options); status != 0) return status;
  std::fprintf(stderr, "hob bench: answering under %s\n", schema.c_str());
  const auto row = hob::serve::bench_masks({.model = options.model,
                                            .schema = std::move(*read),
                                            .schema_name = schema,
                                            .weights = options.weights,
                                            .threads = static_cast<uint32_t>(std::max(0, options.threads)),
                                            .generate = options.generate,
                                            .repeat = options.repeat,
                                            .commit = options.commit});
  if (!row) return fail_bench(row.error().message());
  std::printf("%s\n", hob::json::dump(*row).c_str());
  return 0;
}

void add_bench(CLI::App& app, int& status) {
  CLI::App* bench = app.add_subcommand("bench", "Measures the engine on this machine: one JSON object a line");
  const auto options = std::make_shared<BenchOptions>();
  options->commit = hob::wire::build_id();
  bench->add_option("--model", options->model, "Checkpoint directory; hob bench takes the built-in one where none is named");
  bench->add_option("--synthetic", options->synthetic, "Random weights of a size: e2b, e4b, 12b, 26b-a4b, 31b or a config.json");
  bench->add_option("--weights", options->weights, "bf16 or f32; of a checkpoint also auto")->capture_default_str();
  bench->add_option("--device", options->device, "cpu")->capture_default_str();
  bench->add_option("--threads", options->threads, "Threads to compute with; 0: all")->capture_default_str();
  bench->add_option("--prompt", options->prompts, "A prefill row of so many tokens; may be repeated")->allow_extra_args(false);
  bench->add_option("--depth", options->depths, "Decode rows behind so many tokens; may be repeated")->allow_extra_args(false);
  bench->add_option("--sequences", options->sequences, "Decode rows of so many sequences together; may be repeated")->allow_extra_args(false);
  bench->add_option("--generate", options->generate, "Tokens of a decode row")->capture_default_str();
  bench->add_option("--repeat", options->repeat, "Times that each row is measured")->capture_default_str();
  bench->add_option("--draft", options->draft, "none or ngram")->capture_default_str();
  bench->add_option("--acceptance", options->acceptance, "Of --draft ngram: how often a draft is right at each place, to replay")
    ->delimiter(',')->allow_extra_args(false);
  const auto schema = std::make_shared<std::string>();
  bench->add_option("--schema", *schema, "A file with a JSON Schema: a mask row of answers that fit it; of a checkpoint");
  const auto print = std::make_shared<std::string>();
  bench->add_option("--print-config", *print, "Only prints the configuration of a size that --synthetic knows");
  bench->footer("Rows not asked for: --prompt 512, --depth 128, --sequences 1. Of a checkpoint `hob bench` also tells the time to "
                "the first token through a private daemon (ttft); --no-ttft leaves that out.\nExit status: 0; 1 when it cannot be measured; 2 when the command line is wrong.\n"
                "Example:\n  hob bench --synthetic e2b --weights bf16 --prompt 512 --depth 128 --sequences 1 --sequences 4");
  bench->callback([options, schema, print, &status] {
    if (!print->empty()) {
      status = hob::torch_engine::print_synthetic_config(*print);
      return;
    }
    options->already_seconds = seconds_of_process();
    if (options->prompts.empty()) options->prompts = {512};
    if (options->depths.empty()) options->depths = {128};
    if (options->sequences.empty()) options->sequences = {1};
    status = run_bench(*options, *schema);
  });
}

void add_commands(CLI::App& app, int& status) {
  add_bench(app, status);
  CLI::App* logits = app.add_subcommand("logits", "Writes teacher-forced logits of given token ids");
  const auto options = std::make_shared<LogitsOptions>();
  logits->add_option("--model", options->model, "Checkpoint directory, or a GGUF file")->required();
  logits->add_option("--tokens", options->tokens, "A JSON array of token ids")->required();
  logits->add_option("--out", options->out, "The safetensors file to write: logits [time, vocab] f32")->required();
  logits->add_option("--dtype", options->dtype, "f32, bf16 or auto")->capture_default_str();
  logits->add_option("--threads", options->threads, "Threads to compute with; 0: choose")->capture_default_str();
  logits->footer("Example:\n  hob-model logits --model DIR --tokens ids.json --out logits.safetensors --dtype f32");
  logits->callback([options, &status] { status = hob::torch_engine::run_logits(*options); });

  struct InfoOptions {
    std::string directory;
    bool json = false;
  };
  CLI::App* info = app.add_subcommand("info", "Tells what a checkpoint is and what memory it takes on this machine");
  const auto about = std::make_shared<InfoOptions>();
  info->add_option("MODEL", about->directory, "Checkpoint directory, or a GGUF file")->required();
  info->add_flag("--json", about->json, "One JSON object instead of a table");
  info->footer("Exit status: 0; 1 when MODEL is no checkpoint that hob can load; 2 when the command line is wrong.\n"
               "Example:\n  hob model info DIR --json");
  info->callback([about, &status] { status = hob::torch_engine::run_info(about->directory, about->json); });
}

}  // namespace

int main(int argc, char** argv) {
  ensure_passive_waiting(argv);
  keep_scratch();
  return hob::serve::run(argc, argv, {"hob-model", hob::serve::load_torch, add_commands});
}
