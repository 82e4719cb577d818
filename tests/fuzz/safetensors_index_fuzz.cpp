// The index of a checkpoint in several files: only files beside it are opened, and every tensor
// that it names is there.
#include <fstream>

#include "model/gemma/safetensors.h"
#include "schemas/base/json.h"
#include "schemas/base/test_directory.h"
#include "tests/fuzz/promises.h"
#include "tests/fuzz/target.h"

namespace hob::fuzz {
namespace {

void write_shard(const std::string& path, std::string_view tensor) {
  const std::string header =
      "{\"" + std::string(tensor) + R"(":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}})";
  std::ofstream out(path, std::ios::binary);
  for (size_t i = 0; i < 8; ++i) out.put(static_cast<char>(header.size() >> (8 * i) & 0xff));
  out << header << "abc";
}

const TestDirectory& folder() {
  static const TestDirectory made(TestDirectory::On::memory);
  static const bool written = [] {
    std::filesystem::create_directory(made.file("model"));
    write_shard(made.file("model/one.safetensors"), "a");
    write_shard(made.file("model/two.safetensors"), "b");
    write_shard(made.file("outside.safetensors"), "c");
    return true;
  }();
  (void)written;
  return made;
}

void run(std::string_view bytes) {
  std::ofstream(folder().file("model/model.safetensors.index.json"), std::ios::binary) << bytes;
  const auto opened = gemma::Safetensors::open_directory(folder().file("model"));
  if (!opened) return check_model_refusal(opened.error());
  expect(!opened->find("c"), "no file outside of the directory is opened");
  const Json index = Json::parse(bytes);
  for (const auto& [name, file] : index.at("weight_map").items())
    expect(opened->find(name), "a tensor that is named is there");
  expect(opened->files().size() <= 2, "a file is opened once");
}

std::vector<std::string> seeds() {
  return {
      R"({"metadata":{"total_size":6},"weight_map":{"a":"one.safetensors","b":"two.safetensors"}})",
      R"({"weight_map":{"c":"../outside.safetensors"}})",
      R"({"weight_map":{"a":"one.safetensors","b":"one.safetensors"}})",
      R"({"weight_map":{"a":".safetensors"}})",
      R"({"weight_map":{"a":""}})",
      R"({"weight_map":{"a":"one.safetensors\u0000"}})",
      R"({"weight_map":{}})",
      R"({"weight_map":[]})"};
}

const Target kTarget({"safetensors_index", run, seeds, 1500});

}  // namespace
}  // namespace hob::fuzz
