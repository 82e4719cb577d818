// Files that lie, by chance: every kind of model file cut at every 1/256th and with bytes changed at random. A hundred
// changes of each by default; HOB_CAMPAIGN=files makes 10,000 of each, HOB_SEED plays the same ones again.
#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <random>

#include "model/gemma/gguf_config.h"
#include "model/gemma/gguf_tensors.h"
#include "model/gemma/gguf_tokenizer.h"
#include "model/gemma/unpack.h"
#include "schemas/base/test_directory.h"

namespace hob::gemma {
namespace {

const std::filesystem::path kFixtures = std::filesystem::path(HOB_SOURCE_DIR) / "tests/fixtures";

/// One kind of file: how it is read, as far as what it says goes. The error must begin with the file's name.
struct Kind {
  std::string name;  // of the file
  std::filesystem::path fixture;
  std::function<Result<void>(const std::filesystem::path&)> read;
  bool whole_at_the_end = false;  // a file cut in its last white space is still whole
};

Result<void> read_weights(const Config& config, Safetensors files) {
  HOB_TRY(weights, find_weights(config, files));
  return unpack(weights, files, Dtype::bf16, 1, {});
}

Result<void> read_gguf(const std::filesystem::path& path) {
  HOB_TRY(file, Gguf::open(path));
  HOB_TRY(config, gguf_config(file));
  HOB_TRY_VOID(gguf_generation(file, config.vocab));
  HOB_TRY(tokenizer, gguf_tokenizer(file));
  (void)tokenizer.encode("the quick brown fox\n\n  <bos> \xF0\x9F\x98\x80", text::Control::match);
  HOB_TRY(files, gguf_tensors(file, config));
  return read_weights(config, std::move(files));
}

Result<void> read_tokenizer(const std::filesystem::path& path) {
  HOB_TRY(tokenizer, text::Tokenizer::load(path.string()));
  const std::string text = "the quick brown fox\n\n  \xF0\x9F\x98\x80";
  const auto ids = tokenizer.encode(text, text::Control::as_text);
  for (const auto id : ids) HOB_CHECK(id < tokenizer.size(), "an id that there is not came out");
  (void)tokenizer.decode(ids, text::Specials::keep);
  return {};
}

std::vector<Kind> kinds() {
  const Config dense = *read_config(kFixtures / "gemma/dense_like/config.json");
  return {
    {"config.json", kFixtures / "gemma/e4b_like/config.json",
     [](const auto& path) -> Result<void> {
       HOB_TRY_VOID(read_config(path));
       return {};
     }, true},
    {"generation_config.json", kFixtures / "gemma/e4b_like/generation_config.json",
     [](const auto& path) -> Result<void> {
       HOB_TRY_VOID(read_generation(path, 320));
       return {};
     }, true},
    {"tokenizer.json", kFixtures / "tokenizer/vocabulary.json", read_tokenizer, true},
    {"model.safetensors", kFixtures / "gemma/dense_like/model.safetensors",
     [dense](const auto& path) -> Result<void> {
       HOB_TRY(files, Safetensors::open_file(path));
       return read_weights(dense, std::move(files));
     }},
    {"model.gguf", kFixtures / "gemma/gguf/gemma3.gguf", read_gguf},
    {"mixture.gguf", kFixtures / "gemma/gguf/gemma4_moe.gguf", read_gguf},
  };
}

/// An error must say which file it is about; tensors are named by their own names.
void look_at(const Error& error, const Kind& kind) {
  INFO(error.message());
  CHECK(error.message().size() > 10);
  CHECK(error.message().size() < 2000);
  const bool named = error.message().find(kind.name) != std::string::npos || error.message().find("tensor") != std::string::npos ||
                     error.message().find("The weights lack") != std::string::npos;
  CHECK(named);
}

long peak_kilobytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

}  // namespace

TEST_CASE("model files cut at every 256th are refused by their names") {
  const TestDirectory folder;
  for (const Kind& kind : kinds()) {
    INFO(kind.name);
    const auto whole = read_small_file(kind.fixture, 8u << 20);
    REQUIRE(whole.ok());
    REQUIRE(kind.read(folder.write(kind.name, *whole)).ok());
    for (size_t part = 0; part < 256; ++part) {
      INFO(part);
      const std::string cut = whole->substr(0, whole->size() * part / 256);
      const auto read = kind.read(folder.write(kind.name, cut));
      if (kind.whole_at_the_end && whole->find_first_not_of(" \n", cut.size()) == std::string::npos) continue;
      REQUIRE_FALSE(read.ok());
      look_at(read.error(), kind);
    }
  }
}

TEST_CASE("model files with changed bytes are refused by their names, or read", "[campaign]") {
  const char* campaign = std::getenv("HOB_CAMPAIGN");
  const int rounds = campaign != nullptr && std::string(campaign) == "files" ? 10'000 : 100;
  const char* given = std::getenv("HOB_SEED");
  const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : 11;
  std::cout << "files campaign: " << rounds << " changes of each kind, HOB_SEED=" << seed << "\n";
  const TestDirectory folder;
  for (const Kind& kind : kinds()) {
    std::mt19937_64 random(seed);
    const auto whole = read_small_file(kind.fixture, 8u << 20);
    REQUIRE(whole.ok());
    REQUIRE(kind.read(folder.write(kind.name, *whole)).ok());
    const long before = peak_kilobytes();
    int refused = 0;
    for (int round = 0; round < rounds; ++round) {
      INFO(kind.name << ", round " << round << ", HOB_SEED=" << seed);
      std::string bytes = *whole;
      // Half of the changes hit the head, where the numbers are; every fourth round changes several bytes.
      const size_t range = round % 2 == 0 ? std::min<size_t>(bytes.size(), 8192) : bytes.size();
      for (int i = round % 4 == 3 ? 8 : 1; i-- > 0;) bytes[random() % range] = static_cast<char>(random());
      const auto read = kind.read(folder.write(kind.name, bytes));
      if (read) continue;
      ++refused;
      look_at(read.error(), kind);
    }
    std::cout << "files campaign: " << kind.name << ": " << refused << " of " << rounds << " refused, "
              << (peak_kilobytes() - before) / 1024 << " MiB more\n";
    CHECK(refused > rounds / 20);
    CHECK(peak_kilobytes() - before < 64 * 1024);
  }
}

}  // namespace hob::gemma
