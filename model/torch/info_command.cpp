#include "model/torch/info_command.h"

#include <algorithm>
#include <cstdio>
#include <set>

#include "model/torch/memory.h"
#include "model/torch/need.h"

namespace hob::torch_engine {
namespace {

constexpr uint64_t kBillion = 1'000'000'000;

uint64_t count(const gemma::Config& config, engine::LayerType type) {
  return static_cast<uint64_t>(std::count_if(config.layers.begin(), config.layers.end(), [&](const auto& layer) {
    return layer.type == type;
  }));
}

struct Parameters {
  uint64_t all = 0, active = 0;
};

/// Of a mixture, a token meets top_k experts of each layer.
Parameters parameters(const gemma::Config& config, const gemma::Weights& weights) {
  Parameters out;
  for (const auto& [name, view] : weights.all()) {
    const uint64_t elements = view.elements();
    out.all += elements;
    const bool stacked = config.moe && name.find(".experts.") != std::string::npos;
    out.active += stacked ? elements / config.moe->experts * config.moe->top_k : elements;
  }
  return out;
}

std::string padded(std::string text, size_t width) {
  if (text.size() < width) text.insert(0, width - text.size(), ' ');
  return text;
}

std::string in_billions(uint64_t count) {
  if (count < kBillion / 10) return std::to_string(count);
  const uint64_t hundredths = count / (kBillion / 100);
  const std::string rest = std::to_string(hundredths % 100);
  return std::to_string(hundredths / 100) + "." + (rest.size() == 1 ? "0" : "") + rest + " billion";
}

uint64_t number(const Json& info, const char* key) { return info.at(key).get<uint64_t>(); }

}  // namespace

Result<Json> model_info(const std::filesystem::path& path, uint64_t available) {
  HOB_TRY(model, open_checkpoint(path));
  const gemma::Config& config = model.config;
  const gemma::Weights& weights = model.weights;
  if (available == 0) available = available_memory();
  const Parameters sizes = parameters(config, weights);
  Json out{
    {"name", model.name},
    {"demonstration", model.demonstration},
    {"model_type", config.model_type},
    {"layers", config.layers.size()},
    {"sliding_layers", count(config, engine::LayerType::sliding)},
    {"full_layers", count(config, engine::LayerType::full)},
    {"layers_with_own_keys", config.first_shared},
    {"sliding_window", config.sliding_window},
    {"hidden_size", config.hidden},
    {"attention_heads", config.heads},
    {"vocab_size", config.vocab},
    {"max_positions", config.max_positions},
    {"tied_head", config.tied},
  };
  if (config.moe) {
    out["experts"] = config.moe->experts;
    out["experts_per_token"] = config.moe->top_k;
  }
  out["parameters"] = sizes.all;
  out["active_parameters"] = sizes.active;
  out["format"] = model.gguf ? "gguf" : "safetensors";
  out["weights_dtype"] = std::string(gemma::name_of(weights.dtype()));
  out["file_bytes"] = model.files.file_bytes();
  out["available_bytes"] = available;
  std::set<uint32_t> contexts;
  for (const uint32_t context : {2048u, 8192u, kDefaultContext, config.max_positions}) {
    contexts.insert(std::min(context, config.max_positions));
  }
  Json rows = Json::array(), longest = Json::object();
  for (const auto dtype : {WeightType::f32, WeightType::bf16}) {
    const std::string name = dtype == WeightType::f32 ? "f32" : "bf16";
    DecoderOptions options = decoder_options(dtype, false, kept_dtype(dtype, weights));
    for (const uint32_t context : contexts) {
      options.context = context;
      const MemoryNeed need = memory_need(config, weights, options);
      rows.push_back(
        {{"dtype", name},
         {"computed_in", options.compute == Compute::bf16 ? "bf16" : "f32"},
         {"context", context},
         {"weights_bytes", need.weights},
         {"cache_bytes", need.caches},
         {"total_bytes", need.total()},
         {"fits", need.total() <= available}}
      );
    }
    longest[name] = longest_context(config, weights, options, available);
  }
  out["memory"] = std::move(rows);
  out["longest_context"] = std::move(longest);
  return out;
}

std::string info_text(const Json& info) {
  std::string out;
  const auto line = [&](std::string label, const std::string& value) {
    label.resize(14, ' ');
    out += label + value + "\n";
  };
  const auto text = [&](const char* key) { return std::to_string(number(info, key)); };
  line("model", info.at("name").get<std::string>() + " (" + info.at("model_type").get<std::string>() +
                  (info.at("demonstration").get<bool>() ? ", demonstration model)" : ")"));
  line("layers", text("layers") + ": " + text("sliding_layers") + " sliding (window " + text("sliding_window") + "), " +
                   text("full_layers") + " full; " + text("layers_with_own_keys") + " have keys and values of their own");
  line("width", text("hidden_size") + ", " + text("attention_heads") + " heads" +
                  (info.contains("experts")
                     ? ", " + text("experts") + " experts of which a token meets " + text("experts_per_token")
                     : ""));
  line("vocabulary", text("vocab_size") + (info.at("tied_head").get<bool>() ? ", tied head" : ", a head of its own"));
  line("context", text("max_positions") + " positions");
  line("parameters", in_billions(number(info, "parameters")) +
                       (info.contains("experts") ? ", " + in_billions(number(info, "active_parameters")) + " a token" : ""));
  line("files", gigabytes(number(info, "file_bytes")) + ", " + info.at("weights_dtype").get<std::string>() +
                  (info.at("format") == "gguf" ? " (GGUF)" : ""));
  line("available", gigabytes(number(info, "available_bytes")));
  out += "\n precision   context      weights         keys        total\n";
  for (const Json& row : info.at("memory")) {
    out += padded(row.at("dtype").get<std::string>(), 10) + padded(std::to_string(number(row, "context")), 10) +
           padded(gigabytes(number(row, "weights_bytes")), 13) + padded(gigabytes(number(row, "cache_bytes")), 13) +
           padded(gigabytes(number(row, "total_bytes")), 13) + (row.at("fits").get<bool>() ? "  fits" : "  does not fit") +
           "\n";
  }
  out += "\nlongest context that fits now: ";
  for (const auto& [dtype, context] : info.at("longest_context").items()) {
    if (!out.ends_with(": ")) out += ", ";
    out += dtype + " " + (context == 0 ? "none" : std::to_string(context.get<uint64_t>()));
  }
  return out + "\n";
}

int run_info(const std::filesystem::path& path, bool as_json) {
  const auto info = model_info(path);
  if (!info) {
    std::fprintf(stderr, "hob model info: %s\n", info.error().message().c_str());
    return 1;
  }
  const std::string out = as_json ? json::dump(*info) + "\n" : info_text(*info);
  std::fputs(out.c_str(), stdout);
  return std::fflush(stdout) == 0 ? 0 : 1;
}

}  // namespace hob::torch_engine
