#include "model/torch/synthetic.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>

#include "schemas/base/fd.h"
#include "schemas/base/json.h"

namespace hob::torch_engine {
namespace {

constexpr size_t kMaxConfigBytes = 4u << 20;
constexpr uint64_t kAlign = 64;

struct Size {
  std::string_view name;
  uint32_t layers, hidden, intermediate, heads, kv_heads, global_kv_heads, window, period, shared, ple;
  bool double_wide, k_eq_v, moe;
};

// What the published configurations say.
constexpr Size kSizes[] = {
  {"e2b", 35, 1536, 6144, 8, 1, 0, 512, 5, 20, 256, true, false, false},
  {"e4b", 42, 2560, 10240, 8, 2, 0, 512, 6, 18, 256, false, false, false},
  {"12b", 48, 3840, 15360, 16, 8, 1, 1024, 6, 0, 0, false, true, false},
  {"26b-a4b", 30, 2816, 2112, 16, 8, 2, 1024, 6, 0, 0, false, true, true},
  {"31b", 60, 5376, 21504, 32, 16, 4, 1024, 6, 0, 0, false, true, false},
};

Json config_of(const Size& size) {
  Json types = Json::array();
  for (uint32_t i = 0; i < size.layers; ++i) {
    types.push_back((i + 1) % size.period == 0 ? "full_attention" : "sliding_attention");
  }
  Json sliding{{"rope_type", "default"}, {"rope_theta", 10000.0}};
  Json full{{"rope_type", "proportional"}, {"rope_theta", 1000000.0}, {"partial_rotary_factor", 0.25}};
  Json out{
    {"model_type", "gemma4_text"},
    {"vocab_size", 262144},
    {"hidden_size", size.hidden},
    {"intermediate_size", size.intermediate},
    {"use_double_wide_mlp", size.double_wide},
    {"num_hidden_layers", size.layers},
    {"num_attention_heads", size.heads},
    {"num_key_value_heads", size.kv_heads},
    {"head_dim", 256},
    {"global_head_dim", 512},
    {"sliding_window", size.window},
    {"layer_types", std::move(types)},
    {"num_kv_shared_layers", size.shared},
    {"hidden_size_per_layer_input", size.ple},
    {"vocab_size_per_layer_input", 262144},
    {"attention_k_eq_v", size.k_eq_v},
    {"enable_moe_block", size.moe},
    {"max_position_embeddings", 131072},
    {"final_logit_softcapping", 30.0},
    {"rms_norm_eps", 1e-6},
    {"hidden_activation", "gelu_pytorch_tanh"},
    {"tie_word_embeddings", true},
    {"rope_parameters", {{"sliding_attention", std::move(sliding)}, {"full_attention", std::move(full)}}},
  };
  if (size.global_kv_heads > 0) out["num_global_key_value_heads"] = size.global_kv_heads;
  if (size.moe) {
    out["num_experts"] = 128;
    out["top_k_experts"] = 8;
    out["moe_intermediate_size"] = 704;
  }
  return out;
}

uint64_t elements(const gemma::Need& need) {
  uint64_t out = 1;
  for (const uint64_t size : need.shape) out *= size;
  return out;
}

/// Random signs and mantissas; magnitudes from 1/64 to 1/32.
void fill_random(std::byte* at, uint64_t bytes, gemma::Dtype dtype, uint64_t seed) {
  const bool f32 = dtype == gemma::Dtype::f32;
  const uint64_t keep = f32 ? 0x807fffff807fffff : 0x807f807f807f807f;
  const uint64_t set = f32 ? 0x3c8000003c800000 : 0x3c803c803c803c80;
  uint64_t state = seed * 0x9e3779b97f4a7c15 + 1;
  for (uint64_t i = 0; i < bytes; i += sizeof state) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    const uint64_t value = (state & keep) | set;
    std::memcpy(at + i, &value, std::min<uint64_t>(sizeof value, bytes - i));
  }
}

void fill_ones(std::byte* at, uint64_t count, gemma::Dtype dtype) {
  for (uint64_t i = 0; i < count; ++i) {
    if (dtype == gemma::Dtype::f32) {
      const float one = 1.0f;
      std::memcpy(at + i * sizeof one, &one, sizeof one);
    } else {
      const uint16_t one = 0x3f80;
      std::memcpy(at + i * sizeof one, &one, sizeof one);
    }
  }
}

void fill(std::byte* at, const gemma::Need& need, gemma::Dtype dtype, uint64_t seed) {
  const uint64_t count = elements(need), bytes = count * gemma::byte_size(dtype);
  if (need.shape.size() < 2) return fill_ones(at, count, dtype);
  const uint64_t threads = bytes > (uint64_t{8} << 20) ? std::clamp(std::thread::hardware_concurrency(), 1u, 16u) : 1;
  const uint64_t share = (bytes / threads + kAlign) / kAlign * kAlign;
  std::vector<std::jthread> others;
  for (uint64_t first = 0; first < bytes; first += share) {
    const uint64_t part = std::min(share, bytes - first);
    others.emplace_back([=] { fill_random(at + first, part, dtype, seed * 64 + first / share); });
  }
}

Error no_memory(const char* what) {
  return Error(Code::model_failed, std::string("Cannot make weights in memory: ") + what + ": " + hob::errno_text(errno) + ".");
}

}  // namespace

Result<std::string> synthetic_config(std::string_view size) {
  for (const Size& known : kSizes) {
    if (known.name == size) return json::dump(config_of(known));
  }
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(std::filesystem::path(size), ignored)) {
    return Error(
      Code::invalid_params, "--synthetic takes e2b, e4b, 12b, 26b-a4b, 31b or the path of a config.json, got \"" +
                              std::string(size.substr(0, 200)) + "\"."
    );
  }
  return gemma::read_small_file(std::filesystem::path(size), kMaxConfigBytes);
}

uint64_t synthetic_bytes(const gemma::Config& config, gemma::Dtype dtype) {
  uint64_t out = 0;
  for (const gemma::Need& need : gemma::needed_tensors(config)) out += elements(need) * gemma::byte_size(dtype);
  return out;
}

Result<Checkpoint> synthetic_checkpoint(std::string config_text, gemma::Dtype dtype, std::string name) {
  HOB_TRY(config, gemma::parse_config(config_text, "config.json"));
  const std::vector<gemma::Need> needs = gemma::needed_tensors(config);
  Json header = Json::object();
  uint64_t end = 0;
  for (const gemma::Need& need : needs) {
    const uint64_t begin = end;
    end += elements(need) * gemma::byte_size(dtype);
    header[need.name == "lm_head.weight" ? need.name : "model." + need.name] = {
      {"dtype", std::string(gemma::name_of(dtype))}, {"shape", need.shape}, {"data_offsets", {begin, end}}
    };
  }
  std::string text = json::dump(header);
  while ((text.size() + sizeof(uint64_t)) % kAlign != 0) text += ' ';
  const uint64_t text_size = text.size(), data_at = sizeof text_size + text_size, total = data_at + end;

  const UniqueFd file(::memfd_create("hob-synthetic-weights", MFD_CLOEXEC));
  if (file.get() < 0) return no_memory("memfd_create");
  if (::ftruncate(file.get(), static_cast<off_t>(total)) != 0) return no_memory("ftruncate");
  void* mapped = ::mmap(nullptr, total, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (mapped == MAP_FAILED) return no_memory("mmap");
  auto* at = static_cast<std::byte*>(mapped);
  std::memcpy(at, &text_size, sizeof text_size);
  std::memcpy(at + sizeof text_size, text.data(), text.size());
  uint64_t offset = data_at;
  for (size_t i = 0; i < needs.size(); ++i) {
    fill(at + offset, needs[i], dtype, i + 1);
    offset += elements(needs[i]) * gemma::byte_size(dtype);
  }
  ::munmap(mapped, total);

  HOB_TRY(files, gemma::Safetensors::open_file("/proc/self/fd/" + std::to_string(file.get())));
  HOB_TRY(weights, gemma::find_weights(config, files));
  return Checkpoint{
    .name = std::move(name),
    .config_text = std::move(config_text),
    .config = std::move(config),
    .files = std::move(files),
    .weights = std::move(weights)
  };
}

}  // namespace hob::torch_engine
