#include "model/gemma/weights.h"

#include <catch2/catch.hpp>
#include <cstring>

#include "model/gemma/safetensors_writer.h"
#include "schemas/base/json.h"

namespace hob::gemma {
namespace {

Config small(bool moe = false) {
  Json json{
    {"model_type", "gemma4_text"}, {"vocab_size", 8}, {"hidden_size", 4}, {"intermediate_size", 6},
    {"num_hidden_layers", 4}, {"num_attention_heads", 2}, {"num_key_value_heads", 1}, {"head_dim", 4},
    {"global_head_dim", 8}, {"layer_types", {"sliding_attention", "full_attention", "sliding_attention", "full_attention"}},
    {"num_kv_shared_layers", 2}, {"hidden_size_per_layer_input", 2}, {"vocab_size_per_layer_input", 8},
    {"use_double_wide_mlp", true},
  };
  if (moe) {
    json["enable_moe_block"] = true;
    json["num_experts"] = 4;
    json["top_k_experts"] = 2;
    json["moe_intermediate_size"] = 3;
  }
  auto config = parse_config(json::dump(json), "config.json");
  if (!config) FAIL(config.error().message());
  return *config;
}

/// Files with the tensors given, all zeros.
struct Checkpoint {
  std::filesystem::path file;
  explicit Checkpoint(const std::vector<TensorSpec>& tensors) {
    std::string name = (std::filesystem::temp_directory_path() / "hob-weights-XXXXXX").string();
    if (!::mkdtemp(name.data())) FAIL("no temporary directory");
    file = std::filesystem::path(name) / "model.safetensors";
    auto writer = SafetensorsWriter::create(file, tensors);
    if (!writer) FAIL(writer.error().message());
    for (const TensorSpec& tensor : tensors) {
      uint64_t size = byte_size(tensor.dtype);
      for (const uint64_t length : tensor.shape) size *= length;
      const std::vector<std::byte> zeros(size);
      REQUIRE(writer->append(zeros).ok());
    }
    REQUIRE(writer->finish().ok());
  }
  ~Checkpoint() { std::filesystem::remove_all(file.parent_path()); }
  Safetensors open() const {
    auto files = Safetensors::open_file(file);
    if (!files) FAIL(files.error().message());
    return *files;
  }
};

std::vector<TensorSpec> specs(const Config& config, const std::string& prefix) {
  std::vector<TensorSpec> out;
  for (const Need& need : needed_tensors(config)) out.push_back({prefix + need.name, Dtype::bf16, need.shape});
  return out;
}

TensorSpec& named(std::vector<TensorSpec>& list, const std::string& name) {
  for (TensorSpec& spec : list) {
    if (spec.name == name) return spec;
  }
  FAIL("no " << name);
  return list.front();
}

}  // namespace

TEST_CASE("weights are found under every prefix that checkpoints use") {
  const Config config = small();
  for (const std::string prefix : {"model.language_model.", "model.", "language_model.model.", ""}) {
    INFO(prefix);
    auto list = specs(config, prefix);
    list.push_back({"model.vision_tower.patch", Dtype::f16, {2}});
    list.push_back({prefix + "layers.3.self_attn.k_proj.weight", Dtype::bf16, {99, 4}});  // of a sharing layer: ignored
    const Checkpoint checkpoint(list);
    const auto files = checkpoint.open();
    const auto weights = find_weights(config, files);
    REQUIRE(weights.ok());
    CHECK(weights->prefix() == prefix);
    CHECK(weights->all().size() == needed_tensors(config).size());
    CHECK_FALSE(weights->all().contains("layers.3.self_attn.k_proj.weight"));
    CHECK(weights->at("layers.2.mlp.up_proj.weight").shape == std::vector<uint64_t>{12, 4});
    CHECK(weights->dtype() == Dtype::bf16);
  }
}

TEST_CASE("missing tensors are listed by the file's names") {
  const Config config = small();
  auto list = specs(config, "model.");
  std::erase_if(list, [](const TensorSpec& spec) { return spec.name.find("layers.1.") != std::string::npos; });
  const Checkpoint checkpoint(list);
  const auto files = checkpoint.open();
  const auto weights = find_weights(config, files);
  REQUIRE_FALSE(weights.ok());
  CHECK(weights.error().message().find("model.layers.1.self_attn.q_proj.weight") != std::string::npos);
  CHECK(weights.error().message().find("more") != std::string::npos);
}

TEST_CASE("a tensor of another shape or dtype is refused by name") {
  const Config config = small();
  auto list = specs(config, "model.");
  named(list, "model.norm.weight").shape = {5};
  const Checkpoint wrong_shape(list);
  const auto files = wrong_shape.open();
  const auto weights = find_weights(config, files);
  REQUIRE_FALSE(weights.ok());
  CHECK(weights.error().message().find("model.norm.weight has the shape [5]; config.json wants [4]") != std::string::npos);

  list = specs(config, "model.");
  named(list, "model.layers.0.layer_scalar").dtype = Dtype::i16;
  const Checkpoint wrong_dtype(list);
  const auto other = wrong_dtype.open();
  const auto refused = find_weights(config, other);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message().find("layer_scalar is I16") != std::string::npos);
}

TEST_CASE("a mixture of experts has its stacked weights, whose shapes are checked") {
  const Config config = small(true);
  auto list = specs(config, "model.language_model.");
  {
    const Checkpoint checkpoint(list);
    const auto files = checkpoint.open();
    const auto weights = find_weights(config, files);
    REQUIRE(weights.ok());
    CHECK(weights->at("layers.1.experts.gate_up_proj").shape == std::vector<uint64_t>{4, 6, 4});
    CHECK(weights->at("layers.1.experts.down_proj").shape == std::vector<uint64_t>{4, 4, 3});
    CHECK(weights->at("layers.3.router.per_expert_scale").shape == std::vector<uint64_t>{4});
  }
  named(list, "model.language_model.layers.2.experts.down_proj").shape = {3, 4, 3};
  const Checkpoint checkpoint(list);
  const auto files = checkpoint.open();
  const auto weights = find_weights(config, files);
  REQUIRE_FALSE(weights.ok());
  CHECK(weights.error().message().find("layers.2.experts.down_proj has the shape [3, 4, 3]; config.json wants [4, 4, 3]") !=
        std::string::npos);
}

TEST_CASE("the fingerprint changes with the weights, the configuration and the tokenizer") {
  const Config config = small();
  const auto list = specs(config, "model.");
  const Checkpoint checkpoint(list);
  const auto files = checkpoint.open();
  const auto weights = find_weights(config, files);
  REQUIRE(weights.ok());
  const std::string first = fingerprint("{}", *weights, "t");
  CHECK(first.size() == 64);
  CHECK(first == fingerprint("{}", *weights, "t"));
  CHECK(first != fingerprint("{} ", *weights, "t"));
  CHECK(first != fingerprint("{}", *weights, "u"));
  CHECK(first != fingerprint("{}t", *weights, ""));

  // One changed weight.
  const auto other = checkpoint.file.parent_path() / "other.safetensors";
  std::filesystem::copy(checkpoint.file, other);
  {
    std::FILE* file = std::fopen(other.c_str(), "r+b");
    REQUIRE(file != nullptr);
    std::fseek(file, -1, SEEK_END);
    std::fputc(1, file);
    std::fclose(file);
  }
  const auto changed_files = Safetensors::open_file(other);
  REQUIRE(changed_files.ok());
  const auto changed = find_weights(config, *changed_files);
  REQUIRE(changed.ok());
  CHECK(first != fingerprint("{}", *changed, "t"));
}

}  // namespace hob::gemma
