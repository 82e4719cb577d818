// hob-engine-bench DIR [THREADS [PROMPT [DECODE]]]: raw speed of the engine on one checkpoint, for people.
//
// Prints the load's time, prefill of PROMPT tokens, decoding of DECODE tokens behind them, the caches' size and the
// process's largest resident size. Token ids are arbitrary: speed does not depend on them.
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "model/torch/load.h"

namespace {

using hob::torch_engine::TorchEngine;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

hob::Result<void> run(const hob::torch_engine::Options& options, size_t prompt, size_t decode) {
  const auto start = Clock::now();
  HOB_TRY(engine, hob::torch_engine::load(options));
  std::printf("%s, %s, %d threads\n", engine->info().name.c_str(), engine->info().dtype.c_str(), options.threads);
  std::printf("load      %8.1f ms\n", 1e3 * seconds_since(start));
  const auto step = [&](hob::engine::SeqId seq, std::vector<uint32_t> ids) -> hob::Result<void> {
    hob::engine::Batch batch;
    batch.rows.push_back({.seq = seq, .ids = std::move(ids), .soft = {}});
    batch.rows[0].logits_from = batch.rows[0].ids.size() - 1;
    HOB_TRY(out, engine->forward(batch));
    return {};
  };
  std::vector<uint32_t> ids(prompt);
  for (size_t i = 0; i < prompt; ++i) ids[i] = static_cast<uint32_t>((i * 7919 + 13) % engine->info().vocab);
  for (const bool warm : {false, true}) {
    HOB_TRY(seq, engine->open());
    const auto prefill = Clock::now();
    HOB_TRY_VOID(step(seq, ids));
    const double prefill_seconds = seconds_since(prefill);
    const auto decoding = Clock::now();
    for (size_t i = 0; i < decode; ++i) HOB_TRY_VOID(step(seq, {ids[i % prompt]}));
    const double decode_seconds = seconds_since(decoding);
    std::printf(
      "%s prefill %8.0f tok/s (%zu tokens), decode %7.1f tok/s (%zu at depth %zu), caches %.1f MB\n",
      warm ? "warm " : "first", static_cast<double>(prompt) / prefill_seconds, prompt,
      static_cast<double>(decode) / decode_seconds, decode, prompt, static_cast<double>(engine->cache_bytes()) / 1e6
    );
    engine->close(seq);
  }
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf("peak RSS  %8.1f MB\n", static_cast<double>(usage.ru_maxrss) / 1e3);
  return {};
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: hob-engine-bench DIR [THREADS [PROMPT [DECODE]]]\n");
    return 2;
  }
  const auto number = [&](int index, int fallback) { return argc > index ? std::atoi(argv[index]) : fallback; };
  hob::torch_engine::Options options;
  options.directory = argv[1];
  options.threads = number(2, 1);
  const int prompt = number(3, 860), decode = number(4, 200);
  if (prompt < 1 || decode < 1) return 2;
  const auto done = run(options, static_cast<size_t>(prompt), static_cast<size_t>(decode));
  if (done) return 0;
  std::fprintf(stderr, "hob-engine-bench: %s\n", done.error().message().c_str());
  return 1;
}
