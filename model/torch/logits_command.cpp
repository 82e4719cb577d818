#include "model/torch/logits_command.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "model/gemma/safetensors_writer.h"
#include "model/torch/load.h"
#include "schemas/base/json.h"

namespace hob::torch_engine {
namespace {

constexpr size_t kMaxTokensBytes = 64u << 20;
constexpr size_t kLogitsBytesAtOnce = 64u << 20;

Result<std::vector<engine::Token>> read_tokens(const std::filesystem::path& file, uint32_t vocab) {
  HOB_TRY(text, gemma::read_small_file(file, kMaxTokensBytes));
  auto parsed = json::parse(text, json::kModelFile);
  const std::string where = file.filename().string();
  if (!parsed) return Error(Code::invalid_params, parsed.error().message()).in(where);
  if (!parsed->is_array() || parsed->empty()) {
    return Error(Code::invalid_params, where + ": wanted an array of token ids, got " + json::brief(*parsed) + ".");
  }
  std::vector<engine::Token> out;
  out.reserve(parsed->size());
  for (const Json& id : *parsed) {
    const bool natural = id.is_number_unsigned() || (id.is_number_integer() && id.get<int64_t>() >= 0);
    if (!natural || id.get<uint64_t>() >= vocab) {
      return Error(
        Code::invalid_params, where + ": item " + std::to_string(out.size()) + " must be a token id below " +
                                std::to_string(vocab) + ", got " + json::brief(id) + "."
      );
    }
    out.push_back(id.get<engine::Token>());
  }
  return out;
}

/// Tells how far the work is, when somebody is there to read it and has waited for two seconds.
class Told {
 public:
  explicit Told(size_t total) : total_(total), on_(::isatty(STDERR_FILENO) == 1) {}
  ~Told() {
    if (shown_) std::fputs("\n", stderr);
  }
  void at(size_t done) {
    using std::chrono::steady_clock;
    if (!on_ || steady_clock::now() - start_ < std::chrono::seconds(2)) return;
    std::fprintf(stderr, "\rlogits: %zu of %zu tokens", done, total_);
    std::fflush(stderr);
    shown_ = true;
  }

 private:
  size_t total_;
  bool on_;
  bool shown_ = false;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

Result<void> write_logits(const LogitsOptions& options) {
  HOB_TRY(dtype, weight_type_of(options.dtype));
  // The ids are read first, so that the context can be as long as they are and not longer.
  HOB_TRY(checkpoint, open_checkpoint(options.model));
  const gemma::Config& config = checkpoint.config;
  HOB_TRY(ids, read_tokens(options.tokens, config.vocab));
  if (ids.size() > config.max_positions) {
    return Error(
      Code::context_exceeded, "There are " + std::to_string(ids.size()) + " tokens; the model has " +
                                std::to_string(config.max_positions) + " positions."
    );
  }
  Options load_options;
  load_options.dtype = dtype;
  load_options.threads = options.threads;
  load_options.context = static_cast<uint32_t>(ids.size());
  HOB_TRY(engine, load(std::move(checkpoint), load_options));
  const uint32_t vocab = engine->info().vocab;
  HOB_TRY(
    writer, gemma::SafetensorsWriter::create(options.out, {{"logits", gemma::Dtype::f32, {ids.size(), vocab}}})
  );
  HOB_TRY(seq, engine->open());
  const size_t step =
    std::clamp<size_t>(kLogitsBytesAtOnce / (size_t{vocab} * sizeof(float)), 1, engine->info().prefill_chunk);
  Told told(ids.size());
  for (size_t first = 0; first < ids.size(); first += step) {
    const size_t count = std::min(step, ids.size() - first);
    engine::Row row;
    row.seq = seq;
    row.ids.assign(ids.begin() + static_cast<ptrdiff_t>(first), ids.begin() + static_cast<ptrdiff_t>(first + count));
    engine::Batch batch;
    batch.rows.push_back(std::move(row));
    HOB_TRY(out, engine->forward(batch));
    HOB_TRY_VOID(writer.append(std::as_bytes(std::span<const float>(out.rows.at(0).logits))));
    told.at(first + count);
  }
  return writer.finish();
}

int run_logits(const LogitsOptions& options) {
  const auto done = write_logits(options);
  if (done) return 0;
  std::fprintf(stderr, "hob model logits: %s\n", done.error().message().c_str());
  return 1;
}

}  // namespace hob::torch_engine
