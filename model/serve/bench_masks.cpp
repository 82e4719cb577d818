#include "model/serve/bench_masks.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "model/gemma/config.h"
#include "model/serve/step_maker.h"
#include "model/serve/torch_loader.h"

namespace hob::serve {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMaxSchemaBytes = 4u << 20;
constexpr std::string_view kQuestion = "Answer with JSON.";

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }
double three_digits(double value) { return std::round(value * 1000) / 1000; }

double share(std::vector<double> values, double of) {
  std::sort(values.begin(), values.end());
  return values[std::min(values.size() - 1, static_cast<size_t>(of * static_cast<double>(values.size())))];
}

/// The likeliest of the allowed ones.
engine::Token best(std::span<const float> logits, std::span<const uint64_t> allowed) {
  engine::Token out = 0;
  float most = -std::numeric_limits<float>::infinity();
  for (size_t id = 0; id < logits.size(); ++id) {
    if ((allowed[id / 64] >> (id % 64) & 1) == 0 || logits[id] <= most) continue;
    most = logits[id];
    out = static_cast<engine::Token>(id);
  }
  return out;
}

class Answers {
 public:
  Answers(engine::Engine& engine, std::shared_ptr<const constrain::CompiledStep> step, std::vector<engine::Token> prompt)
      : engine_(engine), step_(std::move(step)), prompt_(std::move(prompt)), bits_((engine.info().vocab + 63) / 64) {}

  /// One repeat: `count` tokens.
  Result<void> run(uint32_t count) {
    double masks = 0;
    const auto start = Clock::now();
    for (uint32_t said = 0; said < count;) {
      HOB_TRY(seq, engine_.open());
      const auto answered = answer(seq, count - said, masks);
      engine_.close(seq);
      if (!answered) return answered.error();
      said += *answered;
    }
    mask_seconds.push_back(masks);
    all_seconds.push_back(seconds_since(start) - prefill_);
    prefill_ = 0;
    return {};
  }

  std::vector<double> mask_seconds, all_seconds;  // of each repeat, prompts left out
  std::vector<double> micros;                     // of each token

 private:
  Result<uint32_t> answer(engine::SeqId seq, uint32_t most, double& masks) {
    constrain::Matcher matcher(step_);
    std::vector<engine::Token> next = prompt_;
    uint32_t said = 0;
    for (; said < most && !matcher.finished(); ++said) {
      const auto start = Clock::now();
      HOB_TRY(out, engine_.forward({.rows = {{.seq = seq, .ids = next, .logits_from = next.size() - 1}}}));
      if (said == 0) prefill_ += seconds_since(start);
      double spent = 0;
      HOB_TRY(token, choose(matcher, out.rows[0].logits, spent));
      masks += spent;
      micros.push_back(spent * 1e6);
      next = {token};
    }
    return said;
  }

  Result<engine::Token> choose(constrain::Matcher& matcher, std::span<const float> logits, double& spent) {
    auto start = Clock::now();
    matcher.mask(bits_);
    spent = seconds_since(start);
    const engine::Token token = best(logits, bits_);
    start = Clock::now();
    events_.clear();
    HOB_TRY_VOID(matcher.accept(token, events_));
    spent += seconds_since(start);
    return token;
  }

  engine::Engine& engine_;
  std::shared_ptr<const constrain::CompiledStep> step_;
  std::vector<engine::Token> prompt_;
  std::vector<uint64_t> bits_;
  std::vector<constrain::Event> events_;
  double prefill_ = 0;
};

}  // namespace

Result<json::Document> read_schema(const std::string& path) {
  const auto text = gemma::read_small_file(path, kMaxSchemaBytes);
  if (!text) return Error(Code::invalid_params, "--schema wants a file with a JSON Schema. " + text.error().message());
  auto read = json::parse_document(*text, json::kSchema);
  if (!read) return Error(Code::invalid_params, path + ": " + read.error().message());
  return read;
}

Result<Json> bench_masks(const MaskBench& options) {
  wire::ModelStart start;
  start.model_dir = options.model;
  start.dtype = options.weights;
  start.threads = options.threads;
  engine::Interrupt interrupt;
  HOB_TRY(loaded, load_torch(start, interrupt, [](uint64_t, uint64_t) {}));
  HOB_TRY(facts, facts_of(loaded));
  constrain::StepSpec spec;
  spec.response_schema = options.schema;
  spec.stop_ids = facts.control.stops;
  const auto began = Clock::now();
  const auto step = constrain::compile(facts.trie, spec);
  if (!step) return Error(step.error().code(), options.schema_name + ": " + step.error().message());
  const double compiling = seconds_since(began);
  Answers answers(*loaded.engine, *step, facts.tokenizer->encode(kQuestion, text::Control::as_text));
  for (uint32_t i = 0; i < options.repeat; ++i) HOB_TRY_VOID(answers.run(options.generate));
  double masks = 0, all = 0;
  for (const double seconds : answers.mask_seconds) masks += seconds;
  for (const double seconds : answers.all_seconds) all += seconds;
  const engine::Info& info = loaded.engine->info();
  return Json{{"what", "mask"},
              {"tokens", options.generate},
              {"seconds", answers.mask_seconds},
              {"decode_seconds", answers.all_seconds},
              {"share_of_decode", std::round(masks / all * 1e6) / 1e6},
              {"p50_us", three_digits(share(answers.micros, 0.5))},
              {"p99_us", three_digits(share(answers.micros, 0.99))},
              {"max_us", three_digits(share(answers.micros, 1))},
              {"compile_ms", three_digits(compiling * 1e3)},
              {"schema", options.schema_name},
              {"computed_in", info.dtype},
              {"device", info.device},
              {"model", info.name},
              {"commit", options.commit}};
}

}  // namespace hob::serve
