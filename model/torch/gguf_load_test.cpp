#include <catch2/catch.hpp>
#include <fstream>
#include <random>

#include "model/torch/goldens.h"
#include "model/torch/info_command.h"
#include "model/torch/load.h"
#include "schemas/base/test_directory.h"

namespace hob::torch_engine {
namespace {

std::filesystem::path root() { return Goldens::root() / "gguf"; }

Options options_of(const std::string& name, WeightType dtype) {
  Options out;
  out.directory = root() / (name + ".gguf");
  out.dtype = dtype;
  out.threads = 1;
  return out;
}

}  // namespace

TEST_CASE("GGUF models of both architectures have the reference's logits on the same unpacked numbers") {
  const Goldens goldens = Goldens::of("gguf");
  for (const auto& [name, about] : goldens.about.at("models").items()) {
    INFO(name);
    const auto engine = must(load(options_of(name, WeightType::f32)));
    const auto ids = about.at("ids").get<std::vector<engine::Token>>();
    const GoldenTensor wanted = goldens.tensor(name);
    const auto seq = must(engine->open());
    const auto got = step(*engine, seq, ids, 0);
    compare("logits", wanted.values, got.logits, 1e-4);

    const auto other = must(engine->open());
    std::vector<engine::Token> next(ids.begin(), ids.begin() + 24);
    for (const Json& token : about.at("greedy")) {
      const size_t last = next.size() - 1;
      const auto out = step(*engine, other, std::move(next), last);
      CHECK(best(out.logits) == token.get<engine::Token>());
      next = {token.get<engine::Token>()};
    }
  }
}

TEST_CASE("a packed model is kept in bf16 unless f32 is asked for, rounded as the reference rounds it") {
  const Goldens goldens = Goldens::of("gguf");
  for (const auto& [name, about] : goldens.about.at("models").items()) {
    INFO(name);
    const auto engine = must(load(options_of(name, WeightType::automatic)));
    CHECK(engine->info().dtype == "f32");  // as of every small model
    const auto ids = about.at("ids").get<std::vector<engine::Token>>();
    const auto got = step(*engine, must(engine->open()), ids, 0);
    compare("logits", goldens.tensor(name + ".rounded").values, got.logits, 1e-3);
  }
}

TEST_CASE("info tells what a GGUF file is and what its weights take unpacked") {
  const Json info = must(model_info(root() / "gemma4_moe.gguf", 1'000'000'000));
  CHECK(info.at("name") == "gemma4_moe");
  CHECK(info.at("format") == "gguf");
  CHECK(info.at("model_type") == "gemma4_text");
  CHECK(info.at("experts") == 8);
  const Json twin = must(model_info(Goldens::root() / "moe_like", 1'000'000'000));
  CHECK(info.at("parameters") == twin.at("parameters"));
  // Matrices that the file has as BF16 stay so; the packed ones become f32, as wide as the twin's.
  const auto bytes = [](const Json& one) { return one.at("memory").at(0).at("weights_bytes").get<uint64_t>(); };
  CHECK(bytes(info) < bytes(twin));
  CHECK(bytes(info) > bytes(twin) / 2);
  CHECK(info.at("memory").at(0).at("cache_bytes") == twin.at("memory").at(0).at("cache_bytes"));
  CHECK(info_text(info).find("(GGUF)") != std::string::npos);
}

TEST_CASE("a GGUF model that does not fit is refused before it is unpacked") {
  Options options = options_of("gemma3", WeightType::f32);
  const Json info = must(model_info(options.directory, 1'000'000'000));
  options.context = 512;
  options.memory_bytes = info.at("memory").at(0).at("total_bytes").get<uint64_t>() - 1;
  const auto refused = load(options);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().message().find("needs") != std::string::npos);
}

TEST_CASE("another tokenizer, another key or another weight makes another fingerprint") {
  const auto print = [](const std::filesystem::path& path) {
    Options options;
    options.directory = path;
    options.threads = 1;
    return must(load(options))->info().fingerprint;
  };
  const TestDirectory folder;
  const std::string whole = must(gemma::read_small_file(root() / "gemma3.gguf", 1u << 20));
  const auto copy = folder.write("copy.gguf", whole);
  const std::string first = print(root() / "gemma3.gguf");
  CHECK(print(copy) == first);
  CHECK(print(folder.path()) == first);  // its directory stands for it
  std::string other = whole;
  other.at(other.find("wizard") != std::string::npos ? other.find("wizard") : other.find("the")) ^= 1;  // of a piece
  folder.write("copy.gguf", other);
  CHECK(print(copy) != first);
}

TEST_CASE("flipped bytes of a GGUF model are refused or computed, never more") {
  const TestDirectory folder;
  const std::string whole = must(gemma::read_small_file(root() / "gemma3.gguf", 1u << 20));
  std::mt19937 random(5);  // NOLINT: the same flips each time
  int loaded = 0;
  for (int i = 0; i < 60; ++i) {
    std::string bytes = whole;
    const size_t range = i % 2 == 0 ? 12'000 : bytes.size();
    bytes[random() % range] = static_cast<char>(random());
    folder.write("flip.gguf", bytes);
    Options options;
    options.directory = folder.path();
    options.threads = 1;
    const auto engine = load(options);
    if (!engine) continue;
    ++loaded;
    engine::Batch batch;
    const auto seq = must((*engine)->open());
    batch.rows.push_back({.seq = seq, .ids = {2, 3, 4}, .soft = {}, .logits_from = 2});
    const auto out = (*engine)->forward(batch);
    if (!out) CHECK(out.error().code() == Code::model_failed);
  }
  CHECK(loaded > 10);
}

}  // namespace hob::torch_engine
