#include "model/torch/load.h"

#include <catch2/catch.hpp>
#include <fstream>

#include "model/torch/goldens.h"
#include "model/torch/logits_command.h"
#include "model/torch/memory.h"
#include "schemas/base/test_directory.h"

namespace hob::torch_engine {
namespace {

/// A copy of a fixture's checkpoint that a test may spoil.
class Copy {
 public:
  explicit Copy(const std::string& fixture) {
    for (const auto& entry : std::filesystem::directory_iterator(Goldens::root() / fixture)) {
      std::filesystem::copy(entry.path(), path_ / entry.path().filename());
    }
  }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path write(const std::string& name, const std::string& text) const {
    return directory_.write(name, text);
  }
  std::string refusal(Options options = {}) const {
    options.directory = path_;
    const auto engine = load(options);
    if (engine) FAIL("was loaded");
    return engine.error().message();
  }

 private:
  TestDirectory directory_;
  std::filesystem::path path_ = directory_.path();
};

bool contains(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("what an engine says of itself comes from the checkpoint") {
  const Copy copy("e4b_like");
  Options options;
  options.directory = copy.path();
  uint64_t done = 0, total = 0;
  options.progress = [&](uint64_t now, uint64_t all) {
    CHECK(now > done);
    done = now;
    total = all;
  };
  const auto engine = must(load(options));
  const auto& info = engine->info();
  CHECK(done == total);
  CHECK(info.name == copy.path().filename().string());
  CHECK_FALSE(info.demonstration);
  CHECK(info.vocab == 320);
  CHECK(info.hidden == 48);
  CHECK(info.context == 512);
  CHECK(info.device == "cpu");
  CHECK(info.kv_bytes_per_token == 2 * 2 * 32 * 4);  // one full layer owns keys and values: K and V, 2 heads of 32
  CHECK(info.fingerprint.size() == 64);
  // The same checkpoint elsewhere is the same model; another tokenizer makes another.
  const Copy twin("e4b_like");
  options.directory = twin.path();
  options.progress = {};
  CHECK(must(load(options))->info().fingerprint == info.fingerprint);
  twin.write("tokenizer.json", "{}");
  CHECK(must(load(options))->info().fingerprint != info.fingerprint);
}

TEST_CASE("a label beside the weights names the model and says that it is a demonstration") {
  const Copy copy("dense_like");
  copy.write("hob-model.json", R"({"name": "a model", "demonstration": true})");
  Options options;
  options.directory = copy.path();
  const auto engine = must(load(options));
  CHECK(engine->info().name == "a model");
  CHECK(engine->info().demonstration);
  copy.write("hob-model.json", R"({"name": 3})");
  CHECK(contains(copy.refusal(), "hob-model.json: name"));
}

TEST_CASE("checkpoints that are not whole are refused by name") {
  {
    const Copy copy("e4b_like");
    std::filesystem::remove(copy / "model-00002-of-00003.safetensors");
    CHECK(contains(copy.refusal(), "model-00002-of-00003.safetensors"));
  }
  {
    const Copy copy("e2b_like");
    std::filesystem::resize_file(copy / "model.safetensors", 300'000);
    CHECK(contains(copy.refusal(), "cut"));
  }
  {
    const Copy copy("e2b_like");
    std::filesystem::remove(copy / "config.json");
    CHECK(contains(copy.refusal(), "config.json"));
  }
  {
    const Copy copy("e2b_like");
    copy.write("config.json", "{\"model_type\": \"gemma4\"}");
    CHECK(contains(copy.refusal(), "text_config"));
  }
  {
    // A configuration that lies about the weights.
    const Copy copy("dense_like");
    Json config = must(json::parse(must(gemma::read_small_file(copy / "config.json", 1u << 20)), json::kModelFile));
    config["num_attention_heads"] = 8;
    copy.write("config.json", json::dump(config));
    CHECK(contains(copy.refusal(), "q_proj.weight has the shape [64, 48]; config.json wants [128, 48]"));
  }
}

TEST_CASE("what does not fit the memory is refused before it is allocated") {
  const Copy copy("e2b_like");
  Options options;
  options.memory_bytes = 1'000'000;
  CHECK(contains(copy.refusal(options), "of memory"));
  options.memory_bytes = 0;
  options.context = 1000;  // more than the model has positions
  CHECK(contains(copy.refusal(options), "max_position_embeddings"));
  options.context = 100;
  options.prefill_chunk = 0;
  CHECK(contains(copy.refusal(options), "prefill_chunk"));
  CHECK(available_memory() > 1u << 20);
}

TEST_CASE("the dtype's name is one of three") {
  CHECK(must(weight_type_of("auto")) == WeightType::automatic);
  CHECK(must(weight_type_of("f32")) == WeightType::f32);
  CHECK(must(weight_type_of("bf16")) == WeightType::bf16);
  CHECK_FALSE(weight_type_of("f16").ok());
}

TEST_CASE("teacher-forced logits are written as one tensor") {
  const Goldens goldens = Goldens::of("e4b_like");
  const Copy copy("e4b_like");
  LogitsOptions options;
  options.model = copy.path();
  options.tokens = copy.write("ids.json", json::dump(goldens.about.at("ids")));
  options.out = copy / "out.safetensors";
  options.dtype = "f32";
  must(write_logits(options));
  const auto file = must(gemma::Safetensors::open_file(options.out));
  const auto* logits = file.find("logits");
  REQUIRE(logits != nullptr);
  CHECK(file.tensors().size() == 1);
  CHECK(logits->dtype == gemma::Dtype::f32);
  CHECK(logits->shape == std::vector<uint64_t>{40, 320});
  std::vector<float> values(logits->elements());
  std::memcpy(values.data(), logits->bytes.data(), logits->bytes.size());
  compare("logits", goldens.tensor("logits").values, values, goldens.tolerance("logits"));
}

TEST_CASE("token files that make no sense are refused and leave no file") {
  const Copy copy("e4b_like");
  LogitsOptions options;
  options.model = copy.path();
  options.out = copy / "out.safetensors";
  for (const std::string text : {"", "[]", "{}", "[1, 320]", "[-1]", "[1.5]", "[\"a\"]", "[1", "[[1]]"}) {
    INFO(text);
    options.tokens = copy.write("ids.json", text);
    CHECK_FALSE(write_logits(options).ok());
    CHECK(run_logits(options) == 1);
    CHECK_FALSE(std::filesystem::exists(options.out));
  }
  Json many = Json::array();
  for (int i = 0; i < 513; ++i) many.push_back(5);
  options.tokens = copy.write("ids.json", json::dump(many));
  CHECK(write_logits(options).error().code() == Code::context_exceeded);
  options.tokens = copy.write("ids.json", "[5, 6]");
  options.dtype = "int4";
  CHECK_FALSE(write_logits(options).ok());
}

}  // namespace hob::torch_engine
