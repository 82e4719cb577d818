#include "model/torch/bench_command.h"

#include <ATen/Parallel.h>
#include <c10/util/Exception.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <limits>
#include <new>
#include <random>
#include <thread>

#include "model/torch/bench_cost.h"
#include "model/torch/memory.h"
#include "model/torch/need.h"
#include "model/torch/probe.h"
#include "model/torch/synthetic.h"

namespace hob::torch_engine {
namespace {

using Clock = std::chrono::steady_clock;

constexpr uint32_t kMostTokens = 131'072, kMostRepeats = 1000;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

double three_digits(double value) { return std::round(value * 1000) / 1000; }

uint64_t resident_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<uint64_t>(usage.ru_maxrss) * 1024;
}

struct Subject {
  std::unique_ptr<TorchEngine> engine;
  gemma::Config config;
  std::string name;
  std::string weights;  // as they stand in memory
  uint64_t weight_size = 2;
  double load_seconds = -1;
};

Result<void> check_drafts(const BenchOptions& options) {
  const auto refuse = [](const std::string& text) { return Error(Code::invalid_params, text); };
  if (options.draft == "mtp") return refuse("This version of hob has no MTP drafter: --draft takes none or ngram.");
  if (options.draft != "none" && options.draft != "ngram") {
    return refuse("--draft takes none or ngram, got \"" + options.draft + "\".");
  }
  if (options.draft == "ngram" && options.acceptance.empty()) {
    return refuse("Arbitrary ids never accept a draft: --draft ngram takes --acceptance P,P,..., a measured one, to replay it.");
  }
  if (options.draft == "none" && !options.acceptance.empty()) return refuse("--acceptance belongs to --draft ngram.");
  if (options.acceptance.size() >= kMaxRows) {
    return refuse("--acceptance takes at most " + std::to_string(kMaxRows - 1) + " places, which one forward holds.");
  }
  for (const double share : options.acceptance) {
    if (!(share >= 0 && share <= 1)) return refuse("--acceptance takes shares of 0 to 1.");
  }
  return {};
}

Result<void> check(const BenchOptions& options) {
  const auto refuse = [](const std::string& text) { return Error(Code::invalid_params, text); };
  if (options.model.empty() == options.synthetic.empty()) return refuse("Give either --model DIR or --synthetic SIZE.");
  if (options.device != "cpu") {
    return refuse("This version of hob computes on the CPU alone; --device " + options.device + " cannot be measured.");
  }
  if (options.weights == "int8" || options.weights == "int4") {
    return refuse("This version of hob has no " + options.weights + " weights; --weights takes bf16 or f32.");
  }
  if (options.weights != "bf16" && options.weights != "f32" && !(options.weights == "auto" && !options.model.empty())) {
    return refuse("--weights takes bf16 or f32 (of a checkpoint also auto), got \"" + options.weights + "\".");
  }
  HOB_TRY_VOID(check_drafts(options));
  if (options.generate == 0 || options.generate > kMostTokens) return refuse("--generate takes 1 to 131072 tokens.");
  if (options.repeat == 0 || options.repeat > kMostRepeats) return refuse("--repeat takes 1 to 1000.");
  for (const uint32_t prompt : options.prompts) {
    if (prompt == 0 || prompt > kMostTokens) return refuse("--prompt takes 1 to 131072 tokens.");
  }
  for (const uint32_t depth : options.depths) {
    if (depth > kMostTokens) return refuse("--depth takes 0 to 131072 tokens.");
  }
  for (const uint32_t sequences : options.sequences) {
    if (sequences == 0 || sequences > kMaxRows) {
      return refuse("--sequences takes 1 to " + std::to_string(kMaxRows) + ", which one forward holds.");
    }
  }
  return {};
}

/// Positions that the longest row needs.
uint32_t context_of(const BenchOptions& options) {
  uint32_t out = 1;
  for (const uint32_t prompt : options.prompts) out = std::max(out, prompt);
  for (const uint32_t depth : options.depths) out = std::max(out, depth + options.generate + 1 + static_cast<uint32_t>(options.acceptance.size()));
  return out;
}

Result<Subject> make_synthetic(const BenchOptions& options, const BenchNote& note) {
  HOB_TRY(text, synthetic_config(options.synthetic));
  HOB_TRY(config, gemma::parse_config(text, "config.json"));
  const bool bf16 = options.weights == "bf16";
  const gemma::Dtype dtype = bf16 ? gemma::Dtype::bf16 : gemma::Dtype::f32;
  const WeightType asked = bf16 ? WeightType::bf16 : WeightType::f32;
  DecoderOptions decoder = decoder_options(asked, false, dtype);
  decoder.context = context_of(options);
  if (decoder.context > config.max_positions) {
    return Error(
      Code::invalid_params, "Rows of " + std::to_string(decoder.context) + " positions were asked for; the model has " +
                              std::to_string(config.max_positions) + " (max_position_embeddings)."
    );
  }
  uint64_t most = 1;
  for (const uint32_t sequences : options.sequences) most = std::max<uint64_t>(most, sequences);
  const uint64_t weights = synthetic_bytes(config, dtype);
  const uint64_t caches = (most + 1) * (Decoder::kv_bytes_per_token(config, decoder.compute) * decoder.context +
                                        Decoder::sliding_bytes(config, decoder));
  const uint64_t need = weights + caches + 2 * options.probe_bytes;
  const uint64_t available = options.memory_bytes > 0 ? options.memory_bytes : available_memory();
  if (need > available) {
    return Error(
      Code::model_failed, "This would need " + gigabytes(need) + " of memory (" + gigabytes(weights) + " weights, " +
                            gigabytes(caches) + " keys and values); " + gigabytes(available) +
                            " are available. Take a smaller size or fewer positions."
    );
  }
  note("making " + gigabytes(weights) + " of random weights");
  HOB_TRY(model, synthetic_checkpoint(std::move(text), dtype, "synthetic " + options.synthetic));
  Subject out;
  out.name = model.name;
  out.weights = options.weights;
  out.weight_size = gemma::byte_size(dtype);
  out.config = std::move(config);
  Options load_options;
  load_options.dtype = asked;
  load_options.context = decoder.context;
  load_options.memory_bytes = std::numeric_limits<uint64_t>::max();  // reckoned above, before the weights were made
  HOB_TRY(engine, load(std::move(model), load_options));
  out.engine = std::move(engine);
  return out;
}

Result<Subject> load_model(const BenchOptions& options, int threads, const BenchNote& note) {
  note("loading " + options.model);
  const auto start = Clock::now();
  Options load_options;
  HOB_TRY(type, weight_type_of(options.weights));
  load_options.dtype = type;
  load_options.threads = threads;
  load_options.context = context_of(options);
  load_options.memory_bytes = options.memory_bytes;
  HOB_TRY(checkpoint, open_checkpoint(options.model));
  const gemma::Dtype weights = decoder_options(type, false, kept_dtype(type, checkpoint.weights)).weights();
  Subject out;
  out.name = checkpoint.name;
  out.weights = weights == gemma::Dtype::bf16 ? "bf16" : "f32";
  out.weight_size = gemma::byte_size(weights);
  out.config = checkpoint.config;
  HOB_TRY(engine, load(std::move(checkpoint), load_options));
  out.load_seconds = options.already_seconds + seconds_since(start);
  out.engine = std::move(engine);
  return out;
}

/// Arbitrary ids: speed does not depend on them.
std::vector<engine::Token> some_ids(size_t count, uint32_t vocab) {
  std::vector<engine::Token> out(count);
  for (size_t i = 0; i < count; ++i) out[i] = static_cast<engine::Token>((i * 7919 + 13) % vocab);
  return out;
}

class Run {
 public:
  Run(const BenchOptions& options, Subject& subject, int threads, const BenchRow& row, const BenchNote& note)
      : options_(options), subject_(subject), engine_(*subject.engine), threads_(threads), row_(row), note_(note),
        cost_(subject.config, subject.weight_size, engine_.info().dtype == "bf16" ? 2 : 4) {}

  Result<void> all() {
    if (subject_.load_seconds >= 0) emit("load", {{"seconds", Json::array({three_digits(subject_.load_seconds)})}});
    for (const uint32_t prompt : options_.prompts) HOB_TRY_VOID(prefill(prompt));
    for (const uint32_t depth : options_.depths) {
      for (const uint32_t sequences : options_.sequences) HOB_TRY_VOID(decode(depth, sequences));
    }
    emit("memory", {{"weights_bytes", cost_.weight_bytes()}, {"cache_bytes", most_cache_}});
    return {};
  }

 private:
  void emit(const char* what, const Json& fields) {
    Json out{{"what", what}};
    for (const auto& [key, value] : fields.items()) out[key] = value;
    out["rss_MiB"] = resident_bytes() >> 20;
    out["threads"] = threads_;
    out["weights"] = subject_.weights;
    out["computed_in"] = engine_.info().dtype;
    out["device"] = std::string("cpu: ") + cpu_text();
    out["model"] = subject_.name;
    out["commit"] = options_.commit;
    row_(out);
  }

  Result<void> step(const std::vector<engine::SeqId>& sequences, std::vector<engine::Token> ids, size_t logits) {
    engine::Batch batch;
    for (const engine::SeqId seq : sequences) {
      engine::Row row{.seq = seq, .ids = ids, .soft = {}};
      row.logits_from = ids.size() - logits;
      batch.rows.push_back(std::move(row));
    }
    HOB_TRY(out, engine_.forward(batch));
    most_cache_ = std::max(most_cache_, engine_.cache_bytes());
    return {};
  }

  Result<void> prefill(uint32_t tokens) {
    note_("prefill of " + std::to_string(tokens) + " tokens");
    const double peak = peak_gflops(threads_, engine_.info().dtype == "bf16");
    std::vector<double> seconds;
    for (uint32_t i = 0; i < options_.repeat; ++i) {
      HOB_TRY(seq, engine_.open());
      const auto start = Clock::now();
      HOB_TRY_VOID(step({seq}, some_ids(tokens, engine_.info().vocab), 1));
      seconds.push_back(seconds_since(start));
      engine_.close(seq);
    }
    const double speed = tokens / median(seconds);
    emit("prefill", {
      {"tokens", tokens}, {"depth", 0}, {"seconds", seconds}, {"tokens_per_s", three_digits(speed)},
      {"gflop_per_token", three_digits(cost_.prefill_flops(tokens) / tokens / 1e9)}, {"peak_gflops", three_digits(peak)},
      {"peak_fraction", three_digits(cost_.prefill_flops(tokens) / median(seconds) / 1e9 / peak)}
    });
    return {};
  }

  Result<void> decode(uint32_t depth, uint32_t sequences) {
    note_("decoding " + std::to_string(options_.generate) + " tokens at depth " + std::to_string(depth) + ", " +
          std::to_string(sequences) + (sequences == 1 ? " sequence" : " sequences"));
    std::vector<double> seconds, roofs;
    uint64_t forwards = 0;
    for (uint32_t i = 0; i < options_.repeat; ++i) {
      std::vector<engine::SeqId> open;
      for (uint32_t n = 0; n < sequences; ++n) {
        HOB_TRY(seq, engine_.open());
        open.push_back(seq);
        if (depth > 0) HOB_TRY_VOID(step({seq}, some_ids(depth, engine_.info().vocab), 0));
      }
      roofs.push_back(read_bandwidth(threads_, options_.probe_bytes));
      HOB_TRY_VOID(step(open, {7}, 1));  // wakes what sleeps
      const auto start = Clock::now();
      HOB_TRY(ran, generate(open));
      seconds.push_back(seconds_since(start));
      roofs.push_back(read_bandwidth(threads_, options_.probe_bytes));
      forwards = ran;
      for (const engine::SeqId seq : open) engine_.close(seq);
    }
    const double tokens = double{static_cast<double>(options_.generate)} * sequences, speed = tokens / median(seconds);
    const double share = static_cast<double>(forwards) / options_.generate;  // of a forward that each token costs
    const auto bytes =
      static_cast<uint64_t>(share * static_cast<double>(cost_.decode_bytes(depth + options_.generate / 2, sequences)));
    const double roof = median(roofs);
    Json row{
      {"tokens", options_.generate}, {"depth", depth}, {"sequences", sequences}, {"seconds", seconds},
      {"tokens_per_s", three_digits(speed)}, {"bytes_per_token", bytes}, {"bandwidth_GBps", three_digits(roof)},
      {"roof_fraction", three_digits(static_cast<double>(bytes) * speed / 1e9 / roof)}
    };
    if (!options_.acceptance.empty()) {
      row["replayed_acceptance"] = options_.acceptance;
      row["tokens_per_forward"] = three_digits(1 / share);
    }
    emit("decode", row);
    return {};
  }

  /// Decodes `generate` tokens of each sequence, with drafts where an acceptance is replayed; the forwards that it took.
  Result<uint64_t> generate(const std::vector<engine::SeqId>& open) {
    std::mt19937 chance(20'240'607);  // the same drafts are right in each row
    uint64_t forwards = 0;
    for (size_t said = 0; said < options_.generate; ++forwards) {
      const size_t drafted = std::min(options_.acceptance.size(), options_.generate - said - 1);
      std::vector<engine::Token> ids;
      for (size_t i = 0; i <= drafted; ++i) {
        ids.push_back(static_cast<engine::Token>(((said + i) * 31 + 5) % engine_.info().vocab));
      }
      HOB_TRY_VOID(step(open, std::move(ids), drafted + 1));
      size_t right = 0;
      while (right < drafted && std::uniform_real_distribution<double>()(chance) < options_.acceptance[right]) ++right;
      for (const engine::SeqId seq : open) {
        if (drafted > right) HOB_TRY_VOID(engine_.truncate(seq, static_cast<uint32_t>(drafted - right)));
      }
      said += right + 1;
    }
    return forwards;
  }

  const BenchOptions& options_;
  Subject& subject_;
  TorchEngine& engine_;
  int threads_;
  const BenchRow& row_;
  const BenchNote& note_;
  BenchCost cost_;
  uint64_t most_cache_ = 0;
};

Result<void> run_all(const BenchOptions& options, const BenchRow& row, const BenchNote& note) {
  HOB_TRY_VOID(check(options));
  const int threads =
    options.threads > 0 ? options.threads : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  at::set_num_threads(threads);
  HOB_TRY(subject, options.model.empty() ? make_synthetic(options, note) : load_model(options, threads, note));
  return Run(options, subject, threads, row, note).all();
}

}  // namespace

Result<void> bench(const BenchOptions& options, const BenchRow& row, const BenchNote& note) {
  try {
    return run_all(options, row, note);
  } catch (const std::bad_alloc&) {
    return Error(Code::model_failed, "Out of memory while measuring.");
  } catch (const c10::Error& error) {
    return Error(Code::model_failed, std::string("Measuring failed: ") + error.what_without_backtrace());
  } catch (const std::exception& error) {
    return Error(Code::model_failed, std::string("Measuring failed: ") + error.what());
  }
}

int run_bench(const BenchOptions& options) {
  const auto done = bench(
    options,
    [](const Json& row) {
      std::printf("%s\n", json::dump(row).c_str());
      std::fflush(stdout);
    },
    [](const std::string& text) { std::fprintf(stderr, "hob bench: %s\n", text.c_str()); }
  );
  if (done) return 0;
  std::fprintf(stderr, "hob bench: %s\n", done.error().message().c_str());
  return 1;
}

int print_synthetic_config(const std::string& size) {
  const auto text = synthetic_config(size);
  if (!text) {
    std::fprintf(stderr, "hob bench: %s\n", text.error().message().c_str());
    return 1;
  }
  std::printf("%s\n", text->c_str());
  return 0;
}

}  // namespace hob::torch_engine
