// The body of `hob bench`: how fast the engine is on this machine, and what share of the machine that is.
//
//   hob bench --synthetic e2b --weights bf16 --prompt 512 --depth 128 --generate 32 --sequences 1 --sequences 4
//
// One JSON object a line on standard output; what is being done goes to standard error. Before each row memory's bandwidth
// is probed (decode) or the arithmetic peak (prefill), so that a row's fraction belongs to the machine as it was then.
// Rows: load (a checkpoint only), prefill, decode, memory. Arbitrary ids never accept a draft: `--draft ngram --acceptance
// 0.8,0.6` replays a measured acceptance, position by position, so that what verification costs is measured. What is not
// measured here is refused by name: other weight types and devices. [model] thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "schemas/base/json.h"
#include "schemas/base/result.h"

namespace hob::torch_engine {

struct BenchOptions {
  std::string model;                // a checkpoint's directory; or
  std::string synthetic;            // a size or a config.json, with random weights
  std::string weights = "bf16";     // bf16 or f32; of a checkpoint also auto
  std::string device = "cpu";
  std::string draft = "none";       // none or ngram
  std::vector<double> acceptance;   // with ngram: how often a draft is right at each place, where those before it were
  int threads = 0;                  // 0: as many as the machine has
  std::vector<uint32_t> prompts;    // a prefill row each
  std::vector<uint32_t> depths;     // with each of `sequences`, a decode row
  std::vector<uint32_t> sequences;  // decoded together
  uint32_t generate = 32;           // tokens of a decode row, each sequence
  uint32_t repeat = 3;
  std::string commit;               // what the rows say was measured
  size_t probe_bytes = 256u << 20;  // what the bandwidth probe reads
  uint64_t memory_bytes = 0;        // memory to reckon with; 0: what this machine has left
  double already_seconds = 0;       // that the process had run before: they belong to loading
};

using BenchRow = std::function<void(const Json& row)>;
using BenchNote = std::function<void(const std::string& text)>;

Result<void> bench(const BenchOptions& options, const BenchRow& row, const BenchNote& note);

/// Exit status: 0, or 1 with a message on standard error.
int run_bench(const BenchOptions& options);

/// The configuration that --synthetic SIZE stands for, on standard output: for peers that measure the same shape.
int print_synthetic_config(const std::string& size);

}  // namespace hob::torch_engine
